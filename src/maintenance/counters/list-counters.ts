import type { DataSource } from "typeorm"
import { namedScope } from "../../audit/scopes/named-scope"
import { namedTextsOfKey, textsOfKey } from "../../audit/scopes/scope-key-texts"
import { inSnapshot, type Snapshot } from "../../audit/snapshot"
import { type Audited, type ScopeRow, selectScopes } from "../../audit/statements"
import { findReadable, hasOwnTable } from "../../audit/tables"
import type { AuditNumber } from "../../audit/types"
import { checkedOptions, integerFrom } from "../../declared/options"
import { COUNTER_ENTITY } from "../../declared/own-tables"
import { INSTALL_REMEDY, NotInstalledError } from "../../errors"
import { counterTableOf } from "../../series/own-table"
import type { Series } from "../../series/series"
import { allSeriesOf } from "../../series/sharers"
import { givenDataSource } from "../../typeorm/given"
import { OWN } from "../../typeorm/names"

/** Options of {@link listCounters}. */
export interface ListCountersOptions {
    /** How many counters are listed. Default: `10_000`. */
    limit?: number
}

/** The counter of one scope. */
export interface CounterState {
    readonly series: string
    /** The values of the scope by name; by position if no column has the series. */
    readonly scope: Readonly<Record<string, string | null>>
    /** The last number that was assigned. NULL if there is none yet. */
    readonly last: AuditNumber | null
    /** When the counter was last incremented: ISO string in UTC. */
    readonly movedAt: string | null
    /** Whether the period was closed. */
    readonly closed: boolean
}

/** The result of {@link listCounters}. */
export interface CounterList {
    readonly format: 1
    readonly at: string
    readonly counters: readonly CounterState[]
    /** How many more counters there are. */
    readonly more: number
}

/**
 * Lists the counters of all series and scopes: the last number, and when the counter was last
 * incremented. It reads one snapshot, and writes nothing. Strategy `"table-lock"` has no counters.
 *
 * Errors: {@link NotInstalledError} if there is no counter table, {@link MissingRightError}.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { listCounters } from "typeorm-autosequence"
 *
 * declare const dataSource: DataSource
 *
 * for (const { series, scope, last } of (await listCounters(dataSource)).counters)
 *     console.log(series, scope, last)
 * ```
 */
export async function listCounters(
    dataSource: DataSource,
    options: ListCountersOptions = {},
): Promise<CounterList> {
    const { limit = 10_000 } = checkedOptions("listCounters", options, { limit: integerFrom(1) })
    const given = givenDataSource("listCounters", dataSource)
    return inSnapshot(given, async (snapshot) => {
        const table = counterTableOf(given)
        if (!(await hasOwnTable(snapshot, COUNTER_ENTITY)))
            throw new NotInstalledError(`There is no counter table. ${INSTALL_REMEDY}`)
        const { integer, moment, each } = snapshot.dialect.audit
        const names = await ScopeNames.of(snapshot)
        const counters: CounterState[] = []
        let more = 0
        const escape = (name: string) => given.driver.escape(name)
        await each<Record<"series" | "key" | "n" | "m" | "t", string | null>>(
            snapshot.runner,
            {
                sql:
                    `SELECT c.${table.series} AS ${escape("series")}, c.${table.scope} AS ${escape("key")}, ` +
                    `${integer(`c.${table.last}`)} AS n, ${integer(`c.${table.movedBy}`)} AS m, ` +
                    `${moment(`c.${table.movedAt}`)} AS t FROM ${table.name} c ORDER BY 1, 2`,
            },
            ({ series, key, n, m, t }) => {
                if (counters.length >= limit) {
                    more += 1
                    return
                }
                counters.push({
                    series: series ?? "",
                    scope: names.scopeOf(series ?? "", key ?? ""),
                    last: n,
                    movedAt: t,
                    closed: BigInt(m ?? 0) < 0n,
                })
            },
        )
        return { format: 1, at: snapshot.at, counters: counters.sort(compare), more }
    })
}

const collator = new Intl.Collator("en", { numeric: true })

function compare(a: CounterState, b: CounterState): number {
    const text = ({ series, scope }: CounterState) => [series, ...Object.values(scope)].join("\0")
    return collator.compare(text(a), text(b))
}

/** What scopes are called, by the keys of their counters. */
export class ScopeNames {
    private constructor(
        private readonly series: ReadonlyMap<string, readonly Series[]>,
        /** Of series whose keys do not show the values. */
        private readonly texts: ReadonlyMap<string, ReadonlyMap<string, (string | null)[]>>,
    ) {}

    /** @internal Rows are looked at only where a key is made of weights, by which texts are compared. */
    static async of(snapshot: Snapshot): Promise<ScopeNames> {
        const all = allSeriesOf(snapshot.dataSource)
        const texts = new Map<string, Map<string, (string | null)[]>>()
        for (const [name, sharers] of all) {
            const isRead = sharers.some(({ scopeColumns, dialect }) =>
                scopeColumns.some((column) => dialect.isCollated(column, "")),
            )
            if (!isRead) continue
            const [first, ...others] = (await findReadable(snapshot, sharers)).columns
            if (!first) continue
            const audited: Audited = [first, ...others]
            const own = new Map<string, (string | null)[]>()
            await snapshot.dialect.audit.each<ScopeRow>(
                snapshot.runner,
                selectScopes(audited, false),
                (row) => {
                    const values = first.series.scopeColumns.map(
                        (_, at) => row[`${OWN}s${at}`] ?? null,
                    )
                    own.set(row[`${OWN}key`] ?? "", values)
                },
            )
            texts.set(name, own)
        }
        return new ScopeNames(all, texts)
    }

    scopeOf(series: string, key: string): Record<string, string | null> {
        const values = this.texts.get(series)?.get(key) ?? textsOfKey(key)
        const [own] = this.series.get(series) ?? []
        if (values === undefined) return namedTextsOfKey(key) ?? { key }
        // One of a former scope has other values.
        if (own?.scopeColumns.length === values.length) return namedScope(own, values)
        return Object.fromEntries(values.map((value, at) => [String(at), value]))
    }
}

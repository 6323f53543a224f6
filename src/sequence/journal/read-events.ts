import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import { parseNumber } from "../../numbers/number-values"
import type { SeriesEventKind } from "../../numbers/journal/write-events"
import { eventTableOf } from "../../series/own-table"
import { dataSourceOf } from "../../typeorm/compat"
import { Parameters } from "../../typeorm/rows/parameters"
import { select, type Sender } from "../../typeorm/statement"
import type { SeriesEvent } from "./types"

/** @internal Which entries of the journal of a series are wanted. */
export interface Wanted {
    readonly series: string
    /** The keys of scopes; all of them where it is left out. */
    readonly keys?: readonly string[]
    readonly from?: bigint
    readonly to?: bigint
    readonly kinds?: readonly SeriesEventKind[]
}

interface EventRow {
    readonly id: string | number
    readonly kind: SeriesEventKind
    readonly scope: string
    readonly first: string | null
    readonly last: string | null
    readonly reason: string | null
    readonly by: string | null
    readonly at: string | number
    readonly details: string | null
}

/** @internal Entries of the journal, in the order in which they were written. */
export async function readEvents(
    sender: Sender,
    { series, keys, from, to, kinds }: Wanted,
    /** Whether they are those that are stored by now, also where the transaction's snapshot is old. */
    { isLatest = false } = {},
): Promise<SeriesEvent<bigint>[]> {
    const dataSource = dataSourceOf(sender)
    const { driver } = dataSource
    const { journal, expressions, keys: latest } = dialectOf(dataSource) as Dialect
    const t = eventTableOf(dataSource)
    const parameters = new Parameters(dataSource)
    const where = [`${t.series} = ${parameters.add(series)}`]
    if (keys) where.push(`${t.scope} IN (${parameters.list(keys)})`)
    // As in the index, numbers are no texts.
    if (from !== undefined) where.push(`${t.last} >= ${from}`)
    if (to !== undefined) where.push(`${t.first} <= ${to}`)
    if (kinds) where.push(`${t.kind} IN (${parameters.list(kinds)})`)
    const as = (sql: string, name: string) => `${sql} AS ${driver.escape(name)}`
    const columns = [
        as(t.id, "id"),
        as(t.kind, "kind"),
        as(t.scope, "scope"),
        as(expressions.text(t.first), "first"),
        as(expressions.text(t.last), "last"),
        as(t.reason, "reason"),
        as(t.by, "by"),
        as(journal.milliseconds(t.at), "at"),
        as(t.details, "details"),
    ]
    const rows = await select<EventRow>(sender, {
        sql:
            `SELECT ${columns.join(", ")} FROM ${t.table} WHERE ${where.join(" AND ")} ` +
            `ORDER BY ${t.id}${isLatest ? (latest.latest ?? "") : ""}`,
        parameters: parameters.values,
    })
    return rows.map(({ id, first, last, at, details, ...row }) => ({
        ...row,
        id: String(id),
        first: parseNumber(first) ?? null,
        last: parseNumber(last) ?? null,
        at: new Date(Number(at)),
        details: details === null ? null : (JSON.parse(details) as Record<string, unknown>),
    }))
}

/** @internal Whether a number was made void, and no other row has got it since. */
export async function isVoided(
    sender: Sender,
    series: string,
    { key, number }: { readonly key: string; readonly number: bigint },
    options?: { readonly isLatest?: boolean },
): Promise<boolean> {
    const found = await readEvents(
        sender,
        { series, keys: [key], from: number, to: number, kinds: ["void", "delete", "move"] },
        options,
    )
    return found.at(-1)?.kind === "void"
}

import type { Scope } from "../dialects/columns"
import { groupBy } from "../group-by"
import { readExpressions } from "../typeorm/rows/read-rows"
import { withPrimaryKey } from "../inserts/primary-key"
import {
    type ScopeSettings,
    settingsOfScopes,
    showsSettings,
} from "../numbers/documents/scope-settings"
import { firstNumber } from "../numbers/first-number"
import type { DatedRequest } from "../numbers/periods/date-order"
import { dateSql } from "../numbers/periods/row-date"
import type { CivilDate } from "../series/periods/civil-date"
import type { Period } from "../series/periods/resolve-period"
import { zoneSql } from "../series/periods/zone"
import { scopeSqls, scopeText, scopeWith } from "../series/scopes/scope"
import { madeColumns, type Series } from "../series/series"
import { conditionSql } from "../series/when/row-condition"
import { type ColumnMetadata, ofRow } from "../typeorm/names"
import type { Sender } from "../typeorm/statement"
import { lateColumns } from "./late-texts"
import { givePeriod } from "./late-period"
import type { LateRow } from "./late-row"

/** @internal A number of a stored row. */
export interface LateRequest extends DatedRequest {
    readonly row: LateRow
    /** The day of its date. */
    readonly day?: CivilDate
    /** What its texts show, as far as the row tells it. */
    readonly shown?: readonly unknown[]
    /** What is registered for its scope. */
    settings?: ScopeSettings
}

/** @internal The numbers that rows get in the scopes of their INSERTs; undefined where not all of these are known. */
export function knownRequests(rows: readonly LateRow[]): LateRequest[] | undefined {
    const requests: LateRequest[] = []
    for (const row of rows)
        for (const [name, series] of row.series) {
            const scope = row.scopes.get(name)
            if (!scope || lateColumns(series).length > 0 || showsSettings(series)) return undefined
            requests.push({ series, row, scope, date: undefined })
        }
    return requests
}

/**
 * The numbers that waiting rows get, as the rows are by now: none for those that are gone, or have one, or do not
 * meet the condition.
 * @internal
 */
export async function lateRequests(
    runner: Sender,
    rows: readonly LateRow[],
): Promise<LateRequest[]> {
    const requests: LateRequest[] = []
    const scopes = new Map<string, Scope>()
    for (const [metadata, ofClass] of groupBy(rows, (row) => row.metadata)) {
        const all = new Map(ofClass.flatMap(({ series }) => [...series]))
        const reads = [...all.values()].map(readOf)
        const found = await readExpressions(
            runner,
            metadata,
            reads.flatMap(({ expressions }) => expressions),
            ofClass.map(({ id }) => withPrimaryKey(metadata, id)),
        )
        for (const [at, row] of ofClass.entries()) {
            const values = found[at]?.values()
            for (const { series, expressions } of values ? reads : []) {
                const own = expressions.map(() => values?.next().value)
                if (!row.series.has(series.column.databaseName)) continue
                for (const request of requestOf(series, row, own)) {
                    const key = `${series.name} ${request.scope.key}`
                    // Rows of the same scope have the same object.
                    const scope = scopes.get(key) ?? request.scope
                    scopes.set(key, scope)
                    requests.push({ ...request, scope })
                }
            }
        }
    }
    for (const [series, ofSeries] of groupBy(requests, (one) => one.series)) {
        const all = ofSeries.map(({ scope }) => scope)
        const settings = await settingsOfScopes(runner, series, all)
        for (const request of ofSeries) request.settings = settings.get(request.scope)
    }
    return requests.sort((a, b) => a.row.place - b.row.place)
}

interface Read {
    readonly series: Series
    readonly expressions: readonly string[]
}

/** What has to be known of a row, in the order in which {@link requestOf} takes it. */
function readOf(series: Series): Read {
    const { column, when, period, metadata, dialect } = series
    const meets = when ? conditionSql(when, dialect, ofRow) : "1 = 1"
    return {
        series,
        expressions: [
            `CASE WHEN ${ofRow(column)} IS NULL AND ${meets} THEN 1 ELSE 0 END`,
            ...madeColumns(series).map(ofRow),
            ...(period
                ? [
                      dateSql(period, dialect, ofRow(period.date)),
                      period.zone.fixed === undefined
                          ? zoneSql(period.zone, metadata, ofRow)
                          : "NULL",
                  ]
                : []),
            ...scopeSqls(series, "t."),
            ...lateColumns(series),
        ],
    }
}

function requestOf(
    series: Series,
    row: LateRow,
    [isWanted, ...values]: readonly unknown[],
): LateRequest[] {
    const made = madeColumns(series)
    const before = values.splice(0, made.length)
    if (Number(isWanted) !== 1) {
        // A draft may have a date.
        for (const [at, column] of (before[0] ?? null) === null ? [] : made.entries())
            row.stored.set(column, before[at])
        return []
    }
    const { period, scopeColumns } = series
    const [date, zone] = period ? values.splice(0, 2) : []
    const shown = values.slice(scopeColumns.length)
    const stored = new Map(scopeColumns.map((column, at) => [column, values[at]]))
    const dated = period ? givePeriod(period, row, { date, zone }) : { date }
    const entity = row.starting.get(series.column.databaseName)
    const first = entity && firstNumber(series, entity)
    return [{ series, row, scope: scopeOf(series, stored, row, period), first, shown, ...dated }]
}

function scopeOf(
    { scopeColumns }: Series,
    stored: ReadonlyMap<ColumnMetadata, unknown>,
    { values }: LateRow,
    period: Period | undefined,
): Scope {
    return scopeWith(
        scopeColumns.map((column) =>
            scopeText(column, column === period?.column ? values.get(column) : stored.get(column)),
        ),
    )
}

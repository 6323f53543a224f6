import type { Scope } from "../../dialects/columns"
import { UnknownScopeError } from "../../errors"
import type { Session } from "../../inserts/session"
import { valueOfPiece } from "../../inserts/sql/update"
import { scopeText, scopeWith } from "../../series/scopes/scope"
import { placeOf } from "../../series/series"
import type { ColumnMetadata } from "../../typeorm/names"
import { groupBy } from "../../group-by"
import { firstNumber } from "../first-number"
import type { CountedRequest } from "../number-request"
import { parseNumber, refuseNoNumber, refuseSet, storedValue } from "../number-values"
import type { Change } from "./change"
import { type ChangedRows, isRow, type StoredRow } from "./changed-rows"
import { entityOf, keyOf } from "./entities/updated-entities"

/** @internal The number that a stored row is about to have. */
export interface ChangedRequest extends CountedRequest {
    readonly row: StoredRow
}

/** @internal What an UPDATE sets in a row beside its numbers; undefined where it leaves a column as it is. */
export type SetBeside = (row: StoredRow, column: ColumnMetadata) => unknown

/**
 * The dates and periods that rows get with their numbers. They may be in the scope of another one.
 * @internal
 */
export function setBeside(changes: readonly (Change & ChangedRows)[]): SetBeside {
    const set = new Map<ColumnMetadata, Map<string, unknown>>()
    for (const { series, periods } of changes) {
        const { period } = series
        if (!period) continue
        for (const [row, { name, date }] of periods)
            for (const [column, value] of [
                [period.column, name],
                [period.date, date],
            ] as const) {
                const ofColumn = set.get(column) ?? new Map<string, unknown>()
                set.set(column, ofColumn)
                if (value !== undefined) ofColumn.set(keyOf(series, row), value)
            }
    }
    const [{ series } = {}] = changes
    return (row, column) => series && set.get(column)?.get(keyOf(series, row))
}

/** @internal The numbers that rows are to be given, and those that the counters must reach first. */
export function requestsOf(
    session: Session,
    change: Change,
    { rows, periods }: ChangedRows,
    beside: SetBeside,
): ChangedRequest[] {
    return rows.flatMap((row) => {
        const request = requestOf(change, row, beside, periods.get(row)?.name)
        if (!request) return []
        const entity =
            request.explicit === undefined ? entityOf(session, change.series, row) : undefined
        return [{ ...request, first: entity && firstNumber(change.series, entity) }]
    })
}

function requestOf(
    change: Change,
    row: StoredRow,
    beside: SetBeside,
    period?: string,
): ChangedRequest | undefined {
    const { series, number, update } = change
    const scope = () => scopeOf(change, row, beside)
    if (Number(row.due) === 1)
        return series.assignsAtCommit ? undefined : { series, row, scope: scope() }
    const stored = parseNumber(row.number)
    const isMoved = period !== undefined && period !== row.period
    const isDated = series.ascends && series.period && update.valueOf(series.period.date)
    if (stored !== undefined && Number(row.keeps) === 1 && !isMoved && !isDated) return undefined
    const value = number ? valueOfPiece(number) : row.number
    if (value === null) return undefined
    if (stored === undefined) {
        if (!number) return undefined
        refuseSet(series)
    }
    const explicit = refuseNoNumber(series, value)
    return { series, row, scope: scope(), explicit }
}

function scopeOf({ series, update }: Change, row: StoredRow, beside: SetBeside): Scope {
    return scopeWith(
        series.scopeColumns.map((column, at) => {
            const set = update.valueOf(column)
            const value = beside(row, column) ?? (set ? valueOfPiece(set) : row[`s${at}`])
            if (value === undefined)
                throw new UnknownScopeError(
                    `The scope of ${placeOf(series)} can't be known before the update: ` +
                        `${column.propertyPath} is a function (an SQL expression). Set a value.`,
                )
            return scopeText(column, value)
        }),
    )
}

/** @internal Puts numbers and periods into the UPDATE. */
export function writeChanges(
    { series, update }: Pick<Change, "series" | "update">,
    { rows, periods, texts = new Map() }: ChangedRows,
    requests: readonly ChangedRequest[],
): void {
    const { column, period } = series
    const write = (to: typeof column, values: readonly (readonly [StoredRow, unknown])[]) => {
        const byValue = groupBy(values, ([, value]) => String(value))
        const [[, value] = [undefined, undefined]] = values
        if (byValue.size === 1 && values.length === rows.length) update.set(to, value)
        else if (values.length > 0)
            update.setEach(
                to,
                values.map(([row, own]) => ({ isRow: isRow(series, row), value: own })),
            )
    }
    const given = requests.filter(({ explicit }) => explicit === undefined)
    write(
        column,
        given.map(({ row, number }) => [row, storedValue(series, number ?? 0n)] as const),
    )
    for (const { column: shown } of series.documents)
        write(
            shown,
            [...texts].flatMap(([row, own]) => {
                const text = own.get(shown)
                return text === undefined ? [] : [[row, text] as const]
            }),
        )
    if (!period) return
    const all = [...periods]
    write(
        period.column,
        all.map(([row, { name }]) => [row, name] as const),
    )
    write(
        period.date,
        all.flatMap(([row, { date }]) => (date === undefined ? [] : [[row, date] as const])),
    )
}

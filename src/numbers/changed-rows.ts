import type { Scope } from "../dialects/columns"
import type { DriverError } from "../dialects/driver-error"
import { ReadOnlyNumberError, UnknownScopeError } from "../errors"
import type { Session } from "../inserts/session"
import { list, type Piece, piece, plain, type Update, valueOfPiece } from "../inserts/sql/update"
import { seriesOf } from "../series/resolve-series"
import { scopeText, scopeWith } from "../series/scope"
import { placeOf, type Series } from "../series/series"
import { columnName } from "../typeorm/names"
import { select } from "../typeorm/statement"
import type { CountedRequest } from "./number-request"
import { parseNumber, refuseNoNumber, refuseSet } from "./number-values"
import { datesOf, keepPeriods, type StoredDate, tellsPeriod } from "./periods/changed-periods"

/** @internal A row that an UPDATE is about, as it is stored. */
export interface StoredRow extends StoredDate {
    readonly number: string | null
    /** Whether it has no number, or keeps number and scope. */
    readonly keeps: string | number
    /** Whether the session allows it to change them. */
    readonly allowed: string | number
    /** Its scope, column by column. */
    readonly [scope: `s${number}`]: unknown
}

/** @internal An UPDATE that sets the numbers of rows, or columns of their scopes. */
export interface Change {
    readonly series: Series
    readonly update: Update
    /** The number that it sets; undefined where it leaves numbers alone. */
    readonly number?: Piece
    readonly keeps: Piece
}

/** @internal Triggers look after their numbers themselves. */
export function changesOf(update: Update): Change[] {
    return seriesOf(update.metadata).flatMap((series) => {
        const { column, scopeColumns, dialect, strategy } = series
        const changed = [column, ...scopeColumns].flatMap((one) => {
            const value = update.valueOf(one)
            if (!value) return []
            const [before = "", after = ""] = dialect.expressions
                .same(columnName(one), HOLE)
                .split(HOLE)
            return [piece([before, after], value)]
        })
        const isDated = tellsPeriod(series, update)
        if ((changed.length === 0 && !isDated) || strategy === "trigger") return []
        const same = changed.length > 0 ? list(changed, " AND ") : plain("1 = 1")
        const keeps = piece([`(${columnName(column)} IS NULL OR (`, "))"], same)
        return [{ series, update, number: update.valueOf(column), keeps }]
    })
}

const HOLE = "\0"

/**
 * Reads the rows that an UPDATE is about, and locks them: their numbers are final, and so are their
 * scopes once they have one. Resolves to how many there are, and to the numbers that the counters must reach first.
 * The statement itself gets the same as a condition, for rows that nothing locks.
 * @internal
 */
export async function refuseChanges(
    session: Session,
    change: Change,
): Promise<{ rows: number; requests: CountedRequest[] }> {
    const { series, update, keeps } = change
    const rows = await select<StoredRow>(
        session,
        update.select(columnsOf(change), series.dialect.rowLock),
    )
    const isFree = rows.some(({ allowed }) => Number(allowed) === 1)
    if (!isFree && rows.some((row) => Number(row.keeps) === 0))
        throw change.number ? changedNumberError(series) : movedScopeError(series)
    if (!isFree) update.and(keeps)
    if (series.period) keepPeriods(change, series.period, rows, isFree)
    return { rows: rows.length, requests: rows.flatMap((row) => requestOf(change, row) ?? []) }
}

function columnsOf({ series, update, keeps }: Change): Piece {
    const { column, scopeColumns, dialect, dataSource } = series
    const as = (name: string) => `AS ${dataSource.driver.escape(name)}`
    const whether = (condition: string) => `CASE WHEN ${condition} THEN 1 ELSE 0 END`
    const number = dialect.expressions.text(columnName(column))
    const others = [
        `${number} ${as("number")}`,
        `${whether(dialect.trigger?.allowsChanges ?? "1 = 0")} ${as("allowed")}`,
        ...scopeColumns.map((scope, at) => `${columnName(scope)} ${as(`s${at}`)}`),
    ]
    const own = piece(
        ["CASE WHEN ", ` THEN 1 ELSE 0 END ${as("keeps")}, ${others.join(", ")}`],
        keeps,
    )
    return list([own, ...datesOf({ series, update }, as)], ", ")
}

/** @internal */
export function changedNumberError(series: Series): ReadOnlyNumberError {
    return new ReadOnlyNumberError(
        `${placeOf(series)} of a stored row was to be changed, and numbers are not editable. Reload ` +
            "the row, or leave the number out of the update: the row may have got one since.",
    )
}

/** @internal */
export function movedScopeError(series: Series, cause?: DriverError): ReadOnlyNumberError {
    return new ReadOnlyNumberError(
        `A row with a number of ${placeOf(series)} was to be moved to another scope` +
            `${series.period ? " or period" : ""}, where that number may be another one's. Leave ` +
            `${series.period ? "both as they are" : "its scope as it is"}, or insert a new row there.`,
        { cause },
    )
}

/** The number that a row is about to have, where it has another one yet, or is about to be elsewhere. */
function requestOf(change: Change, row: StoredRow): CountedRequest | undefined {
    const { series, number } = change
    const stored = parseNumber(row.number)
    if (stored !== undefined && Number(row.keeps) === 1 && !movesPeriod(change, row))
        return undefined
    const value = number ? valueOfPiece(number) : row.number
    if (value === null) return undefined
    if (stored === undefined) {
        if (!number) return undefined
        refuseSet(series)
    }
    const explicit = refuseNoNumber(series, value)
    return { series, scope: scopeOf(change, row), explicit }
}

/** Where the session allows it. */
function movesPeriod({ series: { period }, update }: Change, row: StoredRow): boolean {
    const set = period && update.valueOf(period.column)
    return set !== undefined && valueOfPiece(set) !== row.period
}

function scopeOf({ series, update }: Change, row: StoredRow): Scope {
    return scopeWith(
        series.scopeColumns.map((column, at) => {
            const set = update.valueOf(column)
            const value = set ? valueOfPiece(set) : row[`s${at}`]
            if (value === undefined)
                throw new UnknownScopeError(
                    `The scope of ${placeOf(series)} can't be known before the update: ` +
                        `${column.propertyPath} is a function (an SQL expression). Set a value.`,
                )
            return scopeText(column, value)
        }),
    )
}

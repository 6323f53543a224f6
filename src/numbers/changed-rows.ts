import type { Scope } from "../dialects/columns"
import type { DriverError } from "../dialects/driver-error"
import { ReadOnlyNumberError, UnknownScopeError } from "../errors"
import { literalOf } from "../inserts/sql/insert-text"
import type { Session } from "../inserts/session"
import { list, type Piece, piece, type Update } from "../inserts/sql/update"
import { seriesOf } from "../series/resolve-series"
import { scopeText, scopeWith } from "../series/scope"
import { placeOf, type Series } from "../series/series"
import { columnName } from "../typeorm/names"
import { select } from "../typeorm/statement"
import type { CountedRequest } from "./number-request"
import { parseNumber, refuseNoNumber, refuseSet } from "./number-values"

/** A row that an UPDATE is about, as it is stored. */
interface StoredRow {
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
        if (changed.length === 0 || strategy === "trigger") return []
        const keeps = piece([`(${columnName(column)} IS NULL OR (`, "))"], list(changed, " AND "))
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
    return { rows: rows.length, requests: rows.flatMap((row) => requestOf(change, row) ?? []) }
}

function columnsOf({
    series: { column, scopeColumns, dialect, dataSource },
    keeps,
}: Change): Piece {
    const as = (name: string) => `AS ${dataSource.driver.escape(name)}`
    const whether = (condition: string) => `CASE WHEN ${condition} THEN 1 ELSE 0 END`
    const number = dialect.expressions.text(columnName(column))
    const others = [
        `${number} ${as("number")}`,
        `${whether(dialect.trigger?.allowsChanges ?? "1 = 0")} ${as("allowed")}`,
        ...scopeColumns.map((scope, at) => `${columnName(scope)} ${as(`s${at}`)}`),
    ]
    return piece(["CASE WHEN ", ` THEN 1 ELSE 0 END ${as("keeps")}, ${others.join(", ")}`], keeps)
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
        `A row with a number of ${placeOf(series)} was to be moved to another scope, where that ` +
            "number may be another one's. Leave its scope as it is, or insert a new row there.",
        { cause },
    )
}

/** The number that a row is about to have, where it has another one yet, or is about to be elsewhere. */
function requestOf(change: Change, row: StoredRow): CountedRequest | undefined {
    const { series, number } = change
    const stored = parseNumber(row.number)
    if (stored !== undefined && Number(row.keeps) === 1) return undefined
    const value = number ? valueOf(number) : row.number
    if (value === null) return undefined
    if (stored === undefined) {
        if (!number) return undefined
        refuseSet(series)
    }
    const explicit = refuseNoNumber(series, value)
    return { series, scope: scopeOf(change, row), explicit }
}

/** What a piece of SQL stands for: a value as the driver sends it, or undefined for an expression. */
function valueOf({ texts, values }: Piece): unknown {
    const [before = "", after = ""] = texts
    if (texts.length === 1) return literalOf(before)?.value
    return texts.length === 2 && before === "" && after.trim() === "" ? values[0] : undefined
}

function scopeOf({ series, update }: Change, row: StoredRow): Scope {
    return scopeWith(
        series.scopeColumns.map((column, at) => {
            const set = update.valueOf(column)
            const value = set ? valueOf(set) : row[`s${at}`]
            if (value === undefined)
                throw new UnknownScopeError(
                    `The scope of ${placeOf(series)} can't be known before the update: ` +
                        `${column.propertyPath} is a function (an SQL expression). Set a value.`,
                )
            return scopeText(column, value)
        }),
    )
}

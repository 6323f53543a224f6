import type { DriverError } from "../../dialects/driver-error"
import { ReadOnlyNumberError } from "../../errors"
import type { Session } from "../../inserts/session"
import { list, parameter, type Piece, piece, plain } from "../../inserts/sql/update"
import { scopeSqls } from "../../series/scopes/scope"
import { type Document, placeOf, type Series } from "../../series/series"
import { numberedCheck } from "../../series/when/numbered-check"
import { type ColumnMetadata, columnName, OWN } from "../../typeorm/names"
import { select } from "../../typeorm/statement"
import type { KeyedRow } from "./asked/asked-numbers"
import type { Change } from "./change"
import { shownColumns } from "./shown-columns"
import { datesOf, keepPeriods, type NewPeriod, type StoredDate } from "./changed-periods"

/** @internal A row that an UPDATE is about, as it is stored. */
export interface StoredRow extends StoredDate, KeyedRow {
    readonly number: string | null
    /** Whether it has no number, or keeps number and scope. */
    readonly keeps: string | number
    /** Whether it is to be given a number. */
    readonly due: string | number
    /** Whether the session allows it to change them. */
    readonly allowed: string | number
    /** Its scope, column by column. */
    readonly [scope: `s${number}`]: unknown
    /** What its texts show, those themselves, and what functions make others of. */
    readonly [shown: `${"d" | "t" | "v"}${number}`]: unknown
}

/** @internal The rows that an UPDATE is about, and the periods of those that are given their number by it. */
export interface ChangedRows {
    /** In the order in which they get their numbers. */
    readonly rows: readonly StoredRow[]
    readonly periods: ReadonlyMap<StoredRow, NewPeriod>
    /** The texts of rows that are given another number, by their columns. */
    readonly texts?: ReadonlyMap<StoredRow, ReadonlyMap<ColumnMetadata, string>>
}

/**
 * Reads the rows that an UPDATE is about, and locks them: their numbers are final, and so are their
 * scopes once they have one. The statement itself gets the same as a condition, for rows that nothing locks.
 * @internal
 */
export async function refuseChanges(session: Session, change: Change): Promise<ChangedRows> {
    const { series, update, keeps } = change
    const rows = await selectRows(session, change)
    const isFree = rows.some(({ allowed }) => Number(allowed) === 1)
    if (!isFree && rows.some((row) => Number(row.keeps) === 0)) {
        const document = series.documents.find(({ column }) => update.valueOf(column))
        if (document) throw changedTextError(document)
        throw change.number ? changedNumberError(series) : movedScopeError(series)
    }
    if (keeps && !isFree) update.and(keeps)
    return { rows, periods: keepPeriods(change, rows, isFree) }
}

/**
 * Reads the rows that an UPDATE is about, and locks them. The database sorts them: what programs make of its values is
 * in another order, as text of any collation, and UUIDs of MariaDB.
 * @internal
 */
export async function selectRows(
    session: Session,
    change: Change,
    orderBy = inOrderOfKeys(change.series),
): Promise<StoredRow[]> {
    const { series, update } = change
    const statement = update.select(columnsOf(change), series.dialect.rowLock, orderBy)
    const rows = await select<Record<string, unknown>>(session, statement)
    return rows.map((row) => {
        const own = Object.entries(row).map(([name, value]) => [name.slice(OWN.length), value])
        return Object.fromEntries(own) as StoredRow
    })
}

function inOrderOfKeys({ metadata }: Series): string {
    return ` ORDER BY ${metadata.primaryColumns.map(columnName).join(", ")}`
}

/** @internal Recognises a row by its primary key. */
export function isRow({ metadata }: Series, row: StoredRow): Piece {
    const keys = metadata.primaryColumns.map((column, at) =>
        piece([`${columnName(column)} = `, ""], parameter(row[`k${at}`])),
    )
    return keys.length === 1 ? list(keys, "") : piece(["(", ")"], list(keys, " AND "))
}

function columnsOf({ series, update, keeps, isDue }: Change): Piece {
    const { column, metadata, dialect, dataSource } = series
    // An order that is asked for is that of columns, and would be taken for one of these if they had a name of theirs.
    const as = (name: string) => `AS ${dataSource.driver.escape(`${OWN}${name}`)}`
    const whether = (condition: Piece, name: string) =>
        piece(["CASE WHEN ", ` THEN 1 ELSE 0 END ${as(name)}`], condition)
    const number = dialect.expressions.text(columnName(column))
    const others = [
        `${number} ${as("number")}`,
        ...scopeSqls(series).map((scope, at) => `${scope} ${as(`s${at}`)}`),
        ...metadata.primaryColumns.map((key, at) => `${columnName(key)} ${as(`k${at}`)}`),
    ]
    return list(
        [
            whether(keeps ?? plain("1 = 1"), "keeps"),
            whether(isDue ?? plain("1 = 0"), "due"),
            whether(plain(dialect.trigger?.allowsChanges ?? "1 = 0"), "allowed"),
            plain(others.join(", ")),
            ...datesOf(series, update, as),
            ...shownColumns(series, update, as),
        ],
        ", ",
    )
}

/** @internal */
export function changedNumberError(series: Series): ReadOnlyNumberError {
    return new ReadOnlyNumberError(
        `${placeOf(series)} of a stored row can't be changed: numbers are not editable. Reload ` +
            "the row, or leave the number out of the update: the row may have got one since it was loaded.",
    )
}

/** @internal Where the session allows changes, a constraint keeps final rows from being without a number. */
export function takenNumberError(
    changed: readonly Series[],
    cause: DriverError,
): ReadOnlyNumberError | undefined {
    const text = String(cause.message)
    const series = changed.find((one) => {
        const check = numberedCheck(one)
        return check && text.includes(check.name)
    })
    return (
        series &&
        new ReadOnlyNumberError(
            `${placeOf(series)} of a final row was to be NULL, and a row for which its condition (when) holds has a ` +
                "number. Set another number, or make the row a draft by the same update.",
            { cause },
        )
    )
}

/** @internal */
export function changedTextError({ place }: Document): ReadOnlyNumberError {
    return new ReadOnlyNumberError(
        `${place} of a stored row can't be changed: it is the text of its number, which stays as it was issued. Leave ` +
            "it out of the update; a row without a number gets both together.",
    )
}

/** @internal */
export function movedScopeError(series: Series, cause?: DriverError): ReadOnlyNumberError {
    return new ReadOnlyNumberError(
        `A row with a number of ${placeOf(series)} can't be moved to another scope` +
            `${series.period ? " or period" : ""}, where another row may have that number. Leave ` +
            `${series.period ? "both as they are" : "its scope as it is"}, or let move() of seriesOf() give it a new number there.`,
        { cause },
    )
}

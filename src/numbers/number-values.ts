import type { ObjectLiteral } from "typeorm"
import type { DriverError } from "../dialects/driver-error"
import { InvalidNumberError, NumberOverflowError } from "../errors"
import type { Insert, InsertRow } from "../inserts/insert"
import { returnedRows } from "../inserts/returned-rows"
import { placeOf, type Series } from "../series/series"

/**
 * The number that the caller has set, `null` for a nullable column that is to stay NULL, undefined
 * where the row is to be given one.
 * @internal
 */
export function explicitNumber(series: Series, row: InsertRow): bigint | null | undefined {
    const { column } = series
    const cell = row.cell(column)
    if (cell.kind === "default") return undefined
    const value: unknown = cell.kind === "value" ? cell.value : () => cell.sql
    if (value === null) return column.isNullable ? null : undefined
    refuseSet(series)
    return refuseNoNumber(series, value)
}

/** @internal Refuses a number of the caller's where only the library gives them. */
export function refuseSet(series: Series): void {
    if (series.takesExplicit) return
    throw new InvalidNumberError(
        `${placeOf(series)} is set, and takes no number of the caller's (explicit: "refuse"). Leave it ` +
            "undefined to be given the next one. If the row is a copy of another, take the number off it first.",
    )
}

/** @internal Refuses what is not an integer, or not one that the column holds. */
export function refuseNoNumber(series: Series, value: unknown): bigint {
    const number = parseNumber(value)
    if (number === undefined)
        throw new InvalidNumberError(
            `${placeOf(series)} is set to something that is not an integer (${typeof value}). Set an ` +
                "integer, or leave it undefined to be given the next number.",
        )
    refuseOverflow(series, number)
    return number
}

/** @internal The same of a number as entities have it. */
export function refuseNoOwnNumber(series: Series, value: unknown): bigint {
    const { driver } = series.dataSource
    return refuseNoNumber(series, driver.preparePersistentValue(value, series.column))
}

/** @internal */
export function parseNumber(value: unknown): bigint | undefined {
    if (typeof value === "bigint") return value
    if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined
    return typeof value === "string" && /^-?\d+$/.test(value) ? BigInt(value) : undefined
}

/** @internal Reads the numbers that an INSERT has returned: none where it does not tell which are of which row. */
export function readReturned(
    insert: Insert,
    requests: readonly { readonly row: InsertRow; readonly series: Series; number?: bigint }[],
    result: unknown,
): void {
    const returned = returnedRows(insert, result)
    for (const request of requests)
        request.number = parseNumber(
            returned?.[request.row.at]?.[request.series.column.databaseName],
        )
}

/** @internal Numbers go on after it where none is higher: the first number less one step. */
export function beforeFirst({ startAt, incrementBy }: Series): bigint {
    return startAt - incrementBy
}

/** @internal */
export function nextNumber(series: Series, last: bigint, first = series.startAt): bigint {
    const number = max(last + series.incrementBy, first)
    refuseOverflow(series, number)
    return number
}

/** @internal */
export function refuseOverflow(series: Series, number: bigint): void {
    if (number > series.max || number < -series.max) throw overflowError(series, String(number))
}

/** @internal */
export function overflowError(
    series: Series,
    number: string,
    cause?: DriverError,
): NumberOverflowError {
    return new NumberOverflowError(
        `${placeOf(series)} can't hold ${number}, its largest number is ${series.max}.${remedyFor(series)}`,
        { cause },
    )
}

function remedyFor({ max, column, documents: [document] }: Series): string {
    if (document && max < 2n ** 31n - 1n)
        return ` No other fits into ${document.place}: close the series, or let the format have room for more (largest).`
    return column.type === "bigint" ? "" : ' Use type "bigint".'
}

/** @internal A number as the driver sends it. */
export function storedValue({ column }: Series, number: bigint): string | number {
    return column.type === "bigint" ? String(number) : Number(number)
}

/** @internal A number as entities have it that TypeORM has loaded. */
export function shownNumber(series: Series, number: bigint): unknown {
    return series.dataSource.driver.prepareHydratedValue(storedValue(series, number), series.column)
}

/** @internal The same in a text. */
export function shownText(series: Series, number: bigint): string {
    return String(shownNumber(series, number))
}

/** @internal */
export function showNumber(series: Series, entity: ObjectLiteral, number: bigint): void {
    series.column.setEntityValue(entity, shownNumber(series, number))
}

/** @internal */
export function max(a: bigint, b: bigint): bigint {
    return a > b ? a : b
}

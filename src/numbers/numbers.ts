import type { ObjectLiteral } from "typeorm"
import { InvalidNumberError, NumberOverflowError } from "../errors"
import type { Series } from "../series/series"
import { dataSourceOf } from "../typeorm/compat"
import type { FlushRow } from "./flush"

// An entity whose insert was rolled back still has the number it got. When it is saved again, that
// must not pass for a number set by the caller: another row may have it by now.
const rows = new WeakMap<ObjectLiteral, FlushRow>()
/** By the names of series: the numbers that the database has made. */
const taken = new WeakMap<ObjectLiteral, Map<string, bigint>>()

/**
 * The number that the caller has set, `null` for a nullable column that is to stay NULL, undefined
 * where the row is to be given one.
 * @internal
 */
export function givenNumber(series: Series, entity: ObjectLiteral): bigint | null | undefined {
    const { column } = series
    const value: unknown = column.getEntityValue(entity, true)
    if (value === undefined || (value === null && !column.isNullable)) return undefined
    if (value === null) return null
    const number = parseNumber(value)
    if (number === undefined)
        throw new InvalidNumberError(
            `${series.name} is set to something that is not an integer (${typeof value}). Set an ` +
                "integer, or leave it undefined to be given the next number.",
        )
    refuseOverflow(series, number)
    return wasTaken(series, entity, number) ? undefined : number
}

function wasTaken({ name }: Series, entity: ObjectLiteral, number: bigint): boolean {
    if (taken.get(entity)?.get(name) === number) return true
    const requests = rows.get(entity)?.requests ?? []
    return requests.some(
        (request) =>
            request.series.name === name &&
            request.given === undefined &&
            request.number === number,
    )
}

/** @internal */
export function parseNumber(value: unknown): bigint | undefined {
    if (typeof value === "bigint") return value
    if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined
    return typeof value === "string" && /^-?\d+$/.test(value) ? BigInt(value) : undefined
}

/** @internal */
export function nextNumber(series: Series, last: bigint | undefined): bigint {
    const next = last === undefined ? series.startAt : last + series.incrementBy
    const number = next < series.startAt ? series.startAt : next
    refuseOverflow(series, number)
    return number
}

/** @internal */
export function refuseOverflow(series: Series, number: bigint): void {
    if (number > series.max || number < -series.max)
        throw new NumberOverflowError(
            `${series.name} can't hold ${number}, its largest number is ${series.max}.` +
                (series.column.type === "bigint" ? "" : ' Use type "bigint".'),
        )
}

/** @internal Puts the numbers that a row was given on its entity. */
export function setNumbers(row: FlushRow): void {
    for (const { series, given, number } of row.requests)
        if (number !== undefined && given === undefined) setNumber(series, row.entity, number)
    rows.set(row.entity, row)
}

/** @internal Notes a number that the database has made. */
export function noteTaken({ name }: Series, entity: ObjectLiteral, number: bigint): void {
    const ofEntity = taken.get(entity)
    if (ofEntity) ofEntity.set(name, number)
    else taken.set(entity, new Map([[name, number]]))
}

/** @internal The row that an entity was last given numbers for. */
export function numberedRowOf(entity: ObjectLiteral): FlushRow | undefined {
    return rows.get(entity)
}

/** @internal For an entity whose INSERT has failed, and that asks for no number this time. */
export function forgetRow(entity: ObjectLiteral): void {
    rows.delete(entity)
}

/** @internal */
export function setNumber(series: Series, entity: ObjectLiteral, number: bigint): void {
    const { column } = series
    const stored = column.type === "bigint" ? String(number) : Number(number)
    const { driver } = dataSourceOf(series.metadata)
    column.setEntityValue(entity, driver.prepareHydratedValue(stored, column))
}

/** @internal */
export function clearNumber(series: Series, entity: ObjectLiteral): void {
    series.column.setEntityValue(entity, undefined)
}

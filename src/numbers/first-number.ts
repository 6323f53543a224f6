import type { ObjectLiteral } from "typeorm"
import { InvalidNumberError, UnknownScopeError } from "../errors"
import { placeOf, type Series } from "../series/series"
import { parseNumber } from "./number-values"

/**
 * The first number of the scope of a row, for which the options may ask its entity. What that says is not
 * trusted: a counter that has gone too far never comes back.
 * @internal
 */
export function firstNumber(series: Series, entity: ObjectLiteral | undefined): bigint {
    const { startAt, startOf, max } = series
    if (!startOf) return startAt
    if (!entity) throw unknownStart(series)
    const value: unknown = startOf(entity)
    const first = parseNumber(value)
    if (first === undefined || first < 1n || first > max)
        throw new InvalidNumberError(
            `startAt of ${placeOf(series)} has returned ${first === undefined ? "something" : "a number"} that is ` +
                `no integer from 1 to ${max}${first === undefined ? ` (${kindOf(value)})` : ""}. Return the first ` +
                "number of the row's scope, and set what it is made from before the row is saved.",
        )
    return first
}

/** What a row has asked for, and got. */
interface Begun {
    readonly series: Series
    readonly first?: bigint
    readonly explicit?: bigint
    readonly number?: bigint
}

/**
 * Refuses rows that would have the first number of their scope, and have no entity to tell which that is: those
 * that `update()` gives their numbers.
 * @internal
 */
export function refuseUnknownStart(requests: readonly Begun[]): void {
    const unknown = requests.find(
        ({ series, first, explicit, number }) =>
            series.startOf &&
            first === undefined &&
            explicit === undefined &&
            number === series.startAt,
    )
    if (unknown) throw unknownStart(unknown.series)
}

function unknownStart(series: Series): UnknownScopeError {
    return new UnknownScopeError(
        `The first number of a scope of ${placeOf(series)} is not known: startAt is a function of the entity, and ` +
            "this row has none. Write the first row of the scope by save(), with its listeners.",
    )
}

function kindOf(value: unknown): string {
    if (value instanceof Promise) return "a promise"
    return value === null ? "null" : typeof value
}

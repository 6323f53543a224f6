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
    if (!entity)
        throw new UnknownScopeError(
            `The first number of a scope of ${placeOf(series)} can't be known before the insert: startAt is a ` +
                "function, and the row has no entity. Insert it by save() or insert() with its listeners.",
        )
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

function kindOf(value: unknown): string {
    if (value instanceof Promise) return "a promise"
    return value === null ? "null" : typeof value
}

import type { Row, State } from "./database"
import type { Claim } from "./explore"

/** The numbers that were committed, of each scope in order, those of deleted rows as well. */
function numbersOf({ rows }: State): Map<string, number[]> {
    const numbers = new Map<string, number[]>()
    for (const { scope, number } of Object.values<Row>(rows))
        numbers.set(scope, [...(numbers.get(scope) ?? []), number ?? 0])
    for (const ofScope of numbers.values()) ofScope.sort((a, b) => a - b)
    return numbers
}

/** Whoever looks, whenever: no number twice, none given again, none missing. */
export const isNumberedFromOne: Claim = (state) => {
    for (const [scope, numbers] of numbersOf(state))
        if (numbers.some((number, at) => number !== at + 1))
            return `scope ${scope} has ${numbers.join(", ")}`
    return undefined
}

/** The next one goes on after the last. */
export const countersAreRight: Claim = (state, isOver) => {
    if (!isOver) return undefined
    const numbers = numbersOf(state)
    for (const [scope, counter] of Object.entries(state.counters))
        if (counter !== (numbers.get(scope)?.length ?? 0))
            return `the counter of ${scope} is ${counter}, after ${numbers.get(scope)?.join(", ")}`
    return undefined
}

import { groupBy } from "../../group-by"
import { keysOf } from "../../series/scopes/scope-key"
import { beforeFirst, max, nextNumber } from "../number-values"
import type { CountedRequest } from "../number-request"
import { counterSeriesOf } from "./counter-series"
import { moveCounters } from "./move-counters"
import { raiseCounters } from "./raise-counters"
import type { MovedCounter } from "./set-back"
import type { Sender } from "../../typeorm/statement"

/** @internal Requests of one series by the keys of their scopes. */
export function groupByKey<Request extends CountedRequest>(
    runner: Sender,
    requests: readonly Request[],
): Map<string, Request[]> | Promise<Map<string, Request[]>> {
    const [{ series } = {}] = requests
    if (!series) return new Map()
    const scopes = [...new Set(requests.map(({ scope }) => scope))]
    const group = (keys: readonly string[]) => {
        const byScope = new Map(scopes.map((scope, at) => [scope, keys[at] ?? ""]))
        return groupBy(requests, ({ scope }) => byScope.get(scope) ?? "")
    }
    const keys = keysOf(runner, series, scopes)
    return Array.isArray(keys) ? group(keys) : keys.then(group)
}

/**
 * Gives requests of one series the numbers after the counters of their scopes, which stay locked
 * until the transaction ends. Adds those that it moves to `moved`.
 * @internal
 */
export async function takeFromCounters(
    runner: Sender,
    requests: readonly CountedRequest[],
    moved: MovedCounter[] = [],
): Promise<void> {
    const [{ series } = {}] = requests
    if (!series) return
    const groups = await groupByKey(runner, requests)
    const counted = counterSeriesOf(series)
    const last = await moveCounters(
        runner,
        counted,
        [...groups].map(([key, group]) => ({ key, by: wayOf(group), scope: group[0]?.scope })),
    )
    const counters = [...groups].map(([key, group]) => {
        const after = last.get(key) ?? beforeFirst(series)
        return { group, counter: { series, key, before: after - wayOf(group), after } }
    })
    // All of them have moved, also where a number is refused.
    moved.push(...counters.map(({ counter }) => counter))
    const raised: { key: string; to: bigint }[] = []
    for (const { group, counter } of counters) {
        const { key, before, after } = counter
        counter.after = max(after, giveNumbers(group, key, before))
        if (counter.after > after) raised.push({ key, to: counter.after })
    }
    await raiseCounters(runner, counted, raised)
}

/**
 * How far a counter goes for these rows. Where callers have set numbers of some, the others follow
 * those, so the counter is only read, and set when all numbers are known.
 */
function wayOf(group: readonly CountedRequest[]): bigint {
    const [first] = group
    if (!first || group.some(({ explicit }) => explicit !== undefined)) return 0n
    return first.series.incrementBy * BigInt(group.length)
}

/** Returns the highest of them and of what was there before. */
function giveNumbers(group: readonly CountedRequest[], key: string, before: bigint): bigint {
    let last = before
    for (const request of group) {
        const number = request.explicit ?? nextNumber(request.series, last, request.first)
        if (request.explicit !== undefined) request.before = last
        request.number = number
        request.group = key
        last = max(last, number)
    }
    return last
}

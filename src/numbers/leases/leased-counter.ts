import type { QueryRunner } from "typeorm"
import { baseOf } from "../counters/move-counters"
import type { NumberRequest } from "../flush"
import { takeFromCounters } from "../counters/gapless-counter"
import { Leases } from "./leases"
import { nextNumber, refuseOverflow } from "../numbers"
import { isNewRow } from "../../series/scope"
import { groupByKey } from "../../series/scope-key"

/**
 * Gives requests of one series with `gapless: false` numbers that were taken from the counters of
 * their scopes ahead.
 * @internal
 */
export async function takeFromLeases(
    runner: QueryRunner,
    requests: readonly NumberRequest[],
): Promise<void> {
    const leases = Leases.of(runner)
    // The one connection takes them as it is, in the caller's transaction if there is one.
    if (!leases) return takeFromCounters(runner, requests)
    const groups = [...(await groupByKey(runner, requests))]
    const taken = groups.map(([key, group]) => takeOfScope(leases, key, group))
    await (taken.length === 1 ? taken[0] : Promise.all(taken))
}

async function takeOfScope(
    leases: Leases,
    key: string,
    group: readonly NumberRequest[],
): Promise<void> {
    const [first] = group
    if (!first) return
    const { series, scope } = first
    if (scope.values.some(isNewRow)) {
        countFromStart(group, key)
        return
    }
    const given = group.flatMap((request) => request.given ?? [])
    if (given.length > 0)
        await leases.raise(series, [{ key, to: given.reduce((a, b) => (a > b ? a : b)) }])
    const count = group.length - given.length
    const numbers = await leases.take({ series, key, scope, count })
    for (const request of group) {
        const number = request.given ?? numbers.shift() ?? baseOf(series)
        refuseOverflow(request.series, number)
        request.number = number
        request.group = key
    }
}

/** Nobody else knows the scope, as the row that makes it is not inserted yet. */
function countFromStart(group: readonly NumberRequest[], key: string): void {
    let last: bigint | undefined
    for (const request of group) {
        const number = request.given ?? nextNumber(request.series, last)
        request.number = number
        request.group = key
        if (last === undefined || number > last) last = number
    }
}

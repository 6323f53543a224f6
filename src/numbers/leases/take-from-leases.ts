import { groupByKey } from "../counters/take-from-counters"
import type { CountedRequest } from "../number-request"
import { beforeFirst, max, refuseOverflow } from "../number-values"
import type { Leases } from "./leases"
import type { Sender } from "../../typeorm/statement"

/**
 * Gives requests of one series with `gapless: false` numbers that were taken from the counters of
 * their scopes ahead.
 * @internal
 */
export async function takeFromLeases(
    runner: Sender,
    leases: Leases,
    requests: readonly CountedRequest[],
): Promise<void> {
    const groups = [...(await groupByKey(runner, requests))]
    const taken = groups.map(([key, group]) => takeOfScope(leases, key, group))
    await (taken.length === 1 ? taken[0] : Promise.all(taken))
}

async function takeOfScope(
    leases: Leases,
    key: string,
    group: readonly CountedRequest[],
): Promise<void> {
    const [{ series, scope } = {}] = group
    if (!series || !scope) return
    const explicit = group.flatMap((request) => request.explicit ?? [])
    if (explicit.length > 0) await leases.raise(series, [{ key, to: explicit.reduce(max) }])
    const count = group.length - explicit.length
    const first = group.map((request) => request.first ?? series.startAt).reduce(max)
    const taking = leases.take({ series, key, scope, count, first })
    const numbers = Array.isArray(taking) ? taking : await taking
    for (const request of group) {
        const number = request.explicit ?? numbers.shift() ?? beforeFirst(series)
        refuseOverflow(request.series, number)
        request.number = number
        request.group = key
    }
}

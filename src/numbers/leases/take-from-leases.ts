import { groupByKey } from "../counters/take-from-counters"
import type { CountedRequest } from "../number-request"
import { beforeFirst, max, refuseOverflow } from "../number-values"
import type { Leases } from "./leases"
import type { Sender } from "../../typeorm/statement"

/**
 * Gives requests of one series with `gapless: false` numbers that were taken from the counters of
 * their scopes ahead. Undefined where nothing had to be waited for, as for most.
 * @internal
 */
export function takeFromLeases(
    runner: Sender,
    leases: Leases,
    requests: readonly CountedRequest[],
): Promise<void> | undefined {
    const take = (groups: ReadonlyMap<string, CountedRequest[]>) => {
        const taking = [...groups].flatMap(([key, group]) => takeOfScope(leases, key, group) ?? [])
        return taking.length > 0 ? Promise.all(taking).then(() => undefined) : undefined
    }
    const grouping = groupByKey(runner, requests)
    return grouping instanceof Map ? take(grouping) : grouping.then(take)
}

function takeOfScope(
    leases: Leases,
    key: string,
    group: readonly CountedRequest[],
): Promise<void> | undefined {
    const [{ series, scope } = {}] = group
    if (!series || !scope) return undefined
    const explicit = group.flatMap((request) => request.explicit ?? [])
    const count = group.length - explicit.length
    const first = group.map((request) => request.first ?? series.startAt).reduce(max)
    const take = () => leases.take({ series, key, scope, count, first })
    const raised =
        explicit.length > 0 && leases.raise(series, { key, scope, to: explicit.reduce(max) })
    const taking = raised
        ? raised.then((before) => {
              noteBefore(group, before)
              return take()
          })
        : take()
    if (!Array.isArray(taking))
        return taking.then((numbers) => {
            give(group, key, numbers)
        })
    give(group, key, taking)
    return undefined
}

/** Numbers that are set come before those that are taken. */
function noteBefore(group: readonly CountedRequest[], before: bigint | undefined): void {
    let last = before
    for (const request of group) {
        if (request.explicit === undefined || last === undefined) continue
        request.before = last
        last = max(last, request.explicit)
    }
}

function give(group: readonly CountedRequest[], key: string, numbers: bigint[]): void {
    for (const request of group) {
        const { series, explicit } = request
        const number = explicit ?? numbers.shift() ?? beforeFirst(series)
        refuseOverflow(series, number)
        request.number = number
        request.group = key
    }
}

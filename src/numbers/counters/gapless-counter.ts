import type { QueryRunner } from "typeorm"
import { dialectOf } from "../../dialects"
import type { Dialect, DriverError } from "../../dialects/dialect"
import { NumberGapError } from "../../errors"
import { groupBy } from "../../group-by"
import type { Series } from "../../series/series"
import { dataSourceOf } from "../../typeorm/compat"
import { baseOf, counterSeriesOf, moveCounters, raiseCounters, setBack } from "./move-counters"
import type { Flush, MovedFor, NumberRequest } from "../flush"
import { Leases } from "../leases/leases"
import { nextNumber } from "../numbers"
import { findOutcomes } from "../outcomes"
import { isNewRow, scopeOf } from "../../series/scope"
import { groupByKey } from "../../series/scope-key"

/**
 * Gives requests of one series the numbers after the counters of their scopes, which stay locked
 * until the transaction ends. Adds those that it moves to `moved`.
 * @internal
 */
export async function takeFromCounters(
    runner: QueryRunner,
    requests: readonly NumberRequest[],
    moved: MovedFor[] = [],
): Promise<void> {
    const [{ series } = {}] = requests
    if (!series) return
    const base = baseOf(series)
    const groups = await groupByKey(runner, requests)
    const known = [...groups].filter(([, [request]]) => !request?.scope.values.some(isNewRow))
    const last = await moveCounters(
        runner,
        counterSeriesOf(series),
        known.map(([key, group]) => ({ key, by: wayOf(group), scope: group[0]?.scope })),
    )
    const counters = new Map<string, MovedFor>()
    for (const [key, group] of known) {
        const after = last.get(key) ?? base
        counters.set(key, { series, key, before: after - wayOf(group), after })
    }
    moved.push(...counters.values())

    const raised: { key: string; to: bigint }[] = []
    for (const [key, group] of groups) {
        const counter = counters.get(key)
        const highest = giveNumbers(group, key, counter?.before ?? base)
        if (!counter || highest <= counter.after) continue
        counter.after = highest
        raised.push({ key, to: highest })
    }
    await raiseCounters(runner, series.name, raised)
}

/**
 * Makes the counters of scopes that are rows of the same flush, whose keys are known now that they
 * are inserted.
 * @internal
 */
export async function countNewScopes(
    runner: QueryRunner,
    flush: Flush,
    requests: readonly NumberRequest[],
): Promise<void> {
    const inserted = requests.flatMap((request) => {
        const scope = scopeOf(request.series, request.entity, flush)
        return scope ? [{ ...request, scope }] : []
    })
    const leases = Leases.of(runner)
    for (const [name, ofSeries] of groupBy(inserted, ({ series }) => series.name)) {
        const groups = [...(await groupByKey(runner, ofSeries))]
        const counters = groups.map(([key, group]) => ({ key, to: highestOf(group) }))
        const [{ series } = {}] = ofSeries
        if (!leases || !series || series.gapless) await raiseCounters(runner, name, counters)
        else await leases.raise(series, counters)
    }
}

/**
 * Sets counters back to the last row that a flush has brought into the table, where the others have
 * failed or turned out to be updates. Throws where that would leave a gap.
 * @internal
 */
export async function giveBack(runner: QueryRunner, flush: Flush): Promise<void> {
    try {
        await findOutcomes(runner, flush.requests.filter(isOpen))
        flush.refuseGap({ isLast: false })
        for (const counter of flush.moved) {
            const { series, key, before, after } = counter
            const last = flush.requests.reduce(
                (highest, { number, group, outcome, series: { name } }) =>
                    group === key &&
                    number !== undefined &&
                    outcome === "inserted" &&
                    name === series.name
                        ? max(highest, number)
                        : highest,
                before,
            )
            counter.after = last
            if (last === after) continue
            const stored = await setBack(runner, series.name, { key, from: after, to: last })
            if (stored > after) refuseGap(series, after, stored)
        }
    } catch (error) {
        const { driverError } = error as { driverError?: DriverError }
        const { isAborted } = dialectOf(dataSourceOf(runner)) as Dialect
        // Then nothing of the transaction will be stored, its counters included.
        if (!driverError || !isAborted(driverError)) throw error
    }
}

/** Whether nobody has told yet if the row is in the table. */
function isOpen({ series, number, outcome, scope }: NumberRequest): boolean {
    const isOfCounter = series.strategy === "counter" && series.gapless
    return isOfCounter && number !== undefined && !outcome && !scope.values.some(isNewRow)
}

function refuseGap({ name }: Series, given: bigint, stored: bigint): never {
    throw new NumberGapError(
        `${name}: a row was given ${given} and not inserted, and numbers up to ${stored} were given since. ` +
            "Roll back when a save fails, or save one after the other.",
    )
}

/**
 * How far a counter goes for these rows. Where callers have set numbers of some, the others follow
 * those, so the counter is only read, and set when all numbers are known.
 */
function wayOf(group: readonly NumberRequest[]): bigint {
    const [first] = group
    if (!first || group.some(({ given }) => given !== undefined)) return 0n
    return first.series.incrementBy * BigInt(group.length)
}

function highestOf(group: readonly NumberRequest[]): bigint {
    return group.reduce((highest, { number }) => max(highest, number ?? highest), 0n)
}

/** Returns the highest of them and of what was there before. */
function giveNumbers(group: readonly NumberRequest[], key: string, before: bigint): bigint {
    let last = before
    for (const request of group) {
        const number = request.given ?? nextNumber(request.series, last)
        request.number = number
        request.group = key
        last = max(last, number)
    }
    return last
}

function max(a: bigint, b: bigint): bigint {
    return a > b ? a : b
}

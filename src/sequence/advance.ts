import type { MovedCounter, Moves } from "../dialects/statements/counter-statements"
import { UnknownScopeError } from "../errors"
import { moveCounters } from "../numbers/counters/move-counters"
import { refuseClosed, refusedByDatabase } from "../numbers/counters/counter-errors"
import { noted } from "../signals/note"
import { parseNumber } from "../numbers/number-values"
import { whereCounter } from "../series/own-table"
import { select, type Sender } from "../typeorm/statement"
import { type Counting, type Place, placeOf } from "./place"
import { numbersAfter, refuseOverflow, type Rule } from "./rule"

const LARGEST_STEP = 2n ** 63n - 1n

/** @internal Takes the next numbers, in their order. */
export async function advance(
    runner: Sender,
    counting: Counting,
    count: number,
): Promise<bigint[]> {
    const { rule } = counting
    const place = await placeOf(runner, counting)
    try {
        return await (rule.resetAt === undefined
            ? takeNext(runner, rule, place, count)
            : takeInRounds(runner, rule, place, count))
    } catch (error) {
        throw refusedByDatabase(place.dataSource, rule.label, error)
    }
}

async function takeNext(
    runner: Sender,
    rule: Rule,
    place: Place,
    count: number,
): Promise<bigint[]> {
    const { key, columns, scope } = place
    const by = rule.incrementBy * BigInt(count)
    // Neither the number nor the way may be too much for a new counter.
    if (rule.base + by > rule.max || by > LARGEST_STEP) refuseOverflow(rule)
    // The counter goes on after the rows of its scope, and is locked from here on.
    if (columns.length > 0) {
        const last = await moveCounters(runner, { ...rule, columns }, [{ key, by: 0n, scope }])
        if (columns[0]?.startOf && last.get(key) === rule.base) refuseUnknownStart(rule)
    }
    const last = await move(runner, rule, place, { by, max: rule.max })
    return last === undefined ? refuseOverflow(rule) : numbersAfter(rule, last - by, count)
}

function refuseUnknownStart({ label }: Rule): never {
    throw new UnknownScopeError(
        `${label}: the first number of this scope is unknown: startAt is a function of a row, and there is ` +
            "no row yet. Save the first row of the scope as an entity.",
    )
}

/** Where the numbers start over is worked out here, while the row of the counter is locked. */
async function takeInRounds(
    runner: Sender,
    rule: Rule,
    place: Place,
    count: number,
): Promise<bigint[]> {
    const before = (await move(runner, rule, place, { by: 0n })) ?? rule.base
    const numbers = numbersAfter(rule, before, count)
    const last = numbers.at(-1) ?? before
    const { dataSource, table } = place
    const parameter = (at: number) => dataSource.driver.createParameter("", at)
    await runner.query(
        `UPDATE ${table.name} SET ${table.last} = ${parameter(0)}, ${table.movedBy} = ${parameter(1)} ` +
            whereCounter(dataSource, 2),
        // A way back would say that it is closed.
        [String(last), String(last > before ? last - before : 0n), rule.name, place.key],
    )
    return numbers
}

/** Moves the counter, which it makes where there is none; undefined where it would pass the maximum. */
async function move(
    runner: Sender,
    rule: Rule,
    place: Place,
    { by, max }: { readonly by: bigint; readonly max?: bigint },
): Promise<bigint | undefined> {
    const { dataSource, dialect, table, key, columns } = place
    const moves: Moves = {
        series: rule.name,
        base: rule.base,
        moves: [{ key, by }],
        columns: [],
        max,
    }
    let moved: MovedCounter[] = []
    for (const statement of dialect.counter.move(table, moves, dataSource))
        moved = await select(runner, noted(rule.name, statement))
    const last = parseNumber(moved[0]?.last)
    if (last !== undefined) return last
    if (columns.length > 0) await refuseClosed(runner, rule, [key])
    else if (await endsLoop(runner, rule, place)) return move(runner, rule, place, { by, max })
    return undefined
}

/** Nobody closes the counter of a sequence: a way back is one that an earlier version has noted where it began again. */
async function endsLoop(
    runner: Sender,
    { name }: Rule,
    { dataSource, table, key }: Place,
): Promise<boolean> {
    const result = await runner.query(
        `UPDATE ${table.name} SET ${table.movedBy} = 0 ${whereCounter(dataSource)} AND ${table.movedBy} < 0`,
        [name, key],
        true,
    )
    return Number(result.affected) > 0
}

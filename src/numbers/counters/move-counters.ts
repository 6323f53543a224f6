import { dialectOf } from "../../dialects"
import type { Dialect, LastNumber } from "../../dialects/dialect"
import type { MovedCounter, Move } from "../../dialects/statements/counter-statements"
import { counterTableOf } from "../../series/own-table"
import { noted } from "../../signals/note"
import { dataSourceOf } from "../../typeorm/compat"
import { select, type Sender } from "../../typeorm/statement"
import { parseNumber } from "../number-values"
import type { CounterSeries } from "./counter-series"
import {
    closedError,
    garbledKey,
    missingColumn,
    outOfRange,
    refuseClosed,
    refusedByDatabase,
} from "./counter-errors"
import { setBack } from "./set-back"

/**
 * Moves counters, and makes those that don't exist; resolves to where they are then. All of them
 * are locked in one order, whatever order they are named in, until the transaction ends.
 * @internal
 */
export async function moveCounters(
    runner: Sender,
    counted: CounterSeries,
    unsorted: readonly Move[],
): Promise<Map<string, bigint>> {
    if (unsorted.length === 0) return new Map()
    const dataSource = dataSourceOf(runner)
    const { counter } = dialectOf(dataSource) as Dialect
    const table = counterTableOf(dataSource)
    const moves = [...unsorted].sort((a, b) => (a.key < b.key ? -1 : 1))
    const { name: series, label, base, columns } = counted
    const wanted = { series, base, moves, columns }
    try {
        let moved: MovedCounter[] = []
        if (counter.moveExisting && moves.length === 1)
            moved = await select(runner, noted(series, counter.moveExisting(table, wanted)))
        if (moved.length === 0)
            for (const statement of counter.move(table, wanted, dataSource))
                moved = await select(runner, noted(series, statement))
        const last = new Map(moved.map((row) => [row.key, row.last]))
        const closed = moved.filter(({ isClosed }) => Number(isClosed) === 1)
        const missing = moves.flatMap(({ key }) => (last.has(key) ? [] : [key]))
        if (closed.length + missing.length > 0) {
            for (const { key } of closed) last.delete(key)
            await setMovedBack(runner, counted, moves, last)
            if (closed.length > 0) throw closedError(label)
            await refuseClosed(runner, counted, missing)
            throw garbledKey(label)
        }
        const isNew = moves.filter(({ key }) => last.get(key) === null)
        const first = await moveNew(runner, counted, isNew)
        return new Map(
            [...last].map(([key, text]) => {
                const number = first.get(key) ?? parseNumber(text)
                if (number === undefined) throw outOfRange(label)
                return [key, number]
            }),
        )
    } catch (error) {
        throw missingColumn(columns, error) ?? refusedByDatabase(dataSource, label, error)
    }
}

/** Where one of them can't be moved, none is: the transaction may go on, and their numbers would be lost. */
async function setMovedBack(
    runner: Sender,
    { name }: CounterSeries,
    moves: readonly Move[],
    last: ReadonlyMap<string, string | null>,
): Promise<void> {
    for (const { key, by } of moves) {
        const from = parseNumber(last.get(key))
        if (from !== undefined && by > 0n) await setBack(runner, name, { key, from, to: from - by })
    }
}

/** Moves new counters past the rows of their scopes, where no statement can do both. */
async function moveNew(
    runner: Sender,
    { name, base, columns }: CounterSeries,
    moves: readonly Move[],
): Promise<Map<string, bigint>> {
    const last = new Map(moves.map(({ key }) => [key, base]))
    if (moves.length === 0) return last
    const dataSource = dataSourceOf(runner)
    const { counter, lastNumbers } = dialectOf(dataSource) as Dialect
    const scopes = moves.flatMap(({ scope }) => scope ?? [])
    for (const series of columns)
        for (const row of await select<LastNumber>(runner, lastNumbers(series, scopes))) {
            const key = moves[Number(row.at)]?.key ?? ""
            const stored = parseNumber(row.last)
            if (stored !== undefined && stored > (last.get(key) ?? stored)) last.set(key, stored)
        }
    for (const { key, by } of moves) last.set(key, (last.get(key) ?? base) + by)
    const counters = [...last].map(([key, to]) => ({ key, to }))
    const { sql, parameters } = noted(
        name,
        counter.raise(counterTableOf(dataSource), name, counters),
    )
    await runner.query(sql, parameters)
    return last
}

import type { DataSource } from "typeorm"
import { dialectOf } from "../../dialects"
import type { Dialect, LastNumber } from "../../dialects/dialect"
import { type DriverError, driverErrorOf } from "../../dialects/driver-error"
import type { MovedCounter, Move } from "../../dialects/statements/counter-statements"
import {
    INSTALL_REMEDY,
    NotInstalledError,
    NumberOverflowError,
    PeriodClosedError,
    UnsupportedError,
} from "../../errors"
import { missingError } from "../../inserts/sql/missing"
import { placeOf, type Series } from "../../series/series"
import { sharersOf } from "../../series/sharers"
import { noted, noteOf } from "../../signals/note"
import { dataSourceOf } from "../../typeorm/compat"
import { counterTableOf } from "../../series/own-table"
import { beforeFirst, parseNumber } from "../number-values"
import { select, type Sender } from "../../typeorm/statement"

/** @internal A series as its counters see it, which may have no column at all. */
export interface CounterSeries {
    readonly name: string
    /** What errors call it. */
    readonly label: string
    /** Numbers go on after it where the counter is lower: the first number less one step. */
    readonly base: bigint
    /** The columns whose rows a new counter goes on after. */
    readonly columns: readonly Series[]
}

/** @internal The series of a column as its counters see it. */
export function counterSeriesOf(series: Series): CounterSeries {
    return {
        name: series.name,
        label: placeOf(series),
        base: beforeFirst(series),
        columns: sharersOf(series),
    }
}

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
        if (moved.some(({ isClosed }) => Number(isClosed) === 1)) throw closedError(label)
        const missing = moves.flatMap(({ key }) => (last.has(key) ? [] : [key]))
        if (missing.length > 0) {
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

/** A connection of its own has no subscriber that would name the error. */
function missingColumn(columns: readonly Series[], error: unknown): NotInstalledError | undefined {
    const cause = driverErrorOf(error)
    const { query = "" } = error as { query?: string }
    for (const { dataSource, column, period } of cause ? columns : []) {
        const own = period ? [column, period.column] : [column]
        const found = missingError(dataSource, query, cause as DriverError, ({ columns: all }) =>
            all.filter((one) => own.includes(one)),
        )
        if (found) return found
    }
    return undefined
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
    const raise = counter.raise(counterTableOf(dataSource), name, counters)
    await runner.query(...asArguments(noted(name, raise)))
    return last
}

/** @internal Sets counters that are lower; makes those that don't exist. */
export async function raiseCounters(
    runner: Sender,
    { name, label }: Pick<CounterSeries, "name" | "label">,
    unsorted: readonly { readonly key: string; readonly to: bigint }[],
): Promise<void> {
    if (unsorted.length === 0) return
    const dataSource = dataSourceOf(runner)
    const { counter } = dialectOf(dataSource) as Dialect
    const counters = [...unsorted].sort((a, b) => (a.key < b.key ? -1 : 1))
    try {
        const raise = counter.raise(counterTableOf(dataSource), name, counters)
        const { sql, parameters } = noted(name, raise)
        const result = await runner.query(sql, parameters, true)
        // Some databases don't count rows that were as high before.
        if (Number(result.affected) < counters.length)
            await refuseClosed(
                runner,
                { name, label },
                counters.map(({ key }) => key),
            )
    } catch (error) {
        throw refusedByDatabase(dataSource, label, error)
    }
}

/** @internal Refuses to go on where a counter of these is closed, so that a statement has left it alone. */
export async function refuseClosed(
    runner: Sender,
    { name, label }: Pick<CounterSeries, "name" | "label">,
    keys: readonly string[],
): Promise<void> {
    const dataSource = dataSourceOf(runner)
    const { keys: latest } = dialectOf(dataSource) as Dialect
    const { driver } = dataSource
    const table = counterTableOf(dataSource)
    const are = keys.map((_, at) => driver.createParameter("", at + 1)).join(", ")
    const closed = await select(runner, {
        sql:
            `SELECT 1 AS found FROM ${table.name} WHERE ${table.series} = ${driver.createParameter("", 0)} ` +
            `AND ${table.scope} IN (${are}) AND ${table.movedBy} < 0${latest.latest ?? ""}`,
        parameters: [name, ...keys],
    })
    if (closed.length > 0) throw closedError(label)
}

/** @internal */
export function closedError(label: string, cause?: unknown): PeriodClosedError {
    return new PeriodClosedError(
        `${label} was to be given, or its counter to be moved, in a scope or period that is closed. Give the row another ` +
            "date or scope, or open it again: seriesOf(…).settings(scope).reopen(manager, { reason }).",
        { cause },
    )
}

/** @internal Sets a counter back, unless it has moved on since. */
export async function setBack(
    runner: Sender,
    series: string,
    { key, from, to }: { readonly key: string; readonly from: bigint; readonly to: bigint },
): Promise<void> {
    const dataSource = dataSourceOf(runner)
    const { name, last, scope, ...table } = counterTableOf(dataSource)
    const parameter = (at: number) => dataSource.driver.createParameter("", at)
    await runner.query(
        `UPDATE ${name} SET ${last} = ${parameter(0)} WHERE ${table.series} = ${parameter(1)} ` +
            `AND ${scope} = ${parameter(2)} AND ${last} = ${parameter(3)}${noteOf(series)}`,
        [String(to), series, key, String(from)],
    )
}

function asArguments({ sql, parameters }: { sql: string; parameters?: unknown[] }) {
    return [sql, parameters] as [string, unknown[] | undefined]
}

/** @internal Says what to do where the database just has no such table. */
export function refusedByDatabase(dataSource: DataSource, label: string, error: unknown): unknown {
    const cause = driverErrorOf(error)
    const dialect = dialectOf(dataSource)
    if (!cause || !dialect) return error
    if (dialect.isOutOfRange(cause)) return outOfRange(label, error)
    return dialect.isMissingTable(cause) ? noCounterTable(dataSource, error) : error
}

/** @internal */
export function noCounterTable(dataSource: DataSource, cause: unknown): NotInstalledError {
    const { name } = counterTableOf(dataSource)
    return new NotInstalledError(`There is no table ${name}. ${INSTALL_REMEDY}`, { cause })
}

function garbledKey(label: string): UnsupportedError {
    return new UnsupportedError(
        `A counter of ${label} was moved, and is not found by its key: on its way to the database the ` +
            "text has changed. Give the connection a Unicode character set, and leave the sql_mode " +
            "NO_BACKSLASH_ESCAPES off.",
    )
}

function outOfRange(label: string, cause?: unknown): NumberOverflowError {
    return new NumberOverflowError(
        `A counter of ${label} can't go so far: the largest number that it holds is ${2n ** 63n - 1n}.`,
        { cause },
    )
}

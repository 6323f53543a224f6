import type { DataSource, QueryRunner } from "typeorm"
import { counterTableOf } from "../numbers/counters/counter-table"
import { moveCounters, refusedByDatabase } from "../numbers/counters/move-counters"
import { beforeFirst, parseNumber } from "../numbers/number-values"
import type { Scope } from "../dialects/columns"
import { select } from "../typeorm/statement"
import { databasesWith, dialectOf } from "../dialects"
import type { AdvancedCounter, CounterTable, Dialect, LastNumber } from "../dialects/dialect"
import {
    InvalidOptionError,
    NotInstalledError,
    NumberOverflowError,
    UnsupportedError,
} from "../errors"
import { hasCounters, type Series } from "../series/series"
import { allSeriesOf } from "../series/sharers"
import { dataSourceOf } from "../typeorm/compat"
import { onFreeConnection } from "./connection"
import { type Rule, show } from "./rule"
import { columnKey, plainKey, type SequenceKey } from "./scope"

/** @internal The counter of a sequence in one data source. */
interface Place {
    readonly dialect: Dialect
    readonly table: CounterTable
    readonly key: string
    /** The columns that share the series, and the scope as they have it. */
    readonly columns: readonly Series[]
    readonly scope?: Scope
}

/** @internal The columns that a sequence shares its series with. Refuses those that count otherwise. */
export function columnsOf(dataSource: DataSource, rule: Rule): readonly Series[] {
    if (!dataSource.isInitialized)
        throw new NotInstalledError("The data source is not initialized. Call initialize() first.")
    if (!dialectOf(dataSource))
        throw new UnsupportedError(
            `A Sequence does not work on "${dataSource.options.type}". It works on ` +
                `${databasesWith("counter")}.`,
        )
    counterTableOf(dataSource)
    const columns = (allSeriesOf(dataSource).get(rule.name) ?? []).filter(hasCounters)
    const [first] = columns
    if (!first) return []
    const problem =
        rule.resetAt === undefined
            ? (["startAt", "incrementBy"] as const).find((option) => rule[option] !== first[option])
            : "resetAt"
    if (problem)
        throw new InvalidOptionError(
            `Sequence ${show(rule.name)} shares its series with ` +
                `${first.metadata.name}.${first.column.propertyPath}, and differs in ${problem}. ` +
                "Give both the same, or the sequence another name.",
        )
    return columns
}

async function placeOf(runner: QueryRunner, rule: Rule, scope: SequenceKey): Promise<Place> {
    const dataSource = dataSourceOf(runner)
    const columns = columnsOf(dataSource, rule)
    const dialect = dialectOf(dataSource) as Dialect
    const table = counterTableOf(dataSource)
    const [first] = columns
    return first
        ? { dialect, table, columns, ...(await columnKey(runner, rule.name, first, scope)) }
        : { dialect, table, columns, key: plainKey(scope, dialect.expressions) }
}

/**
 * Refuses a sequence that counts otherwise than the columns which share its series. One without a scope
 * may be there for those that calls will name.
 * @internal
 */
export async function refuseOtherCounting(
    dataSource: DataSource,
    { rule, key }: { readonly rule: Rule; readonly key: SequenceKey },
): Promise<void> {
    const [first] = columnsOf(dataSource, rule)
    if (first && (key.names ?? key.values).length > 0)
        await onFreeConnection(dataSource, (runner) => columnKey(runner, rule.name, first, key))
}

/** @internal Takes numbers; resolves to the one before them. */
export async function advance(
    runner: QueryRunner,
    rule: Rule,
    sequenceKey: SequenceKey,
    count: bigint,
): Promise<bigint> {
    const dataSource = dataSourceOf(runner)
    const { dialect, table, key, columns, scope } = await placeOf(runner, rule, sequenceKey)
    const base = rule.startAt - rule.incrementBy
    const by = rule.incrementBy * count
    // Neither the number nor the way may be too much for a new counter.
    const isTooMuch = base + by > rule.max || by > 2n ** 63n - 1n
    if (rule.resetAt === undefined && isTooMuch) refuseOverflow(rule)
    // The counter goes on after the rows of its scope, and is locked from here on.
    if (columns.length > 0)
        await moveCounters(runner, { name: rule.name, base, columns }, [{ key, by: 0n, scope }])
    const step = { ...rule, series: rule.name, key, count }
    try {
        let moved: AdvancedCounter | undefined
        for (const statement of dialect.counter.advance(table, step, dataSource))
            [moved] = await select<AdvancedCounter>(runner, statement)
        const isRefused = !moved || (rule.resetAt === undefined && moved.way === "0")
        if (!moved || isRefused) return refuseOverflow(rule)
        return BigInt(moved.last) - BigInt(moved.way)
    } catch (error) {
        throw refusedByDatabase(dataSource, error)
    }
}

/** @internal The last number that was given. */
export async function findLast(
    runner: QueryRunner,
    rule: Rule,
    sequenceKey: SequenceKey,
): Promise<bigint | null> {
    const dataSource = dataSourceOf(runner)
    const { dialect, table, key, columns, scope } = await placeOf(runner, rule, sequenceKey)
    const { expressions, lastNumbers } = dialect
    const last = `${expressions.text(table.last)} AS ${dataSource.driver.escape("last")}`
    try {
        const [counter] = await select<{ last: string }>(runner, {
            sql: `SELECT ${last} FROM ${table.name} ${whereIs(table, dataSource)}`,
            parameters: [rule.name, key],
        })
        let highest = parseNumber(counter?.last)
        // A counter from before the first row, as a save that has failed leaves it.
        if (columns[0] && highest === beforeFirst(columns[0])) highest = undefined
        if (highest === undefined && scope)
            for (const series of columns) {
                const [row] = await select<LastNumber>(runner, lastNumbers(series, [scope]))
                const stored = parseNumber(row?.last)
                if (stored !== undefined && stored > (highest ?? stored - 1n)) highest = stored
            }
        if (highest !== undefined && highest > rule.max) refuseOverflow(rule)
        return highest ?? null
    } catch (error) {
        throw refusedByDatabase(dataSource, error)
    }
}

/** @internal Deletes the counter; resolves to whether there was one. */
export async function deleteCounter(
    runner: QueryRunner,
    rule: Rule,
    sequenceKey: SequenceKey,
): Promise<boolean> {
    const dataSource = dataSourceOf(runner)
    const { table, key } = await placeOf(runner, rule, sequenceKey)
    try {
        const result = await runner.query(
            `DELETE FROM ${table.name} ${whereIs(table, dataSource)}`,
            [rule.name, key],
            true,
        )
        return Number(result.affected) > 0
    } catch (error) {
        throw refusedByDatabase(dataSource, error)
    }
}

function whereIs({ series, scope }: CounterTable, { driver }: DataSource): string {
    return `WHERE ${series} = ${driver.createParameter("", 0)} AND ${scope} = ${driver.createParameter("", 1)}`
}

function refuseOverflow({ name, type, max }: Rule): never {
    throw new NumberOverflowError(
        `Sequence ${show(name)} would pass ${max}, the largest ` +
            (type === "number" ? 'safe integer. Use type "bigint".' : "number of a counter."),
    )
}

import type { DataSource } from "typeorm"
import { show } from "../declared/show"
import { databasesWith, dialectOf } from "../dialects"
import type { Scope } from "../dialects/columns"
import type { CounterTable } from "../dialects/statements/counter-statements"
import type { Dialect } from "../dialects/dialect"
import { InvalidOptionError, NotInstalledError, UnsupportedError } from "../errors"
import { counterTableOf } from "../series/own-table"
import { hasCounters, type Series } from "../series/series"
import { allSeriesOf } from "../series/sharers"
import { dataSourceOf } from "../typeorm/compat"
import type { Rule } from "./rule"
import { columnKey, keyByColumn, plainKey, type SequenceKey } from "./scope"
import type { Sender } from "../typeorm/statement"

/** @internal How a sequence counts, and in which scope. */
export interface Counting {
    readonly rule: Rule
    readonly key: SequenceKey
}

/** @internal The counter of a sequence in one data source. */
export interface Place {
    readonly dataSource: DataSource
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
    const columns = allSeriesOf(dataSource).get(rule.name) ?? []
    const [first] = columns
    if (!first) return []
    if (!hasCounters(first))
        throw new InvalidOptionError(
            `Sequence ${show(rule.name)} has the name of the series of ` +
                `${first.metadata.name}.${first.column.propertyPath}, whose strategy "${first.strategy}" has no ` +
                "counter. Give the column another strategy, or the sequence another name.",
        )
    const problem =
        rule.resetAt === undefined
            ? (["startAt", "incrementBy"] as const).find((option) => rule[option] !== first[option])
            : "resetAt"
    if (problem)
        throw new InvalidOptionError(
            `Sequence ${show(rule.name)} shares its series with ` +
                `${first.metadata.name}.${first.column.propertyPath}, but differs in ${problem}. Give both the same, ` +
                "or the sequence another name.",
        )
    return columns
}

/** @internal */
export async function placeOf(runner: Sender, { rule, key }: Counting): Promise<Place> {
    const dataSource = dataSourceOf(runner)
    const columns = columnsOf(dataSource, rule)
    const dialect = dialectOf(dataSource) as Dialect
    const place = { dataSource, dialect, table: counterTableOf(dataSource), columns }
    const [first] = columns
    return first
        ? { ...place, ...(await columnKey(runner, first, key)) }
        : { ...place, key: plainKey(key, dialect.expressions) }
}

/**
 * Refuses a sequence that counts otherwise than the columns which share its series. One without a scope
 * may be there for those that calls will name.
 * @internal
 */
export function refuseOtherCounting(dataSource: DataSource, { rule, key }: Counting): void {
    const [first] = columnsOf(dataSource, rule)
    if (first && key.values.length > 0) keyByColumn(first, key)
}

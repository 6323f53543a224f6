import type { DataSource, QueryRunner } from "typeorm"
import { counterTableOf } from "../numbers/counters/counter-table"
import { select } from "../typeorm/statement"
import { dialectOf } from "../dialects"
import type { Statement } from "../typeorm/statement"
import { hasCounters, type Series } from "../series/series"
import { allSeriesOf, isSameColumn } from "../series/sharers"
import { findBehind, seedCounters } from "./counters-in-rows"
import type { Inventory } from "./inventory"
import type { Steps } from "./steps"

/** @internal Sets what makes moves of counters cheap, where it is not set. */
export async function setCounterSettings(
    runner: QueryRunner,
    steps: Steps,
    dataSource: DataSource,
    { counter }: Inventory,
): Promise<void> {
    const settings = dialectOf(dataSource)?.schema.counterSettings
    if (!settings || !counter) return
    const name = counterTableOf(dataSource)
    if (counter.table && (await select(runner, settings.isMissing(name))).length === 0) return
    await steps.sql(
        { sql: settings.add(name) },
        "Counters move within their page, without a new entry in the index.",
        // A table that is new goes as a whole.
        ...(counter.table ? [{ sql: settings.remove(name) }] : []),
    )
}

/**
 * Makes counters that go on after the rows there are, and raises those that are behind them: one
 * statement for each series that has tables with rows.
 * @internal
 */
export async function addSeeds(
    runner: QueryRunner,
    steps: Steps,
    dataSource: DataSource,
    inventory: Inventory,
): Promise<void> {
    for (const [name, sharers] of allSeriesOf(dataSource)) {
        if (!sharers[0] || !hasCounters(sharers[0])) continue
        const existing = sharers.filter(({ metadata }) =>
            inventory.tables.some((t) => t.metadata.tablePath === metadata.tablePath),
        )
        if (existing.length === 0) continue
        if (await needsSeed(runner, dataSource, existing, inventory))
            await steps.sql(
                seedCounters(dataSource, existing),
                `The counters of ${name} go on after the rows that exist.`,
                ...(await deletionOf(runner, dataSource, existing, inventory)),
            )
    }
}

/** The counters of a series that is new are of no use without its column. */
async function deletionOf(
    runner: QueryRunner,
    dataSource: DataSource,
    sharers: readonly Series[],
    { tables, counter }: Inventory,
): Promise<Statement[]> {
    if (!counter?.table || tables.some(({ present }) => present.some(isOneOf(sharers)))) return []
    const { name, series } = counterTableOf(dataSource)
    const where = `FROM ${name} WHERE ${series} = ${dataSource.driver.createParameter(name, 0)}`
    const parameters = [sharers[0]?.name]
    const stored = { sql: `SELECT 1 AS found ${where} LIMIT 1`, parameters }
    if ((await select(runner, stored)).length > 0) return []
    return [{ sql: `DELETE ${where}`, parameters }]
}

function isOneOf(list: readonly Series[]): (series: Series) => boolean {
    return (series) => list.some((other) => isSameColumn(series, other))
}

async function needsSeed(
    runner: QueryRunner,
    dataSource: DataSource,
    sharers: readonly Series[],
    { tables, counter }: Inventory,
): Promise<boolean> {
    if (!counter?.table) return true
    const changed = tables.flatMap((t) => [...t.missing, ...t.unnumbered, ...t.withoutScope])
    if (changed.some(isOneOf(sharers))) return true
    return (await select(runner, findBehind(dataSource, sharers))).length > 0
}

import type { DataSource, QueryRunner } from "typeorm"
import { counterTableOf } from "../../series/own-table"
import { hasCounters, type Series } from "../../series/series"
import { allSeriesOf, isSameColumn, type Sharers } from "../../series/sharers"
import { hasRows, select, type Statement } from "../../typeorm/statement"
import type { FoundRenamings } from "../names/renamings"
import { findBehind, seedCounters } from "./counters-in-rows"
import type { Inventory } from "./inventory"
import type { Steps } from "./steps"
import { createTriggers } from "./triggers/trigger-steps"
import type { TableTriggers } from "./triggers/triggers"

/** @internal Sets what makes moves of counters cheap, where it is not set. */
export async function setCounterSettings(
    runner: QueryRunner,
    steps: Steps,
    { dataSource, dialect, counter }: Inventory,
): Promise<void> {
    const settings = dialect.schema.counterSettings
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
 * Makes triggers and the counters that they move, in the order in which no row of a writer beside it
 * is numbered wrongly. Where that is one transaction, a table that has its triggers is locked for the
 * rest of it. Where it isn't, nothing can be inserted until the triggers are there.
 * @internal
 */
export async function addCounting(
    runner: QueryRunner,
    steps: Steps,
    inventory: Inventory,
    {
        triggers,
        renamings,
        replaced,
    }: { triggers: readonly TableTriggers[] } & Pick<FoundRenamings, "renamings" | "replaced">,
): Promise<void> {
    const { isTransactional } = inventory.dialect.schema.installLock
    if (isTransactional) await createTriggers(steps, triggers)
    for (const name of replaced) {
        const { from, parameters } = countersOf(inventory.dataSource, name)
        const removal = { sql: `DELETE FROM ${from}`, parameters }
        await steps.sql(
            removal,
            `The counters of ${name} are those of the scopes that it had before.`,
            // Without any, scopes go on after their rows.
            removal,
        )
    }
    const former = renamings.filter(({ ledger }) => ledger.content === "counters")
    const formerNames = new Map(former.map(({ from, to }) => [to, from]))
    await addSeeds(runner, steps, inventory, { formerNames, replaced })
    if (!isTransactional) await createTriggers(steps, triggers)
}

/**
 * Makes counters that go on after the rows there are, and raises those that are behind them: one
 * statement for each series that has tables with rows.
 */
async function addSeeds(
    runner: QueryRunner,
    steps: Steps,
    inventory: Inventory,
    {
        formerNames,
        replaced,
    }: {
        /** The names under which counters are that have others by then. */
        formerNames: ReadonlyMap<string, string>
    } & Pick<FoundRenamings, "replaced">,
): Promise<void> {
    const { dataSource } = inventory
    for (const [name, sharers] of allSeriesOf(dataSource)) {
        if (!hasCounters(sharers[0])) continue
        const [first, ...others] = sharers.filter(({ metadata }) =>
            inventory.tables.some((t) => t.metadata.tablePath === metadata.tablePath),
        )
        if (!first) continue
        const existing: Sharers = [first, ...others]
        const before = formerNames.get(name)
        if (replaced.has(name) || (await needsSeed(runner, existing, inventory, before)))
            await steps.sql(
                seedCounters(existing),
                `The counters of ${name} go on after the rows that exist.`,
                ...(before === undefined ? await deletionOf(runner, existing, inventory) : []),
            )
    }
}

/** The counters of a series that is new are of no use without its column. */
async function deletionOf(
    runner: QueryRunner,
    sharers: Sharers,
    { dataSource, tables, counter }: Inventory,
): Promise<Statement[]> {
    if (!counter?.table || tables.some(({ present }) => present.some(isOneOf(sharers)))) return []
    const { from, parameters } = countersOf(dataSource, sharers[0].name)
    if (await hasRows(runner, from, parameters)) return []
    return [{ sql: `DELETE FROM ${from}`, parameters }]
}

function countersOf(dataSource: DataSource, of: string): { from: string; parameters: string[] } {
    const { name, series } = counterTableOf(dataSource)
    const from = `${name} WHERE ${series} = ${dataSource.driver.createParameter(name, 0)}`
    return { from, parameters: [of] }
}

function isOneOf(list: readonly Series[]): (series: Series) => boolean {
    return (series) => list.some((other) => isSameColumn(series, other))
}

async function needsSeed(
    runner: QueryRunner,
    sharers: Sharers,
    { tables, counter }: Inventory,
    storedName: string | undefined,
): Promise<boolean> {
    if (!counter?.table) return true
    const changed = tables.flatMap((t) => [
        ...[...t.missing, ...t.blank, ...t.withoutScope, ...t.stranded],
        // Numbers that are texts yet can't be compared with counters.
        ...t.present.filter((series) => t.retyped.some(({ column }) => column === series.column)),
    ])
    if (changed.some(isOneOf(sharers))) return true
    return (await select(runner, findBehind(sharers, storedName))).length > 0
}

import type { DataSource, EntityMetadata, QueryRunner, Table } from "typeorm"
import { subscriberRemedy } from "../../declared/data-source-options"
import { COUNTER_ENTITY, EVENT_ENTITY, KEY_ENTITY, SETTING_ENTITY } from "../../declared/own-tables"
import { isAutoSequenceSubscriber } from "../../declared/registry"
import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import { NotInstalledError } from "../../errors"
import { pseudoKeysOf } from "../../keys/resolve-keys"
import { refuseUnsupported } from "../../numbers/refuse-unsupported"
import { hasJournal, hasSettings } from "../../series/journal"
import { findOwnEntity, unknownTable } from "../../series/own-table"
import { seriesOf } from "../../series/resolve-series"
import { hasCounters, placeOf } from "../../series/series"
import { allSeriesOf } from "../../series/sharers"
import { hasHistory } from "../../tables/key-entity"
import { dataSourceOf } from "../../typeorm/compat"
import { select } from "../../typeorm/statement"
import { findRenamings, type Renaming } from "../names/renamings"
import { findSwappedScopes } from "../names/swapped-scopes"
import { readTables } from "../../typeorm/schema/read-tables"
import { findBehind } from "../plan/counters-in-rows"
import { servedEntities } from "../plan/inventory"
import { zoneProblems } from "../plan/periods/periods"
import { readLeftOver, readTriggers } from "../plan/triggers/triggers"
import { inexactKeys, inexactPseudoKeys } from "./collations"
import { byMigration, type Finding } from "./finding"
import { foreignPrefixes } from "./prefixes"
import { ownTableProblems, tableProblems } from "./tables"
import { leftOverProblems, triggerProblems, unreadProblems } from "./triggers"

/** @internal What a problem is about. */
export type ProblemArea =
    "data source" | "tables" | "indexes" | "keys" | "time zones" | "names" | "triggers" | "counters"

/** @internal What a data source or its database lacks, and what to do about it. */
export interface Problem extends Finding {
    readonly area: ProblemArea
}

/** @internal The tables of this library that a data source needs and knows. */
export function ownTablesOf(dataSource: DataSource): {
    /** Those that are to be there, and what each keeps. */
    readonly needed: readonly (readonly [EntityMetadata, content: string])[]
    readonly counter?: EntityMetadata
    readonly journal?: EntityMetadata
    /** What the data source has to know, and does not. */
    readonly unknown: readonly string[]
} {
    const named = (entity: string) => findOwnEntity(dataSource, entity)
    const counter = named(COUNTER_ENTITY)
    const usesCounter = [...allSeriesOf(dataSource).values()].flat().some(hasCounters)
    const others = [
        [hasHistory(dataSource), KEY_ENTITY, "the history of keys"],
        [hasJournal(dataSource), EVENT_ENTITY, "the journal of numbers"],
        [hasSettings(dataSource), SETTING_ENTITY, "the settings of series"],
    ] as const
    const needed: [EntityMetadata, string][] = []
    if (usesCounter && counter) needed.push([counter, "the counters"])
    const unknown: string[] = []
    for (const [isNeeded, entity, content] of others) {
        const metadata = isNeeded ? named(entity) : undefined
        if (metadata) needed.push([metadata, content])
        else if (isNeeded) unknown.push(unknownTable(dataSource, entity))
    }
    const journal = hasJournal(dataSource) ? named(EVENT_ENTITY) : undefined
    return { needed, counter, journal, unknown }
}

/** @internal All that is missing, but for counters, whose rows have to be read. */
export async function findProblems(
    runner: QueryRunner,
    dataSource: DataSource,
): Promise<Problem[]> {
    const problems: Problem[] = []
    const add = (area: ProblemArea, findings: readonly (Finding | string)[]) =>
        problems.push(
            ...findings.map((one) => ({
                area,
                ...(typeof one === "string" ? { text: one } : one),
            })),
        )
    add("data source", unregistered(dataSource))
    const { needed, counter, journal, unknown } = ownTablesOf(dataSource)
    add("data source", unknown)
    const dialect = dialectOf(dataSource)
    const served = servedEntities(dataSource)
    const stored = await readTables(runner, [...needed.map(([metadata]) => metadata), ...served])
    for (const [metadata, content] of needed)
        add("tables", await checkOwnTable(runner, dialect, metadata, stored.get(metadata), content))
    for (const metadata of served) {
        const found = await tableProblems(runner, metadata, stored.get(metadata))
        add("tables", found.table)
        add("indexes", found.indexes)
        add("keys", await inexactPseudoKeys(runner, dialect, metadata))
        add("keys", await foreignPrefixes(runner, metadata, stored.get(metadata)))
    }
    if (dialect && counter && stored.has(counter))
        add("counters", await findSwappedScopes(runner, dataSource))
    add("time zones", await zoneProblems(runner, dataSource))
    const { renamings, problems: strays } = await findRenamings(runner, dataSource, [])
    add("names", [...strays, ...renamings.map(renamingProblem)])
    const triggers = (counter ?? journal) ? await readTriggers(runner, dataSource) : []
    const leftOver = counter ? await readLeftOver(runner, dataSource) : []
    add("triggers", triggers.flatMap(triggerProblems))
    add("triggers", leftOverProblems(leftOver, triggers))
    for (const table of triggers) add("triggers", await unreadProblems(runner, table))
    return problems
}

/** What the data source itself lacks. */
function unregistered(dataSource: DataSource): string[] {
    const problems = new Set<string>()
    const all = dataSource.entityMetadatas.flatMap(seriesOf)
    for (const series of all)
        try {
            refuseUnsupported(series)
        } catch (error) {
            // Its text says that the data source doesn't know the counter table.
            if (!(error instanceof NotInstalledError)) throw error
            problems.add(error.message)
        }
    const hasKeys = dataSource.entityMetadatas.some((metadata) => {
        const { stored, sealed } = pseudoKeysOf(metadata)
        return stored.length + sealed.length > 0
    })
    if ((all.length > 0 || hasKeys) && !dataSource.subscribers.some(isAutoSequenceSubscriber))
        problems.add(
            `The data source has no AutoSequenceSubscriber. ${subscriberRemedy(dataSource)}`,
        )
    return [...problems]
}

/** @internal Counters that are missing, or behind the rows of their scopes: all rows are read. */
export async function behindProblems(
    runner: QueryRunner,
    dataSource: DataSource,
    step: () => void = () => {},
): Promise<Problem[]> {
    const problems: Problem[] = []
    for (const sharers of allSeriesOf(dataSource).values()) {
        const [first] = sharers
        if (hasCounters(first) && (await select(runner, findBehind(sharers))).length > 0)
            problems.push({
                area: "counters",
                text: `${placeOf(first)}: a counter is missing, or behind the rows of its scope.`,
                remedy: "Call resyncCounters(dataSource).",
            })
        step()
    }
    return problems
}

function renamingProblem({ ledger: { metadata, content }, from, to }: Renaming): Finding {
    return byMigration(
        `${metadata.tablePath} has the ${content} of ${to} under its former name, ${from}.`,
    )
}

/**
 * What a table of this library lacks, and whether its keys are compared exactly.
 * @internal
 */
export async function checkOwnTable(
    runner: QueryRunner,
    dialect: Dialect | undefined,
    metadata: EntityMetadata,
    table: Table | undefined,
    content: string,
): Promise<Finding[]> {
    const all = [...allSeriesOf(dataSourceOf(metadata)).values()].flat()
    const isTriggersAlone =
        metadata.name !== KEY_ENTITY &&
        all.length > 0 &&
        all.every(({ strategy }) => strategy === "trigger")
    return [
        ...(await ownTableProblems(runner, metadata, table, { content, isTriggersAlone })),
        ...(await inexactKeys(runner, dialect, metadata)),
    ]
}

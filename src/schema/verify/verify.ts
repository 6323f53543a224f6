import type { DataSource, EntityMetadata, QueryRunner } from "typeorm"
import { FLAG, checkedOptions } from "../../declared/options"
import { COUNTER_ENTITY, EVENT_ENTITY, KEY_ENTITY, SETTING_ENTITY } from "../../declared/own-tables"
import { isAutoSequenceSubscriber } from "../../declared/registry"
import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import { INSTALL_REMEDY, NotInstalledError } from "../../errors"
import { pseudoKeysOf } from "../../keys/resolve-keys"
import { refuseUnsupported } from "../../numbers/refuse-unsupported"
import { hasJournal, hasSettings } from "../../series/journal"
import {
    counterTableOf,
    NO_EVENT_TABLE,
    NO_KEY_TABLE,
    NO_SETTING_TABLE,
} from "../../series/own-table"
import { seriesOf } from "../../series/resolve-series"
import { hasCounters, placeOf } from "../../series/series"
import { allSeriesOf } from "../../series/sharers"
import { hasHistory } from "../../tables/key-entity"
import { findRenamings, type Renaming } from "../names/renamings"
import { select } from "../../typeorm/statement"
import { findBehind } from "../plan/counters-in-rows"
import { refuseUninitialized, servedEntities } from "../plan/inventory"
import { zoneProblems } from "../plan/periods/periods"
import { readLeftOver, readTriggers } from "../plan/triggers/triggers"
import { foreignPrefixes } from "./prefixes"
import { inexactKeys, inexactPseudoKeys } from "./collations"
import { ownTableProblems, tableProblems } from "./tables"
import { leftOverProblems, triggerProblems, unreadProblems } from "./triggers"

/** What {@link verifyAutoSequence} takes. */
export interface VerifyOptions {
    /**
     * Whether counters are compared with the numbers of their rows, for which all of these are read.
     *
     * Default is `false`.
     */
    counters?: boolean
}

/**
 * Checks that a data source can keep the promise: that the options fit the entities and the
 * database, that the subscriber is registered, that every table has its columns of numbers and keys and their unique
 * indexes, that the counter table is as strategies `"counter"` and `"trigger"` need it, and that
 * triggers are there, enabled, and those of this version and these options, and that no counters and keys
 * are left under the former name of a column that was renamed. On MySQL and MariaDB
 * also that keys are compared exactly. Call it once when the application starts; it writes nothing.
 * With `{ counters: true }` it also compares the counters with the numbers of their rows, for which it
 * reads all of these: {@link resyncCounters} raises those that are behind.
 *
 * Errors: {@link InvalidOptionError}, {@link UnsupportedError}, and {@link NotInstalledError} that
 * lists everything that is missing, and what to do about it.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { verifyAutoSequence, withAutoSequence } from "typeorm-autosequence"
 *
 * const dataSource = new DataSource(withAutoSequence({ type: "postgres", entities: [] }))
 * await dataSource.initialize()
 * await verifyAutoSequence(dataSource)
 * ```
 */
export async function verifyAutoSequence(
    dataSource: DataSource,
    options: VerifyOptions = {},
): Promise<void> {
    const { counters = false } = checkedOptions("verifyAutoSequence", options, { counters: FLAG })
    refuseUninitialized(dataSource)
    const problems = new Set<string>()
    const all = [...allSeriesOf(dataSource).values()].flat()
    for (const series of dataSource.entityMetadatas.flatMap(seriesOf))
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
            "The data source has no AutoSequenceSubscriber. Create it with withAutoSequence(options).",
        )

    const counter = dataSource.entityMetadatas.find(({ name }) => name === COUNTER_ENTITY)
    const usesCounter = all.some(hasCounters)
    const history = hasHistory(dataSource)
        ? dataSource.entityMetadatas.find(({ name }) => name === KEY_ENTITY)
        : undefined
    if (hasHistory(dataSource) && !history) problems.add(NO_KEY_TABLE)
    const named = (entity: string) => dataSource.entityMetadatas.find(({ name }) => name === entity)
    const journal = hasJournal(dataSource) ? named(EVENT_ENTITY) : undefined
    if (hasJournal(dataSource) && !journal) problems.add(NO_EVENT_TABLE)
    const settings = hasSettings(dataSource) ? named(SETTING_ENTITY) : undefined
    if (hasSettings(dataSource) && !settings) problems.add(NO_SETTING_TABLE)
    const dialect = dialectOf(dataSource)
    await collect(problems, dataSource, async (runner) => {
        const check = (own: EntityMetadata, content: string) =>
            checkOwnTable(runner, dialect, own, content)
        const found = [
            usesCounter && counter ? await check(counter, "the counters") : [],
            history ? await check(history, "the history of keys") : [],
            journal ? await check(journal, "the journal of numbers") : [],
            settings ? await check(settings, "the settings of series") : [],
        ]
        for (const metadata of servedEntities(dataSource))
            found.push(
                await tableProblems(runner, metadata),
                await inexactPseudoKeys(runner, dialect, metadata),
                await foreignPrefixes(runner, metadata),
            )
        found.push(await zoneProblems(runner, dataSource))
        const { renamings, problems: strays } = await findRenamings(runner, dataSource)
        found.push([...strays, ...renamings.map(renamingProblem)])
        const triggers = (counter ?? journal) ? await readTriggers(runner, dataSource) : []
        const leftOver = counter ? await readLeftOver(runner, dataSource) : []
        found.push(...triggers.map(triggerProblems), leftOverProblems(leftOver, triggers))
        for (const table of triggers) found.push(await unreadProblems(runner, table))
        // Only of a database that has all of it.
        if (counters && found.flat().length === 0)
            found.push(await lateCounters(runner, dataSource))
        return found.flat()
    })
}

async function lateCounters(runner: QueryRunner, dataSource: DataSource): Promise<string[]> {
    const late: string[] = []
    for (const [first, ...others] of allSeriesOf(dataSource).values())
        if (
            first &&
            hasCounters(first) &&
            (await select(runner, findBehind([first, ...others]))).length > 0
        )
            late.push(
                `${placeOf(first)}: a counter is missing, or behind the rows of its scope. Call ` +
                    "resyncCounters(dataSource).",
            )
    return late
}

function renamingProblem({ ledger: { metadata, content }, from, to }: Renaming): string {
    return `${metadata.tablePath} has the ${content} of ${to} under its former name, ${from}. ${INSTALL_REMEDY}`
}

/**
 * Checks the counter table alone, which is all that a sequence needs.
 * @internal
 */
export async function verifyCounterTable(dataSource: DataSource): Promise<void> {
    // Says what to do where the data source doesn't know it.
    counterTableOf(dataSource)
    const counter = dataSource.entityMetadatas.find(({ name }) => name === COUNTER_ENTITY)
    await collect(new Set(), dataSource, async (runner) =>
        counter ? checkOwnTable(runner, dialectOf(dataSource), counter, "the counters") : [],
    )
}

/** What a table of this library lacks, and whether its keys are compared exactly. */
async function checkOwnTable(
    runner: QueryRunner,
    dialect: Dialect | undefined,
    metadata: EntityMetadata,
    content: string,
): Promise<string[]> {
    return [
        ...(await ownTableProblems(runner, metadata, content)),
        ...(await inexactKeys(runner, dialect, metadata)),
    ]
}

/** Throws all problems together, those that were known before and those that the database shows. */
async function collect(
    problems: Set<string>,
    dataSource: DataSource,
    look: (runner: QueryRunner) => Promise<string[]>,
): Promise<void> {
    const runner = dataSource.createQueryRunner("master")
    try {
        for (const problem of await look(runner)) problems.add(problem)
    } finally {
        await runner.release()
    }
    if (problems.size > 0) throw new NotInstalledError([...problems].join("\n"))
}

import type { DataSource, QueryRunner } from "typeorm"
import { asMissingRight } from "../../audit/snapshot"
import { checkedOptions, FLAG } from "../../declared/options"
import { COUNTER_ENTITY } from "../../declared/own-tables"
import { dialectOf } from "../../dialects"
import { NotInstalledError } from "../../errors"
import { counterTableOf, findOwnEntity } from "../../series/own-table"
import { onMaster } from "../../typeorm/on-master"
import { refuseUninitialized } from "../plan/inventory"
import { behindProblems, checkOwnTable, findProblems } from "./find-problems"
import { type Finding, messageOf } from "./finding"

/** Options of {@link verifyAutoSequence}. */
export interface VerifyOptions {
    /**
     * Whether counters are compared with the numbers of their rows, which reads all of these rows.
     *
     * Default: `false`.
     */
    counters?: boolean
}

/**
 * Checks that a data source can keep the guarantee: the options fit the entities and the database,
 * the subscriber is registered, every table has its number and key columns with their unique
 * indexes, the counter table is as strategies `"counter"` and `"trigger"` need it, triggers exist,
 * are enabled, and match this version and these options, and no counters or keys are left under the
 * former name of a renamed column. On MySQL and MariaDB it also checks that keys are compared
 * exactly. Call it once when the application starts; it writes nothing. With `{ counters: true }`
 * it also compares the counters with the numbers of their rows, which reads all of these rows:
 * {@link resyncCounters} raises counters that are behind.
 *
 * Errors: {@link InvalidOptionError}, {@link UnsupportedError}, {@link MissingRightError}, and
 * {@link NotInstalledError}, which lists everything that is missing and how to fix it.
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
    await refuseProblems(dataSource, async (runner) => {
        const found = await findProblems(runner, dataSource)
        // Only of a database that has all of it.
        return counters && found.length === 0 ? behindProblems(runner, dataSource) : found
    })
}

/**
 * Checks the counter table alone, which is all that a sequence needs.
 * @internal
 */
export async function verifyCounterTable(dataSource: DataSource): Promise<void> {
    // Says what to do where the data source doesn't know it.
    counterTableOf(dataSource)
    const counter = findOwnEntity(dataSource, COUNTER_ENTITY)
    await refuseProblems(dataSource, async (runner) => {
        if (!counter) return []
        const table = await runner.getTable(counter.tablePath)
        return checkOwnTable(runner, dialectOf(dataSource), counter, table, "the counters")
    })
}

/** Throws all problems together. */
async function refuseProblems(
    dataSource: DataSource,
    look: (runner: QueryRunner) => Promise<Finding[]>,
): Promise<void> {
    const found = await onMaster(dataSource, look).catch((error: unknown) => {
        const dialect = dialectOf(dataSource)
        throw dialect ? asMissingRight(dialect, error) : error
    })
    const problems = new Set(found.map(messageOf))
    if (problems.size > 0) throw new NotInstalledError([...problems].join("\n"))
}

import type { DataSource, QueryRunner } from "typeorm"
import { checkedOptions, FLAG } from "../../declared/options"
import { COUNTER_ENTITY } from "../../declared/own-tables"
import { dialectOf } from "../../dialects"
import { NotInstalledError } from "../../errors"
import { counterTableOf, findOwnEntity } from "../../series/own-table"
import { onMaster } from "../../typeorm/on-master"
import { refuseUninitialized } from "../plan/inventory"
import { behindProblems, checkOwnTable, findProblems } from "./find-problems"

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
    await refuseProblems(dataSource, async (runner) => {
        const found = (await findProblems(runner, dataSource)).map(({ text }) => text)
        // Only of a database that has all of it.
        if (counters && found.length === 0)
            for (const problem of await behindProblems(runner, dataSource)) found.push(problem.text)
        return found
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
    await refuseProblems(dataSource, async (runner) =>
        counter ? checkOwnTable(runner, dialectOf(dataSource), counter, "the counters") : [],
    )
}

/** Throws all problems together. */
async function refuseProblems(
    dataSource: DataSource,
    look: (runner: QueryRunner) => Promise<string[]>,
): Promise<void> {
    const problems = new Set(await onMaster(dataSource, look))
    if (problems.size > 0) throw new NotInstalledError([...problems].join("\n"))
}

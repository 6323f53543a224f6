import type { DataSource } from "typeorm"
import { findBehind, seedCounters, type Sharers } from "../plan/counters-in-rows"
import { refuseUnsupportedSeries } from "../plan/inventory"
import { hasCounters } from "../../series/series"
import { allSeriesOf } from "../../series/sharers"
import { select } from "../../typeorm/statement"

/**
 * Raises counters that are behind the rows of their scopes, and makes those that are missing: after
 * rows were written by raw SQL, restored from a dump, or inserted while triggers were off. It never
 * lowers one: a number that was given is not given again. It reads all rows of the tables, and may run while others
 * insert.
 *
 * To lower one counter after a row with a far too large number was deleted, delete the counter:
 * the next row of the scope makes it anew, after the rows that are left. See {@link Sequence.delete}.
 *
 * Resolves to the names of the series of which counters were raised or made.
 *
 * Errors: {@link NotInstalledError} before `initialize()`, {@link UnsupportedError},
 * {@link InvalidOptionError}.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { resyncCounters } from "typeorm-autosequence"
 *
 * declare const dataSource: DataSource
 *
 * const raised = await resyncCounters(dataSource) // ["invoice.number"]
 * ```
 */
export async function resyncCounters(dataSource: DataSource): Promise<string[]> {
    refuseUnsupportedSeries(dataSource)
    const raised: string[] = []
    const runner = dataSource.createQueryRunner("master")
    try {
        for (const [name, [first, ...others]] of allSeriesOf(dataSource)) {
            if (!first || !hasCounters(first)) continue
            const sharers: Sharers = [first, ...others]
            if ((await select(runner, findBehind(sharers))).length === 0) continue
            const { sql, parameters } = seedCounters(sharers)
            await runner.query(sql, parameters)
            raised.push(name)
        }
    } finally {
        await runner.release()
    }
    return raised
}

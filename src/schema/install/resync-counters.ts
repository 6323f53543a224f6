import type { DataSource, QueryRunner } from "typeorm"
import { checkedOptions, TEXT_OR_NONE } from "../../declared/options"
import type { Said } from "../../numbers/journal/said"
import type { ReasonOptions } from "../../numbers/journal/with-reason"
import { writeEvents } from "../../numbers/journal/write-events"
import { keepsJournal } from "../../series/journal"
import {
    type BehindCounter,
    findBehind,
    seedCounters,
    selectBehind,
    type Sharers,
} from "../plan/counters-in-rows"
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
 * A counter of a scope that is closed stays where it is. Where a column keeps a journal, that says which counters were
 * raised, with the reason.
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
export async function resyncCounters(
    dataSource: DataSource,
    options: Partial<ReasonOptions> = {},
): Promise<string[]> {
    const said = checkedOptions("resyncCounters", options, {
        reason: TEXT_OR_NONE,
        by: TEXT_OR_NONE,
    })
    refuseUnsupportedSeries(dataSource)
    const raised: string[] = []
    const runner = dataSource.createQueryRunner("master")
    try {
        for (const [name, [first, ...others]] of allSeriesOf(dataSource)) {
            if (!first || !hasCounters(first)) continue
            const sharers: Sharers = [first, ...others]
            if ((await select(runner, findBehind(sharers))).length === 0) continue
            await raise(runner, sharers, said)
            raised.push(name)
        }
    } finally {
        await runner.release()
    }
    return raised
}

/** Where a journal is kept, it is told in the same transaction which counters were where. */
async function raise(runner: QueryRunner, sharers: Sharers, said: Said): Promise<void> {
    const [first] = sharers
    const { sql, parameters } = seedCounters(sharers)
    if (!keepsJournal(first)) {
        await runner.query(sql, parameters)
        return
    }
    await runner.startTransaction()
    try {
        const behind = await select<BehindCounter>(runner, selectBehind(sharers))
        await runner.query(sql, parameters)
        const events = behind.map(({ key, last, highest }) => ({
            kind: "resync" as const,
            key,
            details: { before: last, after: highest },
        }))
        await writeEvents(runner, first.name, events, said)
        await runner.commitTransaction()
    } catch (error) {
        await runner.rollbackTransaction().catch(() => undefined)
        throw error
    }
}

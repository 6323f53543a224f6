import type { DataSource, QueryRunner } from "typeorm"
import { checkedOptions, FLAG, FUNCTION, TEXT_OR_NONE } from "../../declared/options"
import { asMissingRight, inSnapshot, readable } from "../../audit/snapshot"
import type { Dialect } from "../../dialects/dialect"
import { driverErrorOf } from "../../dialects/driver-error"
import { INSTALL_REMEDY, NotInstalledError } from "../../errors"
import { ScopeNames } from "../../maintenance/counters/list-counters"
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
import { onMaster } from "../../typeorm/on-master"
import { inOwnTransaction } from "../../typeorm/own-transaction"
import { select } from "../../typeorm/statement"

/** A counter that was raised, or made. */
export interface RaisedCounter {
    readonly series: string
    /** The values of the scope by the names of their properties. */
    readonly scope: Readonly<Record<string, string | null>>
    /** The number that it was at; NULL for one that was not there. */
    readonly before: string | null
    /** The number that it goes on after: the highest of the rows. */
    readonly after: string
}

/** What {@link resyncCounters} takes. */
export interface ResyncOptions extends Partial<ReasonOptions> {
    /** Whether nothing is changed: it tells what would be. Default is `false`. */
    dryRun?: boolean

    /** Called for each counter that is raised or made. Without it they are not read one by one. */
    onRaise?: (raised: RaisedCounter) => void
}

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
 * Resolves to the names of the series of which counters were raised or made. `onRaise` hears of each counter, and
 * `dryRun` changes none.
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
    options: ResyncOptions = {},
): Promise<string[]> {
    const {
        dryRun = false,
        onRaise,
        ...said
    } = checkedOptions("resyncCounters", options, {
        dryRun: FLAG,
        onRaise: FUNCTION,
        reason: TEXT_OR_NONE,
        by: TEXT_OR_NONE,
    })
    refuseUnsupportedSeries(dataSource)
    const raised: string[] = []
    const names = onRaise && (await inSnapshot(dataSource, (snapshot) => ScopeNames.of(snapshot)))
    try {
        await onMaster(dataSource, async (runner) => {
            for (const [name, [first, ...others]] of allSeriesOf(dataSource)) {
                if (!first || !hasCounters(first)) continue
                const sharers: Sharers = [first, ...others]
                const behind = await select<BehindCounter>(
                    runner,
                    names ? selectBehind(sharers) : findBehind(sharers),
                )
                if (behind.length === 0) continue
                if (!dryRun) await raise(runner, sharers, said)
                raised.push(name)
                if (names)
                    for (const { key, last: before, highest: after } of behind)
                        onRaise?.({ series: name, scope: names.scopeOf(name, key), before, after })
            }
        })
    } catch (error) {
        throw asMissingTable(readable(dataSource), error)
    }
    return raised
}

function asMissingTable(dialect: Dialect, error: unknown): unknown {
    const cause = driverErrorOf(error)
    return cause && dialect.isMissingTable(cause)
        ? new NotInstalledError(
              `Counters were to be raised, and a table is not there (${String(cause.message)}). ${INSTALL_REMEDY}`,
              { cause: error },
          )
        : asMissingRight(dialect, error)
}

/** Where a journal is kept, it is told in the same transaction which counters were where. */
async function raise(runner: QueryRunner, sharers: Sharers, said: Said): Promise<void> {
    const [first] = sharers
    const { sql, parameters } = seedCounters(sharers)
    if (!keepsJournal(first)) {
        await runner.query(sql, parameters)
        return
    }
    await inOwnTransaction(runner, async () => {
        const behind = await select<BehindCounter>(runner, selectBehind(sharers))
        await runner.query(sql, parameters)
        const events = behind.map(({ key, last, highest }) => ({
            kind: "resync" as const,
            key,
            details: { before: last, after: highest },
        }))
        await writeEvents(runner, first.name, events, said)
    })
}

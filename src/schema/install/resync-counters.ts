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
} from "../plan/counters-in-rows"
import { refuseUnsupportedSeries } from "../plan/inventory"
import { hasCounters } from "../../series/series"
import { allSeriesOf, type Sharers } from "../../series/sharers"
import { onMaster } from "../../typeorm/on-master"
import { inOwnTransaction } from "../../typeorm/own-transaction"
import { select } from "../../typeorm/statement"

/** A counter that was raised or created. */
export interface RaisedCounter {
    readonly series: string
    /** The values of the scope by property. */
    readonly scope: Readonly<Record<string, string | null>>
    /** Its previous number. NULL if it didn't exist. */
    readonly before: string | null
    /** Its new number: the highest number of the rows. */
    readonly after: string
}

/** Options of {@link resyncCounters}. */
export interface ResyncOptions extends Partial<ReasonOptions> {
    /** Whether it only reports what would change. Default: `false`. */
    dryRun?: boolean

    /**
     * Called for each counter that is raised or created. Without it, counters aren't read one by
     * one.
     */
    onRaise?: (raised: RaisedCounter) => void
}

/**
 * Raises counters that are behind the rows of their scopes, and creates missing ones. Use it after
 * rows were written by raw SQL, restored from a dump, or inserted while triggers were off. It never
 * lowers a counter: a number that was assigned isn't assigned again. It reads all rows of the
 * tables, and can run while others insert.
 *
 * To lower a counter after deleting a row with a far too large number, delete the counter: the next
 * row of the scope creates it again, after the remaining rows. See {@link Sequence.delete}.
 *
 * The counter of a closed scope isn't changed. If a column keeps a journal, the raised counters are
 * recorded there, with the reason.
 *
 * Resolves to the names of the series whose counters were raised or created. `onRaise` is called
 * for each counter, and `dryRun` changes none.
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
            for (const [name, sharers] of allSeriesOf(dataSource)) {
                if (!hasCounters(sharers[0])) continue
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
              `Counters can't be raised, because a table is missing (${String(cause.message)}). ${INSTALL_REMEDY}`,
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

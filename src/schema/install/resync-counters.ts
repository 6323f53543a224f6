import type { DataSource } from "typeorm"
import { checkedOptions, FLAG, FUNCTION } from "../../declared/options"
import { asMissingRight, inSnapshot, readable } from "../../audit/snapshot"
import { ScopeNames } from "../../maintenance/counters/list-counters"
import { findBehind, seedCounters, selectBehind, type Sharers } from "../plan/counters-in-rows"
import { refuseUnsupportedSeries } from "../plan/inventory"
import { hasCounters } from "../../series/series"
import { allSeriesOf } from "../../series/sharers"
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
export interface ResyncOptions {
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
    const { dryRun = false, onRaise } = checkedOptions("resyncCounters", options, {
        dryRun: FLAG,
        onRaise: FUNCTION,
    })
    refuseUnsupportedSeries(dataSource)
    const raised: string[] = []
    const names = onRaise && (await inSnapshot(dataSource, (snapshot) => ScopeNames.of(snapshot)))
    const runner = dataSource.createQueryRunner("master")
    try {
        for (const [name, [first, ...others]] of allSeriesOf(dataSource)) {
            if (!first || !hasCounters(first)) continue
            const sharers: Sharers = [first, ...others]
            const find = onRaise ? selectBehind(sharers) : findBehind(sharers)
            const behind = await select<BehindRow>(runner, find)
            if (behind.length === 0) continue
            const { sql, parameters } = seedCounters(sharers)
            if (!dryRun) await runner.query(sql, parameters)
            raised.push(name)
            if (names)
                for (const { key, before, after } of behind)
                    onRaise?.({ series: name, scope: names.scopeOf(name, key), before, after })
        }
    } catch (error) {
        throw asMissingRight(readable(dataSource), error)
    } finally {
        await runner.release()
    }
    return raised
}

interface BehindRow {
    readonly key: string
    readonly before: string | null
    readonly after: string
}

import type { Scope } from "../../dialects/columns"
import { counterSeriesOf } from "../../numbers/counters/counter-series"
import { moveCounters } from "../../numbers/counters/move-counters"
import { counterTableOf, whereCounter } from "../../series/own-table"
import type { Series } from "../../series/series"
import { select, type Sender } from "../../typeorm/statement"

/** @internal A scope as its counter has it. */
export interface CounterPlace {
    readonly key: string
    readonly scope: Scope
}

/**
 * Keeps the counter of a scope from everybody who would take a number of it or set one, until the transaction ends;
 * makes it where there is none, past the rows. Resolves to its last number, and refuses a closed one.
 * @internal
 */
export async function lockCounter(
    sender: Sender,
    series: Series,
    { key, scope }: CounterPlace,
): Promise<bigint> {
    // Whoever has set a number holds it in a way that this waits for before it holds it itself.
    if (series.dialect.counter.passesRows) await readCounter(sender, series, key)
    const counted = counterSeriesOf(series)
    const last = (await moveCounters(sender, counted, [{ key, by: 0n, scope }])).get(key)
    await readCounter(sender, series, key)
    return last ?? counted.base
}

/** @internal Reads a counter, and locks it; undefined where there is none. */
export async function readCounter(
    sender: Sender,
    { name, dataSource, dialect }: Series,
    key: string,
    { isLocking = true } = {},
): Promise<{ last: string | null; isClosed: boolean } | undefined> {
    const { driver } = dataSource
    const { name: table, last, movedBy } = counterTableOf(dataSource)
    const [found] = await select<{ last: string | null; way: string | number }>(sender, {
        sql:
            `SELECT ${dialect.expressions.text(last)} AS ${driver.escape("last")}, ${movedBy} AS ${driver.escape("way")} ` +
            `FROM ${table} ${whereCounter(dataSource)}${isLocking ? dialect.journal.exclusive : ""}`,
        parameters: [name, key],
    })
    return found && { last: found.last, isClosed: Number(found.way) < 0 }
}

/** @internal Says of a counter that it is closed, or is not any more. */
export async function markCounter(
    sender: Sender,
    { name, dataSource }: Series,
    key: string,
    isClosed: boolean,
): Promise<void> {
    const { name: table, movedBy } = counterTableOf(dataSource)
    await sender.query(
        `UPDATE ${table} SET ${movedBy} = ${isClosed ? -1 : 0} ${whereCounter(dataSource)}`,
        [name, key],
    )
}

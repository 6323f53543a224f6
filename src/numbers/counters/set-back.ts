import { driverErrorOf } from "../../dialects/driver-error"
import { counterTableOf, whereCounter } from "../../series/own-table"
import type { Series } from "../../series/series"
import { noteOf } from "../../signals/note"
import { dataSourceOf } from "../../typeorm/compat"
import type { Sender } from "../../typeorm/statement"

/** @internal A counter that was moved for an INSERT. */
export interface MovedCounter {
    readonly series: Series
    readonly key: string
    readonly before: bigint
    after: bigint
}

/**
 * Sets counters back to the last of their numbers that a row has, where the others have not got into
 * the table.
 * @internal
 */
export async function setCountersBack(
    runner: Sender,
    moved: readonly MovedCounter[],
    lastOf: (counter: MovedCounter) => bigint,
): Promise<void> {
    try {
        for (const counter of moved) {
            const { series, key, after } = counter
            const to = lastOf(counter)
            if (to < after) await setBack(runner, series.name, { key, from: after, to })
        }
    } catch (error) {
        const cause = driverErrorOf(error)
        // Then nothing of the transaction will be stored, its counters included.
        if (!cause || moved[0]?.series.dialect.isAborted(cause) !== true) throw error
    }
}

/** @internal Sets a counter back, unless it has moved on since. */
export async function setBack(
    runner: Sender,
    series: string,
    { key, from, to }: { readonly key: string; readonly from: bigint; readonly to: bigint },
): Promise<void> {
    const dataSource = dataSourceOf(runner)
    const { name, last } = counterTableOf(dataSource)
    const parameter = (at: number) => dataSource.driver.createParameter("", at)
    await runner.query(
        `UPDATE ${name} SET ${last} = ${parameter(0)} ${whereCounter(dataSource, 1)} ` +
            `AND ${last} = ${parameter(3)}${noteOf(series)}`,
        [String(to), series, key, String(from)],
    )
}

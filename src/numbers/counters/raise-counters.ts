import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import { counterTableOf } from "../../series/own-table"
import { noted } from "../../signals/note"
import { dataSourceOf } from "../../typeorm/compat"
import type { Sender } from "../../typeorm/statement"
import { refuseClosed, refusedByDatabase } from "./counter-errors"
import type { CounterSeries } from "./counter-series"

/** @internal Sets counters that are lower; makes those that don't exist. */
export async function raiseCounters(
    runner: Sender,
    { name, label }: Pick<CounterSeries, "name" | "label">,
    unsorted: readonly { readonly key: string; readonly to: bigint }[],
): Promise<void> {
    if (unsorted.length === 0) return
    const dataSource = dataSourceOf(runner)
    const { counter } = dialectOf(dataSource) as Dialect
    const counters = [...unsorted].sort((a, b) => (a.key < b.key ? -1 : 1))
    try {
        const raise = counter.raise(counterTableOf(dataSource), name, counters)
        const { sql, parameters } = noted(name, raise)
        const result = await runner.query(sql, parameters, true)
        // Some databases don't count rows that were as high before.
        if (Number(result.affected) < counters.length)
            await refuseClosed(
                runner,
                { name, label },
                counters.map(({ key }) => key),
            )
    } catch (error) {
        throw refusedByDatabase(dataSource, label, error)
    }
}

import type { LastNumber } from "../dialects/dialect"
import { moveCounters } from "../numbers/counters/move-counters"
import { refuseClosed, refusedByDatabase } from "../numbers/counters/counter-errors"
import { beforeFirst, parseNumber } from "../numbers/number-values"
import { whereCounter } from "../series/own-table"
import { select, type Sender } from "../typeorm/statement"
import { type Counting, placeOf } from "./place"
import { refuseOverflow } from "./rule"

/** @internal The last number that was given. */
export async function findLast(runner: Sender, counting: Counting): Promise<bigint | null> {
    const { rule } = counting
    const place = await placeOf(runner, counting)
    const { dataSource, table, key, columns, scope } = place
    const { expressions, lastNumbers } = place.dialect
    const last = `${expressions.text(table.last)} AS ${dataSource.driver.escape("last")}`
    try {
        const [counter] = await select<{ last: string }>(runner, {
            sql: `SELECT ${last} FROM ${table.name} ${whereCounter(dataSource)}`,
            parameters: [rule.name, key],
        })
        let highest = parseNumber(counter?.last)
        // A counter from before the first row, as a save that has failed leaves it.
        if (columns[0] && highest === beforeFirst(columns[0])) highest = undefined
        if (highest === undefined && scope)
            for (const series of columns) {
                const [row] = await select<LastNumber>(runner, lastNumbers(series, [scope]))
                const stored = parseNumber(row?.last)
                if (stored !== undefined && stored > (highest ?? stored - 1n)) highest = stored
            }
        if (highest !== undefined && highest > rule.max) refuseOverflow(rule)
        return highest ?? null
    } catch (error) {
        throw refusedByDatabase(dataSource, rule.label, error)
    }
}

/** @internal Deletes the counter; resolves to whether there was one. */
export async function deleteCounter(runner: Sender, counting: Counting): Promise<boolean> {
    const { rule } = counting
    const { dataSource, table, key, columns, scope } = await placeOf(runner, counting)
    try {
        const result = await runner.query(
            `DELETE FROM ${table.name} ${whereCounter(dataSource)}${columns.length > 0 ? ` AND ${table.movedBy} >= 0` : ""}`,
            [rule.name, key],
            true,
        )
        const isThere = Number(result.affected) > 0
        if (!isThere && columns.length > 0) await refuseClosed(runner, rule, [key])
        // Not every trigger looks at the rows of its table when there is no counter.
        if (isThere && columns.length > 0)
            await moveCounters(runner, { ...rule, columns }, [{ key, by: 0n, scope }])
        return isThere
    } catch (error) {
        throw refusedByDatabase(dataSource, rule.label, error)
    }
}

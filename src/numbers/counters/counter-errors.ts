import type { DataSource } from "typeorm"
import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import { type DriverError, driverErrorOf } from "../../dialects/driver-error"
import {
    INSTALL_REMEDY,
    NotInstalledError,
    NumberOverflowError,
    PeriodClosedError,
    UnsupportedError,
} from "../../errors"
import { missingError } from "../../inserts/sql/missing"
import { counterTableOf } from "../../series/own-table"
import type { Series } from "../../series/series"
import { dataSourceOf } from "../../typeorm/compat"
import { select, type Sender } from "../../typeorm/statement"
import type { CounterSeries } from "./counter-series"

/** @internal Throws if one of these counters is closed, which is why a statement did not change it. */
export async function refuseClosed(
    runner: Sender,
    { name, label }: Pick<CounterSeries, "name" | "label">,
    keys: readonly string[],
): Promise<void> {
    const dataSource = dataSourceOf(runner)
    const { keys: latest } = dialectOf(dataSource) as Dialect
    const { driver } = dataSource
    const table = counterTableOf(dataSource)
    const are = keys.map((_, at) => driver.createParameter("", at + 1)).join(", ")
    const closed = await select(runner, {
        sql:
            `SELECT 1 AS found FROM ${table.name} WHERE ${table.series} = ${driver.createParameter("", 0)} ` +
            `AND ${table.scope} IN (${are}) AND ${table.movedBy} < 0${latest.latest ?? ""}`,
        parameters: [name, ...keys],
    })
    if (closed.length > 0) throw closedError(label)
}

/** @internal */
export function closedError(label: string, cause?: unknown): PeriodClosedError {
    return new PeriodClosedError(
        `${label}: no number can be given, and no counter changed, in a scope or period that is closed. Give the row ` +
            "another date or scope, or reopen it: seriesOf(…).settings(scope).reopen(manager, { reason }). The " +
            "command counters, or listCounters(dataSource), shows which are closed.",
        { cause },
    )
}

/** @internal The error of a statement about counters, with what to do where there is something. */
export function refusedByDatabase(dataSource: DataSource, label: string, error: unknown): unknown {
    const cause = driverErrorOf(error)
    const dialect = dialectOf(dataSource)
    if (!cause || !dialect) return error
    if (dialect.isOutOfRange(cause)) return outOfRange(label, error)
    return dialect.isMissingTable(cause) ? noCounterTable(dataSource, error) : error
}

/** @internal */
export function noCounterTable(dataSource: DataSource, cause: unknown): NotInstalledError {
    const { name } = counterTableOf(dataSource)
    return new NotInstalledError(`There is no table ${name}. ${INSTALL_REMEDY}`, { cause })
}

/** @internal */
export function garbledKey(label: string): UnsupportedError {
    return new UnsupportedError(
        `A counter of ${label} was incremented, but isn't found by its key: the connection has changed the ` +
            "text of the key. Give the connection a Unicode character set, and leave the sql_mode " +
            "NO_BACKSLASH_ESCAPES off.",
    )
}

/** @internal */
export function outOfRange(label: string, cause?: unknown): NumberOverflowError {
    return new NumberOverflowError(
        `A counter of ${label} can't count that far: the largest number it can hold is ${2n ** 63n - 1n}.`,
        { cause },
    )
}

/** @internal For leases, whose own connection has no subscriber that would name the error. */
export function missingColumn(
    columns: readonly Series[],
    error: unknown,
): NotInstalledError | undefined {
    const cause = driverErrorOf(error)
    const { query = "" } = error as { query?: string }
    for (const { dataSource, column, period } of cause ? columns : []) {
        const own = period ? [column, period.column] : [column]
        const found = missingError(dataSource, query, cause as DriverError, ({ columns: all }) =>
            all.filter((one) => own.includes(one)),
        )
        if (found) return found
    }
    return undefined
}

import { databasesWith, dialectOf } from "../dialects"
import { UnsupportedError } from "../errors"
import type { Series } from "../series/series"
import { sharersOf } from "../series/sharers"
import { dataSourceOf } from "../typeorm-compat"
import { counterTableOf } from "./counter-table"
import { keySql } from "./scope-key"
import { tableLockOf } from "./table-lock"

const supported = new WeakSet<Series>()

/**
 * Refuses a series that its strategy can't number in this data source, before anything is written.
 * @internal
 */
export function refuseUnsupported(series: Series): void {
    if (supported.has(series)) return
    const dataSource = dataSourceOf(series.metadata)
    if (series.strategy === "table-lock") tableLockOf(series.metadata)
    else {
        const dialect = dialectOf(dataSource)
        if (!dialect)
            throw new UnsupportedError(
                `Strategy "counter" does not work on "${dataSource.options.type}". It works on ` +
                    `${databasesWith("counter")}.`,
            )
        counterTableOf(dataSource)
        keySql(series.scopeColumns, dialect, ({ databaseName }) => databaseName)
        sharersOf(series)
    }
    supported.add(series)
}

import type { DataSource } from "typeorm"
import { counterTableOf } from "../numbers/counters/counter-table"
import { keySql } from "../series/scope-key"
import { dialectOf } from "../dialects"
import type { Dialect } from "../dialects/dialect"
import type { Statement } from "../typeorm/statement"
import { type Series } from "../series/series"
import { columnName, tableName } from "../typeorm/names"
import { dataSourceOf } from "../typeorm/compat"

/** @internal The key of a row's scope in the counter table. */
export function keyOfRow(series: Series, alias: string): string {
    const dialect = dialectOf(dataSourceOf(series.metadata)) as Dialect
    const key = keySql(series.scopeColumns, dialect, (column) => `${alias}.${columnName(column)}`)
    // A text that is the same for all rows has nothing to be compared with.
    return series.scopeColumns.length > 0 ? dialect.schema.exactly(key) : key
}

/** @internal Selects `key` and `highest` of each row that has a number, in several tables. */
export function selectNumbers(dataSource: DataSource, sharers: readonly Series[]): string {
    const name = (text: string) => dataSource.driver.escape(text)
    return sharers
        .map((series) => {
            const number = `r.${columnName(series.column)}`
            return (
                `SELECT ${keyOfRow(series, "r")} AS ${name("key")}, ${number} AS ${name("highest")} ` +
                `FROM ${tableName(series.metadata)} r WHERE ${number} IS NOT NULL`
            )
        })
        .join(" UNION ALL ")
}

/** @internal Makes the counters that rows lack, and raises those that are behind their rows. */
export function seedCounters(dataSource: DataSource, sharers: readonly Series[]): Statement {
    const { driver } = dataSource
    const [key, highest] = [driver.escape("key"), driver.escape("highest")]
    const counters =
        `SELECT ${driver.createParameter("series", 0)}, s.${key}, MAX(s.${highest}), 0, ` +
        `CURRENT_TIMESTAMP FROM (${selectNumbers(dataSource, sharers)}) s GROUP BY s.${key}`
    const { schema } = dialectOf(dataSource) as Dialect
    return {
        sql: schema.seed(counterTableOf(dataSource), counters),
        parameters: [sharers[0]?.name],
    }
}

/** @internal Selects a row if a scope of these series lacks its counter, or has one behind its rows. */
export function findBehind(dataSource: DataSource, sharers: readonly Series[]): Statement {
    const { driver } = dataSource
    const counter = counterTableOf(dataSource)
    const [key, highest] = [driver.escape("key"), driver.escape("highest")]
    return {
        sql:
            `SELECT 1 AS found FROM (SELECT s.${key}, MAX(s.${highest}) AS ${highest} ` +
            `FROM (${selectNumbers(dataSource, sharers)}) s GROUP BY s.${key}) r ` +
            `LEFT JOIN ${counter.name} c ON c.${counter.series} = ${driver.createParameter("series", 0)} ` +
            `AND c.${counter.scope} = r.${key} ` +
            `WHERE c.${counter.last} IS NULL OR c.${counter.last} < r.${highest} LIMIT 1`,
        parameters: [sharers[0]?.name],
    }
}

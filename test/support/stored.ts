import type { DataSource, ObjectLiteral, Repository } from "typeorm"
import { counterTableOf } from "../../src/series/own-table"
import { tableName } from "../../src/typeorm/names"
import { dataSourceOf } from "../../src/typeorm/compat"

/** What the database has in a column, as text, the lowest first. */
export async function storedTexts(
    { manager, metadata }: Repository<ObjectLiteral>,
    property = "number",
): Promise<string[]> {
    const name = metadata.findColumnWithPropertyName(property)?.databaseName ?? ""
    const column = dataSourceOf(manager).driver.escape(name)
    const rows = (await manager.query(
        `SELECT CAST(${column} AS CHAR(30)) AS n FROM ${tableName(metadata)} ` +
            `WHERE ${column} IS NOT NULL ORDER BY ${column}`,
    )) as { n: string }[]
    return rows.map(({ n }) => n.trim())
}

/** The numbers in the table, the lowest first. */
export async function storedNumbers(
    repository: Repository<ObjectLiteral>,
    property?: string,
): Promise<number[]> {
    return (await storedTexts(repository, property)).map(Number)
}

/** A row of the counter table. */
export interface StoredCounter {
    readonly series: string
    readonly scope: string
    readonly last: string
}

/** The counters, as text. */
export async function storedCounters(dataSource: DataSource): Promise<StoredCounter[]> {
    const { name, series, scope, last } = counterTableOf(dataSource)
    const escape = (alias: string) => dataSource.driver.escape(alias)
    const rows = (await dataSource.query(
        `SELECT ${series} AS ${escape("series")}, ${scope} AS ${escape("scope")}, ` +
            `CAST(${last} AS CHAR(30)) AS ${escape("last")} FROM ${name} ORDER BY 1, 2`,
    )) as StoredCounter[]
    return rows.map(({ series, scope, last }) => ({ series, scope, last: last.trim() }))
}

import { expect } from "chai"
import type { QueryRunner } from "typeorm"
import { keySql } from "../../src/series/scopes/scope-key"
import { dialectOf } from "../../src/dialects"
import type { Dialect } from "../../src/dialects/dialect"
import { seriesOf } from "../../src/series/resolve-series"
import type { Series } from "../../src/series/series"
import { storedCounters } from "./stored"
import { columnName, dataSourceOf, tableName } from "./typeorm"

/** The keys as SQL makes them from the rows, and the highest number of each. */
async function keysInSql(runner: QueryRunner, series: Series): Promise<Record<string, number>> {
    const dataSource = dataSourceOf(series.metadata)
    const key = keySql(series.scopeColumns, dialectOf(dataSource) as Dialect, columnName)
    const number = columnName(series.column)
    const rows = (await runner.query(
        `SELECT ${key} AS ${dataSource.driver.escape("key")}, ${number} AS n ` +
            `FROM ${tableName(series.metadata)} ORDER BY ${number}`,
    )) as { key: string; n: number }[]
    return Object.fromEntries(rows.map(({ key, n }) => [key, n]))
}

/** Expects the counters to have the very keys that SQL makes from the rows. */
export async function expectKeysAsInSql(runner: QueryRunner, metadata: Series["metadata"]) {
    const counters = await storedCounters(dataSourceOf(runner))
    for (const series of seriesOf(metadata)) {
        const ofSeries = counters.filter((counter) => counter.series === series.name)
        expect(Object.fromEntries(ofSeries.map(({ scope, last }) => [scope, Number(last)]))).to.eql(
            await keysInSql(runner, series),
        )
    }
}

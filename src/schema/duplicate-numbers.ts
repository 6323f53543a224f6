import type { DataSource, QueryRunner } from "typeorm"
import { select } from "../allocation/select"
import { dialectOf } from "../dialects"
import { AutoSequenceError } from "../errors"
import { columnName, type Series, tableName } from "../series/series"
import type { Inventory } from "./numbered-tables"

/** Rows of one scope have the same number, so its unique index can't be made. */
export class DuplicateNumberError extends AutoSequenceError {
    readonly code = "DUPLICATE_NUMBER"
}

/** @internal Refuses to make a unique index which the rows would not let be made. */
export async function refuseDuplicates(
    runner: QueryRunner,
    dataSource: DataSource,
    { tables }: Inventory,
): Promise<void> {
    const problems: string[] = []
    for (const { present, indexes, table } of tables)
        for (const series of present) {
            const isIndexed = !indexes.some(({ columns }) => columns.includes(series.column))
            // A column of the scope that is not there yet is the same for all rows.
            const scope = series.scopeColumns.filter(({ databaseName }) =>
                table.findColumnByName(databaseName),
            )
            if (isIndexed) continue
            const sql = countDuplicates(dataSource, { ...series, scopeColumns: scope })
            const [found] = await select<{ duplicates: string | number }>(runner, { sql })
            const count = Number(found?.duplicates ?? 0)
            if (count > 0) problems.push(describe(series, count))
        }
    if (problems.length > 0) throw new DuplicateNumberError(problems.join("\n"))
}

function countDuplicates(
    dataSource: DataSource,
    { metadata, scopeColumns, column }: Series,
): string {
    const columns = [...scopeColumns, column]
    const names = columns.map(columnName).join(", ")
    // Where no index covers NULLs, rows with one are no obstacle.
    const hasPartialIndices = dialectOf(dataSource)?.hasPartialIndices === true
    const where = columns
        .filter((c) => c === column || (c.isNullable && !hasPartialIndices))
        .map((c) => `${columnName(c)} IS NOT NULL`)
    return (
        `SELECT COUNT(*) AS duplicates FROM (SELECT 1 AS found FROM ${tableName(metadata)} ` +
        `WHERE ${where.join(" AND ")} GROUP BY ${names} HAVING COUNT(*) > 1) d`
    )
}

function describe({ metadata, column, scopeColumns }: Series, count: number): string {
    const scope = scopeColumns.map(({ databaseName }) => databaseName).join(", ")
    const names = [...scopeColumns, column].map(columnName).join(", ")
    return (
        `${metadata.tablePath}: ${count} ${count === 1 ? "number" : "numbers"} in ` +
        `${column.databaseName} ${count === 1 ? "is" : "are"} there more than once` +
        `${scope ? ` for the same ${scope}` : ""}, so the column can't have its unique index. Give ` +
        `these rows other numbers first: SELECT ${names}, COUNT(*) FROM ${tableName(metadata)} ` +
        `GROUP BY ${names} HAVING COUNT(*) > 1.`
    )
}

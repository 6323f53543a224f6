import type { DataSource, QueryRunner } from "typeorm"
import { select } from "../typeorm/statement"
import { dialectOf } from "../dialects"
import { AutoSequenceError } from "../errors"
import { pseudoKeysOf } from "../keys/resolve-keys"
import { columnName, tableName } from "../typeorm/names"
import type { Inventory, ServedTable } from "./inventory"
import type { UniqueColumn } from "./unique-index"

/** Rows of one scope have the same number, so its unique index can't be made. */
export class DuplicateNumberError extends AutoSequenceError {
    readonly code = "DUPLICATE_NUMBER"
}

/** Rows have the same pseudo key, so its unique index can't be made. */
export class DuplicateKeyError extends AutoSequenceError {
    readonly code = "DUPLICATE_KEY"
}

/** @internal Refuses to make unique indexes which the rows would not let be made. */
export async function refuseDuplicates(
    runner: QueryRunner,
    dataSource: DataSource,
    { tables }: Inventory,
): Promise<void> {
    const numbers: string[] = []
    const keys: string[] = []
    for (const table of tables) {
        for (const series of table.present)
            numbers.push(...(await findDuplicates(runner, dataSource, table, series, "number")))
        for (const key of pseudoKeysOf(table.metadata).stored)
            keys.push(...(await findDuplicates(runner, dataSource, table, key, "key")))
    }
    if (numbers.length > 0) throw new DuplicateNumberError([...numbers, ...keys].join("\n"))
    if (keys.length > 0) throw new DuplicateKeyError(keys.join("\n"))
}

async function findDuplicates(
    runner: QueryRunner,
    dataSource: DataSource,
    { indexes, table }: ServedTable,
    unique: UniqueColumn,
    kind: "number" | "key",
): Promise<string[]> {
    const isIndexed = !indexes.some(({ columns }) => columns.includes(unique.column))
    if (isIndexed || !table.findColumnByName(unique.column.databaseName)) return []
    // A column of the scope that is not there yet is the same for all rows.
    const scopeColumns = unique.scopeColumns.filter(({ databaseName }) =>
        table.findColumnByName(databaseName),
    )
    const sql = countDuplicates(dataSource, { ...unique, scopeColumns })
    const [found] = await select<{ duplicates: string | number }>(runner, { sql })
    const count = Number(found?.duplicates ?? 0)
    return count > 0 ? [describe(unique, count, kind)] : []
}

function countDuplicates(
    dataSource: DataSource,
    { metadata, scopeColumns, column }: UniqueColumn,
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

function describe(
    { metadata, column, scopeColumns }: UniqueColumn,
    count: number,
    kind: "number" | "key",
): string {
    const scope = scopeColumns.map(({ databaseName }) => databaseName).join(", ")
    const names = [...scopeColumns, column].map(columnName).join(", ")
    return (
        `${metadata.tablePath}: ${count} ${count === 1 ? kind : `${kind}s`} in ` +
        `${column.databaseName} ${count === 1 ? "is" : "are"} there more than once` +
        `${scope ? ` for the same ${scope}` : ""}, so the column can't have its unique index. Give ` +
        `these rows other ${kind}s first: SELECT ${names}, COUNT(*) FROM ${tableName(metadata)} ` +
        `GROUP BY ${names} HAVING COUNT(*) > 1.`
    )
}

import type { QueryRunner } from "typeorm"
import { countRows } from "../../../typeorm/statement"
import { DuplicateRowsError } from "../../../errors"
import { pseudoKeysOf } from "../../../keys/resolve-keys"
import { columnName, ofRow, tableName } from "../../../typeorm/names"
import type { Inventory, ServedTable } from "../inventory"
import { periodSql } from "../../../series/periods/period-sql"
import { seriesOf } from "../../../series/resolve-series"
import type { Scoped } from "../../../series/series"

type Kind = "number" | "key" | "text"

/** @internal Refuses to make unique indexes which the rows would not let be made. */
export async function refuseDuplicates(
    runner: QueryRunner,
    { tables, renumber }: Inventory,
): Promise<void> {
    const problems: string[] = []
    for (const table of tables) {
        for (const series of table.present)
            problems.push(...(await findDuplicates(runner, table, series, "number", { renumber })))
        for (const document of seriesOf(table.metadata).flatMap(({ documents }) => documents))
            problems.push(...(await findDuplicates(runner, table, document, "text")))
        for (const key of pseudoKeysOf(table.metadata).stored)
            problems.push(...(await findDuplicates(runner, table, key, "key")))
    }
    if (problems.length > 0) throw new DuplicateRowsError(problems.join("\n"))
}

async function findDuplicates(
    runner: QueryRunner,
    { indexes, table, periods, stranded, uncounted }: ServedTable,
    unique: Scoped,
    kind: Kind,
    { renumber = false } = {},
): Promise<string[]> {
    const isStranded = stranded.some(({ column }) => column === unique.column)
    const isIndexed = !indexes.some(({ columns }) => columns.includes(unique.column))
    if ((isIndexed && !isStranded) || !table.findColumnByName(unique.column.databaseName)) return []
    const filled = periods.find(({ column }) => column === unique.column)
    const dated = filled && periodSql(filled)
    const keepsPeriods =
        filled &&
        !uncounted.includes(filled) &&
        table.findColumnByName(filled.period.column.databaseName)
    const period =
        dated && keepsPeriods ? `COALESCE(${ofRow(filled.period.column)}, ${dated})` : dated
    // A column of the scope that is not there yet is the same for all rows; a period will be that of the date.
    const scopeColumns = unique.scopeColumns.filter(
        (column) => column !== filled?.period.column && table.findColumnByName(column.databaseName),
    )
    const from = duplicatesOf({ ...unique, scopeColumns }, period, renumber)
    const count = await countRows(runner, from)
    return count > 0 ? [describe(unique, count, kind)] : []
}

function duplicatesOf(
    { metadata, scopeColumns, column, dialect }: Scoped,
    period: string | undefined,
    renumber: boolean,
): string {
    const columns = [...scopeColumns, column]
    const names = [...columns.map(columnName), ...(period ? [period] : [])].join(", ")
    // Where no index covers NULLs, rows with one are no obstacle.
    const where = columns
        .filter((c) => c === column || (c.isNullable && !dialect.hasPartialIndices))
        .map((c) => `${columnName(c)} IS NOT NULL`)
    if (renumber) where.push(`${dialect.expressions.text(columnName(column))} <> '0'`)
    return (
        `(SELECT 1 AS found FROM ${tableName(metadata)} t ` +
        `WHERE ${where.join(" AND ")} GROUP BY ${names} HAVING COUNT(*) > 1) d`
    )
}

function describe({ metadata, column, scopeColumns }: Scoped, count: number, kind: Kind): string {
    const scope = scopeColumns.map(({ databaseName }) => databaseName).join(", ")
    const names = [...scopeColumns, column].map(columnName).join(", ")
    return (
        `${metadata.name}.${column.propertyPath}: ${count} ${count === 1 ? kind : `${kind}s`} in ` +
        `${metadata.tablePath}.${column.databaseName} ${count === 1 ? "occurs" : "occur"} more than ` +
        `once${scope ? ` for the same ${scope}` : ""}, so the unique index can't be created. Give these rows ` +
        `different ${kind}s first: SELECT ${names}, COUNT(*) FROM ${tableName(metadata)} GROUP BY ${names} ` +
        "HAVING COUNT(*) > 1." +
        (kind === "number"
            ? " A migration numbers the rows whose number is NULL; with --renumber (renumber: true) also " +
              "those with 0."
            : "")
    )
}

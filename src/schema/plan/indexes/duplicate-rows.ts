import type { QueryRunner } from "typeorm"
import { countRows } from "../../../typeorm/statement"
import { DuplicateRowsError } from "../../../errors"
import { pseudoKeysOf } from "../../../keys/resolve-keys"
import { columnName, ofRow, tableName } from "../../../typeorm/names"
import type { Inventory, ServedTable } from "../inventory"
import { periodSql } from "../../../series/periods/period-sql"
import { readTextSql } from "../../../series/documents/document-sql"
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
        for (const document of seriesOf(table.metadata).flatMap(({ documents }) => documents)) {
            const equal = await findDuplicates(runner, table, document, "text")
            const isRead = table.texts.read.some(({ column }) => column === document.column)
            const shown = isRead ? readTextSql(document)?.number : undefined
            const numbers =
                shown && equal.length === 0
                    ? await findDuplicates(runner, table, document.series, "number", { shown })
                    : []
            problems.push(...equal, ...numbers)
        }
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
    { renumber = false, shown }: { renumber?: boolean; shown?: string } = {},
): Promise<string[]> {
    const isStranded = stranded.some(({ column }) => column === unique.column)
    const isIndexed = !indexes.some(({ columns }) => columns.includes(unique.column))
    const isThere = shown !== undefined || table.findColumnByName(unique.column.databaseName)
    if ((isIndexed && !isStranded) || !isThere) return []
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
    const value = shown ?? columnName(unique.column)
    const names = [...scopeColumns.map(columnName), value, ...(period ? [period] : [])].join(", ")
    const from = `FROM ${tableName(unique.metadata)}${period || shown ? " t" : ""}`
    const condition = conditionOf({ ...unique, scopeColumns }, value, renumber)
    const count = await countRows(
        runner,
        `(SELECT 1 AS found ${from} WHERE ${condition} GROUP BY ${names} HAVING COUNT(*) > 1) d`,
    )
    if (count === 0) return []
    const query = `SELECT ${names}, COUNT(*) ${from} GROUP BY ${names} HAVING COUNT(*) > 1.`
    const problem = `${describe(unique, count, kind)}: ${query}`
    return [kind === "number" && shown === undefined ? `${problem}${HOW_TO_NUMBER}` : problem]
}

const HOW_TO_NUMBER =
    " A migration numbers the rows whose number is NULL; with --renumber (renumber: true) also those with 0."

function conditionOf({ scopeColumns, dialect }: Scoped, value: string, renumber: boolean): string {
    // Where no index covers NULLs, rows with one are no obstacle.
    const where = [
        ...scopeColumns.filter((c) => c.isNullable && !dialect.hasPartialIndices).map(columnName),
        value,
    ].map((name) => `${name} IS NOT NULL`)
    if (renumber) where.push(`${dialect.expressions.text(value)} <> '0'`)
    return where.join(" AND ")
}

function describe({ metadata, column, scopeColumns }: Scoped, count: number, kind: Kind): string {
    const scope = scopeColumns.map(({ databaseName }) => databaseName).join(", ")
    return (
        `${metadata.name}.${column.propertyPath}: ${count} ${count === 1 ? kind : `${kind}s`} in ` +
        `${metadata.tablePath}.${column.databaseName} ${count === 1 ? "occurs" : "occur"} more than ` +
        `once${scope ? ` for the same ${scope}` : ""}, so the unique index can't be created. Give these rows ` +
        `different ${kind}s first`
    )
}

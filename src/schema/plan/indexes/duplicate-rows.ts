import type { QueryRunner } from "typeorm"
import { countRows } from "../../../typeorm/statement"
import { DuplicateRowsError } from "../../../errors"
import { pseudoKeysOf } from "../../../keys/resolve-keys"
import { type NameOf, type RenamedColumns, storedNames } from "../../names/stored-names"
import { dataSourceOf } from "../../../typeorm/compat"
import { type ColumnMetadata, ofRow, tableName } from "../../../typeorm/names"
import type { Inventory, ServedTable } from "../inventory"
import { periodSql } from "../../../series/periods/period-sql"
import { readTextSql } from "../../../series/documents/document-sql"
import { seriesOf } from "../../../series/resolve-series"
import type { Scoped } from "../../../series/series"

type Kind = "number" | "key" | "text"

interface How {
    readonly storedName: NameOf
    readonly renumber?: boolean
    /** What tells the number of a row, as SQL. */
    readonly shown?: string
}

type Find = [table: ServedTable, unique: Scoped, kind: Kind, how?: Omit<How, "storedName">]

/** @internal Refuses to make unique indexes which the rows would not let be made. */
export async function refuseDuplicates(
    runner: QueryRunner,
    { tables, renumber }: Inventory,
    renamedColumns?: RenamedColumns,
): Promise<void> {
    const problems: string[] = []
    const storedName = storedNames(renamedColumns)
    const find = (...[table, unique, kind, how]: Find) =>
        findDuplicates(runner, table, unique, kind, { storedName, ...how })
    for (const table of tables) {
        for (const series of seriesOf(table.metadata))
            problems.push(...(await find(table, series, "number", { renumber })))
        for (const document of seriesOf(table.metadata).flatMap(({ documents }) => documents)) {
            const equal = await find(table, document, "text")
            const isRead = table.texts.read.some(({ column }) => column === document.column)
            const shown = isRead ? readTextSql(document)?.number : undefined
            const numbers =
                shown && equal.length === 0
                    ? await find(table, document.series, "number", { shown })
                    : []
            problems.push(...equal, ...numbers)
        }
        for (const key of pseudoKeysOf(table.metadata).stored)
            problems.push(...(await find(table, key, "key")))
    }
    if (problems.length > 0) throw new DuplicateRowsError(problems.join("\n"))
}

async function findDuplicates(
    runner: QueryRunner,
    { indexes, table, periods, stranded, uncounted }: ServedTable,
    unique: Scoped,
    kind: Kind,
    { storedName, renumber = false, shown }: How,
): Promise<string[]> {
    const isStranded = stranded.some(({ column }) => column === unique.column)
    const isIndexed = !indexes.some(({ columns }) => columns.includes(unique.column))
    const stored = (column: ColumnMetadata) => table.findColumnByName(storedName(column))
    const nameOf = (column: ColumnMetadata) =>
        dataSourceOf(unique.metadata).driver.escape(storedName(column))
    const isThere = shown !== undefined || stored(unique.column)
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
        (column) => column !== filled?.period.column && stored(column),
    )
    const value = shown ?? nameOf(unique.column)
    const names = [...scopeColumns.map(nameOf), value, ...(period ? [period] : [])].join(", ")
    const from = `FROM ${tableName(unique.metadata)}${period || shown ? " t" : ""}`
    const condition = conditionOf({ ...unique, scopeColumns }, value, { nameOf, renumber })
    const count = await countRows(
        runner,
        `(SELECT 1 AS found ${from} WHERE ${condition} GROUP BY ${names} HAVING COUNT(*) > 1) d`,
    )
    if (count === 0) return []
    const query = `SELECT ${names}, COUNT(*) ${from} GROUP BY ${names} HAVING COUNT(*) > 1.`
    const problem = `${describe(unique, { count, kind, storedName })}: ${query}`
    return [kind === "number" && shown === undefined ? `${problem}${HOW_TO_NUMBER}` : problem]
}

const HOW_TO_NUMBER =
    " A migration numbers the rows whose number is NULL; with --renumber (renumber: true) also those with 0."

function conditionOf(
    { scopeColumns, dialect }: Scoped,
    value: string,
    { nameOf, renumber }: { nameOf: NameOf; renumber: boolean },
): string {
    // Where no index covers NULLs, rows with one are no obstacle.
    const where = [
        ...scopeColumns.filter((c) => c.isNullable && !dialect.hasPartialIndices).map(nameOf),
        value,
    ].map((name) => `${name} IS NOT NULL`)
    if (renumber) where.push(`${dialect.expressions.text(value)} <> '0'`)
    return where.join(" AND ")
}

function describe(
    { metadata, column, scopeColumns }: Scoped,
    { count, kind, storedName }: { count: number; kind: Kind } & Pick<How, "storedName">,
): string {
    const scope = scopeColumns.map(storedName).join(", ")
    return (
        `${metadata.name}.${column.propertyPath}: ${count} ${count === 1 ? kind : `${kind}s`} in ` +
        `${metadata.tablePath}.${storedName(column)} ${count === 1 ? "occurs" : "occur"} more than ` +
        `once${scope ? ` for the same ${scope}` : ""}, so the unique index can't be created. Give these rows ` +
        `different ${kind}s first`
    )
}

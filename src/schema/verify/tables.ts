import type { EntityMetadata, QueryRunner, Table } from "typeorm"
import { dialectOf } from "../../dialects"
import { INSTALL_REMEDY as REMEDY } from "../../errors"
import { pseudoKeysOf } from "../../keys/resolve-keys"
import { seriesOf } from "../../series/resolve-series"
import { dataSourceOf } from "../../typeorm/compat"
import { findChecks, tightColumns } from "../plan/checks"
import { formerIndexes, nullColumns } from "../plan/indexes/indexes"
import { findStranded } from "../plan/periods/periods"
import type { ColumnMetadata } from "../../typeorm/names"
import type { Scoped } from "../../series/series"
import { uniqueIndexesOf } from "../../series/unique-index"

/** @internal What a table of this library lacks. */
export async function ownTableProblems(
    runner: QueryRunner,
    { tablePath, columns, primaryColumns }: EntityMetadata,
    content: string,
): Promise<string[]> {
    const table = await runner.getTable(tablePath)
    if (!table) return [`There is no table ${tablePath}, which keeps ${content}. ${REMEDY}`]
    const missing = columns.filter(({ databaseName }) => !table.findColumnByName(databaseName))
    const key = primaryColumns.map(({ databaseName }) => databaseName).sort()
    const found = table.primaryColumns.map(({ name }) => name).sort()
    // Two writers of a new scope would each make a counter, or take the same key.
    const hasKey = key.join() === found.join()
    return [
        ...missing.map(({ databaseName }) => `${tablePath} has no column ${databaseName}.`),
        ...(hasKey
            ? []
            : [
                  `The primary key of ${tablePath} is (${found.join(", ")}), and has to be ` +
                      `(${key.join(", ")}).`,
              ]),
    ].map(
        (problem) =>
            `${problem} Generate and run a migration (typeorm-autosequence migration:generate).`,
    )
}

/** @internal What a numbered table lacks. */
export async function tableProblems(
    runner: QueryRunner,
    metadata: EntityMetadata,
): Promise<string[]> {
    const { tablePath } = metadata
    const table = await runner.getTable(tablePath)
    if (!table)
        return [
            `There is no table ${tablePath}. Generate and run a migration ` +
                "(typeorm-autosequence migration:generate).",
        ]
    const dialect = dialectOf(dataSourceOf(metadata))
    const { missing } = dialect
        ? await findChecks(runner, dialect, metadata, table)
        : { missing: [] }
    return [
        ...missing.map(
            ({ name }) =>
                `${tablePath} has no constraint ${name}, by which rows have a number as soon as its ` +
                `condition holds. ${REMEDY}`,
        ),
        ...tightColumns(seriesOf(metadata), table).map(
            ({ databaseName }) =>
                `The column ${tablePath}.${databaseName} can't be NULL, and rows are without a number ` +
                `first. ${REMEDY}`,
        ),
        ...(await findStranded(runner, seriesOf(metadata), table)).map(
            ({ period }) =>
                `Rows of ${tablePath} have a number and no period (${period.column.databaseName}), so numbers ` +
                `may be given twice. ${REMEDY}`,
        ),
        ...formerIndexes(metadata, table).map(
            ({ name, columnNames }) =>
                `${tablePath} has the unique index ${name ?? ""} over ${columnNames.join(", ")} from before, ` +
                `which may refuse numbers. ${REMEDY}`,
        ),
        ...seriesOf(metadata).flatMap((series) => [
            ...columnProblems(series, table, "a number"),
            ...(series.period ? columnProblems(series.period, table, "a period") : []),
            ...missingIndexes(series, table),
        ]),
        ...pseudoKeysOf(metadata).stored.flatMap((key) => [
            ...columnProblems(key, table, "a key"),
            ...missingIndexes(key, table),
        ]),
    ]
}

function columnProblems(
    { column }: { readonly column: ColumnMetadata },
    table: Table,
    lack: string,
): string[] {
    const stored = table.findColumnByName(column.databaseName)
    const name = `${column.entityMetadata.tablePath}.${column.databaseName}`
    if (!stored) return [`There is no column ${name}. ${REMEDY}`]
    return stored.isNullable && !column.isNullable
        ? [`The column ${name} can be NULL, so rows may be without ${lack}. ${REMEDY}`]
        : []
}

function missingIndexes(unique: Scoped, table: Table): string[] {
    const { tablePath } = unique.metadata
    return uniqueIndexesOf(unique).flatMap(({ columns, nulls }) => {
        const names = columns.map(({ databaseName }) => databaseName)
        const exists = [
            ...table.indices.filter(({ isUnique, where }) => isUnique && isFor(nulls, where)),
            ...table.uniques.filter(() => nulls.length === 0),
            ...(nulls.length === 0
                ? [{ columnNames: table.primaryColumns.map((c) => c.name) }]
                : []),
        ].some(
            ({ columnNames }) =>
                columnNames.length === names.length &&
                names.every((name) => columnNames.includes(name)),
        )
        const conditions = nulls.map(({ databaseName }) => `${databaseName} is NULL`)
        const where = nulls.length > 0 ? ` where ${conditions.join(" and ")}` : ""
        return exists
            ? []
            : [`${tablePath} has no unique index over ${names.join(", ")}${where}. ${REMEDY}`]
    })
}

/** Whether the condition of an index, as the database writes it, is that these columns are NULL. */
function isFor(nulls: readonly ColumnMetadata[], where = ""): boolean {
    const bare = (name: string) => name.replace(/[()"]/g, "")
    const expected = nulls.map(({ databaseName }) => bare(databaseName))
    return nullColumns(where).sort().join() === expected.sort().join()
}

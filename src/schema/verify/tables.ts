import type { EntityMetadata, QueryRunner, Table } from "typeorm"
import { asMissingRight } from "../../audit/snapshot"
import { placeOfEntity, storedColumns } from "../../audit/tables"
import { dialectOf } from "../../dialects"
import { MIGRATION_REMEDY, MissingRightError } from "../../errors"
import { pseudoKeysOf } from "../../keys/resolve-keys"
import { seriesOf } from "../../series/resolve-series"
import { dataSourceOf } from "../../typeorm/compat"
import { findChecks, tightColumns } from "../plan/checks"
import { formerIndexes, nullColumns } from "../plan/indexes/indexes"
import { findStranded } from "../plan/periods/periods"
import { type ColumnMetadata, tableName } from "../../typeorm/names"
import type { Scoped } from "../../series/series"
import { uniqueIndexesOf } from "../../series/unique-index"
import { byMigration, type Finding } from "./finding"

/**
 * What a table of this library lacks. Triggers write to it with the rights of who made them, so that nobody else has
 * to see it.
 * @internal
 */
export async function ownTableProblems(
    runner: QueryRunner,
    metadata: EntityMetadata,
    table: Table | undefined,
    { content, isTriggersAlone }: { readonly content: string; readonly isTriggersAlone: boolean },
): Promise<Finding[]> {
    const { tablePath, columns, primaryColumns } = metadata
    if (!table && (await isHidden(runner, metadata)))
        return isTriggersAlone
            ? []
            : [
                  {
                      text:
                          `The user of the data source can't see the table ${tablePath}, which keeps ${content}. ` +
                          `Grant it: GRANT SELECT, INSERT, UPDATE ON ${tableName(metadata)} TO …`,
                  },
              ]
    if (!table) return [byMigration(`There is no table ${tablePath}, which keeps ${content}.`)]
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
                  `The primary key of ${tablePath} is (${found.join(", ")}), but must be (${key.join(", ")}).`,
              ]),
    ].map((text) => byMigration(text, MIGRATION_REMEDY))
}

/** Catalogues don't show tables to those who have no right on them; some databases say that there is one. */
async function isHidden(runner: QueryRunner, metadata: EntityMetadata): Promise<boolean> {
    const dialect = dialectOf(dataSourceOf(metadata))
    if (!dialect) return false
    try {
        return (await storedColumns({ runner, dialect }, placeOfEntity(metadata))).size > 0
    } catch (error) {
        // Its schema is hidden as well, or the database lists no table that can't be read.
        if (!(asMissingRight(dialect, error) instanceof MissingRightError)) throw error
        return true
    }
}

/** @internal What a numbered table lacks, and what its indexes do. */
export async function tableProblems(
    runner: QueryRunner,
    metadata: EntityMetadata,
    table: Table | undefined,
): Promise<{ readonly table: Finding[]; readonly indexes: Finding[] }> {
    const { tablePath } = metadata
    if (!table)
        return {
            table: [byMigration(`There is no table ${tablePath}.`, MIGRATION_REMEDY)],
            indexes: [],
        }
    const dialect = dialectOf(dataSourceOf(metadata))
    const { missing } = dialect
        ? await findChecks(runner, dialect, metadata, table)
        : { missing: [] }
    const series = seriesOf(metadata)
    const keys = pseudoKeysOf(metadata).stored
    return {
        table: [
            ...missing.map(({ name }) =>
                byMigration(
                    `${tablePath} has no constraint ${name}, which ensures that rows have a number as soon as their ` +
                        "condition holds.",
                ),
            ),
            ...tightColumns(series, table).map(({ databaseName }) =>
                byMigration(
                    `The column ${tablePath}.${databaseName} is NOT NULL, but rows have no number at first.`,
                ),
            ),
            ...(await findStranded(runner, series, table)).map(({ period }) =>
                byMigration(
                    `Rows of ${tablePath} have a number but no period (${period.column.databaseName}), so numbers may be ` +
                        "assigned twice.",
                ),
            ),
            ...series.flatMap((one) => [
                ...columnProblems(one, table, "a number"),
                ...(one.period ? columnProblems(one.period, table, "a period") : []),
            ]),
            ...keys.flatMap((key) => columnProblems(key, table, "a key")),
        ],
        indexes: [
            ...formerIndexes(metadata, table).map(({ name, columnNames }) =>
                byMigration(
                    `${tablePath} still has the former unique index ${name ?? ""} over ${columnNames.join(", ")}, which ` +
                        "may refuse numbers.",
                ),
            ),
            ...[...series, ...keys].flatMap((unique) => missingIndexes(unique, table)),
        ],
    }
}

function columnProblems(
    { column }: { readonly column: ColumnMetadata },
    table: Table,
    lack: string,
): Finding[] {
    const stored = table.findColumnByName(column.databaseName)
    const name = `${column.entityMetadata.tablePath}.${column.databaseName}`
    if (!stored) return [byMigration(`There is no column ${name}.`)]
    return stored.isNullable && !column.isNullable
        ? [byMigration(`The column ${name} can be NULL, so rows may be without ${lack}.`)]
        : []
}

function missingIndexes(unique: Scoped, table: Table): Finding[] {
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
            : [byMigration(`${tablePath} has no unique index over ${names.join(", ")}${where}.`)]
    })
}

/** Whether the condition of an index, as the database writes it, is that these columns are NULL. */
function isFor(nulls: readonly ColumnMetadata[], where = ""): boolean {
    const bare = (name: string) => name.replace(/[()"]/g, "")
    const expected = nulls.map(({ databaseName }) => bare(databaseName))
    return nullColumns(where).sort().join() === expected.sort().join()
}

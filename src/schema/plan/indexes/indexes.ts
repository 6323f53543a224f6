import type { EntityMetadata, Table, TableForeignKey, TableIndex } from "typeorm"
import { seriesOf } from "../../../series/resolve-series"
import type { PeriodicSeries } from "../../../series/periods/period-sql"
import type { Scoped } from "../../../series/series"
import { uniqueIndexesOf } from "../../../series/unique-index"
import { dataSourceOf } from "../../../typeorm/compat"
import type { IndexMetadata } from "../../../typeorm/version/version"

/** @internal The unique indexes of a column as TypeORM knows them. */
export function indexesOf(metadata: EntityMetadata, column: Scoped): IndexMetadata[] {
    const uniques = uniqueIndexesOf(column)
    return metadata.indices.filter(
        (index) =>
            index.isUnique &&
            index.synchronize &&
            uniques.some(
                ({ columns, nulls }) =>
                    columns.length === index.columns.length &&
                    columns.every((c) => index.columns.includes(c)) &&
                    nulls.length > 0 === Boolean(index.where),
            ),
    )
}

/**
 * The unique indexes of numbers that were declared before: over a scope that was narrower they refuse numbers that
 * are right now. They have the names that TypeORM would give them; others are the application's.
 * @internal
 */
export function formerIndexes(metadata: EntityMetadata, { indices }: Table): TableIndex[] {
    const numbers = seriesOf(metadata).map(({ column }) => column.databaseName)
    return indices.filter((index) => {
        const { name, columnNames, isUnique } = index
        const isOfNumber = isUnique && columnNames.some((column) => numbers.includes(column))
        if (!isOfNumber || metadata.indices.some((declared) => declared.name === name)) return false
        return isNamedByTypeORM(metadata, index)
    })
}

function isNamedByTypeORM(
    metadata: EntityMetadata,
    { name, columnNames, where }: TableIndex,
): boolean {
    const { namingStrategy, driver } = dataSourceOf(metadata)
    const nulls = nullColumns(where).map((column) => `${driver.escape(column)} IS NULL`)
    const condition = nulls.join(" AND ") || undefined
    return namingStrategy.indexName(metadata.tableName, columnNames, condition) === name
}

/**
 * Whether an index of this library, be it of a former scope, tells that rows were numbered by the periods that they
 * have. One that an application has made itself may be about periods of other names.
 * @internal
 */
export function isCountedIn(
    { column, period }: PeriodicSeries,
    metadata: EntityMetadata,
    { indices }: Table,
): boolean {
    const names = [column, period.column].map(({ databaseName }) => databaseName)
    return indices.some(
        (index) =>
            index.isUnique &&
            names.every((name) => index.columnNames.includes(name)) &&
            // The table or a column may have had another name.
            (isNamedByTypeORM(metadata, index) || /^IDX_[0-9a-f]{26}$/.test(index.name ?? "")),
    )
}

/** @internal The columns that must be NULL by the condition of a partial index, as the database writes it. */
export function nullColumns(where = ""): string[] {
    return where
        .replace(/[()"]/g, "")
        .split(" AND ")
        .filter(Boolean)
        .map((condition) => condition.replace(/ IS NULL$/, ""))
}

/** @internal The foreign keys that an index which goes may serve. */
export function keysServedBy(former: readonly TableIndex[], table: Table): TableForeignKey[] {
    // TypeORM does not read the columns of an index in their order everywhere.
    return table.foreignKeys.filter((key) =>
        former.some(({ columnNames }) =>
            key.columnNames.every((name) => columnNames.includes(name)),
        ),
    )
}

import type { Series } from "../../series/series"
import { numberedCheck } from "../../series/when/numbered-check"
import { dataSourceOf } from "../../typeorm/compat"
import { type ColumnMetadata, columnName } from "../../typeorm/names"
import { whileAltered } from "../../typeorm/metadata/altered-metadata"
import { beforeRowsAreFilled } from "../plan/column-steps"
import type { Inventory, ServedTable } from "../plan/inventory"
import type { RenamedColumns } from "./stored-names"

/**
 * An inventory whose rows keep what is in the columns that TypeORM renames, and these columns.
 * @internal
 */
export async function keepRenamedColumns(
    inventory: Inventory,
): Promise<{ readonly inventory: Inventory; readonly renamedColumns: RenamedColumns }> {
    const { tables, renumber } = inventory
    const renamedColumns = await whileAltered(tables.flatMap(beforeRowsAreFilled), () =>
        Promise.resolve(findRenamedColumns(tables)),
    )
    const kept = tables.map((table) => keepRenamed(table, renamedColumns, renumber))
    return { inventory: { ...inventory, tables: kept }, renamedColumns }
}

/**
 * The columns that TypeORM renames, as its schema builder finds them: a table that lacks one column and
 * has another is taken for renamed. Called while its metadata is as the schema builder sees it.
 */
function findRenamedColumns(tables: readonly ServedTable[]): RenamedColumns {
    return new Map(
        tables.flatMap(({ dataSource: { driver }, metadata, table }) => {
            if (!metadata.synchronize || metadata.columns.length !== table.columns.length) return []
            const declared = metadata.columns.filter(({ isVirtualProperty }) => !isVirtualProperty)
            const isSame = (
                column: (typeof declared)[number],
                stored: (typeof table.columns)[number],
            ) =>
                stored.name === column.databaseName &&
                stored.type === driver.normalizeType(column) &&
                stored.isNullable === column.isNullable &&
                stored.isUnique === driver.normalizeIsUnique(column)
            const missing = declared.filter((one) => !table.columns.some((s) => isSame(one, s)))
            const left = table.columns.filter((s) => !declared.some((one) => isSame(one, s)))
            const [column, stored] = [missing[0], left[0]]
            return column && stored && missing.length === 1 && left.length === 1
                ? [[column, stored.name] as const]
                : []
        }),
    )
}

/** A table whose rows keep what is in the columns that TypeORM renames: nothing is to be made for them. */
function keepRenamed(
    served: ServedTable,
    renamedColumns: RenamedColumns,
    renumber: boolean,
): ServedTable {
    const { table, blank, keys, texts, periods, loose, checks } = served
    const formerly = (column: ColumnMetadata) => {
        const name = renamedColumns.get(column)
        return name === undefined ? undefined : table.findColumnByName(name)
    }
    const isFull = (column: ColumnMetadata) => formerly(column)?.isNullable === false
    // A column of something else would be taken for renamed as well.
    const isOwn = (column: ColumnMetadata) => {
        const { name } = formerly(column) ?? {}
        return (
            isFull(column) ||
            table.indices.some(
                ({ isUnique, columnNames }) => isUnique && columnNames.some((one) => one === name),
            )
        )
    }
    const nameOf = (column: ColumnMetadata) => {
        const name = renamedColumns.get(column)
        return name === undefined ? columnName(column) : served.dataSource.driver.escape(name)
    }
    // The condition is the same, by the names that its columns had.
    const isGuarded = (series: Series) => {
        const check = numberedCheck(series, nameOf)
        return [...table.checks, ...checks.former].some(({ name }) => name === check?.name)
    }
    const isNumbered = (series: Series) =>
        isFull(series.column) ||
        (isOwn(series.column) && series.column.isNullable && !numberedCheck(series)) ||
        isGuarded(series)
    return {
        ...served,
        blank: renumber ? blank : blank.filter((series) => !isNumbered(series)),
        keys: {
            ...keys,
            bySql: keys.bySql.filter(({ column }) => !isFull(column)),
            byLibrary: keys.byLibrary.filter(({ column }) => !isFull(column)),
        },
        texts: {
            ...texts,
            read: texts.read.filter(({ column, series }) => ![column, series.column].some(isOwn)),
            filled: texts.filled.filter(
                ({ column, series }) =>
                    !isOwn(column) &&
                    !(isGuarded(series) && table.findColumnByName(column.databaseName)),
            ),
        },
        periods: periods.filter(({ period }) => !isOwn(period.column)),
        loose: loose.filter((column) => !isFull(column)),
    }
}

/**
 * What a migration says of a statement of TypeORM's that renames a column: what was in it may have been something else.
 * @internal
 */
export function renamedBy(sql: string, renamedColumns: RenamedColumns): string | undefined {
    for (const [{ databaseName, entityMetadata }, former] of renamedColumns) {
        const { tableName } = entityMetadata
        const { driver } = dataSourceOf(entityMetadata)
        if ([tableName, former, databaseName].every((name) => sql.includes(driver.escape(name))))
            return `TypeORM takes ${tableName}.${former} for ${databaseName}, which gets its values.`
    }
    return undefined
}

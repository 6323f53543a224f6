import type { ServedTable } from "../plan/inventory"
import type { RenamedColumns } from "./renamings"

/**
 * The columns that TypeORM renames, as its schema builder finds them: a table that lacks one column and
 * has another is taken for renamed. Called while its metadata is as the schema builder sees it.
 * @internal
 */
export function findRenamedColumns(tables: readonly ServedTable[]): RenamedColumns {
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

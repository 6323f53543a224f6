import type { ColumnMetadata } from "../../typeorm/names"

/** @internal The columns that TypeORM is about to give another name, and the names that they have. */
export type RenamedColumns = ReadonlyMap<ColumnMetadata, string>

/** @internal Tells the name of a column. */
export type NameOf = (column: ColumnMetadata) => string

/** @internal The names that columns have until TypeORM renames them. */
export function storedNames(renamedColumns: RenamedColumns = new Map()): NameOf {
    return (column) => renamedColumns.get(column) ?? column.databaseName
}

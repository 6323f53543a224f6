import type { EntityMetadata } from "typeorm"
import { dataSourceOf } from "./compat"

/** @internal */
export type ColumnMetadata = EntityMetadata["columns"][number]

/** @internal */
export type RelationMetadata = EntityMetadata["relations"][number]

/** @internal A name in SQL: quoted in one of two ways, with quotes in it doubled. */
export const NAME = /(?:"(?:[^"]|"")*"|`(?:[^`]|``)*`)/.source

/** @internal The table of an entity as SQL names it; in this schema where the entity names none. */
export function tableName(metadata: EntityMetadata, schema?: string): string {
    const { driver } = dataSourceOf(metadata)
    return [metadata.schema ?? schema, metadata.tableName]
        .flatMap((part) => (part ? [driver.escape(part)] : []))
        .join(".")
}

/** @internal A column as SQL names it. */
export function columnName(column: ColumnMetadata): string {
    return dataSourceOf(column.entityMetadata).driver.escape(column.databaseName)
}

/** @internal The type of a column, by the name that the database has for it. */
export function columnType(column: ColumnMetadata): string {
    return dataSourceOf(column.entityMetadata).driver.normalizeType(column)
}

import type { EntityMetadata } from "typeorm"
import { dataSourceOf } from "./compat"

/** @internal */
export type ColumnMetadata = EntityMetadata["columns"][number]

/** @internal */
export type RelationMetadata = EntityMetadata["relations"][number]

/** @internal A name in SQL: quoted in one of two ways, with quotes in it doubled. */
export const NAME = /(?:"(?:[^"]|"")*"|`(?:[^`]|``)*`)/.source

/** @internal What a statement selects beside the columns of a table has a name that begins like this: no column's does. */
export const OWN = "autosequence "

/** @internal The table of an entity as SQL names it; in this place where the entity names none. */
export function tableName(metadata: EntityMetadata, place?: string): string {
    const { driver } = dataSourceOf(metadata)
    const path = metadata.tablePath.split(".")
    const parts = place !== undefined && path.length === 1 ? [place, ...path] : path
    return parts.map((part) => driver.escape(part)).join(".")
}

/**
 * Where an entity says that its table is: a schema, on MySQL another database, on SQLite one that is attached.
 * Undefined where it does not, nor its data source. TypeORM leaves out what the database has no names for.
 * @internal
 */
export function namedPlace({ tablePath }: EntityMetadata): string | undefined {
    const end = tablePath.lastIndexOf(".")
    return end < 0 ? undefined : tablePath.slice(0, end)
}

/** @internal A column as SQL names it. */
export function columnName(column: ColumnMetadata): string {
    return dataSourceOf(column.entityMetadata).driver.escape(column.databaseName)
}

/** @internal A column of the row `t` as SQL names it. */
export function ofRow(column: ColumnMetadata): string {
    return `t.${columnName(column)}`
}

/** @internal The type of a column, by the name that the database has for it. */
export function columnType(column: ColumnMetadata): string {
    return dataSourceOf(column.entityMetadata).driver.normalizeType(column)
}

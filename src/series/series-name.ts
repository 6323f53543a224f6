import type { EntityMetadata } from "typeorm"
import { findOwnEntity } from "./own-table"
import { dataSourceOf } from "../typeorm/compat"
import type { ColumnMetadata } from "../typeorm/names"

const cache = new WeakMap<ColumnMetadata, string>()

/**
 * `<table>.<column>`, as the counter table or the history of keys names it. The schema, or on MySQL the
 * database, stands before it only where it is another one than that of the library's own table: so the
 * name is the same however a connection finds the two, and whatever their schema is called.
 * @internal
 */
export function seriesName(column: ColumnMetadata, ownEntity: string): string {
    const known = cache.get(column)
    if (known !== undefined) return known
    const { entityMetadata } = column
    const dataSource = dataSourceOf(entityMetadata)
    const own = findOwnEntity(dataSource, ownEntity)
    const name = `${tableNameBeside(entityMetadata, own)}.${column.databaseName}`
    // There are none while TypeORM builds them.
    if (dataSource.entityMetadatas.length > 0) cache.set(column, name)
    return name
}

/** @internal The other names that the series may have from a connection with other settings, or from version 0.1.0. */
export function otherSeriesNames(column: ColumnMetadata, ownEntity: string): string[] {
    const { tableName, tablePath } = column.entityMetadata
    const tables = [tablePath, tableName, `${placeOf(column.entityMetadata)}.${tableName}`]
    const names = new Set(tables.map((table) => `${table}.${column.databaseName}`))
    names.delete(seriesName(column, ownEntity))
    return [...names]
}

/** @internal The name of a table, without the schema that another one is in, or else the connection. */
export function tableNameBeside(metadata: EntityMetadata, other?: EntityMetadata): string {
    const place = placeOf(metadata)
    if (place === placeOf(metadata, other ?? "")) return metadata.tableName
    const isWritten = metadata.tablePath !== metadata.tableName
    return isWritten ? metadata.tablePath : `${place}.${metadata.tableName}`
}

/** The schema of a table, or its database where there are no schemas. */
function placeOf(metadata: EntityMetadata, table: EntityMetadata | string = metadata): string {
    const { schema, database } = dataSourceOf(metadata).driver.parseTableName(table)
    return schema ?? database ?? ""
}

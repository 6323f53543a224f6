import type { DataSource, EntityManager, EntityMetadata, QueryRunner } from "typeorm"
import type { ColumnMetadata } from "typeorm/metadata/ColumnMetadata"

/** TypeORM 0.3 calls it `connection`, 1.x `dataSource`. */
export function dataSourceOf(owner: EntityManager | EntityMetadata | QueryRunner): DataSource {
    const { dataSource, connection } = owner as unknown as Record<string, DataSource | undefined>
    return (dataSource ?? connection) as DataSource
}

/** A table as SQL names it. */
export function tableName(metadata: EntityMetadata): string {
    const { driver } = dataSourceOf(metadata)
    return [metadata.schema, metadata.tableName]
        .flatMap((part) => (part ? [driver.escape(part)] : []))
        .join(".")
}

/** A column as SQL names it. */
export function columnName(column: ColumnMetadata): string {
    return dataSourceOf(column.entityMetadata).driver.escape(column.databaseName)
}

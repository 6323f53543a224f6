import type { DataSource, EntityManager, EntityMetadata, QueryRunner } from "typeorm"

/** TypeORM 0.3 calls it `connection`, 1.x `dataSource`. */
export function dataSourceOf(owner: EntityManager | EntityMetadata | QueryRunner): DataSource {
    const { dataSource, connection } = owner as unknown as Record<string, DataSource | undefined>
    return (dataSource ?? connection) as DataSource
}

/** A table as SQL names it. */
export function tableName(metadata: EntityMetadata): string {
    const { driver } = dataSourceOf(metadata)
    return metadata.tablePath
        .split(".")
        .map((part) => driver.escape(part))
        .join(".")
}

/** A column as SQL names it. */
export function columnName(column: EntityMetadata["columns"][number]): string {
    return dataSourceOf(column.entityMetadata).driver.escape(column.databaseName)
}

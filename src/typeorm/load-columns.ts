import type { EntityManager, EntityMetadata, ObjectLiteral } from "typeorm"
import type { ColumnMetadata } from "./names"

/**
 * Loads the keys and these columns of rows, the soft-deleted ones and hidden columns included.
 * @internal
 */
export async function loadColumns(
    manager: EntityManager,
    metadata: EntityMetadata,
    columns: readonly ColumnMetadata[],
    rows: readonly ObjectLiteral[],
): Promise<ObjectLiteral[]> {
    return manager
        .createQueryBuilder(metadata.target, "row")
        .select([...metadata.primaryColumns, ...columns].map((c) => `row.${c.propertyPath}`))
        .withDeleted()
        .whereInIds(rows.map((row) => metadata.getEntityIdMap(row)))
        .getMany()
}

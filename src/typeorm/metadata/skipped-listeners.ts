import type { EntityMetadata, ObjectLiteral } from "typeorm"

/**
 * A `@BeforeInsert` listener that TypeORM does not call for a row, because the row is no object of its class;
 * undefined where there is none.
 * @internal
 */
export function skippedListener(
    { name, beforeInsertListeners }: EntityMetadata,
    entity: ObjectLiteral,
): string | undefined {
    const skipped = beforeInsertListeners.find((listener) => !listener.isAllowed(entity))
    return skipped && `${name}.${skipped.propertyName}`
}

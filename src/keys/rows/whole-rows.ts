import type { EntityMetadata, ObjectLiteral } from "typeorm"
import type { Session } from "../../inserts/session"
import type { StoredKey } from "../pseudo-key"
import { primaryKeyText } from "../../inserts/primary-key"

/**
 * Rows as they are stored, hidden columns and what `derive` reads of others included, by their primary keys.
 * @internal
 */
export async function loadWholeRows(
    { manager }: Session,
    { metadata, relations }: StoredKey,
    ids: readonly ObjectLiteral[],
): Promise<Map<string, ObjectLiteral>> {
    const stored = await manager
        .createQueryBuilder(metadata.target, "row")
        .setFindOptions({ relations, loadEagerRelations: false })
        .addSelect(hiddenOf(metadata))
        .callListeners(false)
        .withDeleted()
        .whereInIds(ids.map((id) => metadata.getEntityIdMap(id)))
        .getMany()
    return new Map(stored.map((row) => [primaryKeyText(metadata, row), row]))
}

function hiddenOf({ columns }: EntityMetadata): string[] {
    return columns
        .filter(({ isSelect, isVirtual }) => !isSelect && !isVirtual)
        .map(({ propertyPath }) => `row.${propertyPath}`)
}

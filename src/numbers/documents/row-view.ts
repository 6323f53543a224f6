import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { dataSourceOf } from "../../typeorm/compat"
import type { ColumnMetadata } from "../../typeorm/names"

/**
 * A row as TypeORM would load it, of values as the driver reads them; with the relations that are loaded on an
 * entity of it, and the keys of the others.
 * @internal
 */
export function rowView(
    metadata: EntityMetadata,
    values: ReadonlyMap<ColumnMetadata, unknown>,
    entity?: ObjectLiteral,
): ObjectLiteral {
    const { driver, manager } = dataSourceOf(metadata)
    const view: ObjectLiteral = manager.create(metadata.target)
    for (const [column, value] of values) {
        const shown: unknown = driver.prepareHydratedValue(value, column)
        if (column.relationMetadata) setKey(view, column, shown)
        else column.setEntityValue(view, shown)
    }
    for (const relation of entity ? metadata.relations : []) {
        if (relation.isLazy) continue
        const related: unknown = relation.getEntityValue(entity as ObjectLiteral)
        if (typeof related === "object" && related !== null) relation.setEntityValue(view, related)
    }
    return view
}

function setKey(view: ObjectLiteral, column: ColumnMetadata, key: unknown): void {
    const { relationMetadata: relation, referencedColumn } = column
    if (!relation || relation.isLazy) return
    const isSet = key !== null && key !== undefined
    const related: unknown = relation.getEntityValue(view) ?? (isSet ? {} : null)
    if (isSet) referencedColumn?.setEntityValue(related as ObjectLiteral, key)
    relation.setEntityValue(view, related)
}

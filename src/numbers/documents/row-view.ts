import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { dataSourceOf } from "../../typeorm/compat"
import type { ColumnMetadata } from "../../typeorm/names"

/**
 * A row as TypeORM would load it, of values as the driver reads them; with the relations that are loaded on an
 * entity of it.
 * @internal
 */
export function rowView(
    metadata: EntityMetadata,
    values: ReadonlyMap<ColumnMetadata, unknown>,
    entity?: ObjectLiteral,
): ObjectLiteral {
    const { driver, manager } = dataSourceOf(metadata)
    const view = manager.create(metadata.target) as ObjectLiteral
    for (const [column, value] of values)
        column.setEntityValue(view, driver.prepareHydratedValue(value, column))
    for (const { propertyName, getEntityValue } of entity ? ownRelations(metadata) : []) {
        const related: unknown = getEntityValue(entity as ObjectLiteral)
        if (typeof related === "object" && related !== null) view[propertyName] = related
    }
    return view
}

function ownRelations(metadata: EntityMetadata) {
    return metadata.relations
        .filter(({ embeddedMetadata, isLazy }) => !embeddedMetadata && !isLazy)
        .map((relation) => ({
            propertyName: relation.propertyName,
            getEntityValue: (entity: ObjectLiteral): unknown => relation.getEntityValue(entity),
        }))
}

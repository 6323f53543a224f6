import { type EntityMetadata, FindOperator, type ObjectLiteral } from "typeorm"
import { InvalidKeyError } from "../../errors"
import { valueAt } from "../../typeorm/given"

/**
 * Refuses a row that is related to what a condition stands for, as `wherePseudoKey` makes it of a text that leads
 * nowhere, or of a key that only the database can look up.
 * @internal
 */
export function refuseConditions(metadata: EntityMetadata, entity: ObjectLiteral): void {
    for (const relation of metadata.relations) {
        if (relation.isLazy || relation.joinColumns.length === 0) continue
        const related: unknown = relation.getEntityValue(entity)
        if (typeof related !== "object" || related === null) continue
        const { columns } = relation.inverseEntityMetadata
        const isCondition =
            related instanceof FindOperator ||
            columns.some((column) => valueAt(related, column.propertyPath) instanceof FindOperator)
        if (isCondition)
            throw new InvalidKeyError(
                `${metadata.name}.${relation.propertyPath} is set to a condition, which is no row: a key that leads ` +
                    "nowhere, or one that has to be looked up. Load the row by findByPseudoKeyOrFail, and set that.",
            )
    }
}

import type { EntityMetadata } from "typeorm"
import type { Strategy } from "../declared/numbers/strategies"
import { InvalidOptionError } from "../errors"

/**
 * Refuses a number that can't be deleted where a foreign key deletes its row: the database does that itself, and
 * asks nobody.
 * @internal
 */
export function refuseDeletedByForeignKey(
    metadata: EntityMetadata,
    numbered: string,
    strategy: Strategy,
): void {
    // Triggers see it, or are refused.
    if (strategy === "trigger") return
    const cascading = metadata.relations.find(
        ({ isOwning, isManyToMany, onDelete, createForeignKeyConstraints }) =>
            isOwning && !isManyToMany && onDelete === "CASCADE" && createForeignKeyConstraints,
    )
    if (cascading)
        throw new InvalidOptionError(
            `${metadata.name}.${numbered} has deletable: false, but the foreign key of ${cascading.propertyPath} ` +
                'has onDelete "CASCADE", which deletes numbered rows. Declare it with "RESTRICT".',
        )
}

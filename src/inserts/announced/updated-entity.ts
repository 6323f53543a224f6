import type { EntityMetadata, ObjectLiteral } from "typeorm"

let lastId = 0

/**
 * An entity whose UPDATE was announced.
 * @internal
 */
export class UpdatedEntity {
    readonly id = ++lastId

    constructor(
        readonly entity: ObjectLiteral,
        readonly metadata: EntityMetadata,
        /** Its primary key, as the driver sends it, where the entity does not have it yet. */
        readonly key?: readonly unknown[],
    ) {}
}

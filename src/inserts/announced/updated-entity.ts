import type { EntityMetadata, ObjectLiteral } from "typeorm"
import type { Announced, Call } from "./of-entities"

let lastId = 0

/**
 * An entity whose UPDATE was announced.
 * @internal
 */
export class UpdatedEntity implements Announced {
    /** By their entities, for all query runners. */
    static readonly ofEntities = new WeakMap<object, UpdatedEntity>()
    readonly id = ++lastId
    call: Call | undefined

    constructor(
        readonly entity: ObjectLiteral,
        readonly metadata: EntityMetadata,
        /** Its primary key, as the driver sends it, where the entity does not have it yet. */
        readonly key?: readonly unknown[],
    ) {}
}

import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { primaryKeyText } from "../primary-key"
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
    /** The row that it is. */
    readonly row: string

    constructor(
        readonly entity: ObjectLiteral,
        readonly metadata: EntityMetadata,
        /** Its primary key, where the entity does not have it yet. */
        id: ObjectLiteral = entity,
    ) {
        this.row = UpdatedEntity.rowOf(metadata, id)
    }

    /** A row of a table by its primary key. */
    static rowOf(metadata: EntityMetadata, id: ObjectLiteral): string {
        return `${metadata.tablePath} ${primaryKeyText(metadata, id)}`
    }
}

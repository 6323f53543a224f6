import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { dataSourceOf } from "../../typeorm/compat"
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
        /** Its primary key, as the driver sends it, where the entity does not have it yet. */
        key?: readonly unknown[],
    ) {
        this.row = UpdatedEntity.rowOf(metadata, key ?? keyOf(entity, metadata))
    }

    /** A row of a table by its primary key, which a driver may read as another type than it sends. */
    static rowOf({ tablePath }: EntityMetadata, key: readonly unknown[]): string {
        return JSON.stringify([tablePath, ...key.map(String)])
    }
}

function keyOf(entity: ObjectLiteral, metadata: EntityMetadata): unknown[] {
    const { driver } = dataSourceOf(metadata)
    return metadata.primaryColumns.map(
        (column) => driver.preparePersistentValue(column.getEntityValue(entity), column) as unknown,
    )
}

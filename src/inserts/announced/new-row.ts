import type { EntityMetadata, ObjectLiteral } from "typeorm"
import type { ColumnMetadata } from "../../typeorm/names"
import { markPlaces } from "../../typeorm/marks"
import type { Announced, Call } from "./of-entities"

/**
 * An entity whose INSERT was announced, and has not been sent yet.
 * @internal
 */
export class NewRow implements Announced {
    /** By their entities, for all query runners. */
    static readonly ofEntities = new WeakMap<object, NewRow>()
    /** The highest by now. */
    static lastId = 0
    readonly id = ++NewRow.lastId
    /** The same for all rows that were announced by one call. */
    call: Call | undefined
    /** How many INSERTs are to come: save() inserts an entity as often as its list has it. */
    inserts = 1

    constructor(
        readonly entity: ObjectLiteral,
        readonly metadata: EntityMetadata,
    ) {}

    /** Called when it is announced anew: the runner of a call that failed before is another one. */
    static forget(entity: ObjectLiteral): void {
        NewRow.ofEntities.delete(entity)
    }

    /** Lets the INSERT tell the places where values of these columns are to come. */
    static mark(columns: readonly ColumnMetadata[], isNone?: (value: unknown) => boolean): void {
        for (const column of columns)
            markPlaces(column, (entity) => NewRow.ofEntities.get(entity)?.id, isNone)
    }
}

import type { EntityMetadata, ObjectLiteral } from "typeorm"
import type { ColumnMetadata } from "../../typeorm/names"
import { markPlaces } from "../../typeorm/marks"
import type { Announced, Call } from "./of-entities"

const announced = new WeakMap<object, NewRow>()
let lastId = 0

/**
 * An entity whose INSERT was announced, and has not been sent yet.
 * @internal
 */
export class NewRow implements Announced {
    readonly id = ++lastId
    /** The same for all rows that were announced by one call. */
    call: Call | undefined

    /** How many INSERTs are to come: save() inserts an entity as often as its list has it. */
    inserts = 1

    constructor(
        readonly entity: ObjectLiteral,
        readonly metadata: EntityMetadata,
    ) {}

    /** Lets the INSERT tell which of its rows it is. */
    announce(inserts: number): void {
        this.inserts = inserts
        announced.set(this.entity, this)
    }

    /** Called when its INSERT is sent, or never will be. */
    end(): void {
        if (announced.get(this.entity) === this) announced.delete(this.entity)
    }

    /** Called when it is announced anew: the runner of a call that failed before is another one. */
    static forget(entity: ObjectLiteral): void {
        announced.delete(entity)
    }

    /** Lets the INSERT tell the places where values of these columns are to come. */
    static mark(columns: readonly ColumnMetadata[], isNone?: (value: unknown) => boolean): void {
        for (const column of columns)
            markPlaces(column, (entity) => announced.get(entity)?.id, isNone)
    }
}

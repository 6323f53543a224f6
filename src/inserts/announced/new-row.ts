import type { EntityMetadata, ObjectLiteral } from "typeorm"
import type { ColumnMetadata } from "../../typeorm/names"
import { markPlaces } from "../../typeorm/marks"

const announced = new WeakMap<object, NewRow>()
let lastId = 0

/**
 * An entity whose INSERT was announced, and has not been sent yet.
 * @internal
 */
export class NewRow {
    readonly id = ++lastId
    /** Whether a transaction has ended since it was announced. */
    isLeft = false

    /** The same for all rows that were announced by one call. */
    call: object | undefined

    constructor(
        readonly entity: ObjectLiteral,
        readonly metadata: EntityMetadata,
    ) {}

    /** Lets the INSERT tell which of its rows it is. */
    announce(call: object): void {
        this.call = call
        announced.set(this.entity, this)
    }

    /** Called when its INSERT is sent, or never will be. */
    end(): void {
        if (announced.get(this.entity) === this) announced.delete(this.entity)
    }

    static find(entity: object): NewRow | undefined {
        return announced.get(entity)
    }

    /** Lets the INSERT tell the places where values of these columns are to come. */
    static mark(columns: readonly ColumnMetadata[], isNone?: (value: unknown) => boolean): void {
        for (const column of columns)
            markPlaces(column, (entity) => announced.get(entity)?.id, isNone)
    }
}

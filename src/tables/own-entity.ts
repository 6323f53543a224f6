import { EntitySchema, type EntitySchemaOptions } from "typeorm"

/**
 * An entity of the library. It has the name that a class has: frameworks tell entities apart by that, and Vendure
 * takes two without one for the same.
 * @internal
 */
export function ownEntity<Row>(options: EntitySchemaOptions<Row>): EntitySchema<Row> {
    const entity = new EntitySchema<Row>(options)
    return Object.defineProperty(entity, "name", { get: () => entity.options.name })
}

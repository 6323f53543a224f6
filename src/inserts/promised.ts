import type { ObjectLiteral } from "typeorm"
import type { RelationMetadata } from "../typeorm/names"

/** @internal What is wrong with a promise in the place of a relation; undefined where there is none. */
export function promiseIn(
    entity: ObjectLiteral | undefined,
    relation: RelationMetadata | undefined,
): string | undefined {
    if (!entity || !relation) return undefined
    const { propertyName } = relation
    // Read without the getter that TypeORM puts on a lazy relation: that one sends a query.
    const value: unknown = Object.getOwnPropertyDescriptor(entity, propertyName)?.value
    return value instanceof Promise
        ? "is a promise on an object that TypeORM hasn't made, and TypeORM does not look into it. Make the row by " +
              "repository.create(), of what the promise resolves to."
        : undefined
}

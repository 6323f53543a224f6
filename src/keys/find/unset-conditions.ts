import { type EntityMetadata, FindOperator, type ObjectLiteral } from "typeorm"
import { InvalidOptionError } from "../../errors"

/**
 * TypeORM makes no condition of anything but an object.
 * @internal
 */
export function refuseNoConditions(where: unknown, path: readonly string[] = []): void {
    const isObject = typeof where === "object" && where !== null && !(where instanceof Date)
    if (!isObject || where instanceof FindOperator || Array.isArray(where))
        refuse(where, path, "Give an object of conditions.")
}

/**
 * TypeORM leaves out what says nothing: on 0.3 a value that is not set, and on 1.x an object that is empty
 * or a number for a relation. A tenant that is not known would lead to the rows of all.
 * @internal
 */
export function refuseUnset(
    metadata: EntityMetadata,
    where: ObjectLiteral,
    path: readonly string[] = [],
    embedded = "",
): void {
    // As TypeORM reads them: inherited ones as well.
    for (const name in where) {
        const value: unknown = where[name]
        const names = [...path, name]
        const property = embedded + name
        if (value === undefined || value === null)
            refuse(value, names, "Give a value, or IsNull() for rows that have none.")
        const relation = metadata.findRelationWithPropertyPath(property)
        const isEmbedded = metadata.findEmbeddedWithPropertyPath(property) !== undefined
        const isColumn = metadata.findColumnWithPropertyPathStrict(property) !== undefined
        if (isColumn || value instanceof FindOperator || (!isEmbedded && !relation)) continue
        // Whether there is a related row.
        if (relation && value === true) continue
        const of = relation ? relation.inverseEntityMetadata : metadata
        const conditions: unknown[] = Array.isArray(value) ? value : [value]
        if (conditions.length === 0) refuse(value, names, "Give a condition.")
        for (const one of conditions) {
            refuseNoConditions(one, names)
            refuseEmpty(one as ObjectLiteral, names)
            refuseUnset(of, one as ObjectLiteral, names, isEmbedded ? `${property}.` : "")
        }
    }
}

function refuseEmpty(where: ObjectLiteral, path: readonly string[]): void {
    if (Object.keys(where).length === 0) refuse(where, path, "Give a condition.")
}

function refuse(value: unknown, path: readonly string[], remedy: string): never {
    throw new InvalidOptionError(
        `{ where } has ${kindOf(value)}${path.length > 0 ? ` for ${path.join(".")}` : ""}. ${remedy}`,
    )
}

/** Its text would be that of a row. */
function kindOf(value: unknown): string {
    if (value === null) return "null"
    if (value === undefined) return "nothing"
    if (Array.isArray(value)) return "a list"
    if (value instanceof FindOperator) return "an operator"
    return typeof value === "object" ? "an object with no condition" : `a ${typeof value}`
}

import type { EntityMetadata } from "typeorm"
import { InvalidOptionError } from "../../errors"
import type { RelationMetadata } from "../../typeorm/names"
import type { RelationTree } from "../pseudo-key"

type Growing = { [name: string]: Growing }

/**
 * The `relations` of a key against the metadata of one data source, or a refusal.
 * @internal
 */
export function relationTreeOf(
    metadata: EntityMetadata,
    property: string,
    paths: readonly string[],
): RelationTree {
    const tree: Growing = {}
    for (const path of paths) {
        let at = tree
        let of = metadata
        for (const name of path.split(".")) {
            const relation = of.relations.find(({ propertyPath }) => propertyPath === name)
            const problem = relation
                ? problemOf(relation)
                : `there is no relation ${of.name}.${name}`
            if (!relation || problem !== undefined)
                throw new InvalidOptionError(
                    `relations of ${metadata.name}.${property} names "${path}", and ${String(problem)}.`,
                )
            at = at[name] ??= {}
            of = relation.inverseEntityMetadata
        }
    }
    return tree
}

function problemOf({ entityMetadata, propertyName, ...relation }: RelationMetadata) {
    const place = `${entityMetadata.name}.${propertyName}`
    if (relation.isLazy) return `${place} is lazy, so that derive would be given a promise`
    if (relation.joinColumns.length === 0)
        return (
            `${place} is ${relation.relationType}. Only a relation whose foreign key is in the row ` +
            "itself can be loaded: many-to-one, or the owning side of one-to-one"
        )
    return undefined
}

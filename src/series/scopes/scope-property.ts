import type { EntityMetadata } from "typeorm"
import { InvalidOptionError } from "../../errors"
import type { ScopeProperty } from "../series"

/** @internal Resolves a name in the `uniqueWith` of a column, or refuses it. */
export function resolveScopeProperty(
    metadata: EntityMetadata,
    unique: string,
    path: string,
): ScopeProperty {
    const refuse = (problem: string): never => {
        throw new InvalidOptionError(
            `uniqueWith of ${metadata.name}.${unique} names "${path}", ${problem}`,
        )
    }
    const relation = metadata.relations.find((r) => r.propertyPath === path)
    const columns = relation?.joinColumns ?? metadata.columns.filter((c) => c.propertyPath === path)

    if (relation && columns.length === 0)
        refuse(
            `which is a ${relation.relationType} relation. Only a relation whose foreign key is in the row ` +
                "itself can be part of a scope: many-to-one, or the owning side of one-to-one.",
        )
    if (columns.length === 0)
        refuse(
            `which the entity does not have. It has ${metadata.columns
                .map((c) => c.propertyPath)
                .filter((p, at, all) => p !== unique && all.indexOf(p) === at)
                .join(", ")}.`,
        )
    const unordered = columns.find((c) => c.isArray || c.type === "json" || c.type === "jsonb")
    if (unordered) refuse(`whose type (${String(unordered.type)}) makes no scope.`)
    if (path === unique) refuse("which is this column itself.")
    return { path, columns }
}

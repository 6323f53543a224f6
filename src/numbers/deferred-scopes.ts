import type { ObjectLiteral } from "typeorm"
import { UnknownScopeError } from "../errors"
import type { Session } from "../inserts/session"
import type { RelationMetadata } from "../typeorm/names"
import type { NumberRequest } from "./number-request"

/**
 * TypeORM inserts a row whose parent is inserted by the same statement, or after it, without its
 * foreign key, and sets that by an UPDATE. The NULL of its INSERT is not its scope then.
 * @internal
 */
export function refuseDeferredScopes(session: Session, requests: readonly NumberRequest[]): void {
    const children = new Map<RelationMetadata, Set<unknown>>()
    for (const { series, row, scope } of requests) {
        const { entity } = row
        if (!entity || !scope.values.includes(null)) continue
        for (const [at, column] of series.scopeColumns.entries()) {
            const relation = column.relationMetadata
            if (scope.values[at] !== null || !relation) continue
            let ofParents = children.get(relation)
            if (!ofParents) children.set(relation, (ofParents = childrenOf(session, relation)))
            if (ofParents.has(entity) || hasNewParent(entity, relation))
                throw new UnknownScopeError(
                    `The scope of ${series.name} can't be known before the insert: ` +
                        `${relation.propertyPath} is a row that is not in the table yet, and TypeORM ` +
                        "sets it afterwards. Save that row first, then the rows that belong to it.",
                )
        }
    }
}

function hasNewParent(entity: ObjectLiteral, relation: RelationMetadata): boolean {
    const parent: unknown = relation.isLazy ? undefined : relation.getEntityValue(entity)
    return typeof parent === "object" && parent !== null && !(parent instanceof Promise)
}

/** The rows that others hold which are about to be inserted. */
function childrenOf({ announced }: Session, { inverseRelation }: RelationMetadata): Set<unknown> {
    const children = new Set<unknown>()
    if (!inverseRelation) return children
    for (const { entity, metadata } of announced.values()) {
        if (!metadata.relations.includes(inverseRelation)) continue
        const held: unknown = inverseRelation.getEntityValue(entity)
        for (const child of Array.isArray(held) ? held : [held]) children.add(child)
    }
    return children
}

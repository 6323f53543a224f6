import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { UnknownScopeError } from "../errors"
import { promiseIn } from "../inserts/promised"
import type { Session } from "../inserts/session"
import { oncePer } from "../once-per"
import { allocatedSeriesOf } from "../series/own-series"
import { placeOf } from "../series/series"
import type { RelationMetadata } from "../typeorm/names"
import type { NumberRequest } from "./number-request"

/** @internal Whether rows of an entity may hold rows whose scope they are. */
export const isParentOfScopes = oncePer(({ relations }: EntityMetadata): boolean =>
    relations.some(({ inverseRelation, inverseEntityMetadata }) =>
        allocatedSeriesOf(inverseEntityMetadata).some(({ scopeColumns }) =>
            scopeColumns.some(
                (column) => column.relationMetadata && column.relationMetadata === inverseRelation,
            ),
        ),
    ),
)

/**
 * Refuses rows whose entity has a parent that their INSERT does not show: its NULL is not their
 * scope. TypeORM inserts a row whose parent is inserted by the same statement, or after it, without
 * its foreign key, and sets that by an UPDATE.
 * @internal
 */
export function refuseDeferredScopes(session: Session, requests: readonly NumberRequest[]): void {
    const children = new Map<RelationMetadata, Set<unknown>>()
    for (const { series, row, scope } of requests) {
        const { entity } = row
        if (!entity || !scope.values.includes(null)) continue
        for (const [at, { relationMetadata: relation }] of series.scopeColumns.entries()) {
            if (scope.values[at] !== null || !relation) continue
            let ofParents = children.get(relation)
            if (!ofParents) children.set(relation, (ofParents = childrenOf(session, relation)))
            const problem = ofParents.has(entity) ? DEFERRED : problemOf(session, entity, relation)
            if (problem)
                throw new UnknownScopeError(
                    `The scope of ${placeOf(series)} can't be known before the insert: ` +
                        `${relation.propertyPath} ${problem}`,
                )
        }
    }
}

const DEFERRED =
    "is a row that is not in the table yet, and TypeORM sets it afterwards. Save that row first, " +
    "then those that belong to it."

function problemOf(
    { announced }: Session,
    entity: ObjectLiteral,
    relation: RelationMetadata,
): string | undefined {
    const promise = promiseIn(entity, relation)
    if (promise) return promise
    const parent: unknown = relation.getEntityValue(entity)
    if (typeof parent !== "object" || parent === null) return undefined
    for (const row of announced) if (row.entity === parent) return DEFERRED
    const key = relation.joinColumns[0]?.referencedColumn?.propertyPath ?? "its key"
    return (
        `is an object without ${key}, and it isn't inserted by this call. Save it first, or let the ` +
        "relation cascade inserts."
    )
}

/** The rows that others hold which are about to be inserted. */
function childrenOf({ announced }: Session, { inverseRelation }: RelationMetadata): Set<unknown> {
    const children = new Set<unknown>()
    if (!inverseRelation) return children
    for (const { entity, metadata } of announced) {
        if (!metadata.relations.includes(inverseRelation)) continue
        const held: unknown = inverseRelation.getEntityValue(entity)
        for (const child of Array.isArray(held) ? held : [held]) children.add(child)
    }
    return children
}

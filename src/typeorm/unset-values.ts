import type { EntityMetadata } from "typeorm"
import type { ColumnMetadata } from "./names"

type Listener = EntityMetadata["beforeInsertListeners"][number]
type Refusal = (column: ColumnMetadata) => Error

const watched = new WeakSet<EntityMetadata>()
const guarded = new WeakSet<ColumnMetadata>()
const refusals = new WeakMap<object, Refusal>()

/**
 * Refuses to write rows that have no value for one of these columns. They are asked for as each row comes;
 * whether it has a value is seen when TypeORM writes it, so that listeners may set one.
 * @internal
 */
export function refuseUnset(
    metadata: EntityMetadata,
    columnsOf: () => readonly ColumnMetadata[],
    refusal: Refusal,
): void {
    if (watched.has(metadata)) return
    watched.add(metadata)
    const listener: Pick<Listener, "type" | "isAllowed" | "execute"> = {
        type: "before-insert",
        isAllowed: () => true,
        execute(entity: object) {
            const columns = columnsOf()
            if (columns.length === 0) refusals.delete(entity)
            else refusals.set(entity, refusal)
            for (const column of columns) guard(column)
        },
    }
    // TypeORM puts the second list together anew, from the first, for an entity with a generated column.
    for (const list of [metadata.ownListeners, metadata.beforeInsertListeners])
        list.push(listener as Listener)
}

/** TypeORM takes a function for SQL, and calls it when it writes the INSERT. */
function guard(column: ColumnMetadata): void {
    if (guarded.has(column)) return
    guarded.add(column)
    const get = column.getEntityValue
    column.getEntityValue = (entity, transform) => {
        const value: unknown = get.call(column, entity, transform)
        const refusal = refusals.get(entity)
        const isSet = value !== undefined && (value !== null || column.isNullable)
        if (isSet || !refusal) return value
        return () => {
            throw refusal(column)
        }
    }
}

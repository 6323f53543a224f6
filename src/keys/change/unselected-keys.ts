import type { ObjectLiteral, UpdateEvent } from "typeorm"
import type { ColumnMetadata } from "../../typeorm/names"
import { storedKeysOf } from "../resolve-keys"

const lacking = new WeakMap<ObjectLiteral, readonly ColumnMetadata[]>()

/**
 * Called before an UPDATE. Notes the keys that neither an entity nor the row that was loaded of it has (`select: false`):
 * TypeORM sets them to null after the UPDATE, and the next save() would take them off.
 * @internal
 */
export function noteUnselected({ entity, metadata, ...event }: UpdateEvent<ObjectLiteral>): void {
    const stored = event.databaseEntity as ObjectLiteral | undefined
    if (!entity || !stored) return
    const columns = storedKeysOf(metadata)
        .map(({ column }) => column)
        .filter((column) =>
            [entity, stored].every((row) => column.getEntityValue(row) === undefined),
        )
    if (columns.length > 0) lacking.set(entity, columns)
    else lacking.delete(entity)
}

/** @internal Called after the UPDATE. */
export function leaveUnselected({ entity }: UpdateEvent<ObjectLiteral>): void {
    if (!entity) return
    for (const column of lacking.get(entity) ?? [])
        if (column.getEntityValue(entity) === null) column.setEntityValue(entity, undefined)
    lacking.delete(entity)
}

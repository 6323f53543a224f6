import type { ObjectLiteral, RemoveEvent } from "typeorm"
import { Session } from "../../inserts/session"
import { ownerOf } from "../history/claim-keys"
import { claim, forget } from "../history/history"
import type { StoredKey } from "../pseudo-key"
import { storedKeysOf } from "../resolve-keys"
import { changedScope, storedScope } from "../rows/stored-scope"

/**
 * Frees the keys of a row that was deleted, or reserves them for ever.
 * @internal
 */
export async function freeKeys(event: RemoveEvent<ObjectLiteral>): Promise<void> {
    const stored = event.databaseEntity as ObjectLiteral | undefined
    // Undefined for rows that `delete()` removes without loading them.
    if (!stored) return
    const keys = storedKeysOf(event.metadata).filter(({ history }) => history !== false)
    const session = Session.of(event.queryRunner)
    await session.together(async () => {
        for (const key of keys) await freeKey(session, key, stored)
    })
}

async function freeKey(session: Session, key: StoredKey, stored: ObjectLiteral): Promise<void> {
    const owner = ownerOf(key.metadata, stored)
    if (key.history === true) return forget(session, key, [owner])
    const text: unknown = key.column.getEntityValue(stored)
    if (typeof text !== "string") return
    const scope = changedScope(key, storedScope(key, []), stored)
    await claim(session, key, [{ scope, text, owner, isRetired: true }])
}

/** @internal Whether rows of an entity leave keys behind. */
export function keepsHistory(event: RemoveEvent<ObjectLiteral>): boolean {
    return storedKeysOf(event.metadata).some(({ history }) => history !== false)
}

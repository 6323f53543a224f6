import type { ObjectLiteral, UpdateEvent } from "typeorm"
import type { Scope } from "../../dialects/columns"
import { Session } from "../../inserts/session"
import { showLoaded } from "../../numbers/shown/loaded-values"
import { ownSeriesOf } from "../../series/own-series"
import { giveFreeKeys } from "../free/free-keys"
import { wishFor } from "../free/wish"
import type { StoredKey } from "../pseudo-key"
import { changedScope, loadScopes } from "../rows/stored-scope"
import { storedKeysOf } from "../resolve-keys"
import { changedView } from "./changed-view"
import { KeyAssigner } from "../insert/key-assigner"
import { isNone } from "../insert/keyed-row"

/** @internal Whether an UPDATE brings the number that a row without a key has waited for. */
export function getsNumber(key: StoredKey, entity: ObjectLiteral, stored: ObjectLiteral): boolean {
    const isWithout = [stored, entity].every((row) => isNone(key.column.getEntityValue(row)))
    if (!key.derive || !isWithout) return false
    return ownSeriesOf(key.metadata).some(
        ({ column }) =>
            isNone(column.getEntityValue(stored)) && !isNone(column.getEntityValue(entity)),
    )
}

/**
 * Called before the number is on the entity. Shows the key of a row that was a draft when its entity was loaded, and has
 * got it with its number since; and what an entity lacks, which TypeORM sets to null: the next save() would take it off.
 * @internal
 */
export function catchUpKeys({ entity, metadata, ...event }: UpdateEvent<ObjectLiteral>): void {
    const stored = event.databaseEntity as ObjectLiteral | undefined
    if (!entity || !stored) return
    const isNumbered = ownSeriesOf(metadata).some(
        ({ column }) =>
            column.getEntityValue(entity) === null && !isNone(column.getEntityValue(stored)),
    )
    const missing = storedKeysOf(metadata).flatMap(({ derive, column }) => {
        const shown: unknown = column.getEntityValue(entity)
        const value: unknown = column.getEntityValue(stored)
        const isLacking = shown === undefined && column.isNullable && !isNone(value)
        const isOutdated = isNumbered && derive && shown === null
        return isLacking || isOutdated ? [column] : []
    })
    showLoaded(Session.find(event.queryRunner), entity, stored, missing)
}

/** @internal Puts the key of such a row into the same UPDATE. */
export async function keyWithNumber(
    session: Session,
    key: StoredKey,
    entity: ObjectLiteral,
    stored: ObjectLiteral,
): Promise<void> {
    const { column } = key
    const locks = KeyAssigner.of(session)?.locks
    const view = await changedView(session, key, entity, stored)
    // What is gone is not updated either.
    if (!view || !locks) return
    const [scope] = await loadScopes(session, key, [stored])
    const wish = wishFor(key, changedScope(key, scope as Scope, entity), view)
    await giveFreeKeys(session, locks, [wish])
    const { got } = wish
    if (typeof got !== "string") return
    column.setEntityValue(entity, got)
    session.onRollback(() => {
        if (column.getEntityValue(entity) === got) column.setEntityValue(entity, null)
    })
}

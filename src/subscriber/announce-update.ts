import type { ObjectLiteral, UpdateEvent } from "typeorm"
import { catchUpKeys } from "../keys/change/awaited-numbers"
import { changeKeys } from "../keys/change/changed-keys"
import { noteUnselected } from "../keys/change/unselected-keys"
import { UpdatedEntity } from "../inserts/announced/updated-entity"
import { refuseConditions } from "../keys/find/conditions-as-rows"
import { storedKeysOf } from "../keys/resolve-keys"
import { findChangedNumber } from "../numbers/updates/changed-numbers"
import { seriesOf } from "../series/resolve-series"
import { sessionOf } from "./session-of"

/**
 * Called before the UPDATE of a row: refuses what it may not change, and gives it the keys that the change asks for.
 * @internal
 */
export function announceUpdate(event: UpdateEvent<ObjectLiteral>): Promise<void> | undefined {
    const { metadata, entity, queryRunner } = event
    if (entity) refuseConditions(metadata, entity)
    const isNumbered = seriesOf(metadata).length > 0
    if (isNumbered || storedKeysOf(metadata).length > 0) {
        const session = sessionOf(queryRunner)
        // The entity of `update()` is what it sets.
        if (isNumbered && entity && (event.databaseEntity as ObjectLiteral | undefined))
            session.updates.add(new UpdatedEntity(entity, metadata))
    }
    catchUpKeys(event)
    noteUnselected(event)
    const changed = findChangedNumber(event)
    if (changed) throw changed
    return changeKeys(event)
}

import type { Session } from "../../inserts/session"
import type { StoredKey } from "../pseudo-key"
import type { KeyedRow } from "./keyed-row"

/**
 * Shows the keys that were made for rows on their entities, until the transaction is rolled back.
 * @internal
 */
export function showKeys(session: Session, rows: readonly KeyedRow[]): void {
    // A transaction can be long, and its entities need not be kept for it.
    const shown: { entity: WeakRef<object>; key: StoredKey; text: string | null }[] = []
    for (const row of rows) {
        const { entity } = row.row
        if (!entity) continue
        for (const key of row.missing) {
            const text = row.textOf(key)
            key.column.setEntityValue(entity, text)
            if (session.transaction) shown.push({ entity: new WeakRef(entity), key, text })
        }
    }
    if (shown.length === 0) return
    session.onRollback(() => {
        for (const { entity, key, text } of shown) {
            const found = entity.deref()
            if (found && key.column.getEntityValue(found) === text)
                key.column.setEntityValue(found, undefined)
        }
    })
}

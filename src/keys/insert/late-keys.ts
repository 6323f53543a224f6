import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { batches } from "../../batches"
import { groupBy } from "../../group-by"
import type { RowScopes } from "../../inserts/row-scope"
import type { Session } from "../../inserts/session"
import { addRelated, addStored } from "../derive/related-rows"
import type { StoredKey } from "../pseudo-key"
import { writeKeys } from "../rows/write-keys"
import { giveFreeKeys } from "../free/free-keys"
import type { KeyLocks } from "../free/key-locks"
import { isLate, type KeyedRow } from "./keyed-row"
import { wishFor } from "../free/wish"

const BATCH = 500

/**
 * Makes the keys that only the stored rows tell, and writes them in the place of those that stand in
 * for them.
 * @internal
 */
export async function writeLateKeys(
    session: Session,
    locks: KeyLocks,
    rows: readonly KeyedRow[],
    scopes: RowScopes,
): Promise<void> {
    for (const [metadata, ofEntity] of groupBy(rows, ({ row }) => row.metadata)) {
        const byPlaceholder = groupBy(ofEntity, ({ late: [key] }) => key as StoredKey)
        for (const [key, ofKey] of byPlaceholder) await loadRows(session, metadata, key, ofKey)
        const [{ keys }] = ofEntity as [KeyedRow, ...KeyedRow[]]
        for (const key of keys.filter(isLate)) {
            // One that was there before an upsert has its key.
            const wanting = ofEntity.filter(({ id, missing }) => id && missing.includes(key))
            const views = wanting.map(({ view }) => view)
            await addRelated(session, views, key.relations)
            const wishes = wanting.map((row) => ({
                row,
                wish: wishFor(key, scopes.of(key, row.row), row.view),
            }))
            for (const { row, wish } of wishes) if (wish.got === undefined) row.found.add(key)
            await giveFreeKeys(
                session,
                locks,
                wishes.map(({ wish }) => wish),
            )
            for (const { row, wish } of wishes) row.give(key, wish.got ?? null)
            await writeKeys(
                session,
                key,
                wanting.map((row) => ({ row: row.id as ObjectLiteral, text: row.textOf(key) })),
            )
        }
    }
}

/** What stands in for a key tells which row is which. */
async function loadRows(
    { manager }: Session,
    metadata: EntityMetadata,
    key: StoredKey,
    rows: readonly KeyedRow[],
): Promise<void> {
    const read = metadata.columns.filter(({ isVirtual, isPrimary }) => !isVirtual || isPrimary)
    for (const batch of batches(rows, BATCH)) {
        const texts = batch.map((row) => row.textOf(key))
        const stored = await manager
            .createQueryBuilder(metadata.target, "row")
            .select(read.map((column) => `row.${column.propertyPath}`))
            .callListeners(false)
            .withDeleted()
            .where(`row.${key.propertyPath} IN (:...texts)`, { texts })
            .getMany()
        const byText = new Map(stored.map((one) => [key.column.getEntityValue(one), one]))
        for (const row of batch) {
            row.id = byText.get(row.textOf(key))
            if (!row.id) continue
            addStored(row.view, row.id)
            for (const { column } of row.late) row.view.setUnknown(column)
        }
    }
}

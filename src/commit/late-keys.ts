import { batches } from "../batches"
import type { Scope } from "../dialects/columns"
import { groupBy } from "../group-by"
import type { NumberedRow } from "../inserts/assigner"
import type { Session } from "../inserts/session"
import { addStored } from "../keys/derive/related-rows"
import { viewOfLoaded } from "../keys/derive/derive"
import { giveFreeKeys } from "../keys/free/free-keys"
import { wishFor } from "../keys/free/wish"
import { claimKeys } from "../keys/history/claim-keys"
import { KeyAssigner } from "../keys/insert/key-assigner"
import { isMadeOfNumber } from "../keys/insert/keyed-row"
import type { StoredKey } from "../keys/pseudo-key"
import { storedKeysOf } from "../keys/resolve-keys"
import { primaryKeyText } from "../inserts/primary-key"
import { loadScopes } from "../keys/rows/stored-scope"
import { loadWholeRows } from "../keys/rows/whole-rows"
import { writeKeys } from "../keys/rows/write-keys"

const BATCH = 500

type KeyRow = Pick<NumberedRow, "metadata" | "id">

/** @internal A key that a row has got with its number. */
export interface LateKey<Row extends KeyRow = KeyRow> {
    readonly key: StoredKey
    readonly row: Row
    readonly text: string
}

/**
 * Gives rows that have just got their numbers the keys that are made of them.
 * @internal
 */
export async function giveLateKeys<Row extends KeyRow>(
    session: Session,
    rows: readonly Row[],
): Promise<LateKey<Row>[]> {
    const given: LateKey<Row>[] = []
    for (const [metadata, ofClass] of groupBy(rows, (row) => row.metadata))
        for (const key of storedKeysOf(metadata))
            if (isMadeOfNumber(key))
                for (const batch of batches(ofClass, BATCH))
                    given.push(...(await giveKeys(session, key, batch)))
    return given
}

async function giveKeys<Row extends KeyRow>(
    session: Session,
    key: StoredKey,
    rows: readonly Row[],
): Promise<LateKey<Row>[]> {
    const { metadata, column } = key
    const assigner = KeyAssigner.of(session)
    const ids = rows.map(({ id }) => id)
    const stored = await loadWholeRows(session, key, ids)
    const wanting = rows.flatMap((row) => {
        const found = stored.get(primaryKeyText(metadata, row.id))
        return found && column.getEntityValue(found) === null ? [{ row, found }] : []
    })
    if (wanting.length === 0 || !assigner) return []
    const scopes = await loadScopes(
        session,
        key,
        wanting.map(({ found }) => found),
    )
    const wishes = wanting.map(({ found }, at) => {
        const view = viewOfLoaded(key, found)
        addStored(view, found, key.relations)
        return wishFor(key, scopes[at] as Scope, view)
    })
    const areFound = wishes.map(({ got }) => got === undefined)
    await giveFreeKeys(session, assigner.locks, wishes)
    const given = wanting.flatMap(({ row }, at) => {
        const text = wishes[at]?.got
        return typeof text === "string" ? [{ key, row, text, isFound: areFound[at] }] : []
    })
    const origin = given.every(({ isFound }) => isFound) ? "found" : "derived"
    await assigner.give(key, origin, () =>
        writeKeys(
            session,
            key,
            given.map(({ row: { id }, text }) => ({ row: id, text })),
        ),
    )
    if (key.history !== false)
        await claimKeys(
            session,
            key,
            given.map(({ row: { id }, text, isFound }) => ({ id, text, isFound })),
        )
    return given
}

import { groupBy } from "../../group-by"
import type { RowScopes } from "../../inserts/row-scope"
import type { Session } from "../../inserts/session"
import { addRelated } from "../derive/related-rows"
import { takenError } from "../history/history"
import { findTaken } from "../rows/taken-keys"
import { giveFreeKeys, placeOf } from "../free/free-keys"
import type { KeyLocks } from "../free/key-locks"
import type { AwaitedKeys } from "./awaited-keys"
import type { StoredKey } from "../pseudo-key"
import { isContended, isLate, isLookedFor, type KeyedRow } from "./keyed-row"
import { wishFor } from "../free/wish"

/**
 * Makes the keys of rows that have to be looked for, and puts them into the INSERT.
 * @internal
 */
export async function assignEarlyKeys(
    { inner }: Session,
    locks: KeyLocks,
    awaited: AwaitedKeys,
    rows: readonly KeyedRow[],
    scopes: RowScopes,
): Promise<void> {
    await refuseTaken({ inner }, locks, rows, scopes)
    await makeKeys({ inner }, locks, awaited, rows, scopes)
}

/** @internal The same, of those that the caller has not set; some are made again. */
export async function makeKeys(
    { inner }: Pick<Session, "inner">,
    locks: KeyLocks,
    awaited: AwaitedKeys,
    rows: readonly KeyedRow[],
    scopes: RowScopes,
    isWanted: (row: KeyedRow, key: StoredKey) => boolean = () => true,
): Promise<void> {
    // Of one class all rows have the same keys, and one key may be made of those before it.
    for (const [keys, ofClass] of groupBy(rows, (row) => row.keys))
        for (const key of keys) {
            if (!isLookedFor(key) || isLate(key)) continue
            const wanting = ofClass.filter((row) => row.missing.includes(key) && isWanted(row, key))
            await addRelated(
                inner.manager,
                wanting.map(({ view }) => view),
                key.relations,
            )
            const wishes = wanting.map((row) => wishFor(key, scopes.of(key, row.row), row.view))
            await giveFreeKeys(inner, locks, wishes, ({ scope }, text) =>
                awaited.has(key, scope, text),
            )
            for (const [at, row] of wanting.entries()) row.assign(key, wishes[at]?.got as string)
        }
}

/** Keys that the caller has set, where others may look for the same or have had it. */
async function refuseTaken(
    { inner }: Pick<Session, "inner">,
    locks: KeyLocks,
    rows: readonly KeyedRow[],
    scopes: RowScopes,
): Promise<void> {
    const explicit = rows.flatMap((row) =>
        row.explicit.filter(isContended).flatMap((key) => {
            const scope = scopes.find(key, row.row)
            return scope ? { key, scope, text: row.textOf(key) } : []
        }),
    )
    for (const [place, ofPlace] of groupBy(explicit, placeOf)) {
        const texts = ofPlace.map(({ text }) => text)
        await locks.tryLock(place, texts)
        for (const text of texts) locks.give(place, text)
        const [first] = ofPlace
        // The unique index refuses the others, and lets an upsert bring the key of its row along.
        if (!first || first.key.history === false) continue
        const [taken] = await findTaken(inner, first.key, first.scope, texts)
        if (taken !== undefined) throw takenError(first.key, taken)
    }
}

import type { Scope } from "../../dialects/columns"
import { groupBy } from "../../group-by"
import type { RowScopes } from "../../inserts/row-scope"
import type { Session } from "../../inserts/session"
import { addRelated } from "../derive/related-rows"
import { giveFreeKeys, placeOf } from "../free/free-keys"
import type { KeyLocks } from "../free/key-locks"
import { type Wish, wishFor } from "../free/wish"
import { takenError } from "../history/history"
import type { StoredKey } from "../pseudo-key"
import { findTaken } from "../rows/taken-keys"
import type { AwaitedKeys } from "./awaited-keys"
import { isContended, isLate, isLookedFor, type KeyedRow } from "./keyed-row"

/**
 * Makes the keys of rows that have to be looked for, and puts them into the INSERT.
 * @internal
 */
export async function assignEarlyKeys(
    session: Session,
    locks: KeyLocks,
    awaited: AwaitedKeys,
    rows: readonly KeyedRow[],
    scopes: RowScopes,
): Promise<void> {
    await lockExplicit(session, locks, rows, scopes)
    await makeKeys(session, locks, awaited, rows, scopes)
}

/** @internal The same, of those that the caller has not set; some are made again. */
export async function makeKeys(
    session: Session,
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
                session,
                wanting.map(({ view }) => view),
                key.relations,
            )
            const wishes = wanting.map((row) => wishFor(key, scopes.of(key, row.row), row.view))
            await refuseFormer(session, wishes.flatMap(exactly))
            for (const [at, row] of wanting.entries())
                if (wishes[at]?.got === undefined) row.found.add(key)
            await giveFreeKeys(session, locks, wishes, ({ scope }, text) =>
                awaited.has(key, scope, text),
            )
            for (const [at, row] of wanting.entries()) row.assign(key, wishes[at]?.got ?? null)
        }
}

interface Exact {
    readonly key: StoredKey
    readonly scope: Scope
    readonly text: string
}

function exactly({ key, scope, got }: Wish): Exact[] {
    return typeof got === "string" ? [{ key, scope, text: got }] : []
}

/** Keys that the caller has set, where others may look for the same or have had it. */
async function lockExplicit(
    session: Session,
    locks: KeyLocks,
    rows: readonly KeyedRow[],
    scopes: RowScopes,
): Promise<void> {
    const explicit = rows.flatMap((row) =>
        row.explicit.filter(isContended).flatMap((key): Exact[] => {
            const scope = scopes.find(key, row.row)
            return scope ? [{ key, scope, text: row.textOf(key) as string }] : []
        }),
    )
    for (const [place, ofPlace] of groupBy(explicit, placeOf)) {
        const texts = ofPlace.map(({ text }) => text)
        await locks.tryLock(place, texts)
        for (const text of texts) locks.give(place, text)
    }
    await refuseFormer(session, explicit)
}

/**
 * What rows have had, or have, and the history would refuse. The unique index refuses the others,
 * and lets an upsert bring the key of its row along.
 */
async function refuseFormer(session: Session, exact: readonly Exact[]): Promise<void> {
    const kept = exact.filter(({ key }) => key.history !== false)
    for (const [, ofPlace] of groupBy(kept, placeOf)) {
        const [{ key, scope }] = ofPlace as [Exact, ...Exact[]]
        const texts = ofPlace.map(({ text }) => text)
        const [taken] = await findTaken(session, key, scope, texts)
        if (taken !== undefined) throw takenError(key, taken)
    }
}

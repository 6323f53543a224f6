import type { ObjectLiteral } from "typeorm"
import type { Scope } from "../../dialects/columns"
import { StaleSnapshotError } from "../../errors"
import type { Session } from "../../inserts/session"
import type { StoredKey } from "../pseudo-key"
import { readRows, withPrimaryKey } from "../rows/read-rows"
import { storedScope } from "../rows/stored-scope"
import { findTaken } from "../rows/taken-keys"
import { claim, takenError, takeOut } from "./history"

/** @internal How a row changes with its key. */
export interface Change {
    readonly before: StoredRow
    /** The scope that the row is about to be in, and its key; undefined where that stays. */
    readonly scope: Scope
    readonly text: unknown
    readonly owner: string
}

/** @internal Writes the key that a row has had down as that of before, and the one that it is about to have. */
export async function retire(
    session: Session,
    key: StoredKey,
    { before, scope, text = before.text, owner }: Change,
): Promise<void> {
    const isMoved = scope.key !== before.scope.key
    if (text === before.text && !isMoved) return
    // A row that others have inserted may have it without having claimed it.
    const unclaimed = { ...key, history: false } as const
    if (typeof text === "string" && (text !== before.text || isMoved)) {
        const taken = await findTaken(session, unclaimed, scope, [text])
        if (taken.has(text)) throw takenError(key, text)
    }
    await refuseStale(session, key, before)
    await claimChange(session, key, { before, scope, text, owner })
}

/** @internal Refuses to change a key that somebody else has changed since the snapshot of the transaction. */
export async function refuseStale(
    session: Session,
    key: StoredKey,
    { text, scope }: StoredRow,
): Promise<void> {
    if (key.dialect.keys.latest === undefined || text === undefined) return
    const seen = await findTaken(session, { ...key, history: false }, scope, [text])
    if (!seen.has(text)) throw staleError(key)
}

/** @internal The same as {@link retire}, where no other row has the key. */
export async function claimChange(
    session: Session,
    key: StoredKey,
    { before, scope, text, owner }: Change,
): Promise<void> {
    const isMoved = scope.key !== before.scope.key
    try {
        const had = isMoved ? await takeOut(session, key, owner) : []
        const retired = new Set(before.text === undefined ? had : [...had, before.text])
        if (typeof text === "string") {
            await claim(session, key, [{ scope, text, owner }])
            retired.delete(text)
        }
        const claims = [...retired].map((one) => ({ scope, text: one, owner, isRetired: true }))
        await claim(session, key, claims)
    } catch (error) {
        // The history has moved, and the row has not.
        if (isMoved) session.joinTransaction().refuseCommit(error as Error)
        throw error
    }
}

function staleError({ label }: StoredKey): StaleSnapshotError {
    return new StaleSnapshotError(
        `${label}: the key of a row was changed by somebody else since the transaction took its ` +
            "snapshot. Repeat the transaction, as transactionWithRetry does, or use READ COMMITTED.",
        { cause: new Error("The row has changed since the snapshot.") },
    )
}

/** @internal */
export interface StoredRow {
    /** The key that the row has; undefined for none. */
    readonly text: string | undefined
    readonly scope: Scope
}

/** @internal What a row has now: another transaction may have changed it since it was loaded. */
export async function lockRow(
    session: Session,
    key: StoredKey,
    stored: ObjectLiteral,
): Promise<StoredRow> {
    const { dialect, metadata, column, scopeColumns } = key
    const [row] = await readRows(
        session,
        metadata,
        [column, ...scopeColumns],
        [withPrimaryKey(metadata, stored)],
        // It comes before all that takes a snapshot, which is not older than the lock then.
        { lock: dialect.keys.locks !== undefined },
    )
    const [text, ...values] = row ?? [column.getEntityValue(stored) as unknown]
    return {
        text: typeof text === "string" ? text : undefined,
        scope: storedScope(key, values),
    }
}

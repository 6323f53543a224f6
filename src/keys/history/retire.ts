import type { ObjectLiteral } from "typeorm"
import type { Scope } from "../../dialects/columns"
import { StaleSnapshotError } from "../../errors"
import type { Session } from "../../inserts/session"
import { scopeSqls } from "../../series/scopes/scope"
import { ofRow } from "../../typeorm/names"
import type { StoredKey } from "../pseudo-key"
import { readExpressions } from "../../typeorm/rows/read-rows"
import { withPrimaryKey } from "../../inserts/primary-key"
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
    /** Whether the key is made, and not set. */
    readonly isMade?: boolean
}

/** @internal Writes the key that a row has had down as that of before, and the one that it is about to have. */
export async function retire(
    session: Session,
    key: StoredKey,
    { before, scope, text = before.text, owner }: Change,
): Promise<void> {
    const isMoved = scope.key !== before.scope.key
    if (text === before.text && !isMoved) return
    if (typeof text === "string" && (text !== before.text || isMoved)) {
        const taken = await findTaken(session, unclaimed(key), scope, [text])
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
    const seen = await findTaken(session, unclaimed(key), scope, [text])
    if (!seen.has(text)) throw staleError(key)
}

/** @internal The same as {@link retire}, where no other row has the key. */
export async function claimChange(
    session: Session,
    key: StoredKey,
    { before, scope, text, owner, isMade = false }: Change,
): Promise<void> {
    const isMoved = scope.key !== before.scope.key
    try {
        const had = isMoved ? await takeOut(session, key, owner) : []
        const retired = new Set(before.text === undefined ? had : [...had, before.text])
        if (typeof text === "string") {
            await claim(session, key, [{ scope, text, owner }])
            retired.delete(text)
        }
        if (isMoved) {
            const others = isMade ? key : unclaimed(key)
            for (const taken of await findTaken(session, others, scope, [...retired])) {
                if (!isMade) throw takenError(key, taken)
                // The new one was made as this is another row's there, to which it goes on leading.
                retired.delete(taken)
            }
        }
        const claims = [...retired].map((one) => {
            const isHeld = !isMoved && one === before.text
            return { scope, text: one, owner, isRetired: true, isHeld }
        })
        await claim(session, key, claims)
    } catch (error) {
        // The history has moved, and the row has not.
        if (isMoved) session.joinTransaction().refuseCommit(error as Error)
        throw error
    }
}

/** @internal A row from before the history, or that others have inserted, may have its key without having claimed it. */
export function unclaimed(key: StoredKey): StoredKey {
    return { ...key, history: false }
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
    const { dialect, metadata, column } = key
    const [row] = await readExpressions(
        session,
        metadata,
        [ofRow(column), ...scopeSqls(key, "t.")],
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

import type { ObjectLiteral, RemoveEvent, UpdateEvent } from "typeorm"
import type { Scope } from "../../dialects/columns"
import {
    InvalidKeyError,
    StaleSnapshotError,
    TransactionRequiredError,
    UnsupportedError,
} from "../../errors"
import { Session } from "../../inserts/session"
import { placeOf } from "../free/free-keys"
import { KeyAssigner } from "../insert/key-assigner"
import { getsNumber, keyWithNumber } from "../insert/awaited-numbers"
import { isLookedFor, refuseInvalid } from "../insert/keyed-row"
import type { StoredKey } from "../pseudo-key"
import { storedKeysOf } from "../resolve-keys"
import { readRows, withPrimaryKey } from "../rows/read-rows"
import { changedScope, storedScope } from "../rows/stored-scope"
import { findTaken } from "../rows/taken-keys"
import { isShown } from "../shown-keys"
import { ownerOf } from "./claim-keys"
import { claim, forget, takenError, takeOut } from "./history"

/**
 * Looks at the keys that an UPDATE changes, and writes the ones before down where there is a history.
 * @internal
 */
export function changeKeys(event: UpdateEvent<ObjectLiteral>): Promise<void> | undefined {
    const { entity, metadata } = event
    // Undefined for rows that `update()` changes without loading them.
    const stored = event.databaseEntity as ObjectLiteral | undefined
    if (!entity) return undefined
    const changed: StoredKey[] = []
    for (const key of storedKeysOf(metadata)) {
        // It is not the row's yet, and save() may not have loaded what it is made of.
        if (stored && isShown(key, entity) && typeof key.column.getEntityValue(stored) !== "string")
            key.column.setEntityValue(entity, null)
        const value: unknown = key.column.getEntityValue(entity)
        if (!stored) refuseUpdate(key, value, entity)
        else if (isChanged(key, value, stored) || isMoved(key, entity, stored)) changed.push(key)
    }
    if (!stored) return undefined
    const numbered = storedKeysOf(metadata).filter((key) => getsNumber(key, entity, stored))
    if (changed.length + numbered.length === 0) return undefined
    const session = Session.of(event.queryRunner)
    return session.together(async () => {
        for (const key of numbered) await keyWithNumber(session, key, entity, stored)
        await changeAll(session, [...changed, ...numbered], entity, stored)
    })
}

/** For `update()`, which does not tell the rows. */
function refuseUpdate(key: StoredKey, value: unknown, entity: ObjectLiteral): void {
    const isMoving =
        key.history !== false &&
        key.scopeColumns.some((column) => column.getEntityValue(entity) !== undefined)
    if (value === undefined && !isMoving) return
    if (key.history !== false)
        throw new UnsupportedError(
            `${key.label} has a history, and update() and the query builder don't tell which rows they ` +
                `change${isMoving ? ", nor from which scope" : ""}. Load the row and save() it.`,
        )
    if (value === null) refuseRemoval(key)
    else if (typeof value !== "function") refuseInvalid(key, value)
}

function isChanged({ column }: StoredKey, value: unknown, stored: ObjectLiteral): boolean {
    return value !== undefined && value !== column.getEntityValue(stored)
}

function isMoved(key: StoredKey, entity: ObjectLiteral, stored: ObjectLiteral): boolean {
    if (key.history === false) return false
    return key.scopeColumns.some((column) => {
        const value: unknown = column.getEntityValue(entity)
        return value !== undefined && value !== column.getEntityValue(stored)
    })
}

function refuseRemoval({ label, column }: StoredKey): void {
    if (!column.isNullable)
        throw new InvalidKeyError(`${label} is set to NULL. Set another key, or leave it as it is.`)
}

async function changeAll(
    session: Session,
    keys: readonly StoredKey[],
    entity: ObjectLiteral,
    stored: ObjectLiteral,
): Promise<void> {
    for (const key of keys) {
        const { metadata } = key
        const value: unknown = key.column.getEntityValue(entity)
        if (value === null) refuseRemoval(key)
        else if (value !== undefined) refuseInvalid(key, value)
        const isLocked = typeof value === "string" && session.isInTransaction && isLookedFor(key)
        if (key.history !== false) refuseWithoutTransaction(session, key)
        else if (!isLocked) continue

        const before = await lockRow(session, key, stored)
        const scope = changedScope(key, before.scope, entity)
        // Those who look for a free key go round one that a row is about to have.
        if (isLocked) {
            const locks = KeyAssigner.of(session)?.locks
            await locks?.tryLock(placeOf({ key, scope }), [value])
        }
        if (key.history !== false)
            await retire(session, key, {
                before,
                scope,
                text: value,
                owner: ownerOf(metadata, stored),
            })
    }
}

function refuseWithoutTransaction({ isInTransaction }: Session, { label }: StoredKey): void {
    if (!isInTransaction)
        throw new TransactionRequiredError(
            `${label} has a history, which is written before the row. Use save() without ` +
                "{ transaction: false }, or change it inside dataSource.transaction(…).",
        )
}

interface Change {
    readonly before: StoredRow
    /** The scope that the row is about to be in, and its key; undefined where that stays. */
    readonly scope: Scope
    readonly text: unknown
    readonly owner: string
}

async function retire(
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
    if (key.dialect.keys.latest !== undefined && before.text !== undefined) {
        const seen = await findTaken(session, unclaimed, before.scope, [before.text])
        if (!seen.has(before.text)) throw staleError(key)
    }
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

interface StoredRow {
    /** The key that the row has; undefined for none. */
    readonly text: string | undefined
    readonly scope: Scope
}

/** What a row has now: another transaction may have changed it since it was loaded. */
async function lockRow(
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

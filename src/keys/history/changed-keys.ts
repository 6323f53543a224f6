import type { ObjectLiteral, RemoveEvent, UpdateEvent } from "typeorm"
import type { Scope } from "../../dialects/columns"
import { InvalidKeyError, TransactionRequiredError, UnsupportedError } from "../../errors"
import { Session } from "../../inserts/session"
import { columnName, tableName } from "../../typeorm/names"
import { select } from "../../typeorm/statement"
import { placeOf } from "../free/free-keys"
import { KeyAssigner } from "../insert/key-assigner"
import { getsNumber, keyWithNumber } from "../insert/awaited-numbers"
import { isLookedFor, refuseInvalid } from "../insert/keyed-row"
import type { StoredKey } from "../pseudo-key"
import { storedKeysOf } from "../resolve-keys"
import { Parameters } from "../rows/parameters"
import { changedScope, loadScope } from "../rows/stored-scope"
import { findTaken } from "../rows/taken-keys"
import { isShown } from "../shown-keys"
import { claim, type Claim, forget, moveScope, ownerOf, takenError } from "./history"

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
        const value: unknown = key.column.getEntityValue(entity)
        if (value === null) refuseRemoval(key)
        else if (value !== undefined) refuseInvalid(key, value)
        const isLocked = typeof value === "string" && session.isInTransaction && isLookedFor(key)
        if (key.history !== false) refuseWithoutTransaction(session, key)
        else if (!isLocked) continue

        const before = await loadScope(session.inner, key, stored)
        const scope = changedScope(key, before, entity)
        // Those who look for a free key go round one that a row is about to have.
        if (isLocked) {
            const locks = KeyAssigner.of(session)?.locks
            await locks?.tryLock(placeOf({ key, scope }), [value])
        }
        if (key.history === false) continue
        const isMoved = scope.key !== before.key
        await retire(session, key, { entity, stored, scope, isMoved })
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
    readonly entity: ObjectLiteral
    readonly stored: ObjectLiteral
    /** The scope that the row is about to be in. */
    readonly scope: Scope
    readonly isMoved: boolean
}

async function retire(
    session: Session,
    key: StoredKey,
    { entity, stored, scope, isMoved }: Change,
): Promise<void> {
    const { inner: runner } = session
    const { metadata, column } = key
    const owner = ownerOf(metadata, stored)
    const former = await formerKey(runner, key, stored)
    const value: unknown = column.getEntityValue(entity)
    const isChanged = typeof value === "string" && value !== former
    const text = isChanged ? value : former
    if (text === undefined || !(isChanged || isMoved)) return
    // A row that others have inserted may have it without having claimed it.
    const taken = await findTaken(runner, { ...key, history: false }, scope, [text])
    if (taken.has(text)) throw takenError(key, text)

    const claims: Claim[] = [{ key, scope, owner, text, isRetired: false }]
    if (isChanged && former !== undefined)
        claims.push({ key, scope, owner, text: former, isRetired: true })
    try {
        if (isMoved) await moveScope(runner, key, owner, scope)
        await claim(runner, claims)
    } catch (error) {
        // The history has moved, and the row has not.
        if (isMoved) session.joinTransaction().refuseCommit(error as Error)
        throw error
    }
}

/** The key that the row has, whatever it had when it was loaded. */
async function formerKey(
    runner: Session["inner"],
    { dataSource, dialect, metadata, column }: StoredKey,
    stored: ObjectLiteral,
): Promise<string | undefined> {
    const parameters = new Parameters(dataSource)
    const where = metadata.primaryColumns.map(
        (c) => `t.${columnName(c)} = ${parameters.add(c.getEntityValue(stored, true))}`,
    )
    // Another transaction may have changed it since it was loaded.
    const lock = dialect.keys.locks ? " FOR UPDATE" : ""
    const [row] = await select<{ former: unknown }>(runner, {
        sql:
            `SELECT t.${columnName(column)} AS ${dataSource.driver.escape("former")} ` +
            `FROM ${tableName(metadata)} t WHERE ${where.join(" AND ")}${lock}`,
        parameters: parameters.values,
    })
    const value: unknown = row ? row.former : column.getEntityValue(stored)
    return typeof value === "string" ? value : undefined
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
    await Session.of(event.queryRunner).together(async (runner) => {
        for (const key of keys) await freeKey(runner, key, stored)
    })
}

async function freeKey(
    runner: Session["inner"],
    key: StoredKey,
    stored: ObjectLiteral,
): Promise<void> {
    const owner = ownerOf(key.metadata, stored)
    if (key.history === true) return forget(runner, key, [owner])
    const text = await formerKey(runner, key, stored)
    const scope = await loadScope(runner, key, stored)
    if (text !== undefined) await claim(runner, [{ key, scope, text, owner, isRetired: true }])
}

/** @internal Whether rows of an entity leave keys behind. */
export function keepsHistory(event: RemoveEvent<ObjectLiteral>): boolean {
    return storedKeysOf(event.metadata).some(({ history }) => history !== false)
}

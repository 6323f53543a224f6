import type { ObjectLiteral, UpdateEvent } from "typeorm"
import { InvalidKeyError, TransactionRequiredError, UnsupportedError } from "../../errors"
import { Session } from "../../inserts/session"
import { isShown } from "../../typeorm/shown-values"
import { placeOf } from "../free/free-keys"
import { ownerOf } from "../history/claim-keys"
import { lockRow, retire } from "../history/retire"
import { getsNumber, keyWithNumber } from "./awaited-numbers"
import { KeyAssigner } from "../insert/key-assigner"
import { composed, isLookedFor, isNone, refuseInvalid } from "../insert/keyed-row"
import type { StoredKey } from "../pseudo-key"
import { pseudoKeysOf, storedKeysOf } from "../resolve-keys"
import { refuseSetKeys } from "../sealed/sealed-property"
import { refuseSetReferences } from "../sealed/sealed-reference"
import { changedScope } from "../rows/stored-scope"
import { changedView, outdatedView } from "./changed-view"
import { SetKeys } from "./exchanged-keys"
import { isAskedFor, remakeKey } from "./remade-key"

/**
 * Looks at the keys that an UPDATE changes, and writes the ones before down where there is a history.
 * @internal
 */
export function changeKeys(event: UpdateEvent<ObjectLiteral>): Promise<void> | undefined {
    const { entity, metadata } = event
    // Undefined for rows that `update()` changes without loading them.
    const stored = event.databaseEntity as ObjectLiteral | undefined
    if (!entity) return undefined
    if (stored) {
        refuseSetKeys(pseudoKeysOf(metadata).sealed, entity)
        refuseSetReferences(metadata, entity, stored)
    }
    const changed: Changed[] = []
    for (const key of storedKeysOf(metadata)) {
        if (stored) showStored(key, entity, stored)
        if (stored) changed.push(...kindOf(key, entity, stored))
        else refuseUpdate(key, entity)
    }
    if (!stored || changed.length === 0) return undefined
    const session = Session.of(event.queryRunner)
    const set = SetKeys.of(session)
    for (const { key, kind } of changed) {
        if (kind !== "set") continue
        const value: unknown = key.column.getEntityValue(entity)
        if (key.column.getEntityValue(stored) === undefined) set.addUnselected({ key, stored })
        if (typeof value === "string") set.add({ key, entity, stored, text: composed(key, value) })
    }
    return session.together(async () => {
        const locks = KeyAssigner.of(session)?.locks
        if (locks) await set.exchange(session, locks)
        // A key that is not selected may be the one that the row has, and not be set.
        const known = changed.flatMap(({ key }) => kindOf(key, entity, stored))
        // One key may be made of those before it.
        for (const one of known)
            if (!set.isExchanged(one.key, entity)) await change(session, one, entity, stored)
        locks?.forgetGiven()
    })
}

/** What a row showed for want of a key, another row may have by now; or it has got a key itself. */
function showStored({ column }: StoredKey, entity: ObjectLiteral, stored: ObjectLiteral): void {
    if (isShown(column, entity) && !isShown(column, stored))
        column.setEntityValue(entity, column.getEntityValue(stored))
}

/** What becomes of a key: it is made with the number of its row, or anew, or is as the caller sets it. */
interface Changed {
    readonly key: StoredKey
    readonly kind: "numbered" | "asked" | "set" | "moved" | "maybe"
}

function kindOf(key: StoredKey, entity: ObjectLiteral, stored: ObjectLiteral): Changed[] {
    const value: unknown = key.column.getEntityValue(entity)
    const before: unknown = key.column.getEntityValue(stored)
    if (getsNumber(key, entity, stored)) return [{ key, kind: "numbered" }]
    if (isAskedFor(key, value)) return [{ key, kind: "asked" }]
    if (value !== undefined && value !== before) return [{ key, kind: "set" }]
    if (isMoved(key, entity, stored)) return [{ key, kind: "moved" }]
    const mayWait = key.derive && key.column.isNullable && isNone(before)
    return key.follows || mayWait ? [{ key, kind: "maybe" }] : []
}

async function change(
    session: Session,
    { key, kind }: Changed,
    entity: ObjectLiteral,
    stored: ObjectLiteral,
): Promise<void> {
    if (kind === "maybe") {
        const view = await outdatedView(session, key, entity, stored)
        if (view) await remakeKey(session, key, entity, stored, view)
        return
    }
    if (kind === "asked" || (kind === "moved" && key.follows)) {
        const view = await changedView(session, key, entity, stored)
        // What is gone is not updated either.
        if (view) await remakeKey(session, key, entity, stored, view)
        return
    }
    if (kind === "numbered") await keyWithNumber(session, key, entity, stored)
    await changeOne(session, key, entity, stored)
}

/** For `update()`, which does not tell the rows. */
function refuseUpdate(key: StoredKey, entity: ObjectLiteral): void {
    const value: unknown = key.column.getEntityValue(entity)
    const isMoving =
        key.history !== false &&
        key.scopeColumns.some((column) => column.getEntityValue(entity) !== undefined)
    if (value === undefined && key.follows) refuseFollowed(key, entity)
    if (value === undefined && !isMoving) return
    if (key.history !== false)
        throw new UnsupportedError(
            `${key.label} has a history, and update() and the query builder don't tell which rows they ` +
                `change${isMoving ? ", nor from which scope" : ""}. Load the row and save() it.`,
        )
    if (value === null) refuseRemoval(key)
    else if (typeof value !== "function") refuseInvalid(key, value)
}

function refuseFollowed(key: StoredKey, entity: ObjectLiteral): void {
    const read = key.metadata.columns.find(
        (column) => column.getEntityValue(entity) !== undefined && key.reads(column),
    )
    if (read)
        throw new UnsupportedError(
            `${key.label} follows ${read.propertyPath}, and update() and the query builder don't tell which ` +
                "rows they change. Load the row and save() it, or set the key as well.",
        )
}

function isMoved(key: StoredKey, entity: ObjectLiteral, stored: ObjectLiteral): boolean {
    if (key.history === false && !key.follows) return false
    return key.scopeColumns.some((column) => {
        const value: unknown = column.getEntityValue(entity)
        return value !== undefined && value !== column.getEntityValue(stored)
    })
}

function refuseRemoval({ label, column }: StoredKey): void {
    if (!column.isNullable)
        throw new InvalidKeyError(`${label} is set to NULL. Set another key, or leave it as it is.`)
}

async function changeOne(
    session: Session,
    key: StoredKey,
    entity: ObjectLiteral,
    stored: ObjectLiteral,
): Promise<void> {
    let value: unknown = key.column.getEntityValue(entity)
    if (value === null) refuseRemoval(key)
    else if (value !== undefined) {
        refuseInvalid(key, value)
        const text: string = composed(key, value)
        if (text !== value) key.column.setEntityValue(entity, text)
        value = text
    }
    const isLocked = typeof value === "string" && session.isInTransaction && isLookedFor(key)
    if (key.history !== false) refuseWithoutTransaction(session, key)
    else if (!isLocked) return

    const before = await lockRow(session, key, stored)
    const scope = changedScope(key, before.scope, entity)
    // Those who look for a free key go round one that a row is about to have.
    if (isLocked) {
        const locks = KeyAssigner.of(session)?.locks
        await locks?.tryLock(placeOf({ key, scope }), [value as string])
    }
    if (key.history !== false) {
        const owner = ownerOf(key.metadata, stored)
        await retire(session, key, { before, scope, text: value, owner })
    }
}

function refuseWithoutTransaction({ isInTransaction }: Session, { label }: StoredKey): void {
    if (!isInTransaction)
        throw new TransactionRequiredError(
            `${label} has a history, which is written before the row. Use save() without ` +
                "{ transaction: false }, or change it inside dataSource.transaction(…).",
        )
}

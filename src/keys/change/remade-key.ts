import type { ObjectLiteral } from "typeorm"
import { KeyTakenError, TransactionRequiredError } from "../../errors"
import type { Session } from "../../inserts/session"
import type { RowView } from "../derive/row-view"
import { giveFreeKeys } from "../free/free-keys"
import { type Wish, wishFor } from "../free/wish"
import { ownerOf } from "../history/claim-keys"
import { keysOfOwner, staleKeyError, takenError } from "../history/history"
import { claimChange, lockRow, refuseStale, type StoredRow, unclaimed } from "../history/retire"
import { KeyAssigner } from "../insert/key-assigner"
import { isLookedFor } from "../insert/keyed-row"
import type { StoredKey } from "../pseudo-key"
import { changedScope } from "../rows/stored-scope"
import { preparedValue } from "../../inserts/primary-key"
import { findTaken } from "../rows/taken-keys"
import { writeValues } from "../rows/write-keys"
import type { Scope } from "../../dialects/columns"

const MAX_ATTEMPTS = 100

/** @internal Whether a caller asks for another key: by nothing in the place of one that has to be there. */
export function isAskedFor({ column }: StoredKey, value: unknown): boolean {
    return value === "" || (value === null && !column.isNullable)
}

/**
 * Makes the key of a stored row anew, for the row as it is about to be. It is in the table then, and its former
 * one retired, before the UPDATE that it goes with: what the unique index says of it can be heeded.
 * @internal
 */
export async function remakeKey(
    session: Session,
    key: StoredKey,
    entity: ObjectLiteral,
    stored: ObjectLiteral,
    view: RowView,
): Promise<void> {
    refuseWithoutTransaction(session, key)
    const { column } = key
    const given: unknown = column.getEntityValue(entity)
    const text = await makeFor(session, key, { entity, stored, view })
    column.setEntityValue(entity, text)
    session.onRollback(() => {
        if (column.getEntityValue(entity) === text) column.setEntityValue(entity, given)
    })
}

async function makeFor(
    session: Session,
    key: StoredKey,
    { entity, stored, view }: { entity: ObjectLiteral; stored: ObjectLiteral; view: RowView },
): Promise<string | null> {
    const before = await lockRow(session, key, stored)
    const scope = changedScope(key, before.scope, entity)
    const owner = ownerOf(key.metadata, stored)
    await refuseStale(session, key, before)
    const own = await ownTexts(session, key, { before, scope, owner })
    const isMoved = scope.key !== before.scope.key
    // What the row has in the table, and whether an attempt has written it.
    let written = before.text
    let isWritten = false
    for (let attempt = 1; ; attempt++) {
        const { text, isFound } = await freeKey(session, key, scope, view, own)
        if (text === before.text && !isMoved && !isWritten) return text
        if (!isFound && typeof text === "string" && !own.has(text)) {
            const taken = await findTaken(session, key, scope, [text])
            if (taken.has(text)) throw takenError(key, text)
        }
        try {
            if (isMoved || (text !== null && text !== written)) {
                await writeMade(session, key, { entity, stored, text, isMoved })
                written = text ?? undefined
                isWritten = true
            }
            if (key.history !== false)
                await claimChange(session, key, { before, scope, text, owner, isMade: true })
            return text
        } catch (error) {
            const isTaken = error instanceof KeyTakenError && isFound
            // What has been given is not tried again.
            if (
                isTaken &&
                !isMoved &&
                attempt < MAX_ATTEMPTS &&
                key.dialect.keys.outlivesDuplicates
            )
                continue
            // The row has a key that the history does not know.
            if (isWritten) session.joinTransaction().refuseCommit(error as Error)
            throw isTaken ? staleKeyError(key, error) : error
        }
    }
}

interface Made {
    readonly entity: ObjectLiteral
    readonly stored: ObjectLiteral
    readonly text: string | null
    readonly isMoved: boolean
}

/** With where the row moves: in the place that it leaves others may have the key. */
async function writeMade(
    session: Session,
    { metadata, column, scopeColumns }: StoredKey,
    { entity, stored, text, isMoved }: Made,
): Promise<void> {
    const moved = scopeColumns.filter((one) => isMoved && one.getEntityValue(entity) !== undefined)
    const values = [text, ...moved.map((one) => preparedValue(one, entity))]
    await writeValues(session, metadata, [column, ...moved], [{ row: stored, values }])
}

/** A key for the row, and whether it was looked for, or is as `derive` makes it. */
async function freeKey(
    session: Session,
    key: StoredKey,
    scope: Scope,
    view: RowView,
    own: ReadonlySet<string>,
): Promise<{ text: string | null; isFound: boolean }> {
    if (!isLookedFor(key)) return { text: key.generate(), isFound: false }
    const wish: Wish = wishFor(key, scope, view, { own })
    const isFound = wish.got === undefined
    const locks = KeyAssigner.of(session)?.locks
    if (locks) await giveFreeKeys(session, locks, [wish])
    return { text: wish.got ?? null, isFound }
}

/** Those that `derive` may make again: others shall be new ones. */
async function ownTexts(
    session: Session,
    key: StoredKey,
    { before, scope, owner }: { before: StoredRow; scope: Scope; owner: string },
): Promise<ReadonlySet<string>> {
    if (!key.derive) return new Set()
    const now = before.text !== undefined && scope.key === before.scope.key ? [before.text] : []
    const own = key.history === false ? [] : await keysOfOwner(session, key, scope, owner)
    const former = own.filter((text) => !now.includes(text))
    // Another row may have got one of them while the history was off.
    const taken = await findTaken(session, unclaimed(key), scope, former)
    return new Set([...now, ...former.filter((text) => !taken.has(text))])
}

function refuseWithoutTransaction(session: Session, { label }: StoredKey): void {
    if (!session.isInTransaction)
        throw new TransactionRequiredError(
            `${label} is made anew, by statements beside the UPDATE. Use save() without ` +
                "{ transaction: false }, or change the row inside dataSource.transaction(…).",
        )
}

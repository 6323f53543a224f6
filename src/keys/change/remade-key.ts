import type { ObjectLiteral } from "typeorm"
import { KeyTakenError, StaleSnapshotError, TransactionRequiredError } from "../../errors"
import type { Session } from "../../inserts/session"
import type { RowView } from "../derive/row-view"
import { giveFreeKeys } from "../free/free-keys"
import { type Wish, wishFor } from "../free/wish"
import { ownerOf } from "../history/claim-keys"
import { keysOfOwner } from "../history/history"
import { claimChange, lockRow, refuseStale, type StoredRow } from "../history/retire"
import { KeyAssigner } from "../insert/key-assigner"
import { isLookedFor } from "../insert/keyed-row"
import type { StoredKey } from "../pseudo-key"
import { changedScope } from "../rows/stored-scope"
import { writeKeys } from "../rows/write-keys"
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
    for (let attempt = 1; ; attempt++) {
        const text = await freeKey(session, key, scope, view, own)
        if (text === before.text && scope.key === before.scope.key) return text
        try {
            if (text !== null && text !== before.text)
                await writeKeys(session, key, [{ row: stored, text }])
            if (key.history !== false)
                await claimChange(session, key, { before, scope, text, owner })
            return text
        } catch (error) {
            if (!(error instanceof KeyTakenError) || attempt === MAX_ATTEMPTS) throw error
            // What has been given is not tried again.
            if (!key.dialect.keys.outlivesDuplicates) throw staleError(key, error)
        }
    }
}

async function freeKey(
    session: Session,
    key: StoredKey,
    scope: Scope,
    view: RowView,
    own: ReadonlySet<string>,
): Promise<string | null> {
    if (!isLookedFor(key)) return key.generate()
    const wish: Wish = wishFor(key, scope, view, { own })
    const locks = KeyAssigner.of(session)?.locks
    if (locks) await giveFreeKeys(session, locks, [wish])
    return wish.got ?? null
}

/** Those that `derive` may make again: others shall be new ones. */
async function ownTexts(
    session: Session,
    key: StoredKey,
    { before, scope, owner }: { before: StoredRow; scope: Scope; owner: string },
): Promise<ReadonlySet<string>> {
    if (!key.derive) return new Set()
    const now = before.text !== undefined && scope.key === before.scope.key ? [before.text] : []
    const former = key.history === false ? [] : await keysOfOwner(session, key, scope, owner)
    return new Set([...now, ...former])
}

function refuseWithoutTransaction(session: Session, { label }: StoredKey): void {
    if (!session.isInTransaction)
        throw new TransactionRequiredError(
            `${label} is made anew, by statements beside the UPDATE. Use save() without ` +
                "{ transaction: false }, or change the row inside dataSource.transaction(…).",
        )
}

function staleError({ label }: StoredKey, cause: unknown): StaleSnapshotError {
    return new StaleSnapshotError(
        `${label}: a key was looked for and found free, but another row has it since the transaction took ` +
            "its snapshot. Repeat the transaction, as transactionWithRetry does, or use READ COMMITTED.",
        { cause },
    )
}

import { nanoid } from "nanoid"
import type { ObjectLiteral } from "typeorm"
import { groupBy } from "../../group-by"
import type { Session } from "../../inserts/session"
import type { KeyLocks } from "../free/key-locks"
import { placeOf } from "../free/free-keys"
import { ownerOf } from "../history/claim-keys"
import { exchangeClaims } from "../history/history"
import { lockRow, refuseStale, type StoredRow } from "../history/retire"
import type { StoredKey } from "../pseudo-key"
import { refuseInvalid } from "../insert/keyed-row"
import { changedScope } from "../rows/stored-scope"
import { findTaken } from "../rows/taken-keys"
import { writeKeys } from "../rows/write-keys"

/** @internal A row of a call, and the key that it is set to. */
export interface SetKey {
    readonly key: StoredKey
    readonly entity: ObjectLiteral
    readonly stored: ObjectLiteral
    readonly text: string
}

/** A key with which TypeORM has not loaded its row. */
type UnselectedKey = Pick<SetKey, "key" | "stored">

/** One whose row is locked. */
interface LockedKey extends SetKey {
    readonly before: StoredRow
    readonly owner: string
    readonly place: string
}

/**
 * The keys that the rows of one call are set to. Of two rows that swap theirs the first UPDATE would be refused, as the
 * other row has the key still, so that these get them here, before.
 * @internal
 */
export class SetKeys {
    private static readonly open = new WeakMap<Session, SetKeys>()

    /** Those of the call whose rows TypeORM is just announcing, which it does without waiting for anything. */
    static of(session: Session): SetKeys {
        let keys = SetKeys.open.get(session)
        if (!keys) {
            SetKeys.open.set(session, (keys = new SetKeys()))
            void Promise.resolve().then(() => SetKeys.open.delete(session))
        }
        return keys
    }

    private readonly all: SetKey[] = []
    private readonly unselected: UnselectedKey[] = []
    private readonly exchanged = new Map<ObjectLiteral, Set<StoredKey>>()
    private exchanging?: Promise<void>

    add(set: SetKey): void {
        this.all.push(set)
    }

    addUnselected(one: UnselectedKey): void {
        this.unselected.push(one)
    }

    /** Whether a row has got its key already. */
    isExchanged(key: StoredKey, entity: ObjectLiteral): boolean {
        return this.exchanged.get(entity)?.has(key) ?? false
    }

    /** Gives the rows their keys that get those of others of the call. Whoever comes first does it for all. */
    exchange(session: Session, locks: KeyLocks): Promise<void> {
        return (this.exchanging ??= this.exchangeAll(session, locks))
    }

    private async exchangeAll(session: Session, locks: KeyLocks): Promise<void> {
        await readUnselected(session, this.unselected)
        // Without a transaction others would see what stands in between, and it would stay after a failure.
        if (this.all.length < 2 || !session.isInTransaction) return
        for (const { key, text } of this.all) refuseInvalid(key, text)
        for (const [, ofKey] of groupBy(this.all, ({ key }) => key.name)) {
            const given = new Set(ofKey.map(({ key, stored }) => textOf(key, stored)))
            const isOpen = ofKey.some(
                ({ key, stored, text }) => given.has(text) && text !== textOf(key, stored),
            )
            if (!isOpen) continue
            const locked = await lockAll(session, ofKey)
            for (const [, ofPlace] of groupBy(locked, ({ place }) => place))
                await this.exchangeOf(session, locks, exchangedOf(ofPlace))
        }
    }

    private async exchangeOf(
        session: Session,
        locks: KeyLocks,
        rows: readonly LockedKey[],
    ): Promise<void> {
        const [first] = rows
        if (!first) return
        const { key, place, before } = first
        const had = new Set(rows.map((one) => one.before.text))
        const added = rows.flatMap(({ text }) => (had.has(text) ? [] : text))
        await locks.tryLock(place, added)
        const { scope } = before
        const taken = await findTaken(session, { ...key, history: false }, scope, added)
        // It is refused for the row that wants it, and nothing has been written yet.
        if (taken.size > 0) return
        if (key.history !== false)
            for (const one of rows) await refuseStale(session, one.key, one.before)
        const written = (textFor: (one: LockedKey) => string) =>
            rows.map((one) => ({ row: one.stored, text: textFor(one) }))
        try {
            await writeKeys(
                session,
                key,
                written(() => placeholderOf(key)),
            )
            await writeKeys(
                session,
                key,
                written(({ text }) => text),
            )
            const claims = rows.map(({ text, owner }) => ({ text, owner, scope }))
            if (key.history !== false) await exchangeClaims(session, key, claims)
        } catch (error) {
            // Rows may have what stands in the place of their keys.
            session.joinTransaction().refuseCommit(error as Error)
            throw error
        }
        for (const one of rows) {
            const keys = this.exchanged.get(one.entity) ?? new Set()
            this.exchanged.set(one.entity, keys.add(one.key))
        }
    }
}

function textOf({ column }: StoredKey, row: ObjectLiteral): unknown {
    return column.getEntityValue(row)
}

/** Fits into the column, and no row has it. */
function placeholderOf(key: StoredKey): string {
    return key.isUuid ? key.generate() : key.head + nanoid()
}

async function readUnselected(session: Session, all: readonly UnselectedKey[]): Promise<void> {
    for (const { key, stored } of inOrder(all)) {
        const { text } = await lockRow(session, key, stored)
        key.column.setEntityValue(stored, text ?? null)
    }
}

/** In an order that all callers have. */
function inOrder<Row extends UnselectedKey>(rows: readonly Row[]): (Row & { owner: string })[] {
    return rows
        .map((one) => ({ ...one, owner: ownerOf(one.key.metadata, one.stored) }))
        .sort((a, b) => (a.owner < b.owner ? -1 : 1))
}

async function lockAll(session: Session, rows: readonly SetKey[]): Promise<LockedKey[]> {
    const locked: LockedKey[] = []
    for (const one of inOrder(rows)) {
        const before = await lockRow(session, one.key, one.stored)
        const scope = changedScope(one.key, before.scope, one.entity)
        // One that moves to another scope gives up its key there, and is no part of an exchange.
        if (scope.key === before.scope.key)
            locked.push({ ...one, before, place: placeOf({ key: one.key, scope }) })
    }
    return locked
}

/**
 * Those of the rows of a scope that get keys of each other. With a history only rows that give them round: a key
 * that its row gives up for another one goes on leading to it.
 */
function exchangedOf(rows: readonly LockedKey[]): LockedKey[] {
    const changed = rows.filter(({ text, before }) => text !== before.text)
    // Where two want the same key one of them is refused, and nothing is to have been written then.
    if (new Set(changed.map(({ text }) => text)).size < changed.length) return []
    const givers = new Map(changed.map((one) => [one.before.text, one]))
    const next = ({ text }: LockedKey) => givers.get(text)
    const isRound = (one: LockedKey) => {
        let at = next(one)
        for (let steps = 1; at && at !== one && steps < changed.length; steps++) at = next(at)
        return at === one
    }
    const isTaken = (one: LockedKey) => changed.some((other) => next(other) === one)
    return changed.filter((one) =>
        one.key.history === false ? next(one) !== undefined || isTaken(one) : isRound(one),
    )
}

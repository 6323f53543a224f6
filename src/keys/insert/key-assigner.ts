import { nanoid } from "nanoid"
import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { StaleSnapshotError, TransactionRequiredError } from "../../errors"
import type { Assigner, Refused } from "../../inserts/assigner"
import { type Insert, InsertNote, type InsertRow } from "../../inserts/insert"
import { NewRow } from "../../inserts/announced/new-row"
import { RowScopes } from "../../inserts/row-scope"
import type { Session } from "../../inserts/session"
import type { ColumnMetadata } from "../../typeorm/names"
import { keyErrorOf, type KeyOrigin } from "../key-errors"
import type { StoredKey } from "../pseudo-key"
import { pseudoKeysOf, storedKeysOf } from "../resolve-keys"
import { refuseSetKeys } from "../sealed/sealed-property"
import { refuseSetReferences } from "../sealed/sealed-reference"
import { AwaitedKeys } from "./awaited-keys"
import { assignEarlyKeys, makeKeys } from "./early-keys"
import { finishKeys, hasHistory, type InsertedRows } from "./finish-keys"
import { KeyLocks } from "../free/key-locks"
import {
    composed,
    isContended,
    isLate,
    isLookedFor,
    isNone,
    KeyedRow,
    refuseInvalid,
} from "./keyed-row"
import { showKeys } from "./show-keys"
import { askForPrimaryKeys } from "./stored-rows"
import { findInserted, findLeftOut, numberedDrafts, refuseOverwrittenKeys } from "./upserted-rows"

/** @internal What an upsert has made of an entity. */
export interface Upserted {
    /** The row that the entity stands for; undefined where nobody knows. */
    readonly stored?: ObjectLiteral
    /** The primary key that the caller has set. */
    readonly given: ObjectLiteral
}

interface OpenInsert {
    readonly rows: readonly KeyedRow[]
    readonly scopes: RowScopes
    /** How often it got other keys. */
    attempts: number
}

const MAX_ATTEMPTS = 100
const openInsert = new InsertNote<OpenInsert>()

/**
 * Gives rows their pseudo keys in the turn of their INSERT, when their numbers and foreign keys are
 * known.
 * @internal
 */
export class KeyAssigner implements Assigner {
    private madeLocks: KeyLocks | undefined
    private readonly awaited: AwaitedKeys
    /** Rows that are in the table, and whose keys are being written. */
    private finishing: InsertedRows | undefined
    /** A key that rows are being given behind their numbers. */
    private given: { readonly key: StoredKey; readonly origin: KeyOrigin } | undefined
    private upserted: WeakMap<object, Upserted> | undefined

    constructor(private readonly session: Session) {
        this.awaited = new AwaitedKeys(session)
    }

    get locks(): KeyLocks {
        return (this.madeLocks ??= new KeyLocks(this.session.runner, this.session))
    }

    static of({ assigners }: Session): KeyAssigner | undefined {
        return assigners.find((one) => one instanceof KeyAssigner)
    }

    /** Writes a key that was made for stored rows, so that an error says where it comes from. */
    async give<T>(key: StoredKey, origin: KeyOrigin, write: () => Promise<T>): Promise<T> {
        this.given = { key, origin }
        try {
            return await write()
        } finally {
            this.given = undefined
        }
    }

    notice(row: NewRow): boolean {
        const { entity, metadata } = row
        this.upserted?.delete(entity)
        refuseSetKeys(pseudoKeysOf(metadata).sealed, entity)
        refuseSetReferences(metadata, entity)
        const keys = storedKeysOf(metadata)
        if (keys.length === 0) return hasKeys(metadata)
        NewRow.mark(
            keys.map(({ column }) => column),
            isNone,
        )
        for (const key of keys) {
            const value: unknown = key.column.getEntityValue(entity)
            const isMissing = isNone(value)
            if (!isMissing) {
                refuseInvalid(key, value)
                const text = composed(key, value)
                if (text !== value) key.column.setEntityValue(entity, text)
                if (isContended(key)) this.awaited.add(key, text, row)
            }
            if (key.history !== false || (isMissing && isLate(key)))
                this.refuseWithoutTransaction(key)
        }
        return true
    }

    derives({ rows }: Insert): boolean {
        return rows.some(({ metadata }) =>
            storedKeysOf(metadata).some((key) => (key.derive ?? key.generateFor) && !isLate(key)),
        )
    }

    assign(insert: Insert): Promise<void> | undefined {
        const rows = insert.rowsWith(keysOf).map(({ row, one: keys }) => new KeyedRow(row, keys))
        if (rows.length === 0) return undefined
        if (insert.upsert) refuseOverwrittenKeys(insert, insert.upsert)
        const scopes = new RowScopes()
        openInsert.set(insert, { rows, scopes, attempts: 0 })
        for (const row of rows)
            for (const key of row.missing) {
                // What only the INSERT gives is not known yet, but the column is NOT NULL.
                if (isLate(key)) row.holdPlace(key, key.head + nanoid())
                else if (!isLookedFor(key)) row.assign(key, key.generate())
            }
        const told = insert.upsert ? rows : rows.filter(hasHistory)
        askForPrimaryKeys(
            insert,
            told.map(({ row }) => row),
        )
        if (!rows.some(isContendedFor)) return undefined
        this.session.onRollback(() => {
            this.locks.forget()
        })
        return assignEarlyKeys(this.session, this.locks, this.awaited, rows, scopes)
    }

    /**
     * On MySQL a transaction does not see what was committed since its snapshot, and goes on when the unique
     * index has refused a key for that.
     */
    async assignOthers({ insert, ...refused }: Refused): Promise<boolean> {
        const open = insert && openInsert.get(insert)
        if (!open || insert.upsert || !this.session.dialect?.keys.outlivesDuplicates) return false
        if (!(this.nameOf({ insert, ...refused }) instanceof StaleSnapshotError)) return false
        const isRefused = (row: KeyedRow, key: StoredKey) =>
            isLookedFor(key) &&
            !isLate(key) &&
            row.textOf(key) !== null &&
            String(refused.cause.message).includes(`${String(row.textOf(key))}' for key`)
        const rows = open.rows.filter((row) => {
            const [key, ...others] = row.missing.filter(isLookedFor)
            // Another one may be made of it.
            return key && others.length === 0 && isRefused(row, key)
        })
        if (rows.length === 0 || ++open.attempts > MAX_ATTEMPTS) return false
        await makeKeys(this.session, this.locks, this.awaited, rows, open.scopes, isRefused)
        return true
    }

    inserted(insert: Insert, result: unknown): Promise<void> | undefined {
        const { rows, scopes } = openInsert.get(insert) ?? { rows: [], scopes: new RowScopes() }
        if (insert.upsert) return this.settleUpsert({ insert, rows, scopes, result })
        if (rows.some(takesMore)) return this.finish({ insert, rows, scopes, result })
        showKeys(this.session, rows)
        return this.giveUpLocks()
    }

    private async finish(inserted: InsertedRows): Promise<void> {
        this.finishing = inserted
        try {
            await finishKeys(this.session, this.locks, inserted)
        } catch (error) {
            // The rows are in the table with keys that they must not have.
            this.session.joinTransaction().refuseCommit(error as Error)
            throw error
        } finally {
            this.finishing = undefined
            await this.giveUpLocks()
        }
        showKeys(this.session, inserted.rows)
    }

    /** Rows that were there already have their keys, and the others are as good as any inserted. */
    private async settleUpsert({ insert, rows, scopes, result }: InsertedRows): Promise<void> {
        const { session } = this
        const upserted = (this.upserted ??= new WeakMap())
        const inserted = await findInserted(session, rows, scopes)
        const note = ({ entity, metadata }: InsertRow, stored: ObjectLiteral | undefined) => {
            if (entity)
                upserted.set(entity, { stored, given: metadata.getEntityIdMap(entity) ?? {} })
        }
        for (const { row, id } of inserted) note(row, id)
        const isInserted = new Set(inserted.map(({ row }) => row))
        const others = insert.rows.filter((row) => row.entity && !isInserted.has(row))
        const left = others.filter(({ metadata }) => hasKeys(metadata))
        const missing = new Map(rows.map(({ row, missing }) => [row, missing]))
        const columns = new Set(
            left.flatMap((row) => (missing.get(row) ?? []).map(({ column }) => column)),
        )
        const stored = await findLeftOut(session, insert, left, [...columns], result)
        for (const row of left) {
            const found = stored.get(row)
            const entity = row.entity as ObjectLiteral
            note(row, found)
            for (const { column } of (found && missing.get(row)) ?? [])
                column.setEntityValue(entity, column.getEntityValue(found as ObjectLiteral))
        }
        await this.finish({ insert, rows: inserted, scopes, result })
        await session.numbered(numberedDrafts(stored))
    }

    failed(insert: Insert): Promise<void> | undefined {
        if (!openInsert.get(insert)) return undefined
        this.locks.forget()
        return this.giveUpLocks()
    }

    columnsOf(metadata: EntityMetadata): readonly ColumnMetadata[] {
        return storedKeysOf(metadata).map(({ column }) => column)
    }

    nameOf(refused: Refused): Error | undefined {
        const { insert } = refused
        const { given } = this
        const rows = (insert ? openInsert.get(insert)?.rows : this.finishing?.rows) ?? []
        return keyErrorOf(this.session.dataSource, refused, ({ name, derive }) => {
            if (given?.key.name === name) return given.origin
            const isOfAll = (keysOf: (row: KeyedRow) => Iterable<StoredKey>) =>
                rows.length > 0 &&
                rows.every((row) => [...keysOf(row)].some((key) => key.name === name))
            if (isOfAll(({ found }) => found)) return "found"
            return derive && isOfAll(({ missing }) => missing) ? "derived" : "set"
        })
    }

    /**
     * Called behind an INSERT, when TypeORM has put on the entity what it takes for the primary key
     * of the row. Gives what is known better; undefined unless it was an upsert.
     */
    takeUpserted(entity: object): Upserted | undefined {
        const upserted = this.upserted?.get(entity)
        this.upserted?.delete(entity)
        return upserted
    }

    /** Called when a transaction has ended; gives up the locks that don't end with it. */
    transactionEnded(): Promise<void> | undefined {
        this.madeLocks?.forget()
        if (!this.madeLocks?.isHolding) return undefined
        // What is stored is stored: thrown, it would look as if it had failed. They end with the connection.
        return this.locks.release().catch(() => this.session.discardConnection())
    }

    private giveUpLocks(): Promise<void> | undefined {
        this.madeLocks?.forgetGiven()
        this.awaited.forgetSent()
        return this.session.isInTransaction ? undefined : this.transactionEnded()
    }

    private refuseWithoutTransaction({ label, history }: StoredKey): void {
        if (this.session.isInTransaction) return
        throw new TransactionRequiredError(
            `${label} takes a second statement: ` +
                (history === false
                    ? "it is made of what only the INSERT gives. "
                    : "its history is kept. ") +
                "Insert inside dataSource.transaction(…) by the manager that it gives you, or use save() " +
                "without { transaction: false }.",
        )
    }
}

/** All of a row, where it has some. */
function keysOf(metadata: EntityMetadata): (readonly StoredKey[])[] {
    const keys = storedKeysOf(metadata)
    return keys.length > 0 ? [keys] : []
}

function hasKeys(metadata: NewRow["metadata"]): boolean {
    const { stored, sealed } = pseudoKeysOf(metadata)
    return stored.length > 0 || sealed.length > 0
}

function isContendedFor({ missing, explicit }: KeyedRow): boolean {
    return missing.some((key) => isLookedFor(key) && !isLate(key)) || explicit.some(isContended)
}

function takesMore(row: KeyedRow): boolean {
    return row.late.length > 0 || hasHistory(row)
}

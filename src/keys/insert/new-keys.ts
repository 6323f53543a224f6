import { nanoid } from "nanoid"
import type { EntityMetadata, ObjectLiteral, QueryRunner } from "typeorm"
import type { Flush } from "../../numbers/flush"
import { FlushQueue } from "../../numbers/flush-queue"
import { scopeOf } from "../../series/scope"
import { Transaction } from "../../inserts/transaction"
import { dialectOf } from "../../dialects"
import { TransactionRequiredError } from "../../errors"
import { tableName } from "../../typeorm/names"
import { dataSourceOf } from "../../typeorm/compat"
import { groupBy } from "../../group-by"
import { withPrefix } from "../../declared/key-form"
import { giveFreeKeys, placeOf } from "./free-keys"
import { takenError } from "../history/history"
import { finishKeys } from "./inserted-keys"
import { KeyLocks } from "./key-locks"
import { isContended, isLookedFor, KeyedRow } from "./keyed-row"
import { PendingRows } from "./pending-rows"
import type { StoredKey } from "../pseudo-key"
import { storedKeysOf } from "../resolve-keys"
import { findTaken } from "../stored-keys"
import { wishesOfNew } from "./wishes"

interface Waiting {
    readonly row: KeyedRow
    readonly numbered?: Promise<void>
    error?: unknown
}

interface Batch {
    readonly rows: Waiting[]
    readonly flush: Flush
    readonly finished: Promise<void>
}

/**
 * The rows of one query runner that were announced, and whose keys are made.
 * @internal
 */
export class NewKeys {
    private static readonly all = new WeakMap<QueryRunner, NewKeys>()
    private readonly pending = new PendingRows()
    private open?: Batch
    private turn: Promise<void> = Promise.resolve()
    private closing?: { rows: KeyedRow[]; finished: Promise<void> }
    /** The rows that were announced in the same turn. */
    private announced?: KeyedRow[]
    private isUpsert = false

    private constructor(private readonly runner: QueryRunner) {}

    /** Undefined where no such row was announced. */
    static of(runner: QueryRunner): NewKeys | undefined {
        return NewKeys.all.get(runner)
    }

    /** Called before the INSERT of any row; undefined where there is nothing to wait for. */
    static announce(
        runner: QueryRunner,
        entity: ObjectLiteral,
        metadata: EntityMetadata,
        numbered?: Promise<void>,
    ): Promise<void> | undefined {
        const keys = storedKeysOf(metadata)
        if (keys.length === 0) return undefined
        let rows = NewKeys.all.get(runner)
        if (!rows) NewKeys.all.set(runner, (rows = new NewKeys(runner)))
        try {
            return rows.add(entity, metadata, keys, numbered)
        } catch (error) {
            if (!(error instanceof Error)) throw error
            rows.refuseTurn()
            // The other rows of the same save are still being numbered.
            return Promise.reject(error)
        }
    }

    private add(
        entity: ObjectLiteral,
        metadata: EntityMetadata,
        keys: readonly StoredKey[],
        numbered?: Promise<void>,
    ): Promise<void> | undefined {
        const row = new KeyedRow(entity, metadata, keys)
        for (const key of keys) if (key.history !== false) this.refuseWithoutTransaction(key)
        for (const key of row.missing) if (!isLookedFor(key)) row.set(key, key.generate())
        if (row.isAgain) this.pending.takeAll((one) => one.entity === entity)
        this.pending.add(row)
        this.clearWithOthers(row)
        if (!row.missing.some(isLookedFor) && !row.given.some(isContended)) return undefined

        const batch = this.batch()
        const waiting: Waiting = { row, numbered }
        batch.rows.push(waiting)
        return batch.finished.then(() => {
            if (waiting.error !== undefined) throw waiting.error as Error
        })
    }

    /** TypeORM announces all rows of a flush in one go: their keys are looked for together. */
    private batch(): Batch {
        if (this.open) return this.open
        const rows: Waiting[] = []
        const { current: flush } = FlushQueue.of(this.runner)
        const finished = Promise.resolve().then(() => {
            this.open = undefined
            // A subscriber's beforeQuery may save rows while the flush before sends that query.
            const isInside = Transaction.of(this.runner)?.statements.isInside
            const turn = isInside ? Promise.resolve() : this.turn
            const work = turn.then(() => this.process(rows, flush))
            this.turn = work
            return work
        })
        return (this.open = { rows, flush, finished })
    }

    /** Never rejects: what is wrong is told to the row. */
    private async process(rows: readonly Waiting[], flush: Flush): Promise<void> {
        const numbered = await Promise.allSettled(
            rows.map(({ numbered }) => numbered ?? Promise.resolve()),
        )
        this.passRefusals(rows, numbered)
        const ready = rows.filter(({ error }) => error === undefined)
        if (ready.length === 0) return
        try {
            await this.giveKeys(
                ready.map(({ row }) => row),
                flush,
            )
        } catch (error) {
            for (const waiting of ready) waiting.error = error
            this.drop(new Set(ready.map(({ row }) => row)))
            KeyLocks.find(this.runner)?.forget()
            if (!this.runner.isTransactionActive) await KeyLocks.find(this.runner)?.release()
        }
    }

    /** Who asks for the key of a row waits for that alone, so it tells of a refused number as well. */
    private passRefusals(
        rows: readonly Waiting[],
        numbered: readonly PromiseSettledResult<void>[],
    ): void {
        const refusals = numbered.map((one): unknown =>
            one.status === "rejected" ? one.reason : undefined,
        )
        const first = refusals.find((refusal) => refusal !== undefined)
        // Rows that are not numbered can't be looked for any more either.
        const forOthers = Transaction.of(this.runner)?.hasEnded ? first : undefined
        for (const [at, waiting] of rows.entries()) waiting.error = refusals[at] ?? forOthers
        const refused = rows.filter(({ error }) => error !== undefined)
        this.drop(new Set(refused.map(({ row }) => row)))
    }

    private async giveKeys(rows: readonly KeyedRow[], flush: Flush): Promise<void> {
        await this.refuseTaken(rows, flush)
        const wanting = rows.map((row) => ({ row, keys: row.missing.filter(isLookedFor) }))
        const wishes = await wishesOfNew(this.runner, wanting, flush)
        for (const { late } of rows) for (const key of late) this.refuseWithoutTransaction(key)
        await giveFreeKeys(this.runner, wishes)
        for (const { row, key, got } of wishes) if (got !== undefined) row.set(key, got)
        // What only the INSERT gives is not known yet, but the column is NOT NULL.
        for (const row of rows)
            for (const key of row.late) row.set(key, withPrefix(key.prefix, nanoid()))
    }

    /** Keys that the caller has set, where others may look for the same or have had it. */
    private async refuseTaken(rows: readonly KeyedRow[], flush: Flush): Promise<void> {
        const given = rows.flatMap((row) =>
            row.given.filter(isContended).flatMap((key) => {
                const scope = scopeOf(key, row.entity, flush, { isOptional: true })
                return scope ? { key, scope, text: row.textOf(key) } : []
            }),
        )
        const locks = KeyLocks.of(this.runner)
        for (const [place, ofPlace] of groupBy(given, placeOf)) {
            const texts = ofPlace.map(({ text }) => text)
            await locks.tryLock(place, texts)
            for (const text of texts) locks.give(place, text)
            const [first] = ofPlace
            // The unique index refuses the others, and lets an upsert bring the key of its row along.
            if (!first || first.key.history === false) continue
            const [taken] = await findTaken(this.runner, first.key, first.scope, texts)
            if (taken !== undefined) throw takenError(first.key, taken)
        }
    }

    private refuseWithoutTransaction(key: StoredKey): void {
        if (this.runner.isTransactionActive) return
        throw new TransactionRequiredError(
            `${key.name} takes a second statement: ` +
                (key.history === false
                    ? "it is made of what only the INSERT gives. "
                    : "its history is kept. ") +
                "Insert inside dataSource.transaction(…) by the manager that it gives you, or use save() " +
                "without { transaction: false }.",
        )
    }

    /** Rows of the same call are not inserted either. */
    private refuseTurn(): void {
        this.drop(new Set(this.announced))
    }

    private drop(rows: ReadonlySet<KeyedRow>): void {
        for (const row of this.pending.takeAll((one) => rows.has(one))) row.clear()
    }

    private clearWithOthers(row: KeyedRow): void {
        if (!this.announced) {
            const rows: KeyedRow[] = (this.announced = [])
            queueMicrotask(() => (this.announced = undefined))
            Transaction.of(this.runner)?.onRollback(() => {
                for (const one of rows) one.clear()
                this.pending.clear()
                KeyLocks.find(this.runner)?.forget()
            })
        }
        this.announced.push(row)
    }

    /** Called when an INSERT is about to be sent that may update or skip rows instead. */
    noticeUpsert(sql: string): void {
        if (this.pending.isEmpty) return
        const upsert = dialectOf(dataSourceOf(this.runner))?.findUpsert(sql)
        if (!upsert) return
        for (const { metadata } of this.pending)
            if (upsert.isInto(tableName(metadata))) this.isUpsert = true
    }

    /** Whether all keys of a statement were found free, rather than set by the caller. */
    hasMade({ name }: StoredKey, parameters: readonly unknown[]): boolean {
        const values = new Set(parameters)
        const rows = [...this.pending].filter((row) => row.isAmong(values))
        return (
            rows.length > 0 &&
            rows.every((row) => row.missing.some((key) => key.name === name && isLookedFor(key)))
        )
    }

    /** Called when a statement has failed. */
    failed(sql: string, parameters: readonly unknown[] = []): Promise<void> | undefined {
        if (!sql.startsWith("INSERT ")) return undefined
        const values = new Set(parameters)
        // Other saves of the same transaction may go on.
        for (const row of this.pending.takeAll((one) => one.isAmong(values))) row.clear()
        this.isUpsert = false
        KeyLocks.find(this.runner)?.forget()
        return this.runner.isTransactionActive ? undefined : KeyLocks.find(this.runner)?.release()
    }

    /** Called when the INSERT of a row has been sent; undefined where nothing is left to be done. */
    inserted(entity: ObjectLiteral, metadata: EntityMetadata): Promise<void> | undefined {
        const row = this.pending.take(entity, metadata)
        if (!row) return undefined
        row.inserted()
        const isDone =
            !this.isUpsert &&
            row.late.length === 0 &&
            row.keys.every(({ history }) => history === false) &&
            (this.runner.isTransactionActive || !row.keys.some(isContended))
        if (isDone) return undefined
        if (!this.closing) {
            const rows: KeyedRow[] = []
            const finished = Promise.resolve().then(() => this.finish(rows))
            finished.catch(() => {})
            this.closing = { rows, finished }
        }
        this.closing.rows.push(row)
        return this.closing.finished
    }

    private async finish(rows: readonly KeyedRow[]): Promise<void> {
        const { isUpsert } = this
        this.closing = undefined
        this.isUpsert = false
        await finishKeys(this.runner, rows, { isUpsert })
        if (this.runner.isTransactionActive) return
        KeyLocks.find(this.runner)?.forget()
        await KeyLocks.find(this.runner)?.release()
    }
}

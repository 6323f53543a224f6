import type { QueryRunner } from "typeorm"
import { dialectOf } from "../dialects"
import { dataSourceOf } from "../typeorm/compat"
import type { Flush } from "../numbers/flush"
import { StatementQueue } from "./statement-queue"

interface Lock {
    /** How many transactions deep it was taken; a savepoint that is rolled back gives it back. */
    depth: number
    readonly isBeforeSnapshot: boolean
}

interface FlushRecord {
    depth: number
    isAbandoned: boolean
    /** Whether a statement has failed since, which may have been its INSERT. */
    mayHaveFailed: boolean
    /** How many transactions deep its numbers were given back, and where its counters were. */
    lookedAt?: { depth: number; readonly after: readonly bigint[] }
}

interface Undoing {
    depth: number
    readonly undo: () => void
}

/**
 * What is known of the open transaction of one query runner.
 * @internal
 */
export class Transaction {
    private static readonly open = new WeakMap<QueryRunner, Transaction>()
    private depth = 1
    private readonly locks = new Map<string, Lock>()
    /** Whether the database has ended it after an error. */
    hasEnded = false
    /** Whether numbers were handed out in it. */
    hasNumbers = false
    private readonly records = new Map<Flush, FlushRecord>()
    private undoings: Undoing[] = []
    /** What keeps the transaction from being committed. */
    private refusals: { depth: number; readonly error: Error }[] = []
    readonly statements: StatementQueue

    private constructor(
        private readonly runner: QueryRunner,
        private hasSnapshot: boolean,
    ) {
        this.statements = new StatementQueue(runner)
        if (!dialectOf(dataSourceOf(runner))?.sharesRunner) this.statements.takeOver()
    }

    static of(runner: QueryRunner): Transaction | undefined {
        return Transaction.open.get(runner)
    }

    /** For a transaction whose start wasn't seen, which may have read anything. */
    static join(runner: QueryRunner): Transaction {
        let transaction = Transaction.open.get(runner)
        if (!transaction)
            Transaction.open.set(runner, (transaction = new Transaction(runner, true)))
        return transaction
    }

    static started(runner: QueryRunner): void {
        const outer = Transaction.open.get(runner)
        if (outer) outer.depth += 1
        else Transaction.open.set(runner, new Transaction(runner, false))
    }

    committed(): void {
        this.depth -= 1
        if (this.depth === 0) {
            Transaction.open.delete(this.runner)
            return
        }
        const records = [...this.records.values()]
        const lookedAt = records.flatMap((record) => record.lookedAt ?? [])
        for (const record of [
            ...this.locks.values(),
            ...records,
            ...lookedAt,
            ...this.undoings,
            ...this.refusals,
        ])
            record.depth = Math.min(record.depth, this.depth)
    }

    rolledBack(): void {
        this.depth -= 1
        for (const [table, { depth }] of this.locks)
            if (depth > this.depth) this.locks.delete(table)
        for (const [flush, record] of this.records)
            if (record.depth > this.depth) {
                flush.clearNumbers()
                this.records.delete(flush)
            } else if (record.lookedAt && record.lookedAt.depth > this.depth) {
                // The counters are where they were before.
                for (const [at, after] of record.lookedAt.after.entries())
                    Object.assign(flush.moved[at] ?? {}, { after })
                record.lookedAt = undefined
            }
        const undone = this.undoings.filter(({ depth }) => depth > this.depth)
        this.undoings = this.undoings.filter(({ depth }) => depth <= this.depth)
        this.refusals = this.refusals.filter(({ depth }) => depth <= this.depth)
        for (const { undo } of undone) undo()
        if (this.depth === 0) Transaction.open.delete(this.runner)
    }

    /** To be called when what was done up to now is rolled back. */
    onRollback(undo: () => void): void {
        this.undoings.push({ depth: this.depth, undo })
    }

    /** Keeps what was done up to now from being committed, even if the error is caught. */
    refuseCommit(error: Error): void {
        this.refusals.push({ depth: this.depth, error })
    }

    get refusal(): Error | undefined {
        return this.refusals[0]?.error
    }

    get isOutermost(): boolean {
        return this.depth === 1
    }

    noticeStatement(sql: string): void {
        const { tableLock } = dialectOf(dataSourceOf(this.runner)) ?? {}
        this.hasSnapshot ||= !tableLock || tableLock.takesSnapshot(sql)
        // As plain SQL, after which nobody can tell what is left.
        if (/^\s*rollback\s+to\s+(?!savepoint\s+typeorm_)/i.test(sql)) {
            this.locks.clear()
            this.records.clear()
        }
    }

    isLocked(table: string): boolean {
        return this.locks.has(table)
    }

    locked(table: string): void {
        if (!this.locks.has(table))
            this.locks.set(table, { depth: this.depth, isBeforeSnapshot: !this.hasSnapshot })
    }

    isLockedBeforeSnapshot(table: string): boolean {
        return this.locks.get(table)?.isBeforeSnapshot ?? false
    }

    /** The flushes that have numbers, but for those whose rows are known to be in the table. */
    get flushes(): Iterable<Flush> {
        return this.records.keys()
    }

    /** Whether all numbers are known to be in the table. */
    get isSettled(): boolean {
        return this.records.size === 0
    }

    numbered(flush: Flush): void {
        this.hasNumbers = true
        const { sharesRunner = false } = dialectOf(dataSourceOf(this.runner)) ?? {}
        this.records.set(flush, {
            depth: this.depth,
            isAbandoned: false,
            // Not every driver of TypeORM 0.3 announces statements that fail.
            mayHaveFailed: flush.hasRefused || sharesRunner,
        })
        void flush.finished.then(() => {
            if (!flush.isUpsert && !flush.hasFailed) this.records.delete(flush)
        })
    }

    /** Called when the database has refused a statement. */
    statementFailed({ endsTransaction }: { endsTransaction: boolean }): void {
        this.hasEnded ||= endsTransaction
        this.statements.isAborted ||= endsTransaction && this.hasNumbers
        for (const record of this.records.values()) record.mayHaveFailed = true
    }

    /** The flushes that have failed since the last call. */
    takeFailed(): Flush[] {
        return [...this.records].flatMap(([flush, record]) => {
            const hasFailed = flush.hasFailed || (record.isAbandoned && record.mayHaveFailed)
            if (record.lookedAt || !hasFailed) return []
            record.lookedAt = { depth: this.depth, after: flush.moved.map(({ after }) => after) }
            return [flush]
        })
    }

    /**
     * Waits until the numbers handed out before are in the table. A flush whose save failed without
     * a statement never gets there; it is given up once nothing happens any more.
     */
    async othersInserted(): Promise<void> {
        if (this.isSettled) return
        for (const [flush, record] of this.records) {
            // Inside a statement this would wait for itself.
            if (record.isAbandoned || flush.hasFailed || this.statements.isInside) continue
            await Promise.race([flush.finished, this.statements.quiet()])
            record.isAbandoned = true
        }
    }
}

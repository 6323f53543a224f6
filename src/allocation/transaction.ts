import type { QueryRunner } from "typeorm"
import type { Flush } from "./flush"
import { StatementQueue } from "./statement-queue"

interface Lock {
    /** How many transactions deep it was taken; a savepoint that is rolled back gives it back. */
    depth: number
    readonly isBeforeSnapshot: boolean
}

/**
 * What is known of the open transaction of one query runner.
 * @internal
 */
export class Transaction {
    private static readonly open = new WeakMap<QueryRunner, Transaction>()
    private depth = 1
    private readonly locks = new Map<string, Lock>()
    /** Whether numbers were handed out in it. */
    hasNumbers = false
    private readonly records = new Map<Flush, { depth: number; isAbandoned: boolean }>()
    readonly statements: StatementQueue

    private constructor(
        private readonly runner: QueryRunner,
        private hasSnapshot: boolean,
    ) {
        this.statements = new StatementQueue(runner)
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
        for (const record of [...this.locks.values(), ...this.records.values()])
            record.depth = Math.min(record.depth, this.depth)
        if (this.depth === 0) Transaction.open.delete(this.runner)
    }

    rolledBack(): void {
        this.depth -= 1
        for (const [table, { depth }] of this.locks)
            if (depth > this.depth) this.locks.delete(table)
        for (const [flush, { depth }] of this.records)
            if (depth > this.depth) {
                flush.clearNumbers()
                this.records.delete(flush)
            }
        if (this.depth === 0) Transaction.open.delete(this.runner)
    }

    get isOutermost(): boolean {
        return this.depth === 1
    }

    sawSnapshot(): void {
        this.hasSnapshot = true
    }

    /** After `ROLLBACK TO SAVEPOINT` as plain SQL nobody can tell which locks are left. */
    forgetLocks(): void {
        this.locks.clear()
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
    get flushes(): Flush[] {
        return [...this.records.keys()]
    }

    numbered(flush: Flush): void {
        this.hasNumbers = true
        this.records.set(flush, { depth: this.depth, isAbandoned: false })
        void flush.finished.then(() => {
            if (!flush.isUpsert) this.records.delete(flush)
        })
    }

    /**
     * Waits until the numbers handed out before are in the table. A flush whose save failed without
     * a statement never gets there; it is given up once nothing happens any more.
     */
    async othersInserted(): Promise<void> {
        for (const [flush, record] of this.records) {
            // Inside a statement this would wait for itself.
            if (record.isAbandoned || this.statements.isInside) continue
            await Promise.race([flush.finished, this.statements.quiet()])
            record.isAbandoned = true
        }
    }
}

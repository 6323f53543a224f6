import type { Dialect } from "../../dialects/dialect"
import { TableLocks } from "./table-locks"

/**
 * What is known of the open transaction of a query runner. Savepoints are transactions within it;
 * what was done since one began is undone with it.
 * @internal
 */
export class Transaction {
    /** What undoes, in the order in which it was done. */
    private readonly undoing: (() => void)[] = []
    /** For each savepoint, how much had been done when it began. */
    private readonly savepoints: number[] = []
    readonly locks: TableLocks
    /** The series of which it has locked counters. */
    private readonly series = new Set<string>()
    /** What keeps the transaction from being committed. */
    private readonly refusals = new Set<Error>()
    /** Whether numbers were given out in it. */
    hasNumbers = false
    /** Whether the database has ended it after an error. */
    hasEnded = false
    private mustEnd = false

    constructor(
        dialect: Dialect | undefined,
        /** Whether it may have read anything already. */
        hasSnapshot: boolean,
    ) {
        this.locks = new TableLocks(dialect, hasSnapshot)
    }

    get isOutermost(): boolean {
        return this.depth === 0
    }

    /** How many transactions are nested in it. */
    get depth(): number {
        return this.savepoints.length
    }

    begin(): void {
        this.savepoints.push(this.undoing.length)
    }

    /** Whether that was a savepoint, and the transaction goes on. */
    commit(): boolean {
        return this.savepoints.pop() !== undefined
    }

    /** Whether that was a savepoint, and the transaction goes on. */
    rollBack(): boolean {
        const savepoint = this.savepoints.pop()
        const undone = this.undoing.splice(savepoint ?? 0)
        for (const undo of undone.reverse()) undo()
        return savepoint !== undefined
    }

    /** Called when the database has rolled all of it back, which nobody announces. */
    end(): void {
        this.hasEnded = true
        for (const undo of this.undoing.splice(0).reverse()) undo()
    }

    /** Called when a part of it can't be rolled back: no part of it may be committed. */
    lose(): void {
        this.mustEnd = true
        this.end()
    }

    /** Whether nothing more may be done in it than to roll it back. */
    get isLost(): boolean {
        return this.mustEnd || (this.hasEnded && this.hasNumbers)
    }

    /** To be called when what was done up to now is rolled back. */
    onRollback(undo: () => void): void {
        this.undoing.push(undo)
    }

    /** Keeps what was done up to now from being committed, even if the error is caught. */
    refuseCommit(error: Error): void {
        this.refusals.add(error)
        this.onRollback(() => this.refusals.delete(error))
    }

    get refusal(): Error | undefined {
        for (const refusal of this.refusals) return refusal
        return undefined
    }

    /** Notes that a table is locked. */
    locked(table: string): void {
        if (this.locks.has(table)) return
        this.locks.add(table)
        this.onRollback(() => {
            this.locks.delete(table)
        })
    }

    /** Notes that a counter of this series is locked, maybe until the end: not all savepoints give back locks. */
    holdsSeries(name: string): void {
        this.series.add(name)
    }

    isHolding(series: string): boolean {
        return this.series.has(series)
    }
}

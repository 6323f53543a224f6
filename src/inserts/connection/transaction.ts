import type { Dialect } from "../../dialects/dialect"
import { Savepoints } from "./savepoints"
import { TableLocks } from "./table-locks"

/**
 * What is known of the open transaction of a query runner. Savepoints are transactions within it;
 * what was done since one began is undone with it.
 * @internal
 */
export class Transaction {
    /** What undoes, in the order in which it was done. */
    private readonly undoing: (() => void)[] = []
    private readonly savepoints = new Savepoints()
    /** How many transactions are nested in it. */
    depth = 0
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
        /** Whether its start wasn't seen: it may have read anything, and be a nested one. */
        readonly isJoined: boolean,
    ) {
        this.locks = new TableLocks(dialect, isJoined)
    }

    get isOutermost(): boolean {
        return this.depth === 0
    }

    begin(): void {
        this.depth += 1
    }

    /** Called when a transaction has ended, whichever way: whether it was a nested one. */
    leave(): boolean {
        if (this.isOutermost) return false
        this.depth -= 1
        return true
    }

    /** Called behind each statement. */
    sent(sql: string): void {
        const left = this.savepoints.sent(sql, this.undoing.length)
        if (left !== undefined) this.undo(left)
    }

    private undo(from: number): void {
        for (const undo of this.undoing.splice(from).reverse()) undo()
    }

    /** Called when the database has rolled all of it back, which nobody announces. */
    end(): void {
        this.hasEnded = true
        this.undo(0)
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

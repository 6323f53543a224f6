import type { Dialect } from "../../dialects/dialect"
import { NESTED_ROLLBACK } from "./savepoints"

/**
 * The tables that a transaction has locked, and whether it had read anything before.
 * @internal
 */
export class TableLocks {
    /** Whether each was locked before the transaction took its snapshot. */
    private readonly areBeforeSnapshot = new Map<string, boolean>()

    constructor(
        private readonly dialect: Dialect | undefined,
        private hasSnapshot: boolean,
    ) {}

    /** Called before each statement of the transaction. */
    notice(sql: string): void {
        this.hasSnapshot ||= this.dialect?.tableLock?.takesSnapshot(sql) ?? true
        // As plain SQL, after which nobody can tell which locks are left.
        if (this.areBeforeSnapshot.size > 0 && isPlainRollbackTo(sql))
            this.areBeforeSnapshot.clear()
    }

    has(table: string): boolean {
        return this.areBeforeSnapshot.has(table)
    }

    isBeforeSnapshot(table: string): boolean {
        return this.areBeforeSnapshot.get(table) ?? false
    }

    add(table: string): void {
        this.areBeforeSnapshot.set(table, !this.hasSnapshot)
    }

    /** Called when what it was locked in is rolled back. */
    delete(table: string): void {
        this.areBeforeSnapshot.delete(table)
    }
}

function isPlainRollbackTo(sql: string): boolean {
    return /\brollback\b[^;]*\bto\b/i.test(sql) && !NESTED_ROLLBACK.test(sql)
}

import type { DataSource } from "typeorm"
import type { ColumnMetadata } from "../../typeorm/names"
import type { DriverError } from "../driver-error"
import type { Statement } from "../../typeorm/statement"

/** @internal The table of the history of keys and its columns as SQL names them. */
export interface KeyTable {
    readonly name: string
    readonly series: string
    readonly scope: string
    readonly key: string
    readonly owner: string
    readonly retiredAt: string
}

/**
 * Locks on keys that no row has yet, so that two writers don't take the same one.
 * @internal
 */
export interface KeyLocks {
    /** Whether those of a transaction end with it; the others end with the session or `unlock`. */
    readonly endWithTransaction: boolean
    /** Locks those that are free, without waiting. Selects their places as `at`. */
    tryAll(locks: Locks): Statement
    /** Locks the first one that is free. Selects its place as `at`. */
    tryFirst(locks: Locks): Statement
    /** Keeps everybody else from locking keys of the same place; for more keys than it has locks. */
    readonly ofPlace?: {
        lock(locks: Omit<Locks, "keys">): Statement
        /** The same, without waiting. Selects a row where it is locked. */
        tryLock(locks: Omit<Locks, "keys">): Statement
        /** Gives up that of the session. */
        unlock(locks: Omit<Locks, "keys" | "isOfTransaction">): Statement
    }
    /** Gives up those of the session. */
    unlock(locks: Omit<Locks, "isOfTransaction">): Statement
}

/** @internal Keys of one place: a column of a table. */
export interface Locks {
    readonly dataSource: DataSource
    readonly place: string
    readonly keys: readonly string[]
    /** Whether they end with the transaction. */
    readonly isOfTransaction: boolean
}

/** Stored rows that get values. */
interface ValueWriting {
    readonly table: string
    readonly columns: readonly ColumnMetadata[]
    readonly primaryColumns: readonly ColumnMetadata[]
    /** The values of the primary columns, and behind them those that are written, as the driver sends them. */
    readonly rows: readonly (readonly unknown[])[]
    /** Whether only rows get theirs that have NULL in the first of the columns. */
    readonly onlyMissing: boolean
}

/** @internal How the history keeps the values of a column of primary keys: as texts. */
export interface Identity {
    /** A value as the driver sends it; equal for what the column stores as one. */
    text(value: unknown): string
    /** Whether a column has the value of such a text: along its index, and exactly. */
    is(column: string, text: string): string
}

/** @internal What pseudo keys ask of a database. */
export interface KeyStatements {
    /** Undefined where all writers come one after the other. */
    readonly locks?: KeyLocks
    /** Whether a value is there already that a unique index covers. */
    isDuplicate(error: DriverError): boolean
    /** Undefined for types whose values have no one form. */
    identity(column: ColumnMetadata): Identity | undefined
    /** A member of a JSON array of texts. */
    member(json: string, at: number): string
    /** A table `r` of texts in columns `c0`, `c1` …, from a parameter that is a JSON array of arrays. */
    texts(parameter: string, columns: number): string
    /** Behind an INSERT of keys: marks those anew that the same row has already, and leaves out the others. */
    onClaimed(table: KeyTable): string
    /** Whether two owners are not the same. */
    differ(a: string, b: string): string
    /**
     * Behind a SELECT: makes it see what was committed since the transaction's snapshot. Undefined where
     * a statement that waits for others sees what they have done, or fails.
     */
    readonly latest?: string
    /**
     * Joins a table behind the rows of {@link texts}, so that its rows are found by the primary key: planners take
     * these for many, and go through the table. Where reading locks, that would wait for all that others have just
     * written.
     */
    joinByKey(table: string, alias: string, condition: string): string
    /** Whether a transaction goes on after an INSERT that a unique index has refused. */
    readonly outlivesDuplicates: boolean
    /** Selects as `id` the key of the row that was inserted last, for drivers that don't tell it. */
    readonly lastId?: string
    /** Writes values into stored rows, whose dates of the last update stay as they are. */
    write(writing: ValueWriting): Statement
    /** An SQL expression that gives each row a key of its own; undefined where only this library can. */
    random(format: "nanoid" | "uuid", length: number): string | undefined
}

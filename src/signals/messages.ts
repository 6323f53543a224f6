import type { DataSource } from "typeorm"

/** A message of the channel `autosequence:take`: numbers of one scope were taken. */
export interface TakeMessage {
    readonly dataSource: DataSource
    /** The name of the series or the `Sequence`. */
    readonly series: string
    /**
     * The values of the scope by property. Undefined for a `Sequence`, and if only the database
     * knows them.
     */
    readonly scope: Readonly<Record<string, string | null>> | undefined
    readonly strategy: "table-lock" | "counter" | "trigger" | "sequence"
    /** How many numbers were taken. */
    readonly count: number
    /** When it began, in milliseconds since 1970. */
    readonly startedAt: number
    /**
     * How long it took, in milliseconds: the wait for the lock or the counter, and the round trip
     * to the database. If the INSERT itself takes the number, as with `"trigger"` and for a single
     * row on PostgreSQL, the duration of the INSERT.
     */
    readonly durationMs: number
}

/**
 * A message of the channel `autosequence:retry`: the database ended a transaction, and it is
 * retried.
 */
export interface RetryMessage {
    readonly dataSource: DataSource
    /** The attempt that failed, starting at 1. */
    readonly attempt: number
    readonly attempts: number
    /** The delay before the next attempt, in milliseconds. */
    readonly delayMs: number
    /** The driver's error code: `"40P01"`, `"ER_LOCK_DEADLOCK"` … */
    readonly code: string
}

/**
 * A message of the channel `autosequence:lost`: numbers with `gapless: false` that no row will
 * have.
 */
export interface LostMessage {
    readonly dataSource: DataSource
    readonly series: string
    readonly count: number
    /**
     * `"rolledBack"`: the transaction was rolled back. `"failed"`: the INSERT failed. `"closed"`:
     * the data source was destroyed before they were used. `"skipped"`: a caller set a higher
     * number or called `setNext()`, or a row of raw SQL has one of them. `"evicted"`: the scope was dropped from memory, because
     * there were more than 10 000.
     */
    readonly reason: "rolledBack" | "failed" | "closed" | "skipped" | "evicted"
}

/**
 * A message of the channel `autosequence:gap-refused`: an operation that would have left a gap was
 * refused.
 */
export interface GapRefusedMessage {
    readonly dataSource: DataSource
    readonly series: string
    /**
     * The code of the error that was thrown: `"NOT_DELETABLE"`, `"NUMBER_GAP"`,
     * `"READ_ONLY_NUMBER"`.
     */
    readonly code: string
}

/** The messages by channel name, as `node:diagnostics_channel` has them. */
export interface AutoSequenceMessages {
    "autosequence:take": TakeMessage
    "autosequence:retry": RetryMessage
    "autosequence:lost": LostMessage
    "autosequence:gap-refused": GapRefusedMessage
}

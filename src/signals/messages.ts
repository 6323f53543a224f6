import type { DataSource } from "typeorm"

/** What a message of the channel `autosequence:take` says: numbers of one scope were taken. */
export interface TakeMessage {
    readonly dataSource: DataSource
    /** The name of the series, or of the `Sequence`. */
    readonly series: string
    /** The values of the scope by their properties; undefined for a `Sequence`, and where the database knows it alone. */
    readonly scope: Readonly<Record<string, string | null>> | undefined
    readonly strategy: "table-lock" | "counter" | "trigger" | "sequence"
    /** How many numbers. */
    readonly count: number
    /** When it began, in milliseconds since 1970. */
    readonly startedAt: number
    /**
     * How long it took, in milliseconds: the wait for the lock or the counter, and the way to the database. Where the INSERT itself
     * takes the number, which `"trigger"` and a single row on PostgreSQL do, that of the INSERT.
     */
    readonly durationMs: number
}

/** What a message of the channel `autosequence:retry` says: a transaction was ended by the database, and is repeated. */
export interface RetryMessage {
    readonly dataSource: DataSource
    /** Which attempt has failed, from 1 on. */
    readonly attempt: number
    readonly attempts: number
    /** The pause before the next one, in milliseconds. */
    readonly delayMs: number
    /** The driver's code of what has ended it: `"40P01"`, `"ER_LOCK_DEADLOCK"` … */
    readonly code: string
}

/** What a message of the channel `autosequence:lost` says: numbers with `gapless: false` that no row will have. */
export interface LostMessage {
    readonly dataSource: DataSource
    readonly series: string
    readonly count: number
    /**
     * `"rolledBack"`: the transaction was. `"failed"`: the INSERT did. `"closed"`: they were taken ahead when the data source was
     * destroyed. `"skipped"`: a caller has set a higher number. `"evicted"`: of more than 10 000 scopes one was forgotten.
     */
    readonly reason: "rolledBack" | "failed" | "closed" | "skipped" | "evicted"
}

/** What a message of the channel `autosequence:gap-refused` says: what would have left a gap was refused. */
export interface GapRefusedMessage {
    readonly dataSource: DataSource
    readonly series: string
    /** That of the error that was thrown: `"NOT_DELETABLE"`, `"NUMBER_GAP"`, `"READ_ONLY_NUMBER"`. */
    readonly code: string
}

/** The messages by their channels, which `node:diagnostics_channel` finds by these names. */
export interface AutoSequenceMessages {
    "autosequence:take": TakeMessage
    "autosequence:retry": RetryMessage
    "autosequence:lost": LostMessage
    "autosequence:gap-refused": GapRefusedMessage
}

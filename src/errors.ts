/**
 * Base class of all errors that this library throws.
 *
 * `code` is stable, so you can test for it. The message may change between versions. No message
 * contains a secret or the data of a row.
 */
export abstract class AutoSequenceError extends Error {
    /** The error as a code for programs: `"UNKNOWN_SCOPE"`, `"NUMBER_OVERFLOW"` … */
    abstract readonly code: string

    constructor(message: string, options?: { cause?: unknown }) {
        super(message, options)
        this.name = new.target.name
    }
}

/** An option of a decorator or function is wrong. */
export class InvalidOptionError extends AutoSequenceError {
    readonly code = "INVALID_OPTION"
}

/** The database, the TypeORM version or the compiler settings don't support what was requested. */
export class UnsupportedError extends AutoSequenceError {
    readonly code = "UNSUPPORTED"
}

/**
 * The data source lacks something that the guarantee depends on, such as the subscriber or an
 * index.
 */
export class NotInstalledError extends AutoSequenceError {
    readonly code = "NOT_INSTALLED"
}

/** Another process is migrating the database and didn't finish in time. */
export class MigrationLockedError extends AutoSequenceError {
    readonly code = "MIGRATION_LOCKED"
}

/** @internal What to do about most of it. */
export const INSTALL_REMEDY =
    "Generate and run a migration (typeorm-autosequence migration:generate), or call " +
    "installAutoSequence(dataSource)."

/** @internal The same of what an installation does not make. */
export const MIGRATION_REMEDY =
    "Generate and run a migration (typeorm-autosequence migration:generate)."

/** A number was requested outside a transaction, or after the transaction had ended. */
export class TransactionRequiredError extends AutoSequenceError {
    readonly code = "TRANSACTION_REQUIRED"
}

/**
 * The transaction could not be committed because one of its statements had failed. The database
 * rolled it back.
 */
export class TransactionAbortedError extends AutoSequenceError {
    readonly code = "TRANSACTION_ABORTED"
}

/** The transaction's snapshot is older than the lock, so it can't see the last number, or a number or key that is taken. */
export class StaleSnapshotError extends AutoSequenceError {
    readonly code = "STALE_SNAPSHOT"
}

/** The values that make up a row's scope can't be known before the row is inserted. */
export class UnknownScopeError extends AutoSequenceError {
    readonly code = "UNKNOWN_SCOPE"
}

/**
 * A row's period can't be determined: its date or time zone is invalid, or the caller has set a
 * period that doesn't match the date.
 */
export class InvalidPeriodError extends AutoSequenceError {
    readonly code = "INVALID_PERIOD"
}

/**
 * A number set by the caller isn't an integer, or its column accepts none (`explicit: "refuse"`).
 */
export class InvalidNumberError extends AutoSequenceError {
    readonly code = "INVALID_NUMBER"
}

/** A number doesn't fit the type of its column. */
export class NumberOverflowError extends AutoSequenceError {
    readonly code = "NUMBER_OVERFLOW"
}

/**
 * A document number can't be created: a token of its format refers to a value that isn't set, or
 * the text would be too long or contain characters that aren't allowed. Or a caller has set a text
 * that doesn't match its number.
 */
export class DocumentNumberError extends AutoSequenceError {
    readonly code = "DOCUMENT_NUMBER"
}

/** Some of the historic rows given to an import can't be imported. Nothing was written. */
export class ImportConflictError extends AutoSequenceError {
    readonly code = "IMPORT_CONFLICT"

    /** Each row that can't be imported, with its index among the given rows and the reason. */
    readonly conflicts: readonly ImportConflict[]

    constructor(
        message: string,
        { conflicts = [] }: { readonly conflicts?: readonly ImportConflict[] } = {},
    ) {
        super(message)
        this.conflicts = conflicts
    }
}

/** A row that can't be imported. */
export interface ImportConflict {
    /** Its index among the given rows, starting at 0. */
    readonly index: number
    /** Its text, if it has one. */
    readonly text: string | null
    /**
     * `"unreadable"`: the text matches none of the formats. `"incomplete"`: the row has neither a
     * text nor a number, or its scope or date is unknown. `"contradiction"`: text, number and date
     * don't match. `"repeated"`: another row of the call has the same number in its scope.
     * `"taken"`: a stored row has it.
     */
    readonly kind: "unreadable" | "incomplete" | "contradiction" | "repeated" | "taken"
    /** Describes the conflict. */
    readonly problem: string
}

/**
 * A change to the number of a stored row was refused, or a move of a numbered row to another scope.
 */
export class ReadOnlyNumberError extends AutoSequenceError {
    readonly code = "READ_ONLY_NUMBER"
}

/** A number was requested in a period, or in a scope, that is closed. */
export class PeriodClosedError extends AutoSequenceError {
    readonly code = "PERIOD_CLOSED"
}

/** The row is already void. Another transaction may have voided it. */
export class AlreadyVoidedError extends AutoSequenceError {
    readonly code = "ALREADY_VOIDED"
}

/** A setting that applies from the first number on can't be changed: numbers exist already. */
export class SettingInUseError extends AutoSequenceError {
    readonly code = "SETTING_IN_USE"
}

/** Rows of the journal can't be changed or deleted, only added. */
export class ReadOnlyJournalError extends AutoSequenceError {
    readonly code = "READ_ONLY_JOURNAL"
}

/** The row already has a number. Another transaction has assigned it. */
export class AlreadyNumberedError extends AutoSequenceError {
    readonly code = "ALREADY_NUMBERED"
}

/**
 * The row is a draft, so it can't be given a number or a different one: the condition of its number
 * doesn't hold.
 */
export class DraftError extends AutoSequenceError {
    readonly code = "DRAFT"
}

/** The row that should be given a number doesn't exist. */
export class RowNotFoundError extends AutoSequenceError {
    readonly code = "ROW_NOT_FOUND"
}

/** A row with a number can't be deleted, because its column has `deletable: false`. */
export class NotDeletableError extends AutoSequenceError {
    readonly code = "NOT_DELETABLE"
}

/** The date of a row is before the date of the last number of its scope (`dates: "ascending"`). */
export class DateOrderError extends AutoSequenceError {
    readonly code = "DATE_ORDER"
}

/** A number set by the caller belongs to another row of its scope, or was assigned before. */
export class NumberTakenError extends AutoSequenceError {
    readonly code = "NUMBER_TAKEN"
}

/** A row already has the next number of the scope: the counter is behind the rows. */
export class CounterBehindError extends AutoSequenceError {
    readonly code = "COUNTER_BEHIND"
}

/** The commit would leave a gap between the numbers of its rows. */
export class NumberGapError extends AutoSequenceError {
    readonly code = "NUMBER_GAP"
}

/** Another transaction holds the counter, and the caller chose not to wait. */
export class CounterLockedError extends AutoSequenceError {
    readonly code = "COUNTER_LOCKED"
}

/** Another row has the pseudo key, now or in its history, or no free key was found. */
export class KeyTakenError extends AutoSequenceError {
    readonly code = "KEY_TAKEN"
}

/** A pseudo key is malformed. It was set by the caller, or returned by `derive` or `generate`. */
export class InvalidKeyError extends AutoSequenceError {
    readonly code = "INVALID_KEY"
}

/** No row has this pseudo key, or the string isn't a valid key. */
export class KeyNotFoundError extends AutoSequenceError {
    readonly code = "KEY_NOT_FOUND"
}

/** A column of numbers or keys can't be changed to its new type without losing data. */
export class ColumnChangeError extends AutoSequenceError {
    readonly code = "COLUMN_CHANGE"
}

/** The order in which rows should be numbered can't be determined. */
export class UnknownOrderError extends AutoSequenceError {
    readonly code = "UNKNOWN_ORDER"
}

/**
 * Several rows have the same number in one scope, or the same pseudo key, so the unique index can't
 * be created.
 */
export class DuplicateRowsError extends AutoSequenceError {
    readonly code = "DUPLICATE_ROWS"
}

/** The database user lacks a right. The message names it if the database does. */
export class MissingRightError extends AutoSequenceError {
    readonly code = "MISSING_RIGHT"
}

/** Ids can't be assigned again: rows, or references to them, still use them. */
export class IdsInUseError extends AutoSequenceError {
    readonly code = "IDS_IN_USE"
}

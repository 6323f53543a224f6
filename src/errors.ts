/**
 * The base of every error that this library throws.
 *
 * `code` is stable and may be tested for, the text may change between versions. No text holds a
 * secret or the data of a row.
 */
export abstract class AutoSequenceError extends Error {
    /** What went wrong, for programs: `"UNKNOWN_SCOPE"`, `"NUMBER_OVERFLOW"` … */
    abstract readonly code: string

    constructor(message: string, options?: { cause?: unknown }) {
        super(message, options)
        this.name = new.target.name
    }
}

/** An option of a decorator or of a function is wrong. */
export class InvalidOptionError extends AutoSequenceError {
    readonly code = "INVALID_OPTION"
}

/** The database, the TypeORM version or the compiler settings can't do what was asked for. */
export class UnsupportedError extends AutoSequenceError {
    readonly code = "UNSUPPORTED"
}

/** The data source lacks something that the guarantee rests on: the subscriber, an index. */
export class NotInstalledError extends AutoSequenceError {
    readonly code = "NOT_INSTALLED"
}

/** Another process migrates the database, and has not come to an end in time. */
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

/** A number was asked for where no transaction is open, or after it has ended. */
export class TransactionRequiredError extends AutoSequenceError {
    readonly code = "TRANSACTION_REQUIRED"
}

/** The transaction was to be committed after a statement of it had failed: the database rolled back. */
export class TransactionAbortedError extends AutoSequenceError {
    readonly code = "TRANSACTION_ABORTED"
}

/** The transaction took its snapshot before the lock, so it can't see the last number. */
export class StaleSnapshotError extends AutoSequenceError {
    readonly code = "STALE_SNAPSHOT"
}

/** The values that make the scope of a row can't be known before it is inserted. */
export class UnknownScopeError extends AutoSequenceError {
    readonly code = "UNKNOWN_SCOPE"
}

/**
 * The period of a row can't be told: its date or its time zone is none, or the caller has set another
 * period than the date's.
 */
export class InvalidPeriodError extends AutoSequenceError {
    readonly code = "INVALID_PERIOD"
}

/** A number set by the caller isn't an integer, or its column takes none (`explicit: "refuse"`). */
export class InvalidNumberError extends AutoSequenceError {
    readonly code = "INVALID_NUMBER"
}

/** A number does not fit the type of its column. */
export class NumberOverflowError extends AutoSequenceError {
    readonly code = "NUMBER_OVERFLOW"
}

/**
 * The text of a number can't be made: a token of its format stands for what is not set, or the text would be too
 * long, or have characters that it may not have; or a caller has set a text that does not go with its number.
 */
export class DocumentNumberError extends AutoSequenceError {
    readonly code = "DOCUMENT_NUMBER"
}

/** Historic rows were to be imported, and some of them can't be. Nothing was written. */
export class ImportConflictError extends AutoSequenceError {
    readonly code = "IMPORT_CONFLICT"

    /** Each row that can't be imported, by its place among those that were given, and why. */
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
    /** Its place among those that were given, from 0 on. */
    readonly index: number
    /** Its text, where it has one. */
    readonly text: string | null
    /**
     * `"unreadable"`: the text has none of the formats. `"incomplete"`: it has neither a text nor a number, or its scope or
     * date is not known. `"contradiction"`: text, number and date do not go together. `"repeated"`: another row of the call has
     * the number in its scope. `"taken"`: a stored row has it.
     */
    readonly kind: "unreadable" | "incomplete" | "contradiction" | "repeated" | "taken"
    /** What to know of it. */
    readonly problem: string
}

/** The number of a stored row was about to be changed, or a row with a number moved to another scope. */
export class ReadOnlyNumberError extends AutoSequenceError {
    readonly code = "READ_ONLY_NUMBER"
}

/** A period, or a whole scope, is closed, and was to be given a number. */
export class PeriodClosedError extends AutoSequenceError {
    readonly code = "PERIOD_CLOSED"
}

/** A row was to be made void, and its number is void: it was before, maybe by another transaction. */
export class AlreadyVoidedError extends AutoSequenceError {
    readonly code = "ALREADY_VOIDED"
}

/** A setting that holds from the first number on was to be changed, and there are numbers. */
export class SettingInUseError extends AutoSequenceError {
    readonly code = "SETTING_IN_USE"
}

/** A row of the journal was to be changed or deleted, and rows are only ever added to it. */
export class ReadOnlyJournalError extends AutoSequenceError {
    readonly code = "READ_ONLY_JOURNAL"
}

/** A row was to be given its number, and has one: another transaction has done so before. */
export class AlreadyNumberedError extends AutoSequenceError {
    readonly code = "ALREADY_NUMBERED"
}

/** A row was to be given a number, or another one, and is a draft: the condition of its number does not hold. */
export class DraftError extends AutoSequenceError {
    readonly code = "DRAFT"
}

/** A row that was to be given a number does not exist. */
export class RowNotFoundError extends AutoSequenceError {
    readonly code = "ROW_NOT_FOUND"
}

/** A row with a number was to be deleted, and its column says `deletable: false`. */
export class NotDeletableError extends AutoSequenceError {
    readonly code = "NOT_DELETABLE"
}

/** The date of a row lies before that of the last number of its scope (`dates: "ascending"`). */
export class DateOrderError extends AutoSequenceError {
    readonly code = "DATE_ORDER"
}

/** A number that the caller has set belongs to another row of its scope, or was given already. */
export class NumberTakenError extends AutoSequenceError {
    readonly code = "NUMBER_TAKEN"
}

/** The next number of a scope belongs to a row already: its counter is behind its rows. */
export class CounterBehindError extends AutoSequenceError {
    readonly code = "COUNTER_BEHIND"
}

/** Rows would be committed with a number missing between them. */
export class NumberGapError extends AutoSequenceError {
    readonly code = "NUMBER_GAP"
}

/** The counter is held by another transaction, and the caller would not wait. */
export class CounterLockedError extends AutoSequenceError {
    readonly code = "COUNTER_LOCKED"
}

/** A pseudo key belongs to another row, now or by its history, or no free one was found. */
export class KeyTakenError extends AutoSequenceError {
    readonly code = "KEY_TAKEN"
}

/** A pseudo key is not one: it was set by the caller, or made by `derive` or `generate`. */
export class InvalidKeyError extends AutoSequenceError {
    readonly code = "INVALID_KEY"
}

/** No row has this pseudo key, or it is none at all. */
export class KeyNotFoundError extends AutoSequenceError {
    readonly code = "KEY_NOT_FOUND"
}

/** A column that holds numbers or keys can't be changed into what it is to be without a loss. */
export class ColumnChangeError extends AutoSequenceError {
    readonly code = "COLUMN_CHANGE"
}

/** Nothing tells in which order rows came that are to be numbered. */
export class UnknownOrderError extends AutoSequenceError {
    readonly code = "UNKNOWN_ORDER"
}

/** Rows have the same number in one scope, or the same pseudo key, so its unique index can't be made. */
export class DuplicateRowsError extends AutoSequenceError {
    readonly code = "DUPLICATE_ROWS"
}

/** The user of the data source may not do what was asked for; the text names the right where the database does. */
export class MissingRightError extends AutoSequenceError {
    readonly code = "MISSING_RIGHT"
}

/** Ids were to be given again, and rows, or references to them, still have them. */
export class IdsInUseError extends AutoSequenceError {
    readonly code = "IDS_IN_USE"
}

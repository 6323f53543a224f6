import type { DataSource, DataSourceOptions } from "typeorm"
import type { Statement } from "../typeorm/statement"
import type { Scope } from "./columns"
import type { CountedColumn, ScopedColumn } from "./columns"
import type { ColumnMetadata } from "../typeorm/names"
import type { KeyStatements } from "./key-statements"
import type { SchemaStatements } from "./schema-statements"
import type { TriggerStatements } from "./trigger-statements"

/** @internal A row of what {@link Dialect.lastNumbers} selects. */
export interface LastNumber {
    /** The scope's place in the list that was asked for. */
    readonly at: string | number
    /** Equal for scopes that are one to the database ("A" and "a" in a citext column). */
    readonly group: string
    /** The highest number of the scope, NULL where it has no rows. */
    readonly last: string | null
    readonly isolation: string
}

/** @internal What the `table-lock` strategy asks of a database. */
export interface TableLockStatements {
    lock(tables: readonly string[]): readonly Statement[]
    /** Whether statements of one transaction at this isolation level all see the same snapshot. */
    keepsSnapshot(isolation: string): boolean
    /** Whether a statement takes the transaction's snapshot. */
    takesSnapshot(sql: string): boolean
}

/** @internal The counter table and its columns as SQL names them. */
export interface CounterTable {
    readonly name: string
    readonly series: string
    readonly scope: string
    readonly last: string
    readonly movedBy: string
    readonly movedAt: string
}

/** @internal How far the counter of one scope is to move. */
export interface Move {
    /** The key of the scope. */
    readonly key: string
    readonly by: bigint
    /** The scope itself, where rows of it may exist that the counter doesn't know. */
    readonly scope?: Scope
}

/** @internal The counters of one series that are to move together. */
export interface Moves {
    readonly series: string
    /** Numbers go on after it where the counter is lower: the first number less one step. */
    readonly base: bigint
    /** In the order in which their counters are locked. */
    readonly moves: readonly Move[]
    /** The columns whose rows a new counter goes on after; none for a series without rows. */
    readonly columns: readonly CountedColumn[]
}

/** @internal A counter after its move. */
export interface MovedCounter {
    readonly key: string
    /** NULL in a counter that is new, and whose rows the statement could not look at. */
    readonly last: string | null
}

/** @internal How the counter of a `Sequence` is to move. */
export interface Advance {
    readonly series: string
    readonly key: string
    /** How many numbers are taken. */
    readonly count: bigint
    readonly startAt: bigint
    readonly incrementBy: bigint
    /** The number on reaching which the counter starts over. */
    readonly resetAt?: bigint
    /** The counter does not move past it. */
    readonly max: bigint
}

/** @internal A counter after that. */
export interface AdvancedCounter {
    readonly last: string
    /** How far it has moved; 0 where it would have passed the maximum, and stayed. */
    readonly way: string
}

/** @internal The setting of a session that says how long a statement waits for a lock. */
export interface LockWait {
    /** Selects it as `value`. */
    readonly read: Statement
    set(value: string): Statement
    /** The value that makes statements fail rather than wait. */
    none(dataSource: DataSource): string
    /** Whether the setting is the transaction's, and one that has failed goes on from a savepoint. */
    readonly isOfTransaction: boolean
}

/** @internal What counters ask of a database. */
export interface CounterStatements {
    /** Whether a new counter is moved past the rows of its scope by the statement that makes it. */
    readonly isOneStatement: boolean
    /**
     * Moves each counter to the higher of itself and the base, plus the way it is to go. The last
     * statement selects {@link MovedCounter} rows.
     */
    move(table: CounterTable, moves: Moves, dataSource: DataSource): readonly Statement[]
    /** The same for a counter that exists; selects nothing otherwise. Undefined where no faster. */
    moveExisting?(table: CounterTable, moves: Moves): Statement
    /**
     * Moves one counter without a look at rows, and makes it where it doesn't exist. The last
     * statement selects {@link AdvancedCounter}, or nothing where it would pass the maximum.
     */
    advance(table: CounterTable, advance: Advance, dataSource: DataSource): readonly Statement[]
    /** Whether that is one statement. */
    advancesAtOnce(dataSource: DataSource): boolean
    readonly lockWait: LockWait
    /** Sets counters that are lower. */
    raise(
        table: CounterTable,
        series: string,
        counters: readonly { readonly key: string; readonly to: bigint }[],
    ): Statement
}

/** @internal An INSERT that may update or skip rows instead. */
export interface Upsert {
    /** Whether it leaves out the rows that are stored. */
    readonly skips: boolean
    /** The columns by which stored rows are recognised; undefined where any unique index does. */
    readonly target?: readonly string[]
    /** Whether it gives the column of a stored row another value. */
    overwrites(column: string): boolean
}

/** @internal SQL expressions that the databases write differently. */
export interface Expressions {
    text(sql: string): string
    concat(...parts: string[]): string
    /** The higher of two values that are not NULL. */
    greatest(a: string, b: string): string
    /** The key of a scope that is too long to be one; undefined where any length will do. */
    hash?(text: string): string
    /** The length in characters. */
    length(text: string): string
}

/** @internal What the drivers tell an error by. */
export interface DriverError {
    readonly code?: unknown
    readonly errno?: unknown
    readonly message?: unknown
}

/** @internal How statements are written. */
export interface SqlSyntax {
    /** Whether parameters are `$1`, `$2` …, and not `?` in their order. */
    readonly hasNumberedParameters: boolean
    /** Whether a backslash in a text escapes what comes next. */
    readonly escapesByBackslash: boolean
}

/** @internal What a database can do, and the statements that differ. */
export interface Dialect {
    readonly syntax: SqlSyntax
    /** Undefined where the strategy can't work. */
    readonly tableLock?: TableLockStatements
    readonly counter: CounterStatements
    /** Undefined where the strategy can't work. */
    readonly trigger?: TriggerStatements
    readonly schema: SchemaStatements
    readonly keys: KeyStatements
    readonly expressions: Expressions
    readonly hasPartialIndices: boolean
    /** Whether every version of TypeORM waits for subscribers when a statement has failed. */
    readonly announcesErrors: boolean
    /** Whether all callers of a data source have the same query runner. */
    readonly sharesRunner: boolean
    /** What makes the text of a key compare exactly, where columns don't by themselves. */
    readonly keyCollation?: { readonly charset: string; readonly collation: string }
    /** Selects the highest number of each scope as rows of {@link LastNumber}. */
    lastNumbers(series: CountedColumn, scopes: readonly Scope[]): Statement
    /** Selects as `at` the places of those numbers that rows have. */
    storedNumbers(
        series: CountedColumn,
        numbers: readonly { readonly scope: Scope; readonly number: string }[],
    ): Statement
    /** Whether TypeORM sets the key of the row that an upsert has found, and not another one's. */
    tellsUpserted(dataSource: DataSource): boolean
    /** Reads what stands before the columns and behind the rows of an INSERT; undefined for no upsert. */
    findUpsert(head: string, tail: string): Upsert | undefined
    /** Whether the driver's result of COMMIT says that the database has rolled back instead. */
    hasRolledBack(result: unknown): boolean
    /** Whether a statement that failed with this error has rolled back the whole transaction. */
    endsTransaction(error: DriverError): boolean
    /** Whether the transaction can be repeated after this error. */
    isTransient(error: DriverError): boolean
    /** Whether a number got too large for its column. */
    isOutOfRange(error: DriverError): boolean
    /** Whether there is no such table. */
    isMissingTable(error: DriverError): boolean
    /** Whether the statement was refused because one before it has failed. */
    isAborted(error: DriverError): boolean
    /** Whether a lock was not free, and the statement would not wait. */
    isLocked(error: DriverError): boolean
    /** How the driver would send this value, as text that any column type reads. */
    scopeText(dataSource: DataSource, value: unknown): string
    /** That text as {@link keyText} writes it; undefined where only the database knows. */
    canonicalText(column: ColumnMetadata, text: string): string | undefined
    /**
     * An expression that is equal for values which the column takes for equal, whatever the
     * settings of the session; undefined for types that make no key.
     */
    keyText(column: ColumnMetadata, sql: string): string | undefined
    /** Selects `at` and `key` for scopes whose values the columns store in another form. */
    scopeKeys(series: ScopedColumn, scopes: readonly Scope[], key: string): Statement
    /** A data source with one connection of its own; undefined where there can't be another. */
    separateConnection(dataSource: DataSource): DataSourceOptions | undefined
}

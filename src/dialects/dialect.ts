import type { DataSource, DataSourceOptions } from "typeorm"
import type { Statement } from "../typeorm/statement"
import type { CountedColumn, Scope, ScopedColumn } from "./columns"
import type { ColumnMetadata } from "../typeorm/names"
import type { AuditStatements } from "./statements/upkeep/audit-statements"
import type { CounterStatements } from "./statements/counter-statements"
import type { DriverError } from "./driver-error"
import type { ServerChecks } from "./server/server-checks"
import type { IdStatements } from "./statements/upkeep/id-statements"
import type { JournalStatements } from "./statements/journal/journal-statements"
import type { TriggerCatalogue } from "./statements/trigger-catalogue"
import type { KeyStatements } from "./statements/key-statements"
import type { MissingColumn } from "./missing"
import type { LockStatements } from "./statements/lock-statements"
import type { PeriodStatements } from "./statements/period-statements"
import type { SchemaStatements } from "./statements/schema-statements"
import type { TriggerStatements } from "./statements/trigger-statements"

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

/** @internal A query named `taken` that a statement begins with, once its parameters are there to be added to. */
export type Beginning = (parameter: (value: unknown) => string) => string

/** @internal The number after the last one of a scope. */
export interface NextNumber {
    /** Stands for the last number where the scope has no rows. */
    readonly before: bigint
    readonly by: bigint
    /** It is not below it. */
    readonly first: bigint
    /** Nor above it. */
    readonly max: bigint
}

/** @internal What the `table-lock` strategy asks of a database. */
export interface TableLockStatements {
    lock(tables: readonly string[]): readonly Statement[]
    /** Whether statements of one transaction at this isolation level all see the same snapshot. */
    keepsSnapshot(isolation: string): boolean
    /** Whether a statement takes the transaction's snapshot. */
    takesSnapshot(sql: string): boolean
    /**
     * Reads the next number of a scope as a part of another statement, to which it gives `number` by the name `taken`.
     * That has no rows where no number is left. Undefined where a statement can't have such a part, or not for
     * these columns.
     */
    nextWithin?(series: CountedColumn, scope: Scope, next: NextNumber): Beginning | undefined
}

/** @internal An INSERT that may update or skip rows instead. */
export interface Upsert {
    /** Whether it leaves out the rows that are stored. */
    readonly skips: boolean
    /** The columns by which stored rows are recognised; undefined where any unique index does. */
    readonly target?: readonly string[]
    /** Whether it gives the column of a stored row another value. */
    overwrites(column: string): boolean
    /** What stands before that which becomes of a stored row. */
    readonly update: string
    /** The value that the INSERT has for a column. */
    given(column: string): string
}

/** @internal SQL expressions that the databases write differently. */
export interface Expressions {
    text(sql: string): string
    concat(...parts: string[]): string
    /** A value, as the driver sends it, to compare a column of any type with. */
    literal(value: string | number | boolean): string
    /** The higher of two values that are not NULL. */
    greatest(a: string, b: string): string
    /** Whether two values are equal, or both NULL. */
    same(a: string, b: string): string
    /** In the place of a number: no value, but an error of the statement that {@link Dialect.isFailure} knows. */
    fail(number: string): string
    /** The key of a scope that is too long to be one; undefined where any length will do. */
    hash?(text: string): string
    /** The length in characters. */
    length(text: string): string
    /** The integer that a text begins with; NULL or an error for one that begins with none. */
    leadingNumber(text: string): string
    /** An integer as text, with zeros before it up to this many digits. */
    padded(number: string, width: number): string
}

/** @internal How many parameters a statement can have, and how SQL writes a value without one. */
export interface ParameterLimit {
    readonly count: number
    /** Undefined for values that need one. */
    literal(value: unknown): string | undefined
}

/** @internal How statements are written. */
export interface SqlSyntax {
    /** Whether parameters are `$1`, `$2` …, and not `?` in their order. */
    readonly hasNumberedParameters: boolean
    /** Where one INSERT may have so many rows that it matters. */
    readonly limit?: ParameterLimit
    /** Whether a backslash in a text escapes what comes next. */
    readonly escapesByBackslash: boolean
    /** What stands in the place of a column that an INSERT leaves to the database. */
    readonly absent: "DEFAULT" | "NULL"
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
    readonly audit: AuditStatements
    readonly ids: IdStatements
    /** Undefined where a writer holds the whole database. */
    readonly locks?: LockStatements
    readonly server: ServerChecks
    readonly journal: JournalStatements
    readonly triggers: TriggerCatalogue
    readonly periods: PeriodStatements
    readonly expressions: Expressions
    readonly hasPartialIndices: boolean
    /** Whether all callers of a data source have the same query runner. */
    readonly sharesRunner: boolean
    /** What a SELECT ends with that locks its rows; nothing where a writer locks all of the database. */
    readonly rowLock: string
    /** What makes the text of a key compare exactly, where columns don't by themselves. */
    readonly keyCollation?: { readonly charset: string; readonly collation: string }
    /** Selects the highest number of each scope as rows of {@link LastNumber}. */
    lastNumbers(series: CountedColumn, scopes: readonly Scope[]): Statement
    /** Selects as `at` the places of those numbers that rows have. */
    storedNumbers(
        series: CountedColumn,
        numbers: readonly { readonly scope: Scope; readonly number: string }[],
    ): Statement
    /**
     * Selects as `at`, `low` and `high` what an expression over the row `t` is for the rows with the next lower and
     * the next higher numbers, those included that were committed since the transaction began, as far as they
     * can be.
     */
    neighbours(
        series: CountedColumn,
        value: string,
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
    /** Whether it comes from {@link Expressions.fail}, in a statement that has such an expression. */
    isFailure(error: DriverError): boolean
    /** Whether a number got too large for its column. */
    isOutOfRange(error: DriverError): boolean
    /** Whether there is no such table. */
    isMissingTable(error: DriverError): boolean
    /** The column that a statement names and there is not. */
    missingColumn(error: DriverError): MissingColumn | undefined
    /** Whether the statement was refused because one before it has failed. */
    isAborted(error: DriverError): boolean
    /** Whether a lock was not free, and the statement would not wait. */
    isLocked(error: DriverError): boolean
    /**
     * What the driver would send for this value, as text that the column reads as the same; undefined
     * for what it doesn't store as what it is.
     */
    scopeText(dataSource: DataSource, value: unknown, column: ColumnMetadata): string | undefined
    /** What is read of a stored value for {@link scopeText}, where its driver would round it. */
    scopeSql?(column: ColumnMetadata, sql: string): string
    /** That text as {@link keyText} writes it; undefined where only the database knows. */
    canonicalText(column: ColumnMetadata, text: string): string | undefined
    /** Whether all the same only the database tells which other texts the column takes for equal. */
    isCollated(column: ColumnMetadata, text: string): boolean
    /**
     * An expression that is equal for values which the column takes for equal, whatever the
     * settings of the session, and NULL for others; undefined for types that make no key.
     */
    keyText(column: ColumnMetadata, sql: string): string | undefined
    /** Selects `at` and `key` for scopes whose values the columns store in another form. */
    scopeKeys(scoped: ScopedColumn, scopes: readonly Scope[], key: string): Statement
    /**
     * Ends a connection, which its pool doesn't give to others then; undefined where there is no
     * other one.
     */
    discard?(dataSource: DataSource, connection: unknown): void
    /**
     * Has a row where the server repeats by itself what is sent without a transaction, and the client is answered with
     * what the first attempt would have stored; undefined where there is no such server.
     */
    readonly repeatsStatements?: Statement
    /**
     * Keeps what a server says of the end of a connection from ending the process: TypeORM listens to a new one a
     * moment after its pool has ceased to. Undefined where drivers don't need it.
     */
    outliveConnections?(dataSource: DataSource): void
    /** A data source with one connection of its own; undefined where there can't be another. */
    separateConnection(dataSource: DataSource): DataSourceOptions | undefined
}

import type { DataSource } from "typeorm"
import type { Series } from "../series/series"
import type { Scope } from "../allocation/scope"

/** @internal A statement and its parameters. */
export interface Statement {
    readonly sql: string
    readonly parameters?: unknown[]
}

/** @internal A row of what {@link TableLockStatements.lastNumbers} selects. */
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
    lock(tables: readonly string[]): Statement
    /** Selects the highest number of each scope as rows of {@link LastNumber}. */
    lastNumbers(series: Series, scopes: readonly Scope[]): Statement
    /** Selects as `at` the places of those numbers that rows have. */
    storedNumbers(
        series: Series,
        numbers: readonly { readonly scope: Scope; readonly number: string }[],
    ): Statement
    /** Whether statements of one transaction at this isolation level all see the same snapshot. */
    keepsSnapshot(isolation: string): boolean
    /** Whether a statement takes the transaction's snapshot. */
    takesSnapshot(sql: string): boolean
}

/** @internal An INSERT that may update or skip rows instead. */
export interface Upsert {
    isInto(table: string): boolean
    /** Whether it gives the column of a stored row another value. */
    overwrites(column: string): boolean
}

/** @internal What a database can do, and the statements that differ. */
export interface Dialect {
    /** Undefined where the strategy can't work. */
    readonly tableLock?: TableLockStatements
    readonly hasPartialIndices: boolean
    /** Reads a statement that TypeORM has written; undefined where it is no upsert. */
    findUpsert(sql: string): Upsert | undefined
    /** Whether the driver's result of COMMIT says that the database has rolled back instead. */
    hasRolledBack(result: unknown): boolean
    /** How the driver would send this value, as text that any column type reads. */
    scopeText(dataSource: DataSource, value: unknown): string
}

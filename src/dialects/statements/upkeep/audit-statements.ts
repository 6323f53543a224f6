import type { QueryRunner } from "typeorm"
import type { Statement } from "../../../typeorm/statement"
import type { ColumnMetadata } from "../../../typeorm/names"
import type { DriverError } from "../../driver-error"

/** @internal Where a table is. */
export interface TablePlace {
    /** As SQL names it. */
    readonly name: string
    /** Its schema, or database, where it is told. */
    readonly place?: string
    readonly table: string
}

/** @internal A column as the catalogue of the database has it. */
export interface StoredColumn {
    readonly name: string
    readonly type: string
    /** 0 or 1. */
    readonly isNullable: number | string | boolean
}

/** @internal A column of a unique index over all rows of a table. */
export interface StoredIndexColumn {
    readonly index: string
    /** NULL for an expression. */
    readonly column: string | null
    /** Whether NULL is equal to NULL there: 0 or 1. */
    readonly joinsNulls: number | string | boolean
}

/** @internal The table and the right that the database says are lacking. */
export interface MissingRight {
    /** Undefined where the database does not say. */
    readonly right?: string
    /** What it is missing on; undefined where the database does not say. */
    readonly on?: string
}

/** @internal What audits ask of a database. */
export interface AuditStatements {
    /**
     * Begins and ends a transaction of one snapshot that writes nothing; undefined where that of TypeORM is one, and
     * connections are shared.
     */
    readonly snapshot?: { readonly begin: readonly string[]; readonly end: string }
    /** Selects `at`, the moment as ISO text in UTC, `version` and `name` of the database. */
    readonly look: Statement
    /** Hands over the rows of a statement one after the other, and holds a few of them at a time. */
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- whoever writes the statement knows its rows
    each<Row>(runner: QueryRunner, statement: Statement, take: (row: Row) => void): Promise<void>
    /** Selects {@link StoredColumn} rows; none where there is no such table. */
    columns(table: TablePlace): Statement
    /** Whether it does not list what the user has no right to read. */
    readonly listsReadable?: boolean
    /** Selects {@link StoredIndexColumn} rows of the unique indexes that hold for all rows, in their order there. */
    uniqueIndexes(table: TablePlace): Statement
    /** A value of a scope as people read it, and as {@link parameter} takes it. */
    shown(column: ColumnMetadata, sql: string): string
    /** Reads a text of {@link shown} as the column does. */
    parameter(column: ColumnMetadata, placeholder: string): string
    /** An integer without a fraction as text, of a sum among them. */
    integer(sql: string): string
    /** A text of digits as a number. */
    number(sql: string): string
    /** A moment that a counter has, as ISO text in UTC. */
    moment(sql: string): string
    /** The right that a user lacks, where that is what an error says. */
    missingRight(error: DriverError): MissingRight | undefined
}

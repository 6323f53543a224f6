import type { QueryRunner, TableColumn } from "typeorm"
import type { CounterTable } from "./counter-statements"
import type { Statement } from "../../typeorm/statement"

/** An UPDATE that numbers the rows of a table that have no number. */
interface RowNumbering {
    readonly table: string
    /** The columns that rows `t` get, and what they get. */
    readonly assigned: readonly (readonly [column: string, value: string])[]
    readonly keys: readonly string[]
    /** Selects the keys of rows, and their numbers, as `w`. */
    readonly rows: string
    /** Which of the rows `t` have none yet. */
    readonly where: string
}

/** @internal A lock that keeps several from installing at the same time. */
export interface InstallLock {
    /** Whether the lock, and what is changed under it, belong to a transaction. */
    readonly isTransactional: boolean
    /** The isolation level at which what was committed before the lock is seen after it. */
    readonly isolation?: "READ COMMITTED"
    /** The last statement may select `taken`, which is 1 then. */
    readonly take: readonly Statement[]
    readonly release?: Statement
}

/** @internal A column as the catalogue of the database describes its texts. */
export interface StoredCollation {
    readonly column: string
    readonly charset: string
    readonly collation: string
}

/** A column that gets another type, and keeps what is in it. */
interface Retyping {
    readonly table: string
    readonly column: string
    readonly from: TableColumn
    readonly to: TableColumn
    /** The type of `to` as SQL writes it. */
    readonly type: string
}

/** @internal A CHECK constraint as the database has it. */
export interface StoredCheck {
    readonly name: string
    readonly expression: string
}

/** @internal A sequence as the catalogue has it. */
export interface StoredSequence {
    /** What precedes its name in SQL, where its schema has to be named. */
    readonly schema: string
    readonly name: string
}

/** @internal What migrations, the installation and checks ask of a database. */
export interface SchemaStatements {
    /** Makes a text compare by its characters alone, as the keys in the counter table do. */
    exactly(text: string): string
    /** Joins the counter of a scope, if there is one, to an exact key. */
    joinCounter(table: CounterTable, alias: string, series: string, key: string): string
    numberRows(update: RowNumbering): string
    /** Inserts the counters that a query selects, and raises those that are lower, and not closed. */
    seed(table: CounterTable, counters: string): string
    /** What makes moves of a counter cheap, beyond what TypeORM knows of a table. */
    readonly counterSettings?: {
        /** Selects a row where they are not set. */
        isMissing(table: CounterTable): Statement
        add(table: CounterTable): string
        remove(table: CounterTable): string
    }
    /** CHECK constraints, where TypeORM leaves them alone. */
    readonly checks?: {
        /** Selects {@link StoredCheck} rows: those of a table whose names begin so. */
        select(database: string | undefined, table: string, prefix: string): Statement
        add(table: string, name: string, expression: string): string
        remove(table: string, name: string): string
    }
    /** Whether a value, as a text, is a whole number in digits. */
    isWhole(sql: string): string
    /** Whether a text is a UUID in small letters. */
    isUuid(sql: string): string
    /** Whether the database makes the values of a column in a way that only {@link retype} ends. */
    makesValues(column: TableColumn): boolean
    /** Undefined where TypeORM keeps what is in a column that it changes. */
    retype?(retyping: Retyping): readonly string[]
    /** Takes off the schema that TypeORM names where neither an entity nor the data source does. */
    withoutSchema?(sql: string, schemas: ReadonlySet<string | undefined>): string
    /** Sequences that make the values of columns, where they have names. */
    readonly sequences?: {
        /** Selects a {@link StoredSequence}: the one that belongs to a column. */
        selectOwned(table: string, column: string): Statement
        rename(schema: string, name: string, to: string): string
    }
    /** Whether an index can't be dropped while a foreign key has no other. */
    readonly foreignKeysNeedIndex: boolean
    readonly installLock: InstallLock
    /** Is not waited for: its first statement tells whether it was taken, or fails as a lock does that is not free. */
    readonly migrationLock: InstallLock
    /** Says what to do where TypeORM takes the server for another one, and sees changes that are none. */
    findMistake?(runner: QueryRunner): Promise<string | undefined>
    /** For databases whose columns may take different texts for equal. */
    readonly collations?: {
        /** Selects {@link StoredCollation} rows of the columns of a table. */
        select(database: string | undefined, table: string): Statement
        /** Selects `ignoresCase`, which is 0 or 1. */
        compare(collation: StoredCollation): Statement
    }
}

/**
 * The statements that PostgreSQL and SQLite have in common.
 * @internal
 */
export const standardSchema = {
    foreignKeysNeedIndex: false,

    numberRows: ({ table, assigned, keys, rows, where }: RowNumbering): string =>
        `UPDATE ${table} AS t SET ${assigned.map(([column, value]) => `${column} = ${value}`).join(", ")} ` +
        `FROM (${rows}) w ` +
        `WHERE ${equalKeys(keys)} AND ${where}`,

    seed: (table: CounterTable, counters: string): string =>
        `INSERT INTO ${table.name} AS c (${counterColumns(table)}) ${counters} ` +
        `ON CONFLICT (${table.series}, ${table.scope}) DO UPDATE SET ` +
        `${table.last} = EXCLUDED.${table.last}, ${table.movedAt} = EXCLUDED.${table.movedAt} ` +
        `WHERE (c.${table.last} IS NULL OR c.${table.last} < EXCLUDED.${table.last}) ` +
        `AND c.${table.movedBy} >= 0`,
}

/** @internal For databases that find a counter by its index whatever they know of the table. */
export function joinCounter(
    { name, series, scope }: CounterTable,
    alias: string,
    ofSeries: string,
    key: string,
): string {
    return `LEFT JOIN ${name} ${alias} ON ${alias}.${series} = ${ofSeries} AND ${alias}.${scope} = ${key}`
}

/** @internal */
export function equalKeys(keys: readonly string[]): string {
    return keys.map((key) => `t.${key} = w.${key}`).join(" AND ")
}

/** @internal */
export function counterColumns({ series, scope, last, movedBy, movedAt }: CounterTable): string {
    return [series, scope, last, movedBy, movedAt].join(", ")
}

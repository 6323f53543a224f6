import type { ColumnOptions } from "typeorm"
import type { BookkeepingOptions } from "./bookkeeping-options"
import type { Condition, NumberCondition } from "./condition"
import type { SpecialOption, Strategy } from "./strategies"
import type { PeriodOptions } from "./period-options"

/** The options of TypeORM's `@Column` that apply to a number. */
export type NumberColumnOptions = Pick<
    ColumnOptions,
    "name" | "comment" | "nullable" | "primary" | "select" | "transformer"
>

/**
 * Returns the first number of a row's scope. It is called with the entity that is being inserted,
 * before its INSERT.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- an option can't name the class that it is in
export type StartOf = (row: any) => number

/** Options of {@link AutoSequenceColumn}. */
export interface AutoSequenceColumnOptions extends NumberColumnOptions, BookkeepingOptions {
    /**
     * The first number of every scope, an integer from 1. No number is below it: if rows exist
     * already, numbering continues after the highest of them or starts here, whichever is higher.
     *
     * A function returns the first number of a row's scope from what its entity knows. It is called
     * for each row when its INSERT is sent. It receives the entity as you saved it: with the
     * relations that are set on it, and with column values. If rows of one scope return different
     * numbers, each row's number is at least the one returned for that row. Not available with
     * strategy `"trigger"`, because the database can't call it.
     *
     * Errors: on insert, {@link InvalidNumberError} if the function doesn't return an integer
     * between 1 and the column's largest number. Errors that it throws are passed on. Nothing is
     * written in either case.
     *
     * ```ts
     * import { Column, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
     * import { AutoSequenceColumn } from "typeorm-autosequence"
     *
     * @Entity()
     * class Company {
     *     @PrimaryGeneratedColumn()
     *     id!: number
     *
     *     @Column({ default: 1 })
     *     firstInvoice!: number // goes on after another program
     * }
     *
     * @Entity()
     * class Invoice {
     *     @PrimaryGeneratedColumn()
     *     id!: number
     *
     *     @ManyToOne(() => Company, { nullable: false })
     *     company!: Company
     *
     *     @AutoSequenceColumn({
     *         strategy: "counter",
     *         uniqueWith: "company",
     *         startAt: (invoice: Invoice) => invoice.company.firstInvoice,
     *     })
     *     number!: number
     * }
     * ```
     *
     * Default: `1`.
     */
    startAt?: number | StartOf

    /**
     * The step between numbers, an integer from 1.
     *
     * Default: `1`.
     */
    incrementBy?: number

    /**
     * The properties whose values make up the scope: columns, many-to-one relations, paths into
     * embedded entities (`"address.country"`). Each combination of values is numbered separately.
     * Values are equal if the column treats them as equal, by its type and collation.
     *
     * Errors: {@link InvalidOptionError} for a relation with `onDelete: "SET NULL"`, which would
     * put rows with equal numbers into one scope. Also for more than four nullable columns, if the
     * database needs a unique index for each combination of them (PostgreSQL, SQLite). On insert,
     * {@link UnknownScopeError} for a value that isn't stored as it is: a promise, a list, an
     * invalid date, `7.6` for an integer.
     *
     * Default: none. The whole table is one scope.
     */
    uniqueWith?: string | readonly string[]

    /**
     * Numbering restarts in each year, quarter, month, day or fiscal year of a date of the row. The
     * name of the period is stored next to the number, in `<property>Period`. It is part of the
     * scope: the last column before the number in the unique index. It never changes: moving the
     * date of a numbered row to another period is refused ({@link ReadOnlyNumberError}).
     *
     * Errors: {@link InvalidOptionError}. On insert, {@link InvalidPeriodError} if the date or the
     * time zone is invalid, or if the caller has set a period that doesn't match the date;
     * {@link UnknownScopeError} if only the database knows the date.
     *
     * ```ts
     * import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
     * import { AutoSequenceColumn } from "typeorm-autosequence"
     *
     * @Entity()
     * class Invoice {
     *     @PrimaryGeneratedColumn()
     *     id!: number
     *
     *     @Column()
     *     company!: string
     *
     *     @Column({ type: "date" })
     *     issuedOn!: string
     *
     *     @AutoSequenceColumn({
     *         strategy: "counter",
     *         uniqueWith: "company",
     *         period: { of: "issuedOn", by: "year", timeZone: "Europe/Berlin" },
     *     })
     *     number!: number
     *
     *     numberPeriod!: string // "2026"
     * }
     * ```
     *
     * Default: none. Numbering never restarts.
     */
    period?: PeriodOptions

    /**
     * The condition under which a row has a number. A row that doesn't meet it yet is a draft. It
     * gets its number from the INSERT or UPDATE that makes the condition true, and keeps it even if
     * the row changes later. The column is nullable, and a CHECK constraint ensures that a row that
     * meets the condition has a number (PostgreSQL, MariaDB, MySQL, SQLite).
     *
     * Use values, and TypeORM's `Not`, `In` and `IsNull`, for columns of the row itself and foreign
     * keys. All entries must hold. As in SQL, a column that is NULL meets no condition except
     * `IsNull()`.
     *
     * ```ts
     * import { Column, Entity, Not, PrimaryGeneratedColumn } from "typeorm"
     * import { AutoSequenceColumn } from "typeorm-autosequence"
     *
     * @Entity()
     * class Invoice {
     *     @PrimaryGeneratedColumn()
     *     id!: number
     *
     *     @Column({ default: "draft" })
     *     status!: "draft" | "final" | "void"
     *
     *     @AutoSequenceColumn({ strategy: "counter", when: { status: Not("draft") } })
     *     number!: number | null
     * }
     * ```
     *
     * Default: none. Every row has a number.
     */
    when?: NumberCondition

    /**
     * When the number is assigned. `"insert"`: with the row, or by the UPDATE that makes `when`
     * true; other writers of the scope wait until the transaction ends. `"commit"`: the row is
     * inserted without a number, and all numbers of the transaction are assigned right before its
     * COMMIT, so that others wait for that moment only. The column is nullable until then, and the
     * number is on the entity once the transaction has committed.
     *
     * For strategies `"counter"` and, on PostgreSQL, `"trigger"`. Rows that are deleted or given a
     * number before COMMIT are skipped. The others are numbered in the scope that they are in by
     * then. A pseudo key made from the number must be `nullable`. With `"counter"`, rows that
     * TypeORM doesn't announce, such as those of raw SQL or of `{ listeners: false }`, stay without
     * a number.
     *
     * Errors: {@link TransactionRequiredError} on insert outside a transaction. If a number can't
     * be assigned, COMMIT fails with {@link NumberOverflowError} or {@link NotInstalledError}, and
     * everything is rolled back. {@link UnsupportedError} if the database doesn't tell which row an
     * upsert has written.
     *
     * ```ts
     * import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
     * import { AutoSequenceColumn } from "typeorm-autosequence"
     *
     * @Entity()
     * class Invoice {
     *     @PrimaryGeneratedColumn()
     *     id!: number
     *
     *     @Column()
     *     company!: string
     *
     *     @AutoSequenceColumn({ strategy: "counter", uniqueWith: "company", assign: "commit" })
     *     number!: number | null
     * }
     * ```
     *
     * Default: `"insert"`.
     */
    assign?: "insert" | "commit"

    /**
     * How numbers are made. `"counter"` keeps the last number of each scope in a row of the counter
     * table: only writers of the same scope wait for each other, and a number is never used twice.
     * `"trigger"` uses the same counters inside the INSERT: the database numbers every row,
     * whichever program inserts it, and no statement is added. `"table-lock"` needs no such table.
     * It reads the highest number under `LOCK TABLE … IN SHARE ROW EXCLUSIVE MODE`, and uses the
     * number of a deleted last row again.
     *
     * Default: the strategy of the data source,
     * `withAutoSequence(options, { strategy: "counter" })`, or else `"table-lock"`.
     */
    strategy?: Strategy

    /**
     * For strategy `"counter"`: `false` lets numbers be lost. They are taken in a short transaction
     * of their own, so that no transaction waits for another, and inserts need no transaction.
     *
     * Default: `true`. A transaction that is rolled back returns its numbers.
     */
    gapless?: boolean

    /**
     * With `gapless: false`: how many numbers of a scope are taken from its counter at once, like
     * SQL's `CACHE`. Numbers that a process hasn't used when it ends are lost and never used. So
     * are those of the least recently used scopes, if there are more than 10 000.
     *
     * Default: `1`.
     */
    cache?: number

    /**
     * For strategies `"counter"` and `"trigger"`: the name of the series. Columns with the same
     * name, in one entity or in several, share their counters and must have the same other options.
     *
     * Default: `<table>.<column>`, without the schema if the counter table is in the same one.
     */
    series?: string

    /**
     * What happens to a number that you set on a row. `"keep"` stores it, and later numbers
     * continue after it. `"refuse"` throws {@link InvalidNumberError} before anything is written:
     * only the library assigns numbers, so that neither a request body nor a copy of a stored row
     * can bring one along. Raw SQL is not checked.
     *
     * Default: `"keep"`.
     */
    explicit?: "keep" | "refuse"

    /**
     * The type of the column. As usual in TypeORM, values of a `"bigint"` column are strings in the
     * entity.
     *
     * Default: `"int"`.
     */
    type?: "int" | "bigint"
}

/** @internal */
export interface NumberingOptions {
    readonly startAt: bigint
    /** That of a scope, where not all have the same. */
    readonly startOf?: StartOf
    readonly incrementBy: bigint
    readonly uniqueWith: readonly string[]
    readonly period?: PeriodOptions
    readonly when?: Condition
    readonly assign: "insert" | "commit"
    readonly deletable: boolean | "withReason"
    readonly journal: boolean
    readonly settings: boolean
    readonly dates: "free" | "ascending"
    /** Undefined for that of the data source. */
    readonly strategy?: Strategy
    /** The options that not all strategies take. */
    readonly special: readonly SpecialOption[]
    readonly gapless: boolean
    readonly cache: bigint
    readonly series?: string
    readonly explicit: "keep" | "refuse"
    readonly type: "int" | "bigint"
}

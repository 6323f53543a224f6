import type { ColumnOptions } from "typeorm"
import type { Condition, NumberCondition } from "./condition"
import type { SpecialOption, Strategy } from "./strategies"
import type { PeriodOptions } from "./period-options"

/** The options of TypeORM's `@Column` that make sense for a number. */
export type NumberColumnOptions = Pick<
    ColumnOptions,
    "name" | "comment" | "nullable" | "primary" | "select" | "transformer"
>

/** The first number of the scope of a row. It is called with the entity that is inserted, before its INSERT. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- an option can't name the class that it is in
export type StartOf = (row: any) => number

/** What {@link AutoSequenceColumn} takes. */
export interface AutoSequenceColumnOptions extends NumberColumnOptions {
    /**
     * The first number of every scope, an integer from 1. A number is never below it: where rows
     * exist already, numbers go on after the highest of them or here, whichever is higher.
     *
     * A function gives the first number of the scope of a row, from what its entity knows. It is called for each
     * row as its INSERT is sent, with the entity as you have saved it: with the relations that are on it, and
     * columns that have their values. Where rows of one scope tell several, each number is at least that of its own row.
     * Not with strategy `"trigger"`: the database can't call it.
     *
     * Errors: on insert {@link InvalidNumberError} where the function returns no integer from 1 to the largest number of the
     * column; what it throws is passed on. Nothing is written then.
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
     * Default is `1`.
     */
    startAt?: number | StartOf

    /**
     * The step between numbers, an integer from 1.
     *
     * Default is `1`.
     */
    incrementBy?: number

    /**
     * The properties whose values make the scope: columns, many-to-one relations, paths into
     * embedded entities (`"address.country"`). Each combination of values counts on its own. Values
     * are the same where the column takes them for equal, by its type and collation.
     *
     * Errors: {@link InvalidOptionError} for a relation with `onDelete: "SET NULL"`, which would bring rows
     * with equal numbers together, and, where each set of columns that can be NULL needs a unique index
     * (PostgreSQL, SQLite), for more than four of those. On insert {@link UnknownScopeError} for a value
     * that is not stored as what it is: a promise, a list, an invalid date, `7.6` for an integer.
     *
     * Default is none: the whole table is one scope.
     */
    uniqueWith?: string | readonly string[]

    /**
     * Counts anew in each year, quarter, month, day or fiscal year of a date of the row. The name of the
     * period is stored beside the number, in `<property>Period`, and is one more column of the scope: the last
     * one of the unique index before the number. It stays as it is: a row with a number whose date would
     * move to another period is refused ({@link ReadOnlyNumberError}).
     *
     * Errors: {@link InvalidOptionError}; on insert {@link InvalidPeriodError} where the date is none, or the zone,
     * or where the caller has set another period than the date's, and {@link UnknownScopeError} where only the
     * database could tell the date.
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
     * Default is none: numbers go on for ever.
     */
    period?: PeriodOptions

    /**
     * The condition under which a row has a number: a row for which it does not hold yet is a draft. It gets
     * its number by the INSERT or the UPDATE that makes the condition true, and keeps it whatever becomes of the
     * row. The column can be NULL, and a CHECK constraint says that a row for which the condition holds has a
     * number (PostgreSQL, MariaDB, MySQL, SQLite).
     *
     * Values, and `Not`, `In` and `IsNull` of TypeORM, for columns of the row itself and foreign keys; all of them must
     * hold. As in SQL, a column that is NULL meets no condition but `IsNull()`.
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
     * Default is none: every row has a number.
     */
    when?: NumberCondition

    /**
     * When the number is made. `"insert"`: with the row, or by the UPDATE that makes `when` true; others of the
     * scope wait until the transaction ends. `"commit"`: the row is without a number, and all numbers of the
     * transaction are made as the last thing before its COMMIT, so others wait for that moment alone. The column can
     * be NULL until then, and the number is on the entity when the transaction has committed.
     *
     * For strategies `"counter"` and, on PostgreSQL, `"trigger"`. A row that was deleted, or given a number, before
     * COMMIT gets none, and the others those of the scopes where they are by then. A pseudo key that is made of the number
     * has to be `nullable`. With `"counter"` rows that TypeORM does not announce, as those of raw SQL or of
     * `{ listeners: false }`, stay without a number.
     *
     * Errors: {@link TransactionRequiredError} on insert, where there is no transaction. Where a number can't be made,
     * COMMIT fails with {@link NumberOverflowError} or {@link NotInstalledError}, and all is rolled back;
     * {@link UnsupportedError} where the database does not tell which row an upsert has written.
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
     * Default is `"insert"`.
     */
    assign?: "insert" | "commit"

    /**
     * `false`: a row with a number can't be deleted ({@link NotDeletableError}), as that would leave a gap. A row
     * without one can, and a soft delete keeps its row. With strategy `"trigger"` the database refuses it, whoever deletes;
     * with the others TypeORM's `remove()`, `delete()`, query builder and cascades are refused, raw SQL and `clear()` are
     * not seen.
     *
     * Errors: {@link InvalidOptionError} for a relation with `onDelete: "CASCADE"`, which would delete rows all the same
     * (not with strategy `"trigger"` on PostgreSQL, whose triggers see that).
     *
     * ```ts
     * import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
     * import { AutoSequenceColumn } from "typeorm-autosequence"
     *
     * @Entity()
     * class Receipt {
     *     @PrimaryGeneratedColumn()
     *     id!: number
     *
     *     @Column({ default: false })
     *     isVoid!: boolean
     *
     *     @AutoSequenceColumn({ strategy: "counter", deletable: false })
     *     number!: number
     * }
     * ```
     *
     * `"withReason"`: such a row can be deleted where somebody says why, by {@link withReason} or the settings of the
     * database that stand for it; the deletion is in the journal. Without a reason it is refused.
     *
     * Default is `true`.
     */
    deletable?: boolean | "withReason"

    /**
     * `true`: what is unusual of these numbers is written to the journal, the table `autosequence_event`, in the same
     * transaction: numbers that are void, skipped, set by the caller, the counter set, rows with a number deleted or
     * moved to another scope. `seriesOf(…)` gets `void`, `skip`, `settings` and `events` by it. An ordinary number is not
     * written there: its row is the proof.
     *
     * Errors: {@link InvalidOptionError} for `false` with an option that needs the journal.
     *
     * ```ts
     * import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
     * import { AutoSequenceColumn } from "typeorm-autosequence"
     *
     * @Entity()
     * class Receipt {
     *     @PrimaryGeneratedColumn()
     *     id!: number
     *
     *     @Column({ default: false })
     *     isVoid!: boolean
     *
     *     @AutoSequenceColumn({ strategy: "counter", journal: true })
     *     number!: number
     * }
     * ```
     *
     * Default is `true` with `deletable: false`, `deletable: "withReason"` or `settings: true`, else `false`.
     */
    journal?: boolean

    /**
     * `true`: formats of documents from a date on, and the code that an authority has given a series, are set while the
     * application runs, by `settings()` of {@link seriesOf}. They are in the table `autosequence_series`.
     *
     * Default is `false`.
     */
    settings?: boolean

    /**
     * `"ascending"`, with `period`: a row whose date lies before that of the last number of its scope and period is
     * refused ({@link DateOrderError}), so that numbers are in the order of dates. Equal dates are. Numbers that are set,
     * and new dates of rows that have one, must fit between their neighbours. Not with `gapless: false`.
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
     *     @Column({ type: "date" })
     *     issuedOn!: string
     *
     *     @AutoSequenceColumn({
     *         strategy: "counter",
     *         period: { of: "issuedOn", by: "year", timeZone: "Europe/Berlin" },
     *         dates: "ascending",
     *     })
     *     number!: number
     * }
     * ```
     *
     * Default is `"free"`.
     */
    dates?: "free" | "ascending"

    /**
     * How numbers are made. `"counter"` keeps the last number of each scope in a row of the counter
     * table: only writers of the same scope wait for each other, and a number never comes back.
     * `"trigger"` moves the same counters, but inside the INSERT: the database numbers the row,
     * whoever writes it, and no statement is added. `"table-lock"` needs no such table; it reads the
     * highest number under `LOCK TABLE … IN SHARE ROW EXCLUSIVE MODE`, and gives the number of a
     * deleted last row again.
     *
     * Default is that of the data source, `withAutoSequence(options, { strategy: "counter" })`, or else `"table-lock"`.
     */
    strategy?: Strategy

    /**
     * For strategy `"counter"`: `false` lets numbers be lost. They are taken in a short transaction
     * of their own, so that nobody waits for the transaction of another, and an insert needs none.
     *
     * Default is `true`: a transaction that is rolled back gives its numbers back.
     */
    gapless?: boolean

    /**
     * With `gapless: false`: how many numbers of a scope are taken from its counter at once, SQL's
     * `CACHE`. Those that a process has not used when it ends are lost, and never given again; so are
     * those of the scopes that it has used the longest time ago, where there are more than 10 000.
     *
     * Default is `1`.
     */
    cache?: number

    /**
     * For strategies `"counter"` and `"trigger"`: the name of the series. Columns with the same name, be it in one
     * entity or in several, share their counters and must agree in the other options.
     *
     * Default is `<table>.<column>`, without the schema where the counter table is.
     */
    series?: string

    /**
     * What becomes of a number that is set on a row. `"keep"` stores it, and later numbers go on after
     * it. `"refuse"` throws {@link InvalidNumberError} before anything is written: only the library gives
     * numbers, so that neither a request's body nor a copy of a stored row brings one along. What raw SQL
     * writes is not looked at.
     *
     * Default is `"keep"`.
     */
    explicit?: "keep" | "refuse"

    /**
     * The type of the column. As everywhere in TypeORM, the values of a `"bigint"` column are
     * strings in the entity.
     *
     * Default is `"int"`.
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

import type { ColumnOptions } from "typeorm"
import { columnOptions } from "./column-options"
import { type Refuse, refuserOf, refuseUnknown } from "./options"
import { type PeriodOptions, periodOptions } from "./period-options"
import { scopePaths } from "./scope-paths"
import { isSeriesName, seriesProblem } from "./series-name"
import { show } from "./show"

/** How a numbered column gets its numbers. */
export type Strategy = "table-lock" | "counter" | "trigger"

/** The options of TypeORM's `@Column` that make sense for a number. */
export type NumberColumnOptions = Pick<
    ColumnOptions,
    "name" | "comment" | "nullable" | "select" | "transformer"
>

/** What {@link AutoSequenceColumn} takes. */
export interface AutoSequenceColumnOptions extends NumberColumnOptions {
    /**
     * The first number of every scope, an integer from 1. A number is never below it: where rows
     * exist already, numbers go on after the highest of them or here, whichever is higher.
     *
     * Default is `1`.
     */
    startAt?: number

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
     * How numbers are made. `"counter"` keeps the last number of each scope in a row of the counter
     * table: only writers of the same scope wait for each other, and a number never comes back.
     * `"trigger"` moves the same counters, but inside the INSERT: the database numbers the row,
     * whoever writes it, and no statement is added. `"table-lock"` needs no such table; it reads the
     * highest number under `LOCK TABLE … IN SHARE ROW EXCLUSIVE MODE`, and gives the number of a
     * deleted last row again.
     *
     * Default is `"table-lock"`.
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
    readonly incrementBy: bigint
    readonly uniqueWith: readonly string[]
    readonly period?: PeriodOptions
    readonly strategy: Strategy
    readonly gapless: boolean
    readonly cache: bigint
    readonly series?: string
    readonly explicit: "keep" | "refuse"
    readonly type: "int" | "bigint"
}

const STRATEGIES: readonly Strategy[] = ["table-lock", "counter", "trigger"]
const KNOWN = [
    "startAt",
    "incrementBy",
    "uniqueWith",
    "period",
    "strategy",
    "gapless",
    "cache",
    "series",
    "explicit",
    "type",
] as const
/** The strategies that take an option which not all of them take. */
const TAKEN_BY = {
    gapless: ["counter"],
    cache: ["counter"],
    series: ["counter", "trigger"],
    // A trigger can't tell a NULL that was set from no value.
    nullable: ["table-lock", "counter"],
} as const satisfies Partial<Record<keyof AutoSequenceColumnOptions, readonly Strategy[]>>
const MAX_INT = 2 ** 31 - 1
const KNOWN_FOR_COLUMN = ["name", "comment", "nullable", "select", "transformer"] as const

/**
 * Refuses what can be seen to be wrong without the entity's metadata.
 * @internal
 */
export function splitOptions(
    place: string,
    options: AutoSequenceColumnOptions,
): { numbering: NumberingOptions; column: ColumnOptions } {
    const refuse: Refuse = refuserOf(place)
    refuseUnknown(options, [...KNOWN, ...KNOWN_FOR_COLUMN], refuse)

    const { startAt = 1, incrementBy = 1, strategy = "table-lock", type = "int" } = options
    const { gapless = true, cache = 1, series, explicit = "keep" } = options
    for (const [name, value] of Object.entries({ startAt, incrementBy, cache }))
        if (!Number.isSafeInteger(value) || value < 1)
            refuse(`${name} is ${show(value)}, give an integer from 1 to 2^53 - 1.`)
    if (!STRATEGIES.includes(strategy))
        refuse(`strategy is ${show(strategy)}, give one of ${STRATEGIES.join(", ")}.`)
    if (type !== "int" && type !== "bigint")
        refuse(`type is ${show(type)}, give "int" or "bigint".`)
    if (explicit !== "keep" && explicit !== "refuse")
        refuse(`explicit is ${show(explicit)}, give "keep" or "refuse".`)

    for (const [name, takers] of Object.entries(TAKEN_BY)) {
        const value = options[name as keyof typeof TAKEN_BY]
        if (value === undefined || (name === "nullable" && value === false)) continue
        if (!(takers as readonly Strategy[]).includes(strategy))
            refuse(
                `${name} is for strategy ${takers.map((s) => `"${s}"`).join(" or ")} alone, and the ` +
                    `strategy is "${strategy}".`,
            )
    }
    if (typeof gapless !== "boolean") refuse(`gapless is ${show(gapless)}, give true or false.`)
    if (options.cache !== undefined && gapless)
        refuse("cache needs gapless: false, as numbers that are cached and not used are lost.")
    if (series !== undefined && !isSeriesName(series)) refuse(seriesProblem(series))

    for (const [name, value] of Object.entries({ startAt, incrementBy }))
        if (type === "int" && value > MAX_INT)
            refuse(`${name} is ${value}, over the largest int (${MAX_INT}). Use type "bigint".`)

    const uniqueWith = scopePaths(options.uniqueWith, refuse)
    const period = options.period === undefined ? undefined : periodOptions(options.period, refuse)

    const column: ColumnOptions = { type, ...columnOptions(KNOWN_FOR_COLUMN, options, refuse) }
    return {
        numbering: {
            startAt: BigInt(startAt),
            incrementBy: BigInt(incrementBy),
            uniqueWith,
            period,
            strategy,
            gapless,
            cache: BigInt(cache),
            series,
            explicit,
            type,
        },
        column,
    }
}

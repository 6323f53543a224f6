import type { ColumnOptions } from "typeorm"
import { InvalidOptionError } from "./errors"

/** How a numbered column gets its numbers. */
export type Strategy = "table-lock"

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
     * embedded entities (`"address.country"`). Each combination of values counts on its own.
     *
     * Default is none: the whole table is one scope.
     */
    uniqueWith?: string | readonly string[]

    /**
     * How numbers are made. `"table-lock"` reads the highest number under
     * `LOCK TABLE … IN SHARE ROW EXCLUSIVE MODE`.
     *
     * Default is `"table-lock"`.
     */
    strategy?: Strategy

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
    readonly strategy: Strategy
    readonly type: "int" | "bigint"
}

const STRATEGIES: readonly Strategy[] = ["table-lock"]
const KNOWN = ["startAt", "incrementBy", "uniqueWith", "strategy", "type"] as const
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
    const refuse = (problem: string): never => {
        throw new InvalidOptionError(`${place}: ${problem}`)
    }
    if (typeof options !== "object" || options === null)
        refuse(`the options are ${show(options)}, give an object.`)

    const known: readonly string[] = [...KNOWN, ...KNOWN_FOR_COLUMN]
    for (const name of Object.keys(options))
        if (!known.includes(name))
            refuse(`there is no option "${name}". The options are ${known.join(", ")}.`)

    const { startAt = 1, incrementBy = 1, strategy = "table-lock", type = "int" } = options
    for (const [name, value] of Object.entries({ startAt, incrementBy }))
        if (!Number.isSafeInteger(value) || value < 1)
            refuse(`${name} is ${show(value)}, give an integer from 1 to 2^53 - 1.`)
    if (!STRATEGIES.includes(strategy))
        refuse(`strategy is ${show(strategy)}, give one of ${STRATEGIES.join(", ")}.`)
    if (type !== "int" && type !== "bigint")
        refuse(`type is ${show(type)}, give "int" or "bigint".`)

    for (const [name, value] of Object.entries({ startAt, incrementBy }))
        if (type === "int" && value > MAX_INT)
            refuse(`${name} is ${value}, over the largest int (${MAX_INT}). Use type "bigint".`)

    const given: unknown = options.uniqueWith ?? []
    const uniqueWith: unknown[] = Array.isArray(given) ? given : [given]
    for (const path of uniqueWith)
        if (typeof path !== "string" || path === "")
            refuse(`uniqueWith holds ${show(path)}, give names of properties.`)
    if (new Set(uniqueWith).size < uniqueWith.length) refuse(`uniqueWith names a property twice.`)

    const column: ColumnOptions = { type }
    for (const name of KNOWN_FOR_COLUMN)
        if (options[name] !== undefined) Object.assign(column, { [name]: options[name] })
    return {
        numbering: {
            startAt: BigInt(startAt),
            incrementBy: BigInt(incrementBy),
            uniqueWith: uniqueWith as string[],
            strategy,
            type,
        },
        column,
    }
}

function show(value: unknown): string {
    return typeof value === "string" ? JSON.stringify(value) : String(value)
}

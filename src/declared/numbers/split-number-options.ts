import type { ColumnOptions } from "typeorm"
import { columnOptions } from "../column-options"
import { parseCondition } from "./condition"
import type { AutoSequenceColumnOptions, NumberingOptions } from "./number-options"
import { type Refuse, refuserOf, refuseUnknown } from "../options"
import { periodOptions } from "./period-options"
import { scopePaths } from "../scope-paths"
import { isSeriesName, seriesProblem } from "./series-name"
import { refuseUntaken, specialOptions, STRATEGIES } from "./strategies"
import { show } from "../show"

const KNOWN = [
    "startAt",
    "incrementBy",
    "uniqueWith",
    "period",
    "when",
    "assign",
    "deletable",
    "journal",
    "settings",
    "dates",
    "strategy",
    "gapless",
    "cache",
    "series",
    "explicit",
    "type",
] as const
const MAX_INT = 2 ** 31 - 1
const KNOWN_FOR_COLUMN = [
    "name",
    "comment",
    "nullable",
    "primary",
    "select",
    "transformer",
] as const

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

    const { startAt: start = 1, incrementBy = 1, strategy, type = "int" } = options
    const { gapless = true, cache = 1, series, explicit = "keep" } = options
    const { assign = "insert", deletable = true, dates = "free" } = options
    const [startAt, startOf] = typeof start === "function" ? [1, start] : [start, undefined]
    for (const [name, value] of Object.entries({ startAt, incrementBy, cache }))
        if (!Number.isSafeInteger(value) || value < 1)
            refuse(`${name} is ${show(value)}, give an integer from 1 to 2^53 - 1.`)
    if (strategy !== undefined && !STRATEGIES.includes(strategy))
        refuse(`strategy is ${show(strategy)}, give one of ${STRATEGIES.join(", ")}.`)
    if (type !== "int" && type !== "bigint")
        refuse(`type is ${show(type)}, give "int" or "bigint".`)
    if (explicit !== "keep" && explicit !== "refuse")
        refuse(`explicit is ${show(explicit)}, give "keep" or "refuse".`)

    if (assign !== "insert" && assign !== "commit")
        refuse(`assign is ${show(assign)}, give "insert" or "commit".`)
    if (typeof deletable !== "boolean" && deletable !== "withReason")
        refuse(`deletable is ${show(deletable)}, give true, false or "withReason".`)
    const { settings = false } = options
    if (typeof settings !== "boolean") refuse(`settings is ${show(settings)}, give true or false.`)
    const needsJournal = deletable !== true || settings
    const { journal = needsJournal } = options
    if (typeof journal !== "boolean") refuse(`journal is ${show(journal)}, give true or false.`)
    if (!journal && needsJournal)
        refuse(
            `journal is false, but ${settings ? "settings" : "deletable"} needs the journal. Remove one of the ` +
                "two.",
        )
    if (dates !== "free" && dates !== "ascending")
        refuse(`dates is ${show(dates)}, give "free" or "ascending".`)

    const special = specialOptions(options)
    // Another one may be the default of a data source.
    if (strategy !== undefined) refuseUntaken(strategy, special, refuse)
    if (typeof gapless !== "boolean") refuse(`gapless is ${show(gapless)}, give true or false.`)
    if (options.cache !== undefined && gapless)
        refuse("cache needs gapless: false, because cached numbers that are not used are lost.")
    if (assign === "commit" && !gapless)
        refuse(
            `assign: "commit" can't be used with gapless: false, where inserts don't wait for each other anyway.`,
        )
    if (dates === "ascending" && options.period === undefined)
        refuse('dates: "ascending" needs period, which names the date.')
    if (dates === "ascending" && !gapless)
        refuse(
            `dates: "ascending" can't be used with gapless: false, where numbers are not assigned in the order ` +
                "in which rows are written.",
        )
    if (series !== undefined && !isSeriesName(series)) refuse(seriesProblem(series))

    for (const [name, value] of Object.entries({ startAt, incrementBy }))
        if (type === "int" && value > MAX_INT)
            refuse(`${name} is ${value}, above the largest int (${MAX_INT}). Use type "bigint".`)

    const uniqueWith = scopePaths(options.uniqueWith, refuse)
    const period = options.period === undefined ? undefined : periodOptions(options.period, refuse)

    const when = options.when === undefined ? undefined : parseCondition(options.when, refuse)
    const isLate = when !== undefined || assign === "commit"
    if (isLate && options.nullable === false)
        refuse(
            `nullable is false, but rows have no number at first (${when ? "when" : "assign"}). Leave nullable ` +
                "out.",
        )
    if (options.primary && (isLate || options.nullable))
        refuse("primary is true, but a primary key can't be without a number, not even at first.")

    const column: ColumnOptions = {
        type,
        ...columnOptions(KNOWN_FOR_COLUMN, options, refuse),
        ...(isLate ? { nullable: true } : {}),
    }
    return {
        numbering: {
            startAt: BigInt(startAt),
            startOf,
            incrementBy: BigInt(incrementBy),
            uniqueWith,
            period,
            when,
            assign,
            deletable,
            journal,
            settings,
            dates,
            strategy,
            special,
            gapless,
            cache: BigInt(cache),
            series,
            explicit,
            type,
        },
        column,
    }
}

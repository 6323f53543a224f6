import { show } from "../show"

/** The length of a period. A `"fiscalYear"` is a year that begins in a month other than January. */
export type PeriodUnit = "year" | "quarter" | "month" | "day" | "fiscalYear"

/** The periods in which numbering restarts. */
export interface PeriodOptions {
    /**
     * The property whose date determines the period: a date or timestamp column of the row itself.
     * If it isn't set when the row is numbered, it is set to the current day or moment in the time
     * zone.
     */
    of: string

    /**
     * The length of a period. Periods are named `2026`, `2026-Q2`, `2026-05`, `2026-05-05`. A
     * fiscal year is named after the year in which it begins.
     */
    by: PeriodUnit

    /**
     * The time zone in which days begin: an IANA name such as `"Europe/Berlin"` or `"UTC"`, or a
     * property that holds one, of the row (`"timeZone"`) or of a relation (`"company.timeZone"`).
     * The day of a date column doesn't depend on the zone, which is used only to fill in the
     * current day.
     *
     * Default: `"UTC"`.
     */
    timeZone?: string

    /** For `by: "fiscalYear"`: the month in which it begins, 1 to 12. */
    startsIn?: number

    /**
     * The property that holds the name of the period, if the entity declares it itself: a text
     * column of 10 characters, nullable if the number is.
     *
     * Default: the property of the number followed by `Period`, which needs no decorator.
     */
    property?: string
}

/** @internal What makes the period of a day. */
export interface PeriodRule {
    readonly by: PeriodUnit
    /** The month in which a fiscal year begins. */
    readonly startsIn: number
}

const UNITS: readonly PeriodUnit[] = ["year", "quarter", "month", "day", "fiscalYear"]
const KNOWN: readonly string[] = ["of", "by", "timeZone", "startsIn", "property"]

/** @internal The length of the longest name, that of a day. */
export const PERIOD_LENGTH = 10

/** @internal Refuses what can be seen to be wrong without the entity's metadata. */
export function periodOptions(
    period: PeriodOptions,
    refuse: (problem: string) => never,
): PeriodOptions {
    if (typeof period !== "object" || (period as unknown) === null)
        refuse(`period is ${show(period)}, give an object.`)
    for (const name of Object.keys(period))
        if (!KNOWN.includes(name))
            refuse(`period has no option "${name}". Its options are ${KNOWN.join(", ")}.`)
    const { of, by, timeZone, startsIn, property } = period
    for (const [name, value] of Object.entries<unknown>({ of, timeZone, property })) {
        const isMissing = value === undefined && name !== "of"
        if (!isMissing && (typeof value !== "string" || value === ""))
            refuse(`period.${name} is ${show(value)}, give ${FORMS[name as keyof typeof FORMS]}.`)
    }
    if (!UNITS.includes(by)) refuse(`period.by is ${show(by)}, give one of ${UNITS.join(", ")}.`)
    if (by === "fiscalYear") {
        if (!Number.isInteger(startsIn) || Number(startsIn) < 1 || Number(startsIn) > 12)
            refuse(
                `period.startsIn is ${show(startsIn)}, give the month in which a fiscal year begins: 1 to 12.`,
            )
    } else if (startsIn !== undefined)
        refuse(`period.startsIn needs by: "fiscalYear", and by is "${by}".`)
    return { ...period }
}

const FORMS = {
    of: "the name of a property that holds a date",
    timeZone: 'a time zone such as "Europe/Berlin", or the name of a property that holds one',
    property: "the name of a property",
}

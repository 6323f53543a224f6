import { show } from "../show"

/** How long a period is. A `"fiscalYear"` is a year that begins in another month than January. */
export type PeriodUnit = "year" | "quarter" | "month" | "day" | "fiscalYear"

/** In which periods a series counts anew. */
export interface PeriodOptions {
    /**
     * The property whose date tells the period: a column of dates or of points in time, of the row itself.
     * Where it is not set when the row is numbered, it is set to today in the zone: to the day, or to
     * the moment.
     */
    of: string

    /**
     * How long a period is. Periods are named `2026`, `2026-Q2`, `2026-05`, `2026-05-05`, and a
     * fiscal year by the year in which it begins.
     */
    by: PeriodUnit

    /**
     * The zone in which a day begins: a name of the IANA's as `"Europe/Berlin"` or `"UTC"`, or the property that
     * holds one, of the row (`"timeZone"`) or of a relation (`"company.timeZone"`). A column of dates has its
     * day whatever the zone is, which is asked only for today there.
     *
     * Default is `"UTC"`.
     */
    timeZone?: string

    /** For `by: "fiscalYear"`: the month in which it begins, 1 to 12. */
    startsIn?: number

    /**
     * The property that holds the name of the period, where the entity declares that itself: as a text of 10
     * characters, which can be NULL where the number can.
     *
     * Default is the property of the number with `Period` behind it, which needs no decorator.
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
        refuse(`period.startsIn is for by: "fiscalYear" alone, and by is "${by}".`)
    return { ...period }
}

const FORMS = {
    of: "the name of a property that holds a date",
    timeZone: 'a time zone as "Europe/Berlin", or the name of a property that holds one',
    property: "the name of a property",
}

import { canonicalDate } from "../../dialects/column-type"

/** @internal A day as calendars show it, in the years 1 to 9999. */
export interface CivilDate {
    readonly year: number
    readonly month: number
    readonly day: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** @internal The day that it is in a time zone; undefined for no moment, and for one that has no such year. */
export function civilDateIn(timeZone: string, moment: Date): CivilDate | undefined {
    // The years that every zone has the whole of: calendars count backwards before the first.
    const utc = moment.getTime()
    if (Number.isNaN(utc) || utc < FIRST || utc > LAST) return undefined
    let format = formats.get(timeZone)
    if (!format) {
        format = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", {
            timeZone,
            year: "numeric",
            month: "numeric",
            day: "numeric",
        })
        formats.set(timeZone, format)
    }
    const parts = new Map(format.formatToParts(utc).map(({ type, value }) => [type, Number(value)]))
    const [year = 0, month = 0, day = 0] = (["year", "month", "day"] as const).map((part) =>
        parts.get(part),
    )
    return { year, month, day }
}

const FIRST = new Date(0).setUTCFullYear(1, 0, 2)
const LAST = Date.UTC(9999, 11, 30)

/** @internal The day that a text says, maybe with a time behind it; undefined for another text. */
export function civilDateOf(text: string): CivilDate | undefined {
    const [, date = ""] = /^(\d{4}-\d\d-\d\d)(?:[T ]([01]\d|2[0-3]):.*)?$/s.exec(text) ?? []
    if (canonicalDate(date) === undefined) return undefined
    const [year = 0, month = 0, day = 0] = date.split("-").map(Number)
    return year > 0 ? { year, month, day } : undefined
}

/** @internal `2026-05-05` */
export function civilText({ year, month, day }: CivilDate): string {
    return [String(year).padStart(4, "0"), twoDigits(month), twoDigits(day)].join("-")
}

/** @internal */
export function twoDigits(value: number): string {
    return String(value).padStart(2, "0")
}

import type { PeriodRule } from "../../declared/period-options"
import { type CivilDate, civilText, twoDigits } from "./civil-date"

/** @internal The name of the period that a day is in; undefined where its year has no four digits. */
export function periodName(date: CivilDate, { by, startsIn }: PeriodRule): string | undefined {
    const { month } = date
    const year = by === "fiscalYear" && month < startsIn ? date.year - 1 : date.year
    if (year < 1) return undefined
    const name = String(year).padStart(4, "0")
    switch (by) {
        case "year":
        case "fiscalYear":
            return name
        case "quarter":
            return `${name}-Q${Math.ceil(month / 3)}`
        case "month":
            return `${name}-${twoDigits(month)}`
        case "day":
            return civilText(date)
    }
}

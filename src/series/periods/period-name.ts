import type { PeriodRule } from "../../declared/numbers/period-options"
import { type CivilDate, civilDateOf, civilText, twoDigits } from "./civil-date"

/** @internal The name of the period that a day is in; undefined where its year has no four digits. */
export function periodName(date: CivilDate, { by, startsIn }: PeriodRule): string | undefined {
    const { month } = date
    const year = by === "fiscalYear" ? fiscalYearOf(date, { startsIn }) : date.year
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

/** @internal The year in which the fiscal year of a day begins. */
export function fiscalYearOf(
    { year, month }: CivilDate,
    { startsIn }: Pick<PeriodRule, "startsIn">,
): number {
    return month < startsIn ? year - 1 : year
}

/** @internal The first day of a period by its name. */
export function firstDayOf(name: string, { by, startsIn }: PeriodRule): CivilDate {
    const [year = "", rest = "", day = "1"] = name.split("-")
    const month = by === "quarter" ? Number(rest.slice(1)) * 3 - 2 : Number(rest || 1)
    return {
        year: Number(year),
        month: by === "fiscalYear" ? startsIn : month,
        day: Number(day),
    }
}

const FORMS: Record<PeriodRule["by"], readonly [RegExp, string]> = {
    year: [/^\d{4}$/, "2026"],
    fiscalYear: [/^\d{4}$/, "2026"],
    quarter: [/^\d{4}-Q[1-4]$/, "2026-Q2"],
    month: [/^\d{4}-(0[1-9]|1[0-2])$/, "2026-05"],
    day: [/^\d{4}-\d\d-\d\d$/, "2026-05-05"],
}

/** @internal An example of a valid period name, if the given name is invalid; undefined if it is valid. */
export function otherPeriodForm(name: unknown, { by }: PeriodRule): string | undefined {
    const [form, example] = FORMS[by]
    const isName = typeof name === "string" && form.test(name) && !name.startsWith("0000")
    return isName && (by !== "day" || civilDateOf(name)) ? undefined : example
}

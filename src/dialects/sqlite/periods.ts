import type { PeriodRule } from "../../declared/numbers/period-options"
import { columnType } from "../../typeorm/names"
import type { DateContent, PeriodStatements } from "../statements/period-statements"

// TypeORM writes the others in UTC, and reads them so.
const CONTENTS: Readonly<Partial<Record<string, DateContent>>> = { date: "day", datetime: "moment" }

const FORMATS: Readonly<Record<Exclude<PeriodRule["by"], "quarter">, string>> = {
    year: "%Y",
    fiscalYear: "%Y",
    month: "%Y-%m",
    day: "%Y-%m-%d",
}

/** @internal */
export const sqlitePeriods: PeriodStatements = {
    contentOf: (column) => CONTENTS[columnType(column)],
    writtenIn: () => "UTC",
    zone: (name) => `'${name}'`,
    dayOf: (value, { content }, zone) =>
        content === "day" || zone === "'UTC'" ? value : undefined,

    part(day, { part, digits }) {
        if (part === "quarter") return `CAST((strftime('%m', ${day}) + 2) / 3 AS TEXT)`
        const forms = { year: "%Y", month: "%m", day: "%d", fiscalYear: "%Y" }
        const text = `strftime('${forms[part]}', ${day})`
        return part === "year" && digits === 2 ? `substr(${text}, 3)` : text
    },

    yearOf(period, { digits, plus }) {
        const year = `printf('%04d', CAST(substr(${period}, 1, 4) AS INTEGER) + ${plus})`
        return digits === 2 ? `substr(${year}, 3)` : year
    },

    name(day, { by, startsIn }) {
        // From the first of the month: the last of a longer one would become one of the next.
        const shifted = startsIn > 1 ? `${day}, 'start of month', '-${startsIn - 1} months'` : day
        const year = `CAST(strftime('%Y', ${shifted}) AS INTEGER)`
        const name =
            by === "quarter"
                ? `strftime('%Y', ${day}) || '-Q' || ((strftime('%m', ${day}) + 2) / 3)`
                : `strftime('${FORMATS[by]}', ${shifted})`
        return `CASE WHEN ${year} BETWEEN 1 AND 9999 THEN ${name} END`
    },
}

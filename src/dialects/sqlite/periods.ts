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

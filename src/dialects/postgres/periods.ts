import type { PeriodRule } from "../../declared/numbers/period-options"
import { ownTimeZone } from "../../declared/time-zone"
import { columnType } from "../../typeorm/names"
import type { DateContent, PeriodStatements } from "../statements/period-statements"
import { literal } from "./literal"
import { sendsUTC } from "./text"

const CONTENTS: Readonly<Partial<Record<string, DateContent>>> = {
    date: "day",
    "timestamp with time zone": "moment",
    "timestamp without time zone": "clock",
}

const FORMATS: Readonly<Record<PeriodRule["by"], string>> = {
    year: "YYYY",
    fiscalYear: "YYYY",
    quarter: 'YYYY-"Q"Q',
    month: "YYYY-MM",
    day: "YYYY-MM-DD",
}

/** @internal */
export const postgresPeriods: PeriodStatements = {
    contentOf: (column) => CONTENTS[columnType(column)],
    writtenIn: (dataSource) => (sendsUTC(dataSource) ? "UTC" : ownTimeZone()),
    zone: literal,

    dayOf(value, { content, writtenIn }, zone) {
        switch (content) {
            case "day":
                return value
            case "moment":
                return `(${value} AT TIME ZONE ${zone})::date`
            case "clock":
                return writtenIn === "UTC" && zone === literal("UTC")
                    ? `${value}::date`
                    : `(${value} AT TIME ZONE ${literal(writtenIn)} AT TIME ZONE ${zone})::date`
        }
    },

    name(day, { by, startsIn }) {
        // A month that is shorter ends earlier, and is the same month.
        const shifted =
            startsIn > 1 ? `(${day} - interval '${startsIn - 1} months')` : `${day}::timestamp`
        return (
            `CASE WHEN EXTRACT(YEAR FROM ${shifted}) BETWEEN 1 AND 9999 ` +
            `THEN to_char(${shifted}, ${literal(FORMATS[by])}) END`
        )
    },

    part(day, { part, digits }) {
        const forms = {
            year: digits === 2 ? "YY" : "YYYY",
            month: "MM",
            day: "DD",
            quarter: "Q",
            fiscalYear: "YYYY",
        }
        return `to_char(${day}::timestamp, ${literal(forms[part])})`
    },

    yearOf(period, { digits, plus }) {
        const year = `lpad((left(${period}, 4)::int + ${plus})::text, 4, '0')`
        return digits === 2 ? `right(${year}, 2)` : year
    },

    // Of whole seconds, which no column rounds.
    now({ content, writtenIn }, zone) {
        const now = "date_trunc('second', clock_timestamp())"
        switch (content) {
            case "day":
                return `(${now} AT TIME ZONE ${zone})::date`
            case "moment":
                return now
            case "clock":
                return `${now} AT TIME ZONE ${literal(writtenIn)}`
        }
    },

    isZone: (zone) => `(${zone} = 'UTC' OR ${zone} ~ '^[A-Za-z_]+(/[A-Za-z0-9_+-]+)+$')`,
}

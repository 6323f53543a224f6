import type { PeriodRule } from "../../declared/numbers/period-options"
import { ownTimeZone } from "../../declared/time-zone"
import { columnType } from "../../typeorm/names"
import type { DateContent, PeriodStatements } from "../statements/period-statements"
import { literal } from "./literal"

const CONTENTS: Readonly<Partial<Record<string, DateContent>>> = {
    date: "day",
    timestamp: "moment",
    datetime: "clock",
}

const FORMATS: Readonly<Record<Exclude<PeriodRule["by"], "quarter">, string>> = {
    year: "%Y",
    fiscalYear: "%Y",
    month: "%Y-%m",
    day: "%Y-%m-%d",
}

const UTC = "'+00:00'"

/** @internal */
export const mysqlPeriods: PeriodStatements = {
    contentOf: (column) => CONTENTS[columnType(column)],

    writtenIn({ options }) {
        const { timezone = "local" } = options as { timezone?: string }
        if (timezone === "local") return ownTimeZone()
        return timezone === "Z" ? "UTC" : timezone
    },

    // It is the one that is known without the tables of zones.
    zone: (name) => (/^UTC$/i.test(name) ? UTC : literal(name)),

    dayOf(value, { content, writtenIn }, zone) {
        if (content === "day") return value
        const written = mysqlPeriods.zone(writtenIn)
        // The text of a timestamp depends on the time zone of the session.
        const [moment, from] =
            content === "clock"
                ? [value, written]
                : [`('1970-01-01' + INTERVAL FLOOR(UNIX_TIMESTAMP(${value})) SECOND)`, UTC]
        if (from === zone) return `DATE(${moment})`
        // Outside of these years nothing is converted, and nobody told.
        return (
            `CASE WHEN ${moment} BETWEEN '1970-01-03' AND '2038-01-17' ` +
            `THEN DATE(CONVERT_TZ(${moment}, ${from}, ${named(zone)})) END`
        )
    },

    name(day, { by, startsIn }) {
        const shifted = startsIn > 1 ? `(${day} - INTERVAL ${startsIn - 1} MONTH)` : day
        const name =
            by === "quarter"
                ? `CONCAT(DATE_FORMAT(${shifted}, '%Y'), '-Q', QUARTER(${shifted}))`
                : `DATE_FORMAT(${shifted}, '${FORMATS[by]}')`
        return `CASE WHEN YEAR(${shifted}) BETWEEN 1 AND 9999 THEN ${name} END`
    },

    part(day, { part, digits }) {
        if (part === "quarter") return `CAST(QUARTER(${day}) AS CHAR)`
        const forms = { year: digits === 2 ? "%y" : "%Y", month: "%m", day: "%d", fiscalYear: "%Y" }
        return `DATE_FORMAT(${day}, '${forms[part]}')`
    },

    yearOf(period, { digits, plus }) {
        const year = `LPAD(CAST(LEFT(${period}, 4) AS SIGNED) + ${plus}, 4, '0')`
        return digits === 2 ? `RIGHT(${year}, 2)` : year
    },

    now({ content, writtenIn }, zone) {
        if (content === "moment") return "CURRENT_TIMESTAMP"
        const to = content === "day" ? zone : mysqlPeriods.zone(writtenIn)
        const now =
            to === UTC ? "UTC_TIMESTAMP()" : `CONVERT_TZ(UTC_TIMESTAMP(), ${UTC}, ${named(to)})`
        return content === "day" ? `DATE(${now})` : now
    },

    isZone: (zone) =>
        `(${zone} = 'UTC' OR CAST(${zone} AS CHAR) REGEXP '^[A-Za-z_]+(/[A-Za-z0-9_+-]+)+$')`,

    probe: {
        limits: "The database itself converts only timestamps of the years 1970 to 2037.",
        remedy:
            "Load the time zone tables (mariadb-tzinfo-to-sql /usr/share/zoneinfo | mariadb mysql, or " +
            'mysql_tzinfo_to_sql on MySQL), or use strategy "counter", which needs none.',
    },
}

/** What a column holds may be `UTC` as well. */
function named(zone: string): string {
    return zone.startsWith("'") ? zone : `IF(${zone} = 'UTC', ${UTC}, ${zone})`
}

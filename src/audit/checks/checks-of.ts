import { dateSql, periodOfDate, storedDate } from "../../numbers/periods/row-date"
import { InvalidPeriodError } from "../../errors"
import { isPeriodic, type PeriodicSeries, periodSql } from "../../series/periods/period-sql"
import { zoneSql } from "../../series/periods/zone"
import type { Series } from "../../series/series"
import { isTimeZone } from "../../declared/time-zone"
import { kindsOf } from "../../series/kinds"
import { conditionSql } from "../../series/when/row-condition"
import { ofRow } from "../../typeorm/names"
import { textChecks } from "./text-checks"
import { type ReadCheck, rows, type SqlCheck } from "./check"

/** @internal The checks of one numbered column. */
export interface Checks {
    readonly bySql: readonly SqlCheck[]
    readonly byReading: readonly ReadCheck[]
}

/**
 * What is checked of each row of a numbered column. A feature that stores something beside the number adds its check here.
 * @internal
 */
export function checksOf(series: Series, canBeNull: boolean): Checks {
    return {
        bySql: [
            ...draftChecks(series),
            ...(canBeNull ? [unnumberedCheck(series)] : []),
            ...startCheck(series),
            ...(isPeriodic(series) && tellsPeriods(series) ? [periodSqlCheck(series)] : []),
        ],
        byReading: [
            ...(isPeriodic(series) && !tellsPeriods(series) ? [periodReadCheck(series)] : []),
            ...textChecks(series, isPeriodic(series) && tellsPeriods(series)),
        ],
    }
}

function draftChecks({ when, dialect, column }: Series): SqlCheck[] {
    if (!when) return []
    const condition = conditionSql(when, dialect, ofRow)
    return [
        {
            kind: "draft-numbered",
            severity: "problem",
            wrong: `${ofRow(column)} IS NOT NULL AND CASE WHEN ${condition} THEN 0 ELSE 1 END = 1`,
            text: (count) =>
                `${rows(count, "is a draft", "are drafts")} according to \`when\`, but ${count === 1 ? "has a number" : "have numbers"}: ` +
                "drafts again, or numbered by hand.",
        },
    ]
}

function unnumberedCheck(series: Series): SqlCheck {
    const { when, dialect, column } = series
    const due = when ? [`(${conditionSql(when, dialect, ofRow)})`] : []
    const kinds = kindsOf(series)
    const ofKind = kinds
        ? [
              `${ofRow(kinds.column)} IN (${kinds.values.map((one) => dialect.expressions.literal(one)).join(", ")})`,
          ]
        : []
    return {
        kind: "unnumbered",
        severity: "problem",
        wrong: [`${ofRow(column)} IS NULL`, ...due, ...ofKind].join(" AND "),
        text: (count) =>
            `${rows(count, "should have a number, but has none", "should have numbers, but have none")}.`,
    }
}

function startCheck({ startOf, startAt, column }: Series): SqlCheck[] {
    if (startOf) return []
    return [
        {
            kind: "below-start",
            severity: "note",
            wrong: `${ofRow(column)} < ${startAt}`,
            text: (count) =>
                `${rows(count, "has a number", "have numbers")} below ${startAt}, the first number of the column.`,
        },
    ]
}

const periodText = (count: number) =>
    `${rows(count, "has a date outside the period of its number", "have dates outside the periods of their numbers")}.`

/** Whether the database tells the period of every date, and knows all zones that rows may have. */
function tellsPeriods(series: PeriodicSeries): boolean {
    const { period, dialect } = series
    if (period.content === "day") return true
    const isKnown = period.zone.fixed !== undefined && !dialect.periods.probe
    return isKnown && periodSql(series) !== undefined
}

function periodSqlCheck(series: PeriodicSeries): SqlCheck {
    const { period, column, dialect } = series
    const stored = ofRow(period.column)
    const told = dialect.schema.exactly(periodSql(series) ?? "NULL")
    const isOther = `CASE WHEN ${stored} = ${told} THEN 0 ELSE 1 END = 1`
    return {
        kind: "period",
        severity: "problem",
        wrong: `${ofRow(column)} IS NOT NULL AND ${isOther}`,
        text: periodText,
    }
}

function periodReadCheck(series: PeriodicSeries): ReadCheck {
    const { period, dialect, metadata } = series
    const { fixed } = period.zone
    return {
        kind: "period",
        severity: "problem",
        columns: [
            ofRow(period.column),
            dateSql(period, dialect, ofRow(period.date)),
            ...(fixed === undefined ? [zoneSql(period.zone, metadata, ofRow)] : []),
        ],
        isWrong([name, date, zone]) {
            const timeZone = fixed ?? zone
            if (date === null || typeof timeZone !== "string" || !isTimeZone(timeZone)) return true
            try {
                return periodOfDate(period, storedDate(period, date), timeZone) !== name
            } catch (error) {
                if (error instanceof InvalidPeriodError) return true
                throw error
            }
        },
        text: periodText,
    }
}

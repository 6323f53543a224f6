import type { Dialect } from "../../dialects/dialect"
import { InvalidPeriodError, UnknownScopeError } from "../../errors"
import type { InsertRow } from "../../inserts/insert"
import { defaultOf } from "../../inserts/row-value"
import {
    type CivilDate,
    civilDateIn,
    civilDateOf,
    civilText,
} from "../../series/periods/civil-date"
import { periodName } from "../../series/periods/period-name"
import type { Period } from "../../series/periods/resolve-period"
import { dataSourceOf } from "../../typeorm/compat"
import { type ColumnMetadata, columnType } from "../../typeorm/names"

/** A default that is the clock, as each database writes it. */
const CLOCK =
    /^\W*(now|current_|curdate|sysdate|localtime|[a-z]+_timestamp|(date|datetime|strftime)\W.*'now')/i

/**
 * The date of a row that is inserted, as the driver sends it; undefined where it isn't set. One that only the
 * database would tell is not guessed.
 * @internal
 */
export function dateOfRow(period: Period, row: InsertRow): unknown {
    const { date } = period
    const cell = row.cell(date)
    if (cell.kind === "value") return cell.value ?? undefined
    const { driver } = dataSourceOf(date.entityMetadata)
    const sql = date.default === undefined ? undefined : driver.normalizeDefault(date)
    if (cell.kind === "expression" && cell.sql !== sql)
        throw unknownDate(period, "insert", "is a function (an SQL expression). Set a value.")
    const fallback = defaultOf(date)
    if (fallback) return fallback.value
    if (sql === undefined || date.isCreateDate || CLOCK.test(sql)) return undefined
    throw unknownDate(
        period,
        "insert",
        "is not set, and its default is the database's to give. Set it.",
    )
}

/** @internal */
export function unknownDate(period: Period, when: string, problem: string): UnknownScopeError {
    return new UnknownScopeError(
        `The period of ${period.place} can't be known before the ${when}: ${period.date.propertyPath} ${problem}`,
    )
}

/** @internal Now, or today in the zone, as the driver sends it: of whole seconds, which no column rounds. */
export function todayOf({ date, content, zone, place }: Period, timeZone: string): unknown {
    const now = new Date(Math.floor(Date.now() / 1000) * 1000)
    if (content !== "day") return withoutTransformer(date, "preparePersistentValue", now)
    const today = civilDateIn(timeZone, now)
    if (!today) throw new InvalidPeriodError(`${place}: there is no today in ${zone.path}.`)
    return civilText(today)
}

/** What the driver sends, or has read, in another of its forms. */
function withoutTransformer(
    column: ColumnMetadata,
    how: "preparePersistentValue" | "prepareHydratedValue",
    value: unknown,
): unknown {
    const plain = Object.create(column, { transformer: { value: undefined } }) as ColumnMetadata
    return dataSourceOf(column.entityMetadata).driver[how](value, plain)
}

/** @internal The name of the period of a date, as the driver sends it. Refuses what is none. */
export function periodOfDate(period: Period, value: unknown, timeZone: string): string {
    const day = dayOf(period, value, timeZone)
    const name = day && periodName(day, period.rule)
    if (name !== undefined) return name
    const form = period.content === "day" ? 'a day as "2026-05-05", or a Date' : "a Date"
    throw new InvalidPeriodError(
        `${period.date.propertyPath} tells the period of ${period.place}, and is no date of the years 1 to 9999. ` +
            `Set ${form}.`,
    )
}

/** @internal The day of a date, as the driver sends it; undefined for none. */
export function dayOf(
    { content }: Period,
    value: unknown,
    timeZone: string,
): CivilDate | undefined {
    if (content === "day") return typeof value === "string" ? civilDateOf(value) : undefined
    const moment = typeof value === "string" && content === "moment" ? momentOf(value) : value
    return moment instanceof Date ? civilDateIn(timeZone, moment) : undefined
}

/** @internal Which of two dates is the earlier one, of days or of points in time. */
export function orderOf({ content }: Pick<Period, "content">, value: unknown): number {
    if (value instanceof Date) return value.getTime()
    if (content === "day") return Date.parse(`${String(value).slice(0, 10)}T00:00:00Z`)
    return momentOf(String(value)).getTime()
}

/** @internal Reads a stored date: a day not as the midnight of somewhere. */
export function dateSql({ content }: Period, { expressions }: Dialect, stored: string): string {
    return content === "day" ? expressions.text(stored) : stored
}

/** @internal What is read, as the driver would send it. */
export function storedDate({ date, content }: Period, read: unknown): unknown {
    if (content === "day" || read === null || read === undefined) return read
    const shown = withoutTransformer(date, "prepareHydratedValue", read)
    return withoutTransformer(date, "preparePersistentValue", shown)
}

/** Of a text that names no zone, and is in UTC. */
function momentOf(text: string): Date {
    return new Date(/[Zz]$|[+-]\d\d:?\d\d$/.test(text) ? text : `${text.replace(" ", "T")}Z`)
}

/** @internal A moment as a column keeps it that has no room for all of its fractions: not the next second. */
export function keptMoment({ date }: Period, value: unknown): unknown {
    if (!(value instanceof Date)) return value
    const { dataTypeDefaults } = dataSourceOf(date.entityMetadata).driver
    const usual = dataTypeDefaults[columnType(date)]?.precision
    const unit = 10 ** Math.max(3 - (date.precision ?? usual ?? 3), 0)
    const excess = value.getTime() % unit
    return excess > 0 ? new Date(value.getTime() - excess) : value
}

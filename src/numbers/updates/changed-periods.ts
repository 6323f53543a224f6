import { ReadOnlyNumberError } from "../../errors"
import {
    list,
    type Piece,
    piece,
    parameter,
    plain,
    type Update,
    valueOfPiece,
} from "../../inserts/sql/update"
import type { CivilDate } from "../../series/periods/civil-date"
import type { Period } from "../../series/periods/resolve-period"
import { zoneSql } from "../../series/periods/zone"
import type { Series } from "../../series/series"
import { columnName } from "../../typeorm/names"
import { afterUpdate, type Change } from "./change"
import { otherPeriod } from "../periods/give-periods"
import {
    dateSql,
    dayOf,
    keptMoment,
    periodOfDate,
    storedDate,
    todayOf,
    unknownDate,
} from "../periods/row-date"
import { checkedZone } from "../periods/row-zones"

/** @internal What of a stored row tells its period. */
export interface StoredDate {
    readonly number: string | null
    readonly date?: unknown
    readonly zone?: unknown
    readonly period?: string | null
}

/** What an UPDATE is about to make of it. */
interface ChangingDate extends StoredDate {
    /** Whether it is to be given a number. */
    readonly due: string | number
}

/** @internal The period that a row gets, and its date where that is set to today. */
export interface NewPeriod {
    readonly name: string
    /** The day of its date. */
    readonly day?: CivilDate
    date?: unknown
}

/** @internal Selects what the periods of rows are made of, as it will be. */
export function datesOf(
    { period, dialect, metadata }: Series,
    update: Update,
    as: (name: string) => string,
): Piece[] {
    if (!period) return []
    const { column } = period
    const read = dateSql(period, dialect, columnName(period.date))
    const zone = zoneOfRow(period, metadata, update)
    return [
        plain(`${read} ${as("date")}, ${columnName(column)} ${as("period")}`),
        ...(zone ? [piece(["", ` ${as("zone")}`], zone)] : []),
    ]
}

/** The zone that a row will have; undefined where all have the same. */
function zoneOfRow(
    { zone }: Period,
    metadata: Series["metadata"],
    update: Update,
): Piece | undefined {
    if (zone.fixed !== undefined) return undefined
    return afterUpdate(update, (nameOf) => zoneSql(zone, metadata, nameOf))
}

/**
 * Refuses a date of another period for rows with a number. Returns the periods of those that are given their
 * number by the UPDATE, with today where they have no date.
 * @internal
 */
export function keepPeriods<Row extends ChangingDate>(
    change: Change,
    rows: readonly Row[],
    /** Whether the session allows numbers and scopes to change. */
    isFree: boolean,
): Map<Row, NewPeriod> {
    const { series, update, isDated } = change
    const { period } = series
    const made = new Map<Row, NewPeriod>()
    if (!period) return made
    const isSet = change.number !== undefined && valueOfPiece(change.number) !== null
    const isShown = series.documents.length > 0
    const kept = new Map<string, Piece>()
    for (const row of rows) {
        const isNumbered = row.number !== null
        const isDue = Number(row.due) === 1 && !series.assignsAtCommit
        if (isNumbered ? !isDated : !isSet && !isDue) continue
        const { name, zone, date, day } = periodOfRow(change, period, row)
        if (isNumbered && !isFree) {
            if (name === undefined || name !== row.period) throw movedPeriod(period)
            kept.set(`${zone} ${name}`, conditionOf(change, period, zone, name))
        } else if (
            name !== undefined &&
            (name !== row.period || date !== undefined || (!isNumbered && isShown))
        ) {
            refuseOther(change, period, name)
            made.set(row, { name, date, day })
        }
    }
    if (isDated && !isFree) {
        const number = columnName(series.column)
        // Rows that nothing has locked may have got a number since.
        const conditions = [plain(`${number} IS NULL`), ...kept.values()]
        update.and(piece(["(", ")"], list(conditions, " OR ")))
    }
    return made
}

/** @internal Whether the date that an UPDATE sets is of another period than that of the row's number. */
export function leavesPeriod(change: Change, row: StoredDate): boolean {
    const { period } = change.series
    if (!period || !change.isDated) return false
    return periodOfRow(change, period, row).name !== row.period
}

/** @internal The day of the date that a row will have. */
export function dayOfRow(change: Change, row: StoredDate): CivilDate | undefined {
    const { period } = change.series
    return period && periodOfRow(change, period, row).day
}

/** Refuses a period that the caller has set otherwise. */
function refuseOther({ update }: Change, period: Period, name: string): void {
    const set = update.valueOf(period.column)
    const value = set && valueOfPiece(set)
    if (set && value !== null && value !== name) throw otherPeriod(period)
}

/** The period that a row will have, and today where its date is set to that; no name for a date that is taken off. */
function periodOfRow(
    { update }: Change,
    period: Period,
    row: StoredDate,
): { name?: string; zone: string; date?: unknown; day?: CivilDate } {
    const set = update.valueOf(period.date)
    const value = set ? valueOfPiece(set) : storedDate(period, row.date)
    if (set && value === undefined)
        throw unknownDate(period, "update", "is a function (an SQL expression). Set a value.")
    const hasDate = value !== null && value !== undefined
    const isZoned = period.content !== "day" || !hasDate
    const { fixed } = period.zone
    const zone = isZoned ? (fixed ?? checkedZone(period, row.zone)) : ""
    if (!hasDate && row.number !== null) return { zone }
    const date = hasDate ? keptMoment(period, value) : todayOf(period, zone)
    const name = periodOfDate(period, date, zone)
    const day = dayOf(period, date, zone)
    return { name, zone, date: date === value ? undefined : date, day }
}

function conditionOf(
    { update, series: { metadata } }: Change,
    period: Period,
    zone: string,
    name: string,
): Piece {
    const isName = piece([`${columnName(period.column)} = `, ""], parameter(name))
    const own = zone ? zoneOfRow(period, metadata, update) : undefined
    return own && valueOfPiece(own) === undefined
        ? piece(["(", " = ", " AND ", ")"], own, parameter(zone), isName)
        : isName
}

function movedPeriod({ date, place }: Period): ReadOnlyNumberError {
    return new ReadOnlyNumberError(
        `${date.propertyPath} of a row with a number of ${place} can't be moved to another period, where ` +
            "another row may have that number. Leave the date within its period, or let move() of seriesOf() give it a new number.",
    )
}

import { ReadOnlyNumberError, UnknownScopeError } from "../../errors"
import {
    list,
    type Piece,
    piece,
    parameter,
    plain,
    type Update,
    valueOfPiece,
} from "../../inserts/sql/update"
import type { Period } from "../../series/periods/resolve-period"
import { zoneColumns, zoneSql } from "../../series/periods/zone"
import type { Series } from "../../series/series"
import { type ColumnMetadata, columnName } from "../../typeorm/names"
import { otherPeriod } from "./give-periods"
import { keptMoment, periodOfDate, todayOf, unknownDate, withoutTransformer } from "./row-date"
import { checkedZone } from "./row-zones"

/** @internal What of a stored row tells its period. */
export interface StoredDate {
    readonly number: string | null
    readonly date?: unknown
    readonly zone?: unknown
    readonly period?: string | null
}

interface DatedChange {
    readonly series: Series
    readonly update: Update
    /** The number that it sets; undefined where it leaves numbers alone. */
    readonly number?: Piece
}

/** @internal Whether an UPDATE sets what the period of a row is made of. */
export function tellsPeriod({ period }: Series, update: Update): boolean {
    if (!period) return false
    return [period.date, ...zoneColumns(period.zone)].some((column) => update.valueOf(column))
}

/** @internal Selects what the periods of rows are made of, as it will be. */
export function datesOf(
    { series: { period, dialect, metadata }, update }: Pick<DatedChange, "series" | "update">,
    as: (name: string) => string,
): Piece[] {
    if (!period) return []
    const { date, column, content } = period
    const stored = columnName(date)
    // A day is not read as the midnight of somewhere.
    const read = content === "day" ? dialect.expressions.text(stored) : stored
    const zone = zoneOfRow(period, metadata, update)
    return [
        plain(`${read} ${as("date")}, ${columnName(column)} ${as("period")}`),
        ...(zone ? [piece(["", ` ${as("zone")}`], zone)] : []),
    ]
}

const HOLE = "\0"

/** The zone that a row will have; undefined where all have the same. */
function zoneOfRow(
    { zone }: Period,
    metadata: Series["metadata"],
    update: Update,
): Piece | undefined {
    if (zone.fixed !== undefined) return undefined
    const set: Piece[] = []
    const nameOf = (column: ColumnMetadata) => {
        const value = update.valueOf(column)
        if (!value) return columnName(column)
        set.push(value)
        return HOLE
    }
    return piece(zoneSql(zone, metadata, nameOf).split(HOLE), ...set)
}

/**
 * Refuses a date of another period for rows with a number. Those that are given their number get its period,
 * and today where they have no date.
 * @internal
 */
export function keepPeriods(
    change: DatedChange,
    period: Period,
    rows: readonly StoredDate[],
    /** Whether the session allows numbers and scopes to change. */
    isFree: boolean,
): void {
    const { series, update } = change
    const given = change.number && valueOfPiece(change.number)
    const isDated = tellsPeriod(series, update)
    const kept = new Map<string, Piece>()
    const made = new Map<string, { name: string; date?: unknown }>()
    for (const row of rows) {
        const isNumbered = row.number !== null
        if (isNumbered ? !isDated : change.number === undefined || given === null) continue
        const { name, zone, date } = periodOfRow(change, period, row)
        if (isNumbered && !isFree) {
            if (name === undefined || name !== row.period) throw movedPeriod(period)
            kept.set(`${zone} ${name}`, conditionOf(change, period, zone, name))
        } else if (name !== undefined && name !== row.period)
            made.set(JSON.stringify([name, date === undefined]), { name, date })
    }
    if (isDated && !isFree) {
        const number = columnName(series.column)
        // Rows that nothing has locked may have got a number since.
        const conditions = [plain(`${number} IS NULL`), ...kept.values()]
        update.and(piece(["(", ")"], list(conditions, " OR ")))
    }
    give(change, period, [...made.values()])
}

function give(
    { update }: DatedChange,
    period: Period,
    [first, ...others]: readonly { name: string; date?: unknown }[],
): void {
    if (!first) return
    if (others.length > 0)
        throw new UnknownScopeError(
            `This update gives rows of several periods of ${period.place} their numbers. Update one row at a time.`,
        )
    const set = update.valueOf(period.column)
    const value = set && valueOfPiece(set)
    if (set && value !== null && value !== first.name) throw otherPeriod(period)
    update.set(period.column, first.name)
    if (first.date !== undefined) update.set(period.date, first.date)
}

/** The period that a row will have, and today where its date is set to that; no name for a date that is taken off. */
function periodOfRow(
    { update }: DatedChange,
    period: Period,
    row: StoredDate,
): { name?: string; zone: string; date?: unknown } {
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
    return { name, zone, date: date === value ? undefined : date }
}

/** What is read, as the driver would send it. */
function storedDate({ date, content }: Period, read: unknown): unknown {
    if (content === "day" || read === null || read === undefined) return read
    const shown = withoutTransformer(date, "prepareHydratedValue", read)
    return withoutTransformer(date, "preparePersistentValue", shown)
}

function conditionOf(
    { update, series: { metadata } }: DatedChange,
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
        `${date.propertyPath} of a row with a number of ${place} was to be moved to another period, where that ` +
            "number may be another one's. Leave the date within its period, or insert a new row.",
    )
}

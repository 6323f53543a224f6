import type { DatedRequest } from "../numbers/periods/date-order"
import type { CivilDate } from "../series/periods/civil-date"
import { dayOf, keptMoment, periodOfDate, todayOf, storedDate } from "../numbers/periods/row-date"
import { checkedZone } from "../numbers/periods/row-zones"
import type { Period } from "../series/periods/resolve-period"
import type { LateRow } from "./late-row"

/**
 * Gives a row the period of its date, and today where it has none. Returns the date.
 * @internal
 */
export function givePeriod(
    period: Period,
    { values }: LateRow,
    /** As they are stored. */
    stored: { readonly date: unknown; readonly zone: unknown },
): Pick<DatedRequest, "date" | "catchUp"> & { readonly day?: CivilDate } {
    const { content, zone, date: column } = period
    // Another number of the row may have set it since.
    const date = values.get(column) ?? storedDate(period, stored.date) ?? undefined
    const isZoned = content !== "day" || date === undefined
    const timeZone = isZoned ? (zone.fixed ?? checkedZone(period, stored.zone)) : ""
    const kept = date === undefined ? todayOf(period, timeZone) : keptMoment(period, date)
    if (date === undefined) values.set(column, kept)
    values.set(period.column, periodOfDate(period, kept, timeZone))
    const isMoment = values.has(column) && content !== "day"
    const day = dayOf(period, kept, timeZone)
    return { day, date: kept, catchUp: isMoment ? (later) => values.set(column, later) : undefined }
}

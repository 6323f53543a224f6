import { InvalidPeriodError } from "../../errors"
import type { Insert, InsertRow } from "../../inserts/insert"
import { isSet } from "../../inserts/row-value"
import { datedSeriesOf } from "../../series/own-series"
import type { Period } from "../../series/periods/resolve-period"
import type { Series } from "../../series/series"
import type { ColumnMetadata } from "../../typeorm/names"
import type { Sender } from "../../typeorm/statement"
import { explicitNumber } from "../number-values"
import type { CivilDate } from "../../series/periods/civil-date"
import { dateOfRow, dayOf, keptMoment, periodOfDate, todayOf } from "./row-date"
import { type DatedRow, zonesOfRows } from "./row-zones"

/** @internal What a row is given beside its number, as the driver sends it. */
export interface GivenValue {
    readonly row: InsertRow
    readonly column: ColumnMetadata
    value: unknown
}

/** @internal A row that is about to be numbered in a period. */
export interface PeriodRequest extends DatedRow {
    readonly series: Series
    /** The day of its date, when that is known. */
    day?: CivilDate
}

/** @internal The rows of an INSERT that get a period with their number, or bring one along. */
export function periodRequests(insert: Insert): PeriodRequest[] {
    return insert.rowsWith(datedSeriesOf).flatMap(({ row, one: series }) => {
        const { period } = series
        if (!period) return []
        // Stored rows that an upsert finds have to keep theirs, and COMMIT would write over one that is wrong.
        const isCompared =
            series.assignsAtCommit &&
            (insert.upsert !== undefined || (!series.when && isSet(row, period.column)))
        const isNumbered = isCompared || explicitNumber(series, row) !== null
        return isNumbered ? [{ series, row, period }] : []
    })
}

/**
 * Puts the periods of rows into their INSERT, and today where a row has no date.
 * @internal
 */
export async function givePeriods(
    runner: Sender,
    requests: readonly PeriodRequest[],
): Promise<GivenValue[]> {
    const given: GivenValue[] = []
    const give = (row: InsertRow, column: ColumnMetadata, value: unknown) => {
        row.assign(column, value)
        given.push({ row, column, value })
    }
    const dates = requests.map(({ period, row }) => dateOfRow(period, row))
    // A day that is given needs no zone.
    const zoned = requests.filter(
        ({ period }, at) => period.content !== "day" || dates[at] === undefined,
    )
    const found = await zonesOfRows(runner, zoned)
    const zones = new Map(zoned.map((request, at) => [request, found[at]]))
    for (const [at, request] of requests.entries()) {
        const { period, row } = request
        const zone = zones.get(request) ?? ""
        const kept = keptMoment(period, dates[at])
        if (kept !== dates[at]) row.assign(period.date, kept)
        // Another number of the row may have set it since.
        const date = kept ?? dateOfRow(period, row) ?? todayOf(period, zone)
        if (kept === undefined) give(row, period.date, date)
        const name = periodOfDate(period, date, zone)
        request.day = dayOf(period, date, zone)
        refuseOther(period, row, name)
        give(row, period.column, name)
    }
    return given
}

/** Refuses a period that the caller has set otherwise. */
function refuseOther(period: Period, row: InsertRow, name: string): void {
    const cell = row.cell(period.column)
    if (isSet(row, period.column) && !(cell.kind === "value" && cell.value === name))
        throw otherPeriod(period)
}

/** @internal */
export function otherPeriod({ column, date, place }: Period): InvalidPeriodError {
    return new InvalidPeriodError(
        `${column.propertyPath} is set to another period than that of ${date.propertyPath}, by which ${place} counts. ` +
            "Leave it undefined. If the row is a copy of another, take the period off it first.",
    )
}

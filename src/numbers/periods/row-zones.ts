import { isTimeZone } from "../../declared/time-zone"
import { InvalidPeriodError } from "../../errors"
import type { InsertRow } from "../../inserts/insert"
import type { Period } from "../../series/periods/resolve-period"
import type { Sender } from "../../typeorm/statement"
import { pathOfRow, valuesOfPaths } from "../documents/row-paths"

/** @internal A row whose period is asked for. */
export interface DatedRow {
    readonly period: Period
    readonly row: InsertRow
}

/** @internal The time zones of rows that are inserted, in their order. */
export async function zonesOfRows(runner: Sender, rows: readonly DatedRow[]): Promise<string[]> {
    const asked = rows.flatMap(({ period: { zone, place }, row }, at) =>
        zone.found ? [{ at, ...pathOfRow(zone.found, row, `The time zone of ${place}`) }] : [],
    )
    const values = await valuesOfPaths(runner, asked)
    const found = new Map(asked.map(({ at }, i) => [at, values[i]]))
    return rows.map(({ period }, at) => checkedZone(period, period.zone.fixed ?? found.get(at)))
}

/** @internal Refuses what is no time zone. */
export function checkedZone({ place, zone: { path } }: Period, zone: unknown): string {
    if (typeof zone === "string" && isTimeZone(zone)) return zone
    const problem =
        zone === null || zone === undefined
            ? "is not set"
            : 'is none of the IANA\'s: an area and a place as "Europe/Berlin", or "UTC"'
    throw new InvalidPeriodError(
        `The time zone of ${place} is in ${path}, and ${problem}. Set it, before the row is inserted.`,
    )
}

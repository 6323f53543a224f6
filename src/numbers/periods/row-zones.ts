import { isTimeZone } from "../../declared/time-zone"
import { InvalidPeriodError, UnknownScopeError } from "../../errors"
import type { InsertRow } from "../../inserts/insert"
import { rowValue } from "../../inserts/row-value"
import type { Period } from "../../series/periods/resolve-period"
import { zoneColumns, zoneSql } from "../../series/periods/zone"
import { dataSourceOf } from "../../typeorm/compat"
import type { ColumnMetadata } from "../../typeorm/names"
import { select, type Sender } from "../../typeorm/statement"

const BATCH = 200

/** @internal A row whose period is asked for. */
export interface DatedRow {
    readonly period: Period
    readonly row: InsertRow
}

/**
 * The time zones of rows that are inserted, in their order. Those that relations lead to are read by one
 * statement for all rows.
 * @internal
 */
export async function zonesOfRows(runner: Sender, rows: readonly DatedRow[]): Promise<string[]> {
    const zones: unknown[] = []
    const byKey = new Map<string, { readonly at: number; readonly same: number[] }>()
    const selects: {
        readonly at: number
        readonly sql: (first: number) => string
        readonly values: unknown[]
    }[] = []
    for (const [at, { period, row }] of rows.entries()) {
        const { zone } = period
        const values = zoneColumns(zone).map((column) => valueOf(period, column, row))
        if (zone.relations.length === 0) {
            zones[at] = zone.fixed ?? values[0]
            continue
        }
        const key = JSON.stringify([period.place, values.map(String)])
        const known = byKey.get(key)
        if (known) {
            known.same.push(at)
            continue
        }
        byKey.set(key, { at, same: [] })
        if (values.includes(null)) continue
        const { metadata, driver } = {
            metadata: row.metadata,
            driver: dataSourceOf(row.metadata).driver,
        }
        selects.push({
            at,
            values,
            sql: (first) => {
                let parameter = first
                return zoneSql(zone, metadata, () => driver.createParameter("", parameter++))
            },
        })
    }
    for (let start = 0; start < selects.length; start += BATCH) {
        const parameters: unknown[] = []
        const sql = selects.slice(start, start + BATCH).map((one) => {
            const text = `SELECT ${one.at} AS at, ${one.sql(parameters.length)} AS zone`
            parameters.push(...one.values)
            return text
        })
        const found = await select<{ at: string | number; zone: unknown }>(runner, {
            sql: sql.join(" UNION ALL "),
            parameters,
        })
        for (const { at, zone } of found) zones[Number(at)] = zone
    }
    for (const { at, same } of byKey.values()) for (const other of same) zones[other] = zones[at]
    return rows.map(({ period }, at) => checkedZone(period, zones[at]))
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

/** What is about to be stored; NULL for none. */
function valueOf({ place }: Period, column: ColumnMetadata, row: InsertRow): unknown {
    const found = rowValue(row, column)
    if ("value" in found) return found.value ?? null
    throw new UnknownScopeError(
        `The time zone of ${place} can't be known before the insert: ${column.propertyPath} ${found.problem}`,
    )
}

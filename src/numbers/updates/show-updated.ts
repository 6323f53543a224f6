import type { Session } from "../../inserts/session"
import { storedValue, parseNumber } from "../number-values"
import { type ShownValue, showValues, shownValue } from "../shown/shown-values"
import type { PlannedChange } from "./send-changes"
import { entityOf, updatedOf } from "./updated-entities"

/**
 * Shows the numbers of rows on the entities that save() updates: those that they were given, or that
 * another transaction has given them before.
 * @internal
 */
export function showUpdated(session: Session, change: PlannedChange): void {
    const { series, rows, periods, requests } = change
    const updated = updatedOf(session, series)
    if (updated.length === 0) return
    const numbers = new Map(requests.map(({ row, number, explicit }) => [row, number ?? explicit]))
    const values = rows.flatMap((row): ShownValue[] => {
        const entity = entityOf(updated, row, series)
        const number = numbers.get(row) ?? parseNumber(row.number)
        if (!entity || number === undefined) return []
        const { column, period } = series
        const own = periods.get(row)
        const shown = [shownValue(entity, column, storedValue(series, number))]
        if (period) shown.push(shownValue(entity, period.column, own?.name ?? row.period))
        if (period && own?.date !== undefined) shown.push(shownValue(entity, period.date, own.date))
        return shown
    })
    showValues(session, values)
}

import type { Session } from "../../../inserts/session"
import { storedValue, parseNumber } from "../../number-values"
import { type ShownValue, showValues, shownValue } from "../../shown/shown-values"
import type { PlannedChange } from "../send-changes"
import { updatedOfRow } from "./updated-entities"

/**
 * Shows the numbers of rows on the entities that save() updates: those that they were given, or that
 * another transaction has given them before.
 * @internal
 */
export function showUpdated(session: Session, change: PlannedChange): void {
    const { series, rows, periods, texts, requests } = change
    if (session.updates.size === 0) return
    const numbers = new Map(requests.map(({ row, number, explicit }) => [row, number ?? explicit]))
    const values = rows.flatMap((row): ShownValue[] => {
        const number = numbers.get(row) ?? parseNumber(row.number)
        if (number === undefined) return []
        const { column, period } = series
        const { name = row.period, date } = periods.get(row) ?? {}
        return updatedOfRow(session, series, row).flatMap(({ entity }) => [
            shownValue(entity, column, storedValue(series, number)),
            ...(period ? [shownValue(entity, period.column, name)] : []),
            ...(period && date !== undefined ? [shownValue(entity, period.date, date)] : []),
            ...series.documents.map((document, at) =>
                shownValue(
                    entity,
                    document.column,
                    texts?.get(row)?.get(document.column) ?? row[`t${at}`],
                ),
            ),
        ])
    })
    showValues(session, values)
}

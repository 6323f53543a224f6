import { valueOfPiece } from "../../inserts/sql/update"
import type { DatedRequest } from "../periods/date-order"
import { keptMoment, storedDate } from "../periods/row-date"
import type { Change } from "./change"
import type { ChangedRequest } from "./changed-requests"
import type { ChangedRows } from "./changed-rows"

/** @internal The dates that rows are about to have, where they are to be in the order of their numbers. */
export function datedChanges(
    { series, update }: Change,
    { periods }: ChangedRows,
    requests: readonly ChangedRequest[],
): DatedRequest[] {
    const { period, ascends } = series
    if (!period || !ascends) return []
    const set = update.valueOf(period.date)
    return requests.map((request): DatedRequest => {
        const { row } = request
        const own = periods.get(row)
        const date = set ? valueOfPiece(set) : storedDate(period, row.date)
        if (date !== null && date !== undefined)
            return { ...request, date: own?.date ?? keptMoment(period, date) }
        const catchUp = (later: unknown) => {
            if (own) own.date = later
        }
        return { ...request, date: own?.date, ...(period.content === "day" ? {} : { catchUp }) }
    })
}

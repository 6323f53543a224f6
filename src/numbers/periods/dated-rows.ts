import type { NumberRequest } from "../number-request"
import type { DatedRequest } from "./date-order"
import type { GivenValue } from "./give-periods"
import { dateOfRow } from "./row-date"

/** @internal The dates of rows that are inserted, where they are to be in the order of their numbers. */
export function datedRows(
    requests: readonly NumberRequest[],
    given: readonly GivenValue[] = [],
): DatedRequest[] {
    return requests.flatMap((request): DatedRequest[] => {
        const { row, series } = request
        const { period, ascends } = series
        if (!period || !ascends) return []
        const made = given.find((one) => one.row === row && one.column === period.date)
        const catchUp = (date: unknown) => {
            row.assign(period.date, date)
            if (made) made.value = date
        }
        const isMoment = made && period.content !== "day"
        return [{ ...request, date: dateOfRow(period, row), ...(isMoment ? { catchUp } : {}) }]
    })
}

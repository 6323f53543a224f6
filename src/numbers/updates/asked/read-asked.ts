import {
    AlreadyNumberedError,
    DraftError,
    InvalidPeriodError,
    RowNotFoundError,
} from "../../../errors"
import type { Session } from "../../../inserts/session"
import { valueOfPiece } from "../../../inserts/sql/update"
import { placeOf, type Series } from "../../../series/series"
import type { AskedNumbers } from "./asked-numbers"
import type { Change } from "../change"
import { keepPeriods } from "../changed-periods"
import { type ChangedRows, selectRows, type StoredRow } from "../changed-rows"

/**
 * Reads the rows of which code has asked for numbers, and locks them. Refuses those that can't be given one.
 * @internal
 */
export async function readAsked(
    session: Session,
    change: Change,
    numbers: AskedNumbers,
): Promise<ChangedRows> {
    const rows = numbers.sort(await selectRows(session, change, numbers.orderBy))
    const { series } = change
    if (rows.length < numbers.count)
        throw new RowNotFoundError(
            `${numbers.count - rows.length} of ${numbers.count} rows that ${placeOf(series)} was asked for do not exist. ` +
                "Save a row before it is given its number.",
        )
    for (const row of rows)
        if (numbers.kind === "assign") refuseOther(series, row)
        else if (row.number === null) throw noNumber(series)
    const periods = keepPeriods(change, rows, true)
    if (numbers.kind === "move")
        for (const row of rows) {
            refuseNoDate(change)
            const isMoved = Number(row.keeps) === 0 || periods.has(row)
            Object.assign(row, { due: isMoved ? 1 : 0 })
        }
    return { rows, periods }
}

function refuseOther(series: Series, row: StoredRow): void {
    if (row.number !== null) throw alreadyNumbered(series)
    if (Number(row.due) === 1) return
    throw new DraftError(
        `A row can't be given ${placeOf(series)}, because it is a draft: the condition of the number (when) does not ` +
            "hold for it. Set what the condition asks for in the same call: { set: { … } }.",
    )
}

/** @internal */
export function alreadyNumbered(series: Series): AlreadyNumberedError {
    return new AlreadyNumberedError(
        `A row already has its number in ${placeOf(series)}, which another transaction may have given it. ` +
            "Reload the row. Nothing was written.",
    )
}

function noNumber(series: Series): DraftError {
    return new DraftError(
        `A row can't be given another number of ${placeOf(series)}, because it is a draft and has none. Give it its ` +
            "first number by assign().",
    )
}

function refuseNoDate({ update, series: { period } }: Change): void {
    const set = period && update.valueOf(period.date)
    if (set && valueOfPiece(set) === null)
        throw new InvalidPeriodError(
            `${period.date.propertyPath} tells the period of ${period.place}, and can't be set to NULL. Set a date.`,
        )
}

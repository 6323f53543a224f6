import type { ObjectLiteral, UpdateEvent } from "typeorm"
import { ReadOnlyNumberError } from "../errors"
import { seriesOf } from "../series/resolve-series"
import { parseNumber } from "./numbers"

/** @internal Numbers are not editable: throws {@link ReadOnlyNumberError}. */
export function refuseChangedNumbers(event: UpdateEvent<ObjectLiteral>): void {
    const { entity, metadata } = event
    // Undefined for rows that `update()` changes without loading them.
    const stored = event.databaseEntity as ObjectLiteral | undefined
    if (!entity) return
    for (const { column, name } of seriesOf(metadata)) {
        const number: unknown = column.getEntityValue(entity, true)
        if (number === undefined) continue
        const before: unknown = stored && column.getEntityValue(stored, true)
        // A draft without a number may be given one.
        if (stored && before === null) continue
        if (before === undefined || parseNumber(number) !== parseNumber(before))
            throw new ReadOnlyNumberError(
                `${name} of a stored row was to be changed, and numbers are not editable. ` +
                    (stored
                        ? "Reload the row, or leave the number as it was."
                        : "Leave it out of the update."),
            )
    }
}

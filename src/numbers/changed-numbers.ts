import type { ObjectLiteral, UpdateEvent } from "typeorm"
import { ReadOnlyNumberError } from "../errors"
import { seriesOf } from "../series/resolve-series"
import type { Series } from "../series/series"
import { parseNumber } from "./number-values"
import { loadColumns } from "../typeorm/load-columns"

/**
 * Numbers are not editable: throws {@link ReadOnlyNumberError}.
 * @internal
 */
export function refuseChangedNumbers(event: UpdateEvent<ObjectLiteral>): Promise<void> | undefined {
    const { entity, metadata } = event
    // Undefined for rows that `update()` changes without loading them.
    const stored = event.databaseEntity as ObjectLiteral | undefined
    if (!entity) return
    const unknown: Series[] = []
    for (const series of seriesOf(metadata)) {
        const number: unknown = series.column.getEntityValue(entity, true)
        if (number === undefined) continue
        const before: unknown = stored && series.column.getEntityValue(stored, true)
        if (stored && before === undefined) unknown.push(series)
        else refuseChange(series, number, before, stored !== undefined)
    }
    return unknown.length > 0 ? loadAndRefuseChange(event, entity, unknown) : undefined
}

/** For columns with `{ select: false }`, which TypeORM leaves out of the row that it loads. */
async function loadAndRefuseChange(
    { manager, metadata }: UpdateEvent<ObjectLiteral>,
    entity: ObjectLiteral,
    hidden: readonly Series[],
): Promise<void> {
    const columns = hidden.map(({ column }) => column)
    const [stored] = await loadColumns(manager, metadata, columns, [entity])
    for (const series of hidden) {
        const before: unknown = stored && series.column.getEntityValue(stored, true)
        refuseChange(series, series.column.getEntityValue(entity, true), before, true)
    }
}

function refuseChange(series: Series, number: unknown, before: unknown, isLoaded: boolean): void {
    // A draft without a number may be given one.
    if (isLoaded && before === null) return
    if (before === undefined || parseNumber(number) !== parseNumber(before))
        throw new ReadOnlyNumberError(
            `${series.name} of a stored row was to be changed, and numbers are not editable. ` +
                (isLoaded
                    ? "Reload the row, or leave the number as it was."
                    : "Leave it out of the update."),
        )
}

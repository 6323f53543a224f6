import type { ObjectLiteral, UpdateEvent } from "typeorm"
import type { Session } from "../../inserts/session"
import { seriesOf } from "../../series/resolve-series"
import { loadColumns } from "../../typeorm/load-columns"
import { showValues } from "../shown/shown-values"

/**
 * Shows the periods of drafts that save() has given their numbers, and today where it is their date.
 * @internal
 */
export async function showDraftPeriods(
    session: Session | undefined,
    { manager, metadata, entity, ...event }: UpdateEvent<ObjectLiteral>,
): Promise<void> {
    const stored = event.databaseEntity as ObjectLiteral | undefined
    if (!entity || !stored) return
    const columns = seriesOf(metadata).flatMap(({ column, period, strategy }) => {
        const isNumbered =
            strategy === "trigger" &&
            (column.getEntityValue(entity) ?? null) !== null &&
            column.getEntityValue(stored) === null
        return period && isNumbered ? [period.column, period.date] : []
    })
    if (columns.length === 0) return
    const [found] = await loadColumns(manager, metadata, columns, [entity])
    if (!found) return
    showValues(
        session,
        columns
            .filter((column) => (column.getEntityValue(entity) ?? null) === null)
            .map((column) => ({ entity, column, value: column.getEntityValue(found) as unknown })),
    )
}

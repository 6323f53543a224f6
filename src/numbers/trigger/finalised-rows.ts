import type { InsertEvent, ObjectLiteral, UpdateEvent } from "typeorm"
import type { Session } from "../../inserts/session"
import { triggeredSeriesOf } from "../../series/own-series"
import { isLate, type Series } from "../../series/series"
import { type LateNumbers, showMade } from "./late-numbers"

/**
 * Shows what the database has made of a draft that save() has changed: its number, or the period of one that was
 * set. Numbers of COMMIT are waited for.
 * @internal
 */
export function showFinalised(
    session: Session,
    late: LateNumbers,
    event: UpdateEvent<ObjectLiteral>,
): Promise<void> | undefined {
    const { metadata, entity } = event
    const stored = event.databaseEntity as ObjectLiteral | undefined
    // Those of a query builder are of no row.
    if (!entity || !stored) return undefined
    const isSet = ({ column }: Series) => (column.getEntityValue(entity) ?? null) !== null
    const changed = triggeredSeriesOf(metadata)
        .filter(isLate)
        .filter((series) =>
            isSet(series)
                ? series.period && series.column.getEntityValue(stored) === null
                : isAsked(series, event),
        )
    if (changed.length === 0) return undefined
    const isWaiting = (series: Series) =>
        series.assignsAtCommit && session.isInTransaction && !isSet(series)
    if (changed.some(isWaiting)) late.wait({ metadata, entity })
    return changed.every(isWaiting) ? undefined : showNow(session, event, entity, changed)
}

async function showNow(
    session: Session,
    { metadata, manager }: UpdateEvent<ObjectLiteral>,
    entity: ObjectLiteral,
    changed: readonly Series[],
): Promise<void> {
    const isWithout = ({ column }: Series) => (column.getEntityValue(entity) ?? null) === null
    const missing = changed.filter(isWithout)
    await showMade(session, manager, [{ metadata, entity }])
    if (missing.every(isWithout)) return
    const id = metadata.getEntityIdMap(entity) ?? {}
    await session.together(() => session.numbered([{ metadata, id, entities: [entity] }]))
}

/** Whether the UPDATE has set a column of the condition. */
function isAsked(
    { when = [] }: Series,
    { updatedColumns, updatedRelations }: UpdateEvent<ObjectLiteral>,
): boolean {
    return when.some(
        ({ column }) =>
            updatedColumns.includes(column) ||
            updatedRelations.some((relation) => relation === column.relationMetadata),
    )
}

/**
 * Shows the number of a row that save() has inserted as a draft, and finalised by setting a foreign key behind the
 * INSERT, of which TypeORM announces nothing.
 * @internal
 */
export function showBrought(
    session: Session,
    { metadata, entity, manager }: InsertEvent<ObjectLiteral>,
): Promise<void> | undefined {
    const mayBeBrought = triggeredSeriesOf(metadata).some(
        ({ column, when = [] }) =>
            (column.getEntityValue(entity) ?? null) === null &&
            when.some(({ column: { relationMetadata: relation } }) =>
                relation ? (relation.getEntityValue(entity) ?? null) !== null : false,
            ),
    )
    return mayBeBrought ? showMade(session, manager, [{ metadata, entity }]) : undefined
}

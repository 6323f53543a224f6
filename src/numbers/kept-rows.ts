import type { EntityMetadata, ObjectLiteral, RemoveEvent } from "typeorm"
import { NotDeletableError } from "../errors"
import type { Session } from "../inserts/session"
import { plain, type Update } from "../inserts/sql/update"
import { seriesOf } from "../series/resolve-series"
import { placeOf, type Series } from "../series/series"
import { columnName } from "../typeorm/names"
import { select } from "../typeorm/statement"

/** The series whose rows can't be deleted. Triggers look after theirs themselves. */
function keptSeriesOf(metadata: EntityMetadata): Series[] {
    return seriesOf(metadata).filter(
        ({ deletable, strategy }) => deletable !== true && strategy !== "trigger",
    )
}

/**
 * Finds a number of a row that remove() has loaded, before it deletes anything else. What it has not
 * loaded, and what others have changed since, the DELETE itself finds out.
 * @internal
 */
export function findKeptRow(event: RemoveEvent<ObjectLiteral>): NotDeletableError | undefined {
    // Undefined for rows that `delete()` deletes without loading them.
    const stored = event.databaseEntity as ObjectLiteral | undefined
    const numbered = keptSeriesOf(event.metadata).find(
        ({ column }) => ((stored && column.getEntityValue(stored)) ?? null) !== null,
    )
    return numbered && keptRowError(numbered)
}

/**
 * Sends a DELETE, unless a row that it is about has a number that may not go. Those rows are locked first, and
 * the statement itself gets the same as a condition, for rows that nothing locks.
 * @internal
 */
export async function deleteUnnumbered(
    session: Session,
    deletion: Update,
    send: (deletion: Update) => Promise<unknown>,
): Promise<unknown> {
    const kept = keptSeriesOf(deletion.metadata)
    if (kept.length === 0) return send(deletion)
    const rows = await refuseNumbered(session, deletion, kept)
    for (const { column } of kept) deletion.and(plain(`${columnName(column)} IS NULL`))
    const result = await send(deletion)
    // Rows that another transaction has numbered since are still there.
    if (Number((result as { affected?: unknown }).affected) < rows)
        await refuseNumbered(session, deletion, kept)
    return result
}

/** Resolves to how many rows there are. */
async function refuseNumbered(
    session: Session,
    deletion: Update,
    kept: readonly Series[],
): Promise<number> {
    const { driver } = session.dataSource
    const which = kept.map(({ column }, at) => `WHEN ${columnName(column)} IS NOT NULL THEN ${at}`)
    const columns = plain(`CASE ${which.join(" ")} END AS ${driver.escape("at")}`)
    const rows = await select<{ at: string | number | null }>(
        session,
        deletion.select(columns, session.dialect?.rowLock ?? ""),
    )
    const numbered = rows.find(({ at }) => at !== null)
    if (numbered) throw keptRowError(kept[Number(numbered.at)] as Series)
    return rows.length
}

/** @internal */
export function keptRowError(series: Series, cause?: unknown): NotDeletableError {
    const { deletable } = series
    const option = deletable === false ? "deletable: false" : `deletable: "withReason"`
    const remedy =
        deletable === false
            ? "Keep it, and mark it as void: void() of seriesOf(), or a column of its own; a soft delete keeps it as well."
            : "Say why: withReason(manager, { reason }, () => …), or keep it, and void() it by seriesOf()."
    return new NotDeletableError(
        `A row with a number of ${placeOf(series)} was to be deleted, which would leave a gap (${option}). ${remedy}`,
        { cause },
    )
}

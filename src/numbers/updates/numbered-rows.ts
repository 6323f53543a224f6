import type { NumberedRow } from "../../inserts/assigner"
import type { Session } from "../../inserts/session"
import type { PlannedChange } from "./send-changes"
import { idOf, updatedOfRow } from "./entities/updated-entities"

/** @internal The rows that had no number before an UPDATE, and have one by it. */
export function numberedRows(session: Session, { series, requests }: PlannedChange): NumberedRow[] {
    return requests
        .filter(({ row }) => row.number === null)
        .map(({ row }) => {
            const own = updatedOfRow(session, series, row)
            return {
                // The statement does not tell the class of a row.
                metadata: own[0]?.metadata ?? series.metadata,
                id: idOf(series, row),
                entities: own.map(({ entity }) => entity),
            }
        })
}

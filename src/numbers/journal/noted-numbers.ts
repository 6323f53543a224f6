import { type Insert, InsertNote } from "../../inserts/insert"
import type { Session } from "../../inserts/session"
import type { NumberRequest } from "../number-request"
import { unstored, writeSetNumbers } from "./set-numbers"

const noted = new InsertNote<readonly NumberRequest[]>()

/** @internal Notes the numbers of an INSERT that the caller has set, for {@link journalOf}. */
export async function noteNumbers(
    session: Session,
    insert: Insert,
    set: readonly NumberRequest[],
): Promise<void> {
    noted.set(insert, insert.upsert ? await unstored(session, set) : set)
}

/** @internal Tells the journal of an INSERT that has succeeded; undefined where it has nothing to hear. */
export function journalOf(
    session: Session,
    insert: Insert,
): ((result: unknown) => Promise<void>) | undefined {
    const set = noted.get(insert) ?? []
    if (set.length === 0) return undefined
    return async (result) => {
        try {
            await writeSetNumbers(session, insert, set, result)
        } catch (error) {
            // The rows are in the table.
            session.transaction?.refuseCommit(error as Error)
            throw error
        }
    }
}

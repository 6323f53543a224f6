import type { Insert } from "../../inserts/insert"
import type { Session } from "../../inserts/session"
import { type SetNumber, unstored, writeSetNumbers } from "./set-numbers"

/**
 * The numbers of INSERTs that callers have set, from when they are read until the journal knows of them.
 * @internal
 */
export class NotedNumbers {
    private readonly all = new Map<Insert, readonly SetNumber[]>()

    constructor(private readonly session: Session) {}

    async note(insert: Insert, set: readonly SetNumber[]): Promise<void> {
        this.all.set(insert, insert.upsert ? await unstored(this.session, set) : set)
    }

    forget(insert: Insert): void {
        this.all.delete(insert)
    }

    /** Writes those of an INSERT that has succeeded, and forgets them; undefined where there are none. */
    writer(insert: Insert): ((result: unknown) => Promise<void>) | undefined {
        const set = this.all.get(insert) ?? []
        this.all.delete(insert)
        if (set.length === 0) return undefined
        return async (result) => {
            try {
                await writeSetNumbers(this.session, insert, set, result)
            } catch (error) {
                // The rows are in the table.
                this.session.transaction?.refuseCommit(error as Error)
                throw error
            }
        }
    }
}

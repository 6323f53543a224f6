import type { Insert } from "../insert"
import type { NewRow } from "./new-row"
import { OfEntities } from "./of-entities"

/**
 * The rows that were announced to one query runner, and whose INSERT has not been sent.
 * @internal
 */
export class AnnouncedRows extends OfEntities<NewRow> {
    private call: object | undefined

    override add(row: NewRow, former?: NewRow): void {
        super.add(row)
        const call = this.currentCall()
        row.announce(call, former?.call === call ? former.inserts + 1 : 1)
    }

    /** TypeORM announces all rows of a call in one go. */
    private currentCall(): object {
        if (!this.call) {
            this.call = {}
            void Promise.resolve().then(() => (this.call = undefined))
        }
        return this.call
    }

    override delete(row: NewRow): void {
        row.end()
        super.delete(row)
    }

    /** Called when their INSERT was sent, or has failed. */
    endAll({ rows }: Insert): void {
        for (const { announced } of rows)
            if (announced && (announced.inserts -= 1) <= 0) this.delete(announced)
    }
}

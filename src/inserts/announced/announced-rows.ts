import type { ObjectLiteral } from "typeorm"
import type { Insert } from "../insert"
import { NewRow } from "./new-row"

/**
 * The rows that were announced to one query runner, and whose INSERT has not been sent.
 * @internal
 */
export class AnnouncedRows {
    private readonly rows = new Map<number, NewRow>()
    private call: object | undefined

    get all(): ReadonlyMap<number, NewRow> {
        return this.rows
    }

    add(row: NewRow): void {
        row.announce(this.currentCall())
        this.rows.set(row.id, row)
    }

    /** TypeORM announces all rows of a call in one go. */
    private currentCall(): object {
        if (!this.call) {
            this.call = {}
            void Promise.resolve().then(() => (this.call = undefined))
        }
        return this.call
    }

    /** Called when a row is in the table, or is announced anew. */
    endOf(entity: ObjectLiteral): void {
        const row = NewRow.find(entity)
        if (row) this.end(row)
    }

    /** Called when their INSERT was sent, or has failed. */
    endAll({ rows }: Insert): void {
        for (const { announced } of rows) if (announced) this.end(announced)
    }

    transactionEnded({ isShared }: { readonly isShared: boolean }): void {
        for (const row of this.rows.values()) {
            // Where all callers have one runner, the save of another may be about to insert it.
            if (isShared && !row.isLeft) row.isLeft = true
            else this.end(row)
        }
    }

    private end(row: NewRow): void {
        row.end()
        this.rows.delete(row.id)
    }
}

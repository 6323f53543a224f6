import type { Insert } from "../insert"
import { CallsOfTables } from "./calls-of-tables"
import { NewRow } from "./new-row"
import { OfEntities } from "./of-entities"

/**
 * The rows that were announced to one query runner, and whose INSERT has not been sent.
 * @internal
 */
export class AnnouncedRows extends OfEntities<NewRow> {
    readonly byTable = new CallsOfTables()

    constructor() {
        super(NewRow.ofEntities)
    }

    override add(row: NewRow, former?: NewRow): void {
        super.add(row)
        this.byTable.add(row)
        if (former?.call === row.call) row.inserts = (former?.inserts ?? 0) + 1
    }

    override delete(row: NewRow): void {
        super.delete(row)
        this.byTable.delete(row)
    }

    override transactionEnded(options: { readonly isShared: boolean }): void {
        super.transactionEnded(options)
        if (this.size === 0) this.byTable.clear()
    }

    /** Called when their INSERT was sent, or has failed. */
    endAll({ rows }: Insert): void {
        for (const { announced } of rows)
            if (announced && (announced.inserts -= 1) <= 0) this.delete(announced)
    }
}

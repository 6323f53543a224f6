import type { Insert } from "../insert"
import { NewRow } from "./new-row"
import { OfEntities } from "./of-entities"

/**
 * The rows that were announced to one query runner, and whose INSERT has not been sent.
 * @internal
 */
export class AnnouncedRows extends OfEntities<NewRow> {
    constructor() {
        super(NewRow.ofEntities)
    }

    override add(row: NewRow, former?: NewRow): void {
        super.add(row)
        if (former?.call === row.call) row.inserts = (former?.inserts ?? 0) + 1
    }

    /** Called when their INSERT was sent, or has failed. */
    endAll({ rows }: Insert): void {
        for (const { announced } of rows)
            if (announced && (announced.inserts -= 1) <= 0) this.delete(announced)
    }
}

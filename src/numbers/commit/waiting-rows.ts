import type { EntityMetadata, ObjectLiteral } from "typeorm"
import type { Scope } from "../../dialects/columns"
import type { Session } from "../../inserts/session"
import { oncePer } from "../../once-per"
import type { Transaction } from "../../inserts/connection/transaction"
import type { Series } from "../../series/series"

/** @internal A stored row that is to get its number before COMMIT. */
export interface WaitingRow {
    /** Its class, where several share a table. */
    readonly metadata: EntityMetadata
    readonly series: Series
    /** The primary key, as an entity has it. */
    readonly id: ObjectLiteral
    /** That of its INSERT, where that is known; it may have changed since. */
    readonly scope?: Scope
    /** The one that shows the number; a transaction can be long, and need not keep it. */
    readonly entity?: WeakRef<ObjectLiteral>
    /** Whether its statement may have left it out, as one that was stored before. */
    readonly mayBeSkipped?: boolean
    /** The same where it is to tell the first number of its scope, which it has to be kept for. */
    readonly starting?: ObjectLiteral
}

const rowsIn = oncePer<Transaction, WaitingRow[]>(() => [])

/**
 * Lets a stored row of a transaction wait for its number, until what was done up to now is rolled back. Whether it
 * gets one is seen at COMMIT: one that is gone, has a number by then, or does not meet the condition gets none.
 * @internal
 */
export function waitForCommit(
    session: Session,
    {
        entity,
        ...row
    }: Omit<WaitingRow, "entity" | "starting"> & { readonly entity?: ObjectLiteral },
): void {
    const transaction = session.joinTransaction()
    const rows = rowsIn(transaction)
    rows.push({
        ...row,
        entity: entity && new WeakRef(entity),
        starting: row.series.startOf && entity,
    })
    transaction.onRollback(() => rows.pop())
}

/** @internal The rows that wait, in the order in which they came; none of them waits any longer. */
export function takeWaiting({ transaction }: Session): WaitingRow[] {
    return transaction ? rowsIn(transaction).splice(0) : []
}

/** @internal */
export function isAnyWaiting({ transaction }: Session): boolean {
    return transaction !== undefined && rowsIn(transaction).length > 0
}

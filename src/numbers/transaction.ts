import { TransactionRequiredError } from "../errors"
import { abortedError } from "../inserts/connection/aborted"
import type { Session } from "../inserts/session"
import { placeOf, type Series } from "../series/series"

/** @internal Refuses to make numbers without gaps outside of a transaction. */
export function refuseWithoutTransaction({ isInTransaction }: Session, series: Series): void {
    if (isInTransaction) return
    throw new TransactionRequiredError(
        `${placeOf(series)} takes its numbers under a lock that lasts as long as the transaction, and there ` +
            "is none. Insert inside dataSource.transaction(…) by the manager that it gives you, or " +
            "use save() without { transaction: false }.",
    )
}

/** @internal Begins to make numbers: within the open transaction, which there must be for those without gaps. */
export function joinTransaction(session: Session, gapless: Series | undefined): void {
    if (gapless) refuseWithoutTransaction(session, gapless)
    const transaction = gapless ? session.joinTransaction() : session.transaction
    if (transaction?.hasEnded) throw abortedError()
    if (transaction) transaction.hasNumbers = true
}

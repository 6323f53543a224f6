import { TransactionAbortedError } from "../../errors"

/** @internal For a transaction that goes on although the database has rolled it back. */
export function abortedError(): TransactionAbortedError {
    return new TransactionAbortedError(
        "A statement of this transaction has failed, and the error was caught: the database has rolled " +
            "the transaction back, or a part of it could not be rolled back, so that none of it is committed. No " +
            "row of it is stored, and the numbers it was given will go to others. Let the error leave the transaction, and " +
            "run nested transactions one after the other.",
    )
}

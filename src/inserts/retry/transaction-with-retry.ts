import { setTimeout } from "node:timers/promises"
import type { DataSource, EntityManager } from "typeorm"
import {
    FUNCTION,
    ISOLATION_LEVEL,
    SIGNAL,
    checkedOptions,
    integerFrom,
    refuseOther,
    refuserOf,
    type Form,
} from "../../declared/options"
import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import { driverErrorOf } from "../../dialects/driver-error"
import { show } from "../../declared/show"
import {
    AutoSequenceError,
    InvalidOptionError,
    StaleSnapshotError,
    UnsupportedError,
} from "../../errors"
import { codeOf, tellRetry } from "../../signals/channels"
import { givenDataSource } from "../../typeorm/given"

/** What {@link transactionWithRetry} takes. */
export interface TransactionWithRetryOptions {
    /**
     * How often the work is done at most, the first time included. An integer from 1.
     *
     * Default is `5`.
     */
    attempts?: number

    /**
     * The isolation level of the transaction.
     *
     * Default is what the data source or the database is set to.
     */
    isolationLevel?: "READ UNCOMMITTED" | "READ COMMITTED" | "REPEATABLE READ" | "SERIALIZABLE"

    /**
     * The pause before the second attempt, in milliseconds. It doubles from one attempt to the
     * next, and each is cut by up to a half at random, so that two that got into each other's way
     * don't again.
     *
     * Default is `20`.
     */
    minDelay?: number

    /**
     * The longest pause, in milliseconds.
     *
     * Default is `1000`.
     */
    maxDelay?: number

    /**
     * Ends the wait for another attempt with an `AbortError`, whose `cause` is the reason of the
     * signal. An attempt that is running goes on, and is the last one.
     *
     * Default is none.
     */
    signal?: AbortSignal
}

const MILLISECONDS: Form = [(value) => typeof value === "number", "milliseconds"]
const FORMS = {
    attempts: integerFrom(1),
    isolationLevel: ISOLATION_LEVEL,
    minDelay: MILLISECONDS,
    maxDelay: MILLISECONDS,
    signal: SIGNAL,
}

/**
 * Runs `work` in a transaction, and all of it again in a new one when the database has ended it for
 * a reason that is gone by then: a deadlock, a serialization failure, a lock that was not free in
 * time. Which error that is, is told by its code: 40001 and 40P01 of PostgreSQL, 1205, 1213 and
 * 1020 of MySQL and MariaDB, SQLITE_BUSY; also in the `cause` of another error, and when COMMIT
 * fails.
 *
 * `work` may run several times, so what it does outside of the database must bear that: set nothing
 * up before, send no mail. Everything else that it throws is passed on at once, the errors of this
 * library included: {@link CounterLockedError} says that the caller wouldn't wait. A
 * {@link StaleSnapshotError} is repeated where a new snapshot helps, as with a pseudo key that is taken
 * unseen; where the work reads before it locks, the next attempt would come to the same.
 *
 * Errors: the last one of `work` where no attempt is left; {@link InvalidOptionError};
 * {@link UnsupportedError} where the codes of the database aren't known.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { Sequence, transactionWithRetry } from "typeorm-autosequence"
 *
 * declare const dataSource: DataSource
 * const invoiceNumbers = new Sequence("invoice_numbers")
 * const creditNoteNumbers = new Sequence("credit_note_numbers")
 *
 * const numbers = await transactionWithRetry(dataSource, async (manager) => [
 *     await invoiceNumbers.next(manager),
 *     await creditNoteNumbers.next(manager),
 * ])
 * ```
 */
export async function transactionWithRetry<T>(
    dataSource: DataSource,
    work: (manager: EntityManager) => Promise<T>,
    options: TransactionWithRetryOptions = {},
): Promise<T> {
    const dialect = dialectOf(givenDataSource("transactionWithRetry", dataSource))
    const {
        attempts = 5,
        minDelay = 20,
        maxDelay = 1000,
        isolationLevel,
        signal,
    } = checkedOptions("transactionWithRetry", options, FORMS)
    refuseOther("the work is", work, FUNCTION, refuserOf("transactionWithRetry"))
    if (!(minDelay >= 0 && minDelay <= maxDelay && maxDelay <= MAX_DELAY))
        throw new InvalidOptionError(
            `minDelay is ${show(minDelay)} and maxDelay ${show(maxDelay)}, give 0 to ${MAX_DELAY} milliseconds ` +
                "and no maximum below the minimum.",
        )
    if (!dialect)
        throw new UnsupportedError(
            `Which errors of "${dataSource.options.type}" pass is not known, so nothing can be repeated.`,
        )

    for (let attempt = 1; ; attempt++) {
        let failure: unknown
        try {
            return await (isolationLevel
                ? dataSource.transaction(isolationLevel, work)
                : dataSource.transaction(work))
        } catch (error) {
            if (attempt >= attempts || !isTransient(error, dialect)) throw error
            failure = error
        }
        const longest = Math.min(maxDelay, minDelay * 2 ** (attempt - 1))
        const delayMs = longest * (1 - Math.random() / 2)
        const code = codeOf(driverErrorOf(failure) ?? (failure as object))
        tellRetry({ dataSource, attempt, attempts, delayMs, code })
        await setTimeout(delayMs, undefined, { signal })
    }
}

/** Node.js takes longer timeouts for 1 millisecond. */
const MAX_DELAY = 2 ** 31 - 1

/** Whether it is, or was caused by, an error that passes. */
function isTransient(error: unknown, dialect: Dialect): boolean {
    const seen = new Set<unknown>()
    while (typeof error === "object" && error !== null && !seen.has(error)) {
        // The database has refused what an older snapshot could not show.
        if (error instanceof StaleSnapshotError && error.cause !== undefined) return true
        if (error instanceof AutoSequenceError) return false
        seen.add(error)
        if (dialect.isTransient(driverErrorOf(error) ?? error)) return true
        error = (error as { cause?: unknown }).cause
    }
    return false
}

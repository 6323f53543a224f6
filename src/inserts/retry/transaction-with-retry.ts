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
import { onMaster } from "../../typeorm/on-master"
import { ATTEMPTS_IN_CLUSTERS } from "./repeat"
import { repeatsStatements } from "./repeats-statements"

/** Options of {@link transactionWithRetry}. */
export interface TransactionWithRetryOptions {
    /**
     * The maximum number of attempts, including the first. An integer from 1.
     *
     * Default: `5`, and `20` on a Galera cluster, where writers of one scope on several nodes conflict.
     */
    attempts?: number

    /**
     * The isolation level of the transaction.
     *
     * Default: what the data source or the database is set to.
     */
    isolationLevel?: "READ UNCOMMITTED" | "READ COMMITTED" | "REPEATABLE READ" | "SERIALIZABLE"

    /**
     * The delay before the second attempt, in milliseconds. It doubles with each attempt, and each
     * delay is shortened by a random amount of up to a half, so that two conflicting transactions
     * don't conflict again.
     *
     * Default: `20`.
     */
    minDelay?: number

    /**
     * The longest delay, in milliseconds.
     *
     * Default: `1000`.
     */
    maxDelay?: number

    /**
     * Aborting it ends the wait for another attempt with an `AbortError`, whose `cause` is the
     * signal's reason. An attempt that is already running continues, and is the last one.
     *
     * Default: none.
     */
    signal?: AbortSignal
}

const ATTEMPTS = 5
const MILLISECONDS: Form = [(value) => typeof value === "number", "milliseconds"]
const FORMS = {
    attempts: integerFrom(1),
    isolationLevel: ISOLATION_LEVEL,
    minDelay: MILLISECONDS,
    maxDelay: MILLISECONDS,
    signal: SIGNAL,
}

/**
 * Runs `work` in a transaction, and runs all of it again in a new transaction if the database ended
 * the first one for a temporary reason: a deadlock, a serialization failure, a lock timeout. Such
 * errors are recognized by their codes: 40001 and 40P01 of PostgreSQL, 1205, 1213 and 1020 of MySQL
 * and MariaDB, SQLITE_BUSY; also in the `cause` of another error, and when COMMIT fails.
 *
 * `work` may run several times, so anything it does outside the database must allow for that: don't
 * prepare anything before the call, and don't send mail. All other errors are thrown at once,
 * including those of this library: {@link CounterLockedError} means that the caller chose not to
 * wait. A {@link StaleSnapshotError} is retried if a new snapshot helps, as with a pseudo key that
 * another transaction has taken. If the work reads before it locks, it isn't retried, because the
 * next attempt would fail in the same way.
 *
 * Errors: the last error of `work` if no attempt is left; {@link InvalidOptionError};
 * {@link UnsupportedError} if the error codes of the database aren't known.
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
        attempts: given,
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
            if (!isTransient(error, dialect)) throw error
            failure = error
        }
        const attempts = given ?? (await defaultAttempts(dataSource))
        if (attempt >= attempts) throw failure
        const longest = Math.min(maxDelay, minDelay * 2 ** (attempt - 1))
        const delayMs = longest * (1 - Math.random() / 2)
        const code = codeOf(driverErrorOf(failure) ?? (failure as object))
        tellRetry({ dataSource, attempt, attempts, delayMs, code })
        await setTimeout(delayMs, undefined, { signal })
    }
}

/** It is asked only where an attempt has failed. */
async function defaultAttempts(dataSource: DataSource): Promise<number> {
    // Where the connection is gone, the failure is what the caller is to see.
    const isInCluster = await onMaster(dataSource, (runner) =>
        repeatsStatements(dataSource, runner),
    ).catch(() => false)
    return isInCluster ? ATTEMPTS_IN_CLUSTERS : ATTEMPTS
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

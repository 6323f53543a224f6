import type { RepeatableTransactions } from "./repeatable"

/** @internal CockroachDB, which has no strategy of its own here. */
export const cockroachdb: RepeatableTransactions = {
    isTransient: ({ code }) => code === "40001",
    ownReplay(dataSource) {
        const { maxTransactionRetries: retries } = dataSource.options as {
            maxTransactionRetries?: number
        }
        // TypeORM 0.3, whose managers don't name their data source so, takes 0 for the default.
        const takesZero = "dataSource" in dataSource.manager
        if (retries !== undefined && (retries < 0 || (retries === 0 && takesZero))) return undefined
        return (
            "TypeORM's driver for CockroachDB repeats the statements of a transaction with the values " +
            "that they had, whatever has been read from the database since. Switch that off: give " +
            `the data source the option maxTransactionRetries: ${takesZero ? 0 : -1}.`
        )
    },
}

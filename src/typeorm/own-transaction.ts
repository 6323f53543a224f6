import type { QueryRunner } from "typeorm"

/** @internal Runs work in a transaction of its own, on a connection that has none. */
export async function inOwnTransaction<T>(
    runner: QueryRunner,
    work: () => Promise<T>,
    isolation?: "READ COMMITTED",
): Promise<T> {
    await runner.startTransaction(isolation)
    try {
        const result = await work()
        await runner.commitTransaction()
        return result
    } catch (error) {
        // The first error is the one to know.
        await runner.rollbackTransaction().catch(() => {})
        throw error
    }
}

import type { DataSource, QueryRunner } from "typeorm"
import { onMaster } from "../../typeorm/on-master"
import { inOwnTransaction } from "../../typeorm/own-transaction"
import { select } from "../../typeorm/statement"
import type { InstallLock } from "../../dialects/statements/schema-statements"
import { NotInstalledError, UnsupportedError } from "../../errors"

/**
 * Runs `work` while nobody else runs such work in the same database.
 * @internal
 */
export async function underInstallLock(
    dataSource: DataSource,
    lock: InstallLock,
    work: (runner: QueryRunner) => Promise<void>,
): Promise<void> {
    await onMaster(dataSource, async (runner) => {
        if (runner.isTransactionActive)
            throw new UnsupportedError(
                "A transaction is open on the only connection of this data source, and the schema can't be changed " +
                    "in it. Wait until it ends.",
            )
        // SQLite makes changed tables anew, and would delete the rows that refer to them.
        await runner.beforeMigration()
        try {
            if (lock.isTransactional)
                await inOwnTransaction(
                    runner,
                    async () => {
                        await take(runner, lock)
                        await work(runner)
                    },
                    lock.isolation,
                )
            else await inSession(runner, lock, work)
        } finally {
            await runner.afterMigration()
        }
    })
}

async function inSession(
    runner: QueryRunner,
    lock: InstallLock,
    work: (runner: QueryRunner) => Promise<void>,
): Promise<void> {
    await take(runner, lock)
    try {
        await work(runner)
    } finally {
        if (lock.release) await select(runner, lock.release)
    }
}

async function take(runner: QueryRunner, lock: InstallLock): Promise<void> {
    for (const statement of lock.take) {
        const [row] = await select<{ taken?: unknown }>(runner, statement)
        if (row?.taken === undefined || Number(row.taken) === 1) continue
        throw new NotInstalledError(
            "Another process is installing in this database and has not finished. Look for a connection that " +
                "waits for a lock, then try again.",
        )
    }
}

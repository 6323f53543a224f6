import { setTimeout } from "node:timers/promises"
import { type DataSource, MigrationExecutor, type QueryRunner } from "typeorm"
import { SIGNAL, checkedOptions, integerFrom, oneOf } from "../../declared/options"
import { dialectOf } from "../../dialects"
import { driverErrorOf } from "../../dialects/driver-error"
import type { InstallLock } from "../../dialects/statements/schema-statements"
import { MigrationLockedError, UnsupportedError } from "../../errors"
import { onMaster } from "../../typeorm/on-master"
import { dataSourceOf } from "../../typeorm/compat"
import { givenDataSource } from "../../typeorm/given"
import { inOwnTransaction } from "../../typeorm/own-transaction"
import { select } from "../../typeorm/statement"

/** Options of {@link runMigrations}. */
export interface RunMigrationsOptions {
    /**
     * Whether all migrations run in one transaction, each in its own, or without one. On SQLite
     * they always run in one transaction, which is the lock.
     *
     * Default: `migrationsTransactionMode` of the data source, or `"all"`, as for TypeORM's own
     * command.
     */
    transaction?: "all" | "each" | "none"

    /**
     * How many seconds to wait for another process that is migrating. An integer from 0.
     *
     * Default: `600`.
     */
    waitSeconds?: number

    /**
     * Aborting it ends the wait for another process with an `AbortError`. Migrations that are
     * running continue.
     */
    signal?: AbortSignal
}

const FORMS = {
    transaction: oneOf("all", "each", "none"),
    waitSeconds: integerFrom(0),
    signal: SIGNAL,
}
const PAUSE_MS = 200

/**
 * Runs the pending migrations of a data source while no other process does. Use it if replicas of
 * an application start at the same time: the others wait, and then find nothing left to do.
 * Resolves to the names of the migrations that this call has run.
 *
 * The lock is an advisory lock on PostgreSQL and `GET_LOCK` on MariaDB and MySQL. The connection
 * that migrates holds it, so the database releases it when the migrations fail or the process dies.
 * On SQLite the lock is the transaction. Waiting doesn't hold a transaction, so
 * `CREATE INDEX CONCURRENTLY` doesn't wait for waiting processes.
 *
 * Only this function and the command `migrate` use the lock: `dataSource.runMigrations()` and
 * TypeORM's own command don't wait for it. A connection pooler that gives each transaction another
 * connection (PgBouncer in transaction mode) breaks it: connect directly. On a Galera cluster the
 * lock is local to one node.
 *
 * On MariaDB and MySQL a migration that fails halfway stays incomplete, because schema changes
 * can't be rolled back there. Generate it again: the new migration contains what is missing.
 *
 * Errors: {@link MigrationLockedError} if another process didn't finish in time,
 * {@link UnsupportedError}, {@link InvalidOptionError}, and errors thrown by a migration.
 *
 * ```ts
 * import { DataSource } from "typeorm"
 * import { runMigrations, withAutoSequence } from "typeorm-autosequence"
 *
 * const dataSource = new DataSource(
 *     withAutoSequence({ type: "postgres", entities: [], migrations: ["dist/migrations/*.js"] }),
 * )
 * await dataSource.initialize()
 * await runMigrations(dataSource)
 * ```
 */
export async function runMigrations(
    dataSource: DataSource,
    options: RunMigrationsOptions = {},
): Promise<string[]> {
    const {
        transaction,
        waitSeconds = 600,
        signal,
    } = checkedOptions("runMigrations", options, FORMS)
    const dialect = dialectOf(givenDataSource("runMigrations", dataSource))
    if (!dialect)
        throw new UnsupportedError(
            `A database of type "${dataSource.options.type}" can't be locked for migrations. Run them with ` +
                "dataSource.runMigrations(), in one process.",
        )
    const lock = dialect.schema.migrationLock
    const wait = { until: performance.now() + waitSeconds * 1000, waitSeconds, signal }
    return onMaster(dataSource, async (runner) => {
        if (runner.isTransactionActive)
            throw new UnsupportedError(
                "A transaction is open on the only connection of this data source. Wait until it ends.",
            )
        const work = () => {
            const executor = new MigrationExecutor(dataSource, runner)
            executor.transaction =
                transaction ?? dataSource.options.migrationsTransactionMode ?? "all"
            return executor.executePendingMigrations()
        }
        const migrations = await (lock.isTransactional
            ? inOneTransaction(runner, lock, wait, work)
            : inSession(runner, lock, wait, work))
        return migrations.map(({ name }) => name)
    })
}

interface Wait {
    readonly until: number
    readonly waitSeconds: number
    readonly signal?: AbortSignal
}

async function inSession<T>(
    runner: QueryRunner,
    { take: [take], release }: InstallLock,
    wait: Wait,
    work: () => Promise<T>,
): Promise<T> {
    const isTaken = async () => {
        const [row] = take ? await select<{ taken?: unknown }>(runner, take) : []
        return Number(row?.taken) === 1
    }
    // A statement that waits would hold a snapshot, which the migration may wait for.
    while (!(await isTaken())) await pause(wait)
    try {
        return await work()
    } finally {
        // Where the connection is lost, so is the lock.
        if (release) await select(runner, release).catch(() => undefined)
    }
}

async function inOneTransaction<T>(
    runner: QueryRunner,
    { take }: InstallLock,
    wait: Wait,
    work: () => Promise<T>,
): Promise<T> {
    let isTaken = false
    const attempt = async () => {
        for (const statement of take) await select(runner, statement)
        isTaken = true
        return work()
    }
    // SQLite makes changed tables anew, and would delete the rows that refer to them.
    await runner.beforeMigration()
    try {
        for (;;)
            try {
                return await inOwnTransaction(runner, attempt)
            } catch (error) {
                const cause = driverErrorOf(error)
                const dialect = dialectOf(dataSourceOf(runner))
                if (isTaken || !cause || !dialect?.isTransient(cause)) throw error
                await pause(wait)
            }
    } finally {
        await runner.afterMigration()
    }
}

async function pause({ until, waitSeconds, signal }: Wait): Promise<void> {
    if (performance.now() >= until)
        throw new MigrationLockedError(
            `Another process has been migrating this database for ${waitSeconds} s and has not finished. Find ` +
                "out what it waits for, or wait longer: waitSeconds, --wait.",
        )
    await setTimeout(PAUSE_MS, undefined, { signal })
}

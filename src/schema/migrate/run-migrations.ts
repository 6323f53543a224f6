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
import { select } from "../../typeorm/statement"

/** What {@link runMigrations} takes. */
export interface RunMigrationsOptions {
    /**
     * Whether all migrations run in one transaction, each in its own, or without. On SQLite they always run in one, which is
     * the lock.
     *
     * Default is `migrationsTransactionMode` of the data source, or `"all"`, as for TypeORM's own command.
     */
    transaction?: "all" | "each" | "none"

    /**
     * For how many seconds another process that migrates is waited for. An integer from 0.
     *
     * Default is `600`.
     */
    waitSeconds?: number

    /** Ends the wait for another process with an `AbortError`. Migrations that run go on. */
    signal?: AbortSignal
}

const FORMS = {
    transaction: oneOf("all", "each", "none"),
    waitSeconds: integerFrom(0),
    signal: SIGNAL,
}
const PAUSE_MS = 200

/**
 * Runs the migrations of a data source that have not been run, while no other process does: for replicas of an application
 * that start at the same time. The others wait, and find nothing left to do. Resolves to the names of the
 * migrations that this call has run.
 *
 * The lock is an advisory lock on PostgreSQL and `GET_LOCK` on MariaDB and MySQL, both held by the connection that
 * migrates: the database releases it when the migrations fail, or the process dies. On SQLite it is the
 * transaction. Waiting holds no transaction, so `CREATE INDEX CONCURRENTLY` does not wait for those who wait.
 *
 * Only callers of this function, and the command `migrate`, know the lock: `dataSource.runMigrations()` and TypeORM's own command
 * do not wait for it. A connection pooler that gives each transaction another connection (PgBouncer in transaction mode) breaks
 * it: connect directly. On a Galera cluster the lock is that of one node.
 *
 * On MariaDB and MySQL a migration that fails in the middle stays half-done, as they can't roll back what
 * changes the schema. Generate it anew then: the new one has what is missing.
 *
 * Errors: {@link MigrationLockedError} where another process has not come to its end in time,
 * {@link UnsupportedError}, {@link InvalidOptionError}, and whatever a migration throws.
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
            `How to lock a database of type "${dataSource.options.type}" is not known. Run its migrations by ` +
                "dataSource.runMigrations(), in one process.",
        )
    const lock = dialect.schema.migrationLock
    const wait = { until: performance.now() + waitSeconds * 1000, waitSeconds, signal }
    return onMaster(dataSource, async (runner) => {
        if (runner.isTransactionActive)
            throw new UnsupportedError(
                "A transaction is open on the one connection that this data source has. Wait for its end.",
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
    // A statement that waits would hold a snapshot, which the migration may wait for.
    await untilTaken(wait, async () => {
        const [row] = take ? await select<{ taken?: unknown }>(runner, take) : []
        return Number(row?.taken) === 1
    })
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
    // SQLite makes changed tables anew, and would delete the rows that refer to them.
    await runner.beforeMigration()
    try {
        await untilTaken(wait, async () => {
            await runner.startTransaction()
            try {
                for (const statement of take) await select(runner, statement)
                return true
            } catch (error) {
                await runner.rollbackTransaction()
                const cause = driverErrorOf(error)
                if (cause && dialectOf(dataSourceOf(runner))?.isTransient(cause)) return false
                throw error
            }
        })
        try {
            const result = await work()
            await runner.commitTransaction()
            return result
        } catch (error) {
            if (runner.isTransactionActive) await runner.rollbackTransaction()
            throw error
        }
    } finally {
        await runner.afterMigration()
    }
}

async function untilTaken(
    { until, waitSeconds, signal }: Wait,
    take: () => Promise<boolean>,
): Promise<void> {
    while (!(await take())) {
        if (performance.now() >= until)
            throw new MigrationLockedError(
                `Another process has been migrating this database for ${waitSeconds} s and has not come to an end. Look for ` +
                    "what it waits for, or wait longer: waitSeconds, --wait.",
            )
        await setTimeout(PAUSE_MS, undefined, { signal })
    }
}

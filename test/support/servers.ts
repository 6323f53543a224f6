import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startEmbeddedPostgres } from "./embedded-postgres"
import { MariaDbDatabase, mariaDbCan } from "./mariadb-database"
import { PGliteDatabase, pgliteCan, PostgresDatabase, postgresCan } from "./postgres-database"
import { BetterSqlite3Database, sqliteCan, SqlJsDatabase } from "./sqlite-database"
import type { Capabilities, TestDatabase } from "./test-database"
import { isThorough } from "./thoroughness"

interface Running<Database> {
    open(name: string): Database
    stop(): Promise<void>
}

/** One database of the test run. */
export interface Server<Database extends TestDatabase = TestDatabase> {
    readonly name: string
    readonly can: Capabilities
    /** Resolves to the reason where this machine doesn't have it. */
    start(): Promise<Running<Database> | { missing: string }>
}

const embeddedPostgres: Server<PostgresDatabase> = {
    name: "PostgreSQL 18 (embedded)",
    can: postgresCan,
    async start() {
        const server = await startEmbeddedPostgres()
        return { ...(await createDatabase(server.url)), stop: () => server.stop() }
    },
}

const postgresOfMachine: Server<PostgresDatabase> = {
    name: "PostgreSQL (server of the machine)",
    can: postgresCan,
    async start() {
        const url = process.env.TEST_DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/postgres"
        try {
            return await createDatabase(url)
        } catch (error) {
            return missing(`PostgreSQL at ${url}`, "TEST_DATABASE_URL", error)
        }
    },
}

/** The one of the machine; where it has none, the one that the tests bring. */
const onePostgres: Server<PostgresDatabase> = {
    name: "PostgreSQL",
    can: postgresCan,
    async start() {
        const running = await postgresOfMachine.start()
        return "missing" in running ? embeddedPostgres.start() : running
    },
}

export const pglite: Server = {
    name: "PGlite",
    can: pgliteCan,
    start: () =>
        Promise.resolve({
            open: (name) => new PGliteDatabase(name, ""),
            stop: () => PGliteDatabase.stop(),
        }),
}

const mariaDb: Server = {
    name: "MariaDB",
    can: mariaDbCan,
    async start() {
        const url = process.env.TEST_MARIADB_URL ?? "mysql://root@127.0.0.1:3306"
        try {
            await new MariaDbDatabase("", url).query("SELECT 1")
        } catch (error) {
            return missing(`MariaDB at ${url}`, "TEST_MARIADB_URL", error)
        }
        return {
            open: (name) => new MariaDbDatabase(name, url),
            stop: () => Promise.resolve(),
        }
    },
}

const betterSqlite3: Server = {
    name: "better-sqlite3",
    can: sqliteCan,
    async start() {
        const directory = await mkdtemp(join(tmpdir(), "autosequence-sqlite-"))
        return {
            open: (name) => new BetterSqlite3Database(name, directory),
            stop: () => rm(directory, { recursive: true, force: true }),
        }
    },
}

const sqlJs: Server = {
    name: "sql.js",
    can: sqliteCan,
    start: () =>
        Promise.resolve({
            open: (name) => new SqlJsDatabase(name),
            stop: () => Promise.resolve(),
        }),
}

export const postgresServers: readonly Server<PostgresDatabase>[] = isThorough
    ? [embeddedPostgres, postgresOfMachine]
    : [onePostgres]

/** One server of each database: those on which the matrix of behaviour runs. */
export const matrixServers: readonly Server[] = [onePostgres, mariaDb, betterSqlite3]

/** Other versions and drivers of the same databases. */
export const smokeServers: readonly Server[] = [embeddedPostgres, pglite, sqlJs]

export const servers: readonly Server[] = isThorough
    ? [...postgresServers, pglite, mariaDb, betterSqlite3, sqlJs]
    : matrixServers

async function createDatabase(adminUrl: string): Promise<Running<PostgresDatabase>> {
    const admin = new PostgresDatabase("", adminUrl)
    const name = `autosequence_test_${process.pid}`
    // The same everywhere, whatever the locale of the machine is.
    await admin.query(
        `CREATE DATABASE ${name} ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    )
    // Nobody pulls the plug, and to wait for the disk at each commit takes most of the time.
    await admin.query(`ALTER DATABASE ${name} SET synchronous_commit = off`)
    // Nor for a second until it looks for a deadlock, where the user may say so.
    await admin.query(`DO $$ BEGIN
        IF current_setting('is_superuser') = 'on' THEN ALTER DATABASE ${name} SET deadlock_timeout = '50ms'; END IF;
    END $$`)
    const url = new URL(adminUrl)
    url.pathname = name
    return {
        open: (server) => new PostgresDatabase(server, url.href),
        stop: () => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
    }
}

/** An error where the machine is there for the tests. */
function missing(what: string, variable: string, cause: unknown): { missing: string } {
    const text = `no ${what}: ${String(cause)}. Set ${variable}.`
    if (process.env.CI) throw new Error(text, { cause })
    return { missing: text }
}

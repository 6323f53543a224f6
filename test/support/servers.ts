import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startEmbeddedPostgres } from "./embedded-postgres"
import { MariaDbDatabase, mariaDbCan } from "./mariadb-database"
import { PGliteDatabase, pgliteCan, PostgresDatabase, postgresCan } from "./postgres-database"
import { BetterSqlite3Database, sqliteCan, SqlJsDatabase } from "./sqlite-database"
import type { Capabilities, TestDatabase } from "./test-database"
import { isShort } from "./brevity"
import { isTypeORM1 } from "./typeorm-version"

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

const allPostgresServers: readonly Server<PostgresDatabase>[] = [
    {
        name: "PostgreSQL 18 (embedded)",
        can: postgresCan,
        async start() {
            const server = await startEmbeddedPostgres()
            return { ...(await createDatabase(server.url)), stop: () => server.stop() }
        },
    },
    {
        name: "PostgreSQL (server of the machine)",
        can: postgresCan,
        async start() {
            const url =
                process.env.TEST_DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/postgres"
            try {
                return await createDatabase(url)
            } catch (error) {
                return missing(`PostgreSQL at ${url}`, "TEST_DATABASE_URL", error)
            }
        },
    },
]

const pglite: Server = {
    name: "PGlite",
    can: pgliteCan,
    start: () =>
        Promise.resolve({
            open: (name) => new PGliteDatabase(name, ""),
            stop: () => PGliteDatabase.stop(),
        }),
}

// What differs between servers differs by no version of TypeORM, so that each may have one of them.
export const postgresServers = isShort
    ? allPostgresServers.slice(isTypeORM1 ? 1 : 0).slice(0, 1)
    : allPostgresServers

export const servers: readonly Server[] = [
    ...postgresServers,
    // It speaks as the servers do, and has tests of its own.
    ...(isShort ? [] : [pglite]),
    {
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
    },
    {
        name: "better-sqlite3",
        can: sqliteCan,
        async start() {
            const directory = await mkdtemp(join(tmpdir(), "autosequence-sqlite-"))
            return {
                open: (name) => new BetterSqlite3Database(name, directory),
                stop: () => rm(directory, { recursive: true, force: true }),
            }
        },
    },
    {
        name: "sql.js",
        can: sqliteCan,
        start: () =>
            Promise.resolve({
                open: (name) => new SqlJsDatabase(name),
                stop: () => Promise.resolve(),
            }),
    },
]

async function createDatabase(adminUrl: string): Promise<Running<PostgresDatabase>> {
    const admin = new PostgresDatabase("", adminUrl)
    const name = `autosequence_test_${process.pid}`
    // The same everywhere, whatever the locale of the machine is.
    await admin.query(
        `CREATE DATABASE ${name} ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    )
    // Nobody pulls the plug, and to wait for the disk at each commit takes most of the time.
    await admin.query(`ALTER DATABASE ${name} SET synchronous_commit = off`)
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

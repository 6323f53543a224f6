import type { Logger } from "typeorm"
import { LastingClient } from "./lasting-client"
import type { PostgresDatabase } from "./postgres-database"
import { postgresServers, type Server, servers } from "./servers"
import type { Capabilities, TestDatabase } from "./test-database"

export type { PostgresDatabase } from "./postgres-database"
export type { Capabilities, ConnectOptions, Kind, TestDatabase } from "./test-database"

const started = new Map<Server, ReturnType<Server["start"]>>()

export async function stopServers(): Promise<void> {
    await LastingClient.stop()
    for (const server of started.values()) {
        const running = await server
        if ("stop" in running) await running.stop()
    }
}

/** Defines the same tests for each PostgreSQL server. */
export function onEachDatabase(
    title: string,
    define: (database: () => PostgresDatabase) => void,
): void {
    for (const server of postgresServers) describeOn(title, server, define)
}

/** Defines tests that need a PostgreSQL, whichever it is. */
export function onOnePostgres(
    title: string,
    define: (database: () => PostgresDatabase, databases: Databases<PostgresDatabase>) => void,
): void {
    for (const server of postgresServers.slice(0, 1)) describeOn(title, server, define)
}

/** Defines the same tests for each database that the library works on. */
export function onEveryDatabase(
    title: string,
    define: (database: () => TestDatabase) => void,
    only: (can: Capabilities) => boolean = () => true,
): void {
    for (const server of servers)
        if (only(server.can))
            describeOn(title, server, (database) => {
                define(database)
            })
}

/** Databases of a block of tests, on one server. */
export interface Databases<Database extends TestDatabase = TestDatabase> {
    /** That of one test: what it connects is gone after the test. */
    readonly database: () => Database
    /** That of the whole block. */
    readonly lasting: () => Database
}

/** What is missing on this machine is skipped aloud. */
export function describeOn<Database extends TestDatabase>(
    title: string,
    server: Server<Database>,
    define: (database: Databases<Database>["database"], databases: Databases<Database>) => void,
): void {
    describe(`${title} on ${server.name}`, () => {
        let database: Database | undefined
        let lasting: Database | undefined

        before(async function () {
            if (!started.has(server)) started.set(server, server.start())
            const running = (await started.get(server)) as Awaited<ReturnType<typeof server.start>>
            if ("missing" in running) {
                console.log(`      skipped, ${running.missing}`)
                return this.skip()
            }
            database = running.open(server.name)
            lasting = running.open(server.name)
        })
        afterEach(function () {
            // Whatever a test that failed has left behind is none of the next one's business.
            return database?.close({ leavesTables: this.currentTest?.state !== "failed" })
        })
        after(async () => {
            await database?.close()
            await lasting?.close()
        })

        const existing = (one: Database | undefined) => {
            if (!one) throw new Error("The database is there inside tests only.")
            return one
        }
        const databases = { database: () => existing(database), lasting: () => existing(lasting) }
        define(databases.database, databases)
    })
}

/** Collects the statements of a data source. */
export class StatementLog implements Logger {
    readonly statements: string[] = []
    logQuery(query: string): void {
        this.statements.push(query)
    }
    logQueryError(): void {}
    logQuerySlow(): void {}
    logSchemaBuild(): void {}
    logMigration(): void {}
    log(): void {}
}

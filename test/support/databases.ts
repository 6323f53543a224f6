import { startEmbeddedPostgres } from "./embedded-postgres"
import { Client } from "pg"
import { DataSource, type DataSourceOptions, type Logger } from "typeorm"
import { withAutoSequence } from "../../src"

type PostgresOptions = Extract<DataSourceOptions, { type: "postgres" }>

/** One PostgreSQL server of the test run. */
interface Server {
    readonly name: string
    /** Resolves to the URL of a database made for this run, or to the reason why there is none. */
    start(): Promise<{ url: string; stop(): Promise<void> } | { missing: string }>
}

const DATABASE = `autosequence_test_${process.pid}`

const SERVERS: readonly Server[] = [
    {
        name: "PostgreSQL 18 (embedded)",
        async start() {
            const { url, stop } = await startEmbeddedPostgres()
            return { ...(await createDatabase(url)), stop }
        },
    },
    {
        name: "PostgreSQL (server of the machine)",
        async start() {
            const url =
                process.env.TEST_DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/postgres"
            try {
                return await createDatabase(url)
            } catch (error) {
                const missing = `no PostgreSQL at ${url}: ${String(error)}. Set TEST_DATABASE_URL.`
                if (process.env.CI) throw new Error(missing, { cause: error })
                return { missing }
            }
        },
    },
]

async function createDatabase(adminUrl: string): Promise<{ url: string; stop(): Promise<void> }> {
    const run = async (sql: string) => {
        const client = new Client({ connectionString: adminUrl })
        await client.connect()
        try {
            await client.query(sql)
        } finally {
            await client.end()
        }
    }
    // The same everywhere, whatever the locale of the machine is.
    await run(
        `CREATE DATABASE ${DATABASE} ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    )
    const url = new URL(adminUrl)
    url.pathname = DATABASE
    return {
        url: url.href,
        stop: () => run(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`),
    }
}

const started = new Map<Server, ReturnType<Server["start"]>>()

export async function stopServers(): Promise<void> {
    for (const server of started.values()) {
        const running = await server
        if ("stop" in running) await running.stop()
    }
}

/** What a test has of its database: an empty schema of its own. */
export class TestDatabase {
    private static schemas = 0
    private readonly dataSources: DataSource[] = []
    private readonly schemas: string[] = []

    constructor(readonly url: string) {}

    /** A data source on a new schema with the tables of these entities. */
    async connect(
        entities: PostgresOptions["entities"],
        options: Partial<PostgresOptions> = {},
    ): Promise<DataSource> {
        const schema = options.schema ?? (await this.createSchema())
        const dataSource = new DataSource(
            withAutoSequence<PostgresOptions>({
                type: "postgres",
                url: this.url,
                schema,
                entities,
                synchronize: true,
                uuidExtension: "pgcrypto",
                extra: { max: 10 },
                ...options,
            }),
        )
        this.dataSources.push(dataSource)
        return dataSource.initialize()
    }

    async createSchema(name = `s${++TestDatabase.schemas}`): Promise<string> {
        await this.query(`CREATE SCHEMA "${name}"`)
        this.schemas.push(name)
        return name
    }

    async query(sql: string): Promise<void> {
        const client = new Client({ connectionString: this.url })
        await client.connect()
        try {
            await client.query(sql)
        } finally {
            await client.end()
        }
    }

    async close(): Promise<void> {
        for (const dataSource of this.dataSources.splice(0))
            if (dataSource.isInitialized) await dataSource.destroy()
        for (const schema of this.schemas.splice(0))
            await this.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`)
    }
}

/** Defines the same tests for each server. What is missing on this machine is skipped aloud. */
export function onEachDatabase(
    title: string,
    define: (database: () => TestDatabase) => void,
): void {
    for (const server of SERVERS)
        describe(`${title} on ${server.name}`, () => {
            let database: TestDatabase | undefined

            before(async function () {
                if (!started.has(server)) started.set(server, server.start())
                const running = (await started.get(server)) as Awaited<ReturnType<Server["start"]>>
                if ("missing" in running) {
                    console.log(`      skipped, ${running.missing}`)
                    return this.skip()
                }
                database = new TestDatabase(running.url)
            })
            afterEach(() => database?.close())

            define(() => {
                if (!database) throw new Error("The database is there inside tests only.")
                return database
            })
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

import { PGliteDriver, getPGliteInstance } from "typeorm-pglite"
import { Pool } from "pg"
import type { DataSourceOptions } from "typeorm"
import { LastingClient } from "./lasting-client"
import { type Capabilities, type ConnectOptions, type Place, TestDatabase } from "./test-database"

type PostgresOptions = Extract<DataSourceOptions, { type: "postgres" }>

export const postgresCan: Capabilities = {
    parallel: true,
    tableLock: true,
    partialIndexes: true,
    upsertKeys: true,
    limitsUpdates: false,
    failOnce: true,
    savepointSql: /(?:)/,
    bigints: true,
}
export const pgliteCan: Capabilities = { ...postgresCan, parallel: false }

/** Schemas in a database that was made for this run. */
export class PostgresDatabase extends TestDatabase<PostgresOptions> {
    readonly kind: "postgres" | "pglite" = "postgres"
    readonly can: Capabilities = postgresCan
    private readonly schemas: string[] = []

    constructor(
        name: string,
        readonly url: string,
    ) {
        super(name)
    }

    /** The options of a data source that somebody else makes, with an empty schema of its own. */
    async newOptions(connections = 10): Promise<PostgresOptions> {
        const place = await this.newPlace({ schema: await this.createSchema() })
        return { ...place.options(), ...this.poolOptions(connections) } as PostgresOptions
    }

    protected async newPlace({
        schema,
    }: ConnectOptions<PostgresOptions>): Promise<Place<PostgresOptions>> {
        const name = schema ?? TestDatabase.newName()
        if (schema === undefined) await this.query(`CREATE SCHEMA "${name}"`)
        return {
            options: () => ({
                type: "postgres",
                schema: name,
                uuidExtension: "pgcrypto",
                ...this.connectionOptions,
            }),
            drop: () => this.dropSchema(name),
        }
    }

    protected get connectionOptions(): Partial<PostgresOptions> {
        return { url: this.url }
    }

    protected poolOptions(max: number): Partial<PostgresOptions> {
        return { extra: { max, Client: LastingClient } }
    }

    /** TypeORM leaves it out there. */
    otherDatabase(): Promise<string> {
        return Promise.resolve("elsewhere")
    }

    async createSchema(name = TestDatabase.newName()): Promise<string> {
        await this.query(`CREATE SCHEMA "${name}"`)
        this.schemas.push(name)
        return name
    }

    /** One that the test itself has made goes with the others. */
    adoptSchema(name: string): void {
        this.schemas.push(name)
    }

    private async dropSchemas(): Promise<void> {
        for (const schema of this.schemas.splice(0)) await this.dropSchema(schema)
    }

    private dropSchema(name: string): Promise<void> {
        return this.query(`DROP SCHEMA IF EXISTS "${name}" CASCADE`)
    }

    async query(sql: string): Promise<void> {
        const pool = new Pool({ connectionString: this.url, Client: LastingClient })
        try {
            await pool.query(sql)
        } finally {
            await pool.end()
        }
    }

    override async close(options?: { leavesTables?: boolean }): Promise<void> {
        await super.close(options)
        await this.dropSchemas()
    }
}

const { Pool: PGlitePool } = new PGliteDriver({}).driver

/** To start PGlite takes longer than a test, so that data sources share it. */
class LastingPool extends PGlitePool {
    override end(done: (error: unknown) => void): void {
        done(null)
    }
}

/** Schemas in a PostgreSQL that is part of this process, and has one connection. */
export class PGliteDatabase extends PostgresDatabase {
    override readonly kind = "pglite"
    override readonly can = pgliteCan

    protected override get connectionOptions(): Partial<PostgresOptions> {
        return { driver: { Pool: LastingPool } }
    }

    override async query(sql: string): Promise<void> {
        await (await getPGliteInstance()).exec(sql)
    }

    static async stop(): Promise<void> {
        await (await getPGliteInstance()).close()
    }
}

import { createConnection } from "mysql2/promise"
import type { DataSourceOptions } from "typeorm"
import { type Capabilities, type Place, TestDatabase } from "./test-database"

type MariaDbOptions = Extract<DataSourceOptions, { type: "mysql" | "mariadb" }>

export const mariaDbCan: Capabilities = {
    parallel: true,
    tableLock: false,
    partialIndexes: false,
    upsertKeys: true,
    limitsUpdates: true,
    failOnce: false,
    savepointSql: /^(?!.*TRANSACTION)/is,
    bigints: true,
}

/** Databases of a MariaDB server. */
export class MariaDbDatabase extends TestDatabase<MariaDbOptions> {
    readonly kind = "mariadb"
    readonly can = mariaDbCan

    constructor(
        name: string,
        readonly url: string,
    ) {
        super(name)
    }

    protected async newPlace(): Promise<Place<MariaDbOptions>> {
        const database = await this.create()
        const url = new URL(this.url)
        url.pathname = database
        return {
            options: () => ({ type: "mariadb", url: url.href }),
            drop: () => this.run(`DROP DATABASE ${database}`),
        }
    }

    async otherDatabase(): Promise<string> {
        const database = await this.create()
        this.dropped.push(() => this.run(`DROP DATABASE ${database}`))
        return database
    }

    private async create(): Promise<string> {
        const database = `autosequence_test_${TestDatabase.newName()}`
        await this.run(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`)
        return database
    }

    protected poolOptions(connectionLimit: number): Partial<MariaDbOptions> {
        return { extra: { connectionLimit } }
    }

    /** In the database of the last data source. */
    async query(sql: string): Promise<void> {
        await this.run(sql, this.last?.driver.database)
    }

    private async run(sql: string, database?: string): Promise<void> {
        const connection = await createConnection({ uri: this.url, database })
        try {
            await connection.query(sql)
        } finally {
            await connection.end()
        }
    }
}

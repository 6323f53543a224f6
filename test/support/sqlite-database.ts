import { rm } from "node:fs/promises"
import { join } from "node:path"
import type { DataSource, DataSourceOptions } from "typeorm"
import { type Capabilities, type Place, TestDatabase } from "./test-database"

type BetterSqlite3Options = Extract<DataSourceOptions, { type: "better-sqlite3" }>
type SqlJsOptions = Extract<DataSourceOptions, { type: "sqljs" }>

export const sqliteCan: Capabilities = {
    parallel: false,
    tableLock: true,
    partialIndexes: true,
    upsertKeys: false,
    limitsUpdates: false,
    failOnce: false,
    savepointSql: /^(?!.*WORK)/is,
    bigints: false,
}

/** Nobody pulls the plug, and to wait for the disk at each commit takes most of the time. */
function doNotSync(database: { pragma(pragma: string): void }): void {
    database.pragma("synchronous = OFF")
}

/** Files in a directory. */
export class BetterSqlite3Database extends TestDatabase<BetterSqlite3Options> {
    readonly kind = "better-sqlite3"
    readonly can = sqliteCan

    constructor(
        name: string,
        private readonly directory: string,
    ) {
        super(name)
    }

    protected newPlace(): Promise<Place<BetterSqlite3Options>> {
        const database = join(this.directory, `${TestDatabase.newName()}.db`)
        return Promise.resolve({
            options: () => ({ type: "better-sqlite3", database, prepareDatabase: doNotSync }),
            drop: () => rm(database, { force: true }),
        })
    }

    /** A file beside the main one, which TypeORM attaches. */
    otherDatabase(): Promise<string> {
        // TypeORM drops indexes by a name of two parts only.
        const database = TestDatabase.newName()
        this.dropped.push(() => rm(join(this.directory, database), { force: true }))
        return Promise.resolve(database)
    }

    protected poolOptions(): Partial<BetterSqlite3Options> {
        return {}
    }

    /** On the connection of the last data source. */
    async query(sql: string): Promise<void> {
        await this.last?.query(sql)
    }
}

/** SQLite in memory, without a file. */
export class SqlJsDatabase extends TestDatabase<SqlJsOptions> {
    readonly kind = "sqljs"
    readonly can = sqliteCan

    protected newPlace(): Promise<Place<SqlJsOptions>> {
        return Promise.resolve({
            options: (other?: DataSource) => ({
                type: "sqljs",
                database: other?.sqljsManager.exportDatabase(),
            }),
            drop: () => Promise.resolve(),
        })
    }

    /** TypeORM leaves it out there. */
    otherDatabase(): Promise<string> {
        return Promise.resolve("elsewhere")
    }

    protected poolOptions(): Partial<SqlJsOptions> {
        return {}
    }

    /** On the connection of the last data source. */
    async query(sql: string): Promise<void> {
        await this.last?.query(sql)
    }
}

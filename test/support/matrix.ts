import type { DataSource, DataSourceOptions, QueryRunner } from "typeorm"
import { describeOn } from "./databases"
import { matrixServers, type Server } from "./servers"
import { type Way, WAYS, worksOn } from "./strategies"
import type { Capabilities, TestDatabase } from "./test-database"
import { tableName } from "./typeorm"

/** A strategy on a database. What a test asks of either is a property of `way` or of `can`. */
export interface Cell {
    readonly title: string
    readonly way: Way
    readonly can: Capabilities
    /** A database for this test alone. */
    readonly database: () => TestDatabase
    /** A data source for all tests of the block, whose tables are empty when a test begins. */
    tables(entities: DataSourceOptions["entities"], options?: ConnectOptions): () => DataSource
}

type ConnectOptions = Parameters<TestDatabase["connect"]>[1]

type Which = (way: Way, can: Capabilities) => boolean

/** Defines the same tests for each strategy on each database that it works on. */
export function onEachCell(
    title: string,
    define: (cell: Cell) => void,
    which: Which = () => true,
): void {
    onCells(matrixServers, title, define, which)
}

export function onCells(
    servers: readonly Server[],
    title: string,
    define: (cell: Cell) => void,
    which: Which = () => true,
): void {
    for (const [name, way] of Object.entries(WAYS))
        for (const server of servers) {
            const { can } = server
            if (!worksOn(way.options.strategy)(can) || !which(way, can)) continue
            describeOn(`${title}: ${name}`, server, (database, { lasting }) => {
                define({
                    title: `${name} on ${server.name}`,
                    way,
                    can,
                    database,
                    tables: (entities, options) => sharedTables(lasting, entities, options),
                })
            })
        }
}

function sharedTables(
    lasting: () => TestDatabase,
    entities: DataSourceOptions["entities"],
    options: ConnectOptions | undefined,
): () => DataSource {
    let dataSource: DataSource | undefined

    beforeEach(async () => {
        if (dataSource) await empty(dataSource)
        else dataSource = await lasting().connect(entities, options)
    })
    afterEach(function () {
        // Whatever it has left behind is none of the next test's business.
        if (this.currentTest?.state !== "passed") dataSource = undefined
    })

    return () => {
        if (!dataSource) throw new Error("The tables are there inside tests only.")
        return dataSource
    }
}

/** How foreign keys are left alone while tables are emptied. */
const WITHOUT_FOREIGN_KEYS: Record<string, readonly [off: string, on: string]> = {
    postgres: ["SET session_replication_role = replica", "SET session_replication_role = origin"],
    mariadb: ["SET FOREIGN_KEY_CHECKS = 0", "SET FOREIGN_KEY_CHECKS = 1"],
    "better-sqlite3": ["PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"],
    sqljs: ["PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"],
}

async function empty(dataSource: DataSource): Promise<void> {
    const [off, on] = WITHOUT_FOREIGN_KEYS[dataSource.options.type] ?? ["", ""]
    const runner = dataSource.createQueryRunner()
    try {
        const tables = await tablesOf(dataSource, runner)
        const statements = [off, ...tables.map((table) => `DELETE FROM ${table}`), on]
        if (dataSource.options.type === "postgres") await runner.query(statements.join("; "))
        else for (const statement of statements) await runner.query(statement)
    } finally {
        await runner.release()
    }
}

const TABLES = new WeakMap<DataSource, readonly string[]>()

/** Not all of the library's own tables are there: only those that the entities need. */
async function tablesOf(dataSource: DataSource, runner: QueryRunner): Promise<readonly string[]> {
    const known = TABLES.get(dataSource)
    if (known) return known
    const tables = new Set<string>()
    for (const metadata of dataSource.entityMetadatas)
        if (await runner.hasTable(metadata.tablePath)) tables.add(tableName(metadata))
    TABLES.set(dataSource, [...tables])
    return [...tables]
}

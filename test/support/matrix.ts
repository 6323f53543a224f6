import type { DataSource, DataSourceOptions } from "typeorm"
import { describeOn } from "./databases"
import { emptyTables } from "./empty-tables"
import { matrixServers, type Server } from "./servers"
import { type Way, WAYS, worksOn } from "./strategies"
import type { Capabilities, TestDatabase } from "./test-database"

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
        if (dataSource) await emptyTables(dataSource)
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

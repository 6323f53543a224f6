import type { EventEmitter } from "node:events"
import { DataSource, type DataSourceOptions } from "typeorm"
import { withAutoSequence } from "../src"
import { entitiesFor, type TortureName } from "./strategies"

/** One for these strategies, with that many connections. */
export function dataSourceFor(
    connection: DataSourceOptions,
    names: readonly TortureName[],
    connections: number,
): DataSource {
    const pool =
        connection.type === "postgres"
            ? { max: connections, connectionTimeoutMillis: 30_000 }
            : { connectionLimit: connections }
    const options = { ...connection, entities: entitiesFor(names), extra: pool }
    return new DataSource(withAutoSequence(options as DataSourceOptions))
}

/**
 * Lets the process outlive connections that PostgreSQL ends as they are opened. TypeORM listens to them a moment too late:
 * docs/troubleshooting.md.
 */
export function outliveConnections(dataSource: DataSource): void {
    if (dataSource.options.type !== "postgres") return
    const { master } = dataSource.driver as unknown as { master: EventEmitter }
    master.on("connect", (client: EventEmitter) => client.on("error", () => {}))
}

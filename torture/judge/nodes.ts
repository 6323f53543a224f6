import { DataSource, type DataSourceOptions } from "typeorm"
import type { Server } from "../servers/server"
import type { Violation } from "./violation"

/** All nodes of a cluster have the same rows, and none has given up by itself. */
export async function judgeNodes(
    { cluster, connections }: Server,
    { entityMetadatas }: DataSource,
): Promise<Violation[]> {
    if (!cluster) return []
    await cluster.applied()
    const tables = entityMetadatas.map(({ tableName }) => tableName)
    const wrong = cluster.wrong.map((text) => ({ text }))
    return [...wrong, ...(await compare(connections, tables))]
}

async function compare(
    connections: readonly DataSourceOptions[],
    tables: readonly string[],
): Promise<Violation[]> {
    const [first, ...others] = await Promise.all(
        connections.map((connection) => checksums(connection, tables)),
    )
    return tables.flatMap((table): Violation[] =>
        others.flatMap((other, at) =>
            other.get(table) === first?.get(table)
                ? []
                : [{ text: `${table}: nodes 0 and ${at + 1} have different rows` }],
        ),
    )
}

async function checksums(
    connection: DataSourceOptions,
    tables: readonly string[],
): Promise<Map<string, string>> {
    const dataSource = await new DataSource(connection).initialize()
    try {
        const list = tables.map((table) => dataSource.driver.escape(table)).join(", ")
        const rows = await dataSource.query<{ Table: string; Checksum: unknown }[]>(
            `CHECKSUM TABLE ${list}`,
        )
        return new Map(rows.map((row) => [row.Table.split(".").at(-1) ?? "", String(row.Checksum)]))
    } finally {
        await dataSource.destroy()
    }
}

import type { Client, Pool } from "pg"
import type { DataSource } from "typeorm"

/** What went over the connections of a data source, and whether one of them was sent two at once. */
export interface Traffic {
    readonly statements: string[]
    overlaps: number
}

/** Watches the connections that the pool hands out from now on. */
export function watchConnections(dataSource: DataSource): Traffic {
    const traffic: Traffic = { statements: [], overlaps: 0 }
    const watched = new WeakSet<Client>()
    const pool = (dataSource.driver as unknown as { master: Pool }).master
    pool.on("acquire", (connection) => {
        const client = connection as unknown as Client
        if (watched.has(client)) return
        watched.add(client)
        let running = 0
        const send = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>
        const observed = async (...args: unknown[]) => {
            traffic.statements.push(String(args[0]))
            if (running > 0) traffic.overlaps += 1
            running += 1
            try {
                return await send(...args)
            } finally {
                running -= 1
            }
        }
        Object.assign(client, { query: observed })
    })
    return traffic
}

import { setTimeout } from "node:timers/promises"
import { createConnection } from "mysql2/promise"
import { Client } from "pg"
import type { Random } from "./random"
import type { Server } from "./servers/server"
import type { Workers } from "./workers"

/** What can be broken meanwhile. `timeouts` is done by the workers themselves. */
export const FAULTS = [
    "kill-worker",
    "terminate",
    "cancel",
    "timeouts",
    "restart",
    "full-pool",
    "pause",
    "partition",
    "lose-quorum",
    "restart-all",
] as const
export type Fault = (typeof FAULTS)[number]

/** Those that take several nodes. */
const OF_CLUSTERS: readonly Fault[] = ["partition", "lose-quorum", "restart-all"]

/** How often each happens next to the others. */
const WEIGHTS: Readonly<Partial<Record<Fault, number>>> = {
    "kill-worker": 3,
    terminate: 5,
    cancel: 5,
    restart: 1,
    "full-pool": 2,
    pause: 2,
    partition: 3,
    "lose-quorum": 1,
    "restart-all": 1,
}

/** Breaks something once in a while, until it is told to stop, and counts what. */
export async function breakThings(
    server: Server,
    workers: Workers,
    faults: readonly Fault[],
    random: Random,
    until: number,
): Promise<Record<string, number>> {
    const counts: Record<string, number> = {}
    const choices = faults
        .filter((fault) => server.cluster || !OF_CLUSTERS.includes(fault))
        .flatMap((fault) => Array<Fault>(WEIGHTS[fault] ?? 0).fill(fault))
    while (choices.length > 0) {
        await setTimeout(random.between(200, 1500))
        if (Date.now() > until) break
        const fault = random.pick(choices)
        const how = await apply(fault, server, workers, random)
        const name = how === undefined ? fault : `${fault}, ${how}`
        counts[name] = (counts[name] ?? 0) + 1
    }
    if (choices.length === 0) await setTimeout(until - Date.now())
    return counts
}

async function apply(
    fault: Fault,
    server: Server,
    workers: Workers,
    random: Random,
): Promise<string | undefined> {
    const worker = () => random.between(0, workers.size - 1)
    switch (fault) {
        case "kill-worker":
            await workers.kill(worker())
            break
        case "terminate":
            await endConnections(server, random, true)
            break
        case "cancel":
            await endConnections(server, random, false)
            break
        case "restart":
            await server.restart()
            break
        case "full-pool":
            workers.crowd(worker())
            break
        case "pause":
            await workers.pause(worker(), random.between(300, 3000))
            break
        case "partition":
            return server.cluster?.partition(random)
        case "lose-quorum":
            await server.cluster?.loseQuorum(random)
            break
        case "restart-all":
            await server.cluster?.restartAll()
            break
        case "timeouts":
    }
    return undefined
}

/** Ends some connections of workers, or what they are doing. */
async function endConnections(
    { name, connections }: Server,
    random: Random,
    wholly: boolean,
): Promise<void> {
    const { url } = random.pick(connections) as { url: string }
    const count = random.between(1, 4)
    await (name === "postgres" ? endInPostgres : endInMariaDb)(url, count, wholly)
}

async function endInPostgres(url: string, count: number, wholly: boolean): Promise<void> {
    const client = new Client({ connectionString: url })
    await client.connect()
    try {
        const { rows } = await client.query<{ pid: number }>(
            `SELECT pid FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT $1`,
            [count],
        )
        const end = wholly ? "pg_terminate_backend" : "pg_cancel_backend"
        for (const { pid } of rows) await client.query(`SELECT ${end}($1)`, [pid])
    } finally {
        await client.end()
    }
}

async function endInMariaDb(url: string, count: number, wholly: boolean): Promise<void> {
    // A machine on which other work is done as well may take longer than the driver waits by default.
    const connection = await createConnection({ uri: url, connectTimeout: 60_000 })
    try {
        const [rows] = await connection.query(
            `SELECT id FROM information_schema.processlist
            WHERE id <> CONNECTION_ID() AND user = 'root' ORDER BY RAND() LIMIT ?`,
            [count],
        )
        for (const { id } of rows as { id: number }[])
            // It may have ended meanwhile.
            await connection.query(`KILL ${wholly ? "CONNECTION" : "QUERY"} ${id}`).catch(() => {})
    } finally {
        await connection.end()
    }
}

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
] as const
export type Fault = (typeof FAULTS)[number]

/** How often each happens next to the others. */
const WEIGHTS: Readonly<Partial<Record<Fault, number>>> = {
    "kill-worker": 3,
    terminate: 5,
    cancel: 5,
    restart: 1,
    "full-pool": 2,
    pause: 2,
}

/** Breaks something once in a while, until it is told to stop, and counts what. */
export async function breakThings(
    server: Server,
    workers: Workers,
    faults: readonly Fault[],
    random: Random,
    until: number,
): Promise<Partial<Record<Fault, number>>> {
    const counts: Partial<Record<Fault, number>> = {}
    const choices = faults.flatMap((fault) => Array<Fault>(WEIGHTS[fault] ?? 0).fill(fault))
    while (choices.length > 0) {
        await setTimeout(random.between(200, 1500))
        if (Date.now() > until) break
        const fault = random.pick(choices)
        await apply(fault, server, workers, random)
        counts[fault] = (counts[fault] ?? 0) + 1
    }
    if (choices.length === 0) await setTimeout(until - Date.now())
    return counts
}

async function apply(
    fault: Fault,
    server: Server,
    workers: Workers,
    random: Random,
): Promise<void> {
    switch (fault) {
        case "kill-worker":
            return workers.kill(random.between(0, workers.size - 1))
        case "terminate":
            return endConnections(server, random, true)
        case "cancel":
            return endConnections(server, random, false)
        case "restart":
            return server.restart()
        case "full-pool":
            workers.crowd(random.between(0, workers.size - 1))
            return
        case "pause":
            return workers.pause(random.between(0, workers.size - 1), random.between(300, 3000))
        case "timeouts":
    }
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
    const connection = await createConnection(url)
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

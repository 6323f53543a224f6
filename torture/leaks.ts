/**
 * Saves many rows in one process, and looks whether memory stays as it was, and whether anything is left behind
 * `destroy()`: docs/torture.md. `npm run torture:leaks -- --saves 200000`
 */
import "reflect-metadata"
import { rm } from "node:fs/promises"
import { parseArgs } from "node:util"
import { setTimeout } from "node:timers/promises"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import type { DataSource, DataSourceOptions } from "typeorm"
import { installAutoSequence, Sequence } from "../src"
import { dataSourceFor } from "./data-source"
import { Article, Lease } from "./entities/others"
import { startMariaDb } from "./servers/mariadb"
import { startPostgres } from "./servers/postgres"
import { makeServerDirectory } from "./servers/server"
import { documents, isOn, STRATEGIES, type TortureName } from "./strategies"

const CONNECTIONS = 4
/** Saves of one transaction. */
const TOGETHER = 20
/** What caches of TypeORM, of the drivers and of the engine may still grow by when a tenth of the work is done. */
const ALLOWED_MIB = 8
/** What would keep the process alive. */
const KEEPING = ["TCPSocketWrap", "TCPWRAP", "FSReqCallback"]

async function main(): Promise<void> {
    const { values } = parseArgs({
        options: {
            saves: { type: "string", default: "200000" },
            databases: { type: "string", default: "postgres,mariadb" },
        },
    })
    for (const database of values.databases.split(",")) {
        const directory = await makeServerDirectory("leaks")
        const server = await (database === "postgres" ? startPostgres : startMariaDb)(directory)
        if (server) {
            const isRight = await look(server.connections[0], Number(values.saves))
            if (!isRight) process.exitCode = 1
            await server.stop()
        } else console.log(`${database}: SKIPPED, as this machine has no such server.`)
        await rm(directory, { recursive: true, force: true })
    }
}

async function look(connection: DataSourceOptions, saves: number): Promise<boolean> {
    const database = connection.type === "postgres" ? "postgres" : "mariadb"
    // Those of the process itself, and of the server that it has started.
    const before = resources()
    const names: TortureName[] = [...STRATEGIES, "lease" as const, "keys" as const].filter((name) =>
        isOn(name, database),
    )
    const dataSource = await dataSourceFor(connection, names, CONNECTIONS).initialize()
    await dataSource.synchronize()
    await installAutoSequence(dataSource)

    const heap: number[] = []
    const tenth = Math.ceil(saves / 10)
    for (let done = 0; done < saves; done += tenth) {
        await save(dataSource, names, done, Math.min(done + tenth, saves))
        heap.push(heapAfterCollection())
    }
    const [first = 0, ...rest] = heap
    const growth = Math.max(...rest) - first
    console.log(
        `${database}: ${saves} saves, heap after each tenth: ${heap.map((mib) => mib.toFixed(1)).join(", ")} MiB`,
    )
    const problems: string[] = []
    if (growth > ALLOWED_MIB) problems.push(`the heap has grown by ${growth.toFixed(1)} MiB`)

    await dataSource.destroy()
    // Drivers say so before their sockets are closed.
    let after = resources()
    for (let wait = 0; wait < 50 && isMore(after, before); wait += 1) {
        await setTimeout(100)
        after = resources()
    }
    for (const [name, count] of Object.entries(after))
        if (count > (before[name] ?? 0))
            problems.push(`${count} of ${name} behind destroy(), before ${before[name] ?? 0}`)
    for (const problem of problems) console.log(`${database}: LEAK ${problem}`)
    return problems.length === 0
}

/** Rows of each kind in turn, in as many transactions at a time as there are connections. */
async function save(
    dataSource: DataSource,
    names: readonly TortureName[],
    from: number,
    to: number,
): Promise<void> {
    const sequence = new Sequence("leaks")
    let next = from
    const one = async () => {
        while (next < to) {
            const first = next
            const behind = Math.min(first + TOGETHER, to)
            next = behind
            const name = names[Math.floor(first / TOGETHER) % names.length] ?? "lease"
            await dataSource.transaction(async (manager) => {
                for (let at = first; at < behind; at += 1) await manager.save(newRow(name, at))
                // What is undone leaves nothing behind either.
                await manager
                    .transaction(async (inner) => {
                        await inner.save(newRow(name, -first - 1))
                        throw new Error("rolled back on purpose")
                    })
                    .catch(() => {})
                await sequence.next(manager)
            })
        }
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, one))
}

function newRow(name: TortureName, at: number): object {
    // Scopes that are used once, and others that are used again and again.
    const company = at % 2 === 0 ? Math.abs(at) : 1
    const tag = String(at)
    if (name === "keys") return Object.assign(new Article(), { tag, title: `Title ${tag}` })
    if (name === "lease" || name === "sequence") return Object.assign(new Lease(), { tag, company })
    return Object.assign(new documents[name].document(), { tag, company })
}

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

function heapAfterCollection(): number {
    collect()
    collect()
    return process.memoryUsage().heapUsed / 2 ** 20
}

function isMore(after: Record<string, number>, before: Record<string, number>): boolean {
    return Object.entries(after).some(([name, count]) => count > (before[name] ?? 0))
}

/** What would keep the process alive, and listeners of the process. */
function resources(): Record<string, number> {
    const counts: Record<string, number> = {}
    const kept = process.getActiveResourcesInfo().filter((name) => KEEPING.includes(name))
    const listeners = process
        .eventNames()
        .flatMap((name) =>
            Array<string>(process.listenerCount(name)).fill(`listeners of ${String(name)}`),
        )
    for (const name of [...kept, ...listeners]) counts[name] = (counts[name] ?? 0) + 1
    return counts
}

void main()

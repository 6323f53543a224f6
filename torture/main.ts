/**
 * Writes numbers from many processes while workers, connections and servers are killed, and then looks whether all are
 * there once: docs/torture.md. `npm run torture -- --help`
 */
import "reflect-metadata"
import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { installAutoSequence } from "../src"
import { dataSourceFor } from "./data-source"
import { breakThings } from "./faults"
import { judge } from "./judge/judge"
import { judgeNodes } from "./judge/nodes"
import { readOptions, type TortureOptions, USAGE } from "./options"
import { Random } from "./random"
import { printResult } from "./report"
import { playScenarios } from "./scenarios/play"
import { GaleraCluster } from "./servers/galera/cluster"
import { type GaleraServer, startGalera } from "./servers/galera/start"
import { startMariaDb } from "./servers/mariadb"
import { startPostgres } from "./servers/postgres"
import { type DatabaseName, makeServerDirectory, type Server } from "./servers/server"
import { isOn } from "./strategies"
import { Workers } from "./workers"

async function main(): Promise<void> {
    const options = readOptions(process.argv.slice(2))
    if (options === "help") {
        console.log(USAGE)
        return
    }
    for (const database of options.databases)
        if (!(await torture(database, options))) process.exitCode = 1
}

/** Whether everything was right, or could not be tried. */
async function torture(database: DatabaseName, options: TortureOptions): Promise<boolean> {
    const names = options.names.filter((name) => isOn(name, database))
    if (names.length === 0) return true
    const directory = await makeServerDirectory("torture")
    const server = await start(database, directory)
    if (!server) {
        console.log(`\n${database}: SKIPPED, as this machine has no such server.`)
        return true
    }
    let isRight = false
    try {
        isRight = await tortureServer(server, { ...options, names }, join(directory, "logs"))
    } finally {
        await server.stop()
        if (isRight) await rm(directory, { recursive: true, force: true })
    }
    return isRight
}

function start(database: DatabaseName, directory: string): Promise<Server | undefined> {
    const starts = { postgres: startPostgres, mariadb: startMariaDb, galera: startGalera }
    return starts[database](directory)
}

async function tortureServer(
    server: Server,
    options: TortureOptions,
    logs: string,
): Promise<boolean> {
    const { names, seed, faults } = options
    await mkdir(logs)
    const dataSource = await dataSourceFor(server.connections[0], names, 4).initialize()
    await dataSource.synchronize()
    await installAutoSequence(dataSource)
    // Its connections are not for the faults.
    await dataSource.destroy()
    const played = isGalera(server) ? await playScenarios(server, names) : []

    const workers = new Workers(options.workers, logs, seed, {
        nodes: server.connections,
        connections: options.connections,
        names,
        hasTimeouts: faults.includes("timeouts"),
    })
    workers.start()
    const until = Date.now() + options.minutes * 60_000
    const counts = await breakThings(server, workers, faults, new Random(seed), until)
    await workers.stop()
    await server.cluster?.applied()

    const judging = await dataSourceFor(server.connections[0], names, 4).initialize()
    try {
        const judgement = await judge(judging, names, workers.logs, join(logs, "closing.log"))
        const ofNodes = await judgeNodes(server, judging)
        const violations = [...played, ...judgement.violations, ...ofNodes]
        return printResult(
            server.name,
            options,
            counts,
            workers,
            { ...judgement, violations },
            logs,
        )
    } finally {
        await judging.destroy()
    }
}

function isGalera(server: Server): server is GaleraServer {
    return server.cluster instanceof GaleraCluster
}

void main()

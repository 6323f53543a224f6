// npx ts-node bench/galera.ts [--saves 100]
//
// How many transactions nodes of a Galera cluster refuse each other: three nodes, which it starts, two writers on each,
// all of them in one scope, with and without attempts. Ends by checking that each way has given exactly 1 to N, and
// that what was refused has left no number on its entity.
import "reflect-metadata"
import { rm } from "node:fs/promises"
import { performance } from "node:perf_hooks"
import { parseArgs } from "node:util"
import Table from "cli-table3"
import { Column, DataSource, type DataSourceOptions, Entity, PrimaryGeneratedColumn } from "typeorm"
// An application imports it from "typeorm-autosequence".
import {
    AutoSequenceColumn,
    installAutoSequence,
    transactionWithRetry,
    withAutoSequence,
} from "../src"
import { startGalera } from "../torture/servers/galera/start"
import { makeServerDirectory } from "../torture/servers/server"

const WRITERS = 2

@Entity()
class Invoice {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    company!: string

    @AutoSequenceColumn({ uniqueWith: "company", strategy: "counter" })
    number?: number
}

/** One way of saving a row. */
interface Way {
    readonly name: string
    save(dataSource: DataSource, row: Invoice): Promise<unknown>
}

const withAttempts =
    (attempts?: number) =>
    (dataSource: DataSource, row: Invoice): Promise<unknown> =>
        transactionWithRetry(dataSource, (manager) => manager.save(row), {
            ...(attempts !== undefined && { attempts }),
        })

const WAYS: readonly Way[] = [
    { name: "save()", save: ({ manager }, row) => manager.save(row) },
    { name: "transactionWithRetry, 5 attempts", save: withAttempts(5) },
    { name: "transactionWithRetry, 10 attempts", save: withAttempts(10) },
    { name: "transactionWithRetry", save: withAttempts() },
]

main().catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
})

async function main(): Promise<void> {
    const { values } = parseArgs({ options: { saves: { type: "string", default: "100" } } })
    const directory = await makeServerDirectory("galera")
    const server = await startGalera(directory)
    try {
        if (!server)
            console.log("SKIPPED, as this machine has not all that a Galera cluster takes.")
        else await measure(server.connections, Number(values.saves))
    } finally {
        await server?.stop()
        await rm(directory, { recursive: true, force: true })
    }
}

async function measure(connections: readonly DataSourceOptions[], saves: number): Promise<void> {
    const nodes = connections.map((connection) => {
        // What is refused is what is measured.
        const options = { ...connection, entities: [Invoice], logging: false } as DataSourceOptions
        return new DataSource(withAutoSequence(options))
    })
    for (const node of nodes) await node.initialize()
    const [first] = nodes
    if (!first) throw new Error("There is no node.")
    await first.synchronize()
    await installAutoSequence(first)
    const table = new Table({
        head: ["Way", "Refused", "Saved in a second", "Slowest"],
        colAligns: ["left", "right", "right", "right"],
        style: { head: [], border: [] },
    })
    for (const way of WAYS) table.push(await rowOf(way, nodes, saves))
    for (const node of nodes) await node.destroy()
    console.log(table.toString())
    console.log(
        `${nodes.length} nodes with ${WRITERS} writers each, ${saves} saves of each writer, one scope. ` +
            "Each way gave 1 to N, and no refused entity has a number.",
    )
}

async function rowOf(way: Way, nodes: readonly DataSource[], saves: number): Promise<string[]> {
    let refused = 0
    let slowest = 0
    const numbers: (number | undefined)[] = []
    const write = async (node: DataSource) => {
        for (let turn = 0; turn < saves; turn += 1) {
            const row = Object.assign(new Invoice(), { company: way.name })
            const began = performance.now()
            try {
                await way.save(node, row)
                numbers.push(row.number)
            } catch (error) {
                if ((error as { errno?: number }).errno !== 1213) throw error
                if (row.number !== undefined)
                    throw new Error(`A refused row shows the number ${row.number}.`, {
                        cause: error,
                    })
                refused += 1
            }
            slowest = Math.max(slowest, performance.now() - began)
        }
    }
    const began = performance.now()
    await Promise.all(nodes.flatMap((node) => Array.from({ length: WRITERS }, () => write(node))))
    const seconds = (performance.now() - began) / 1000
    numbers.sort((a, b) => Number(a) - Number(b))
    const wrong = numbers.findIndex((number, at) => number !== at + 1)
    if (wrong >= 0)
        throw new Error(`${way.name}: ${numbers[wrong] ?? "nothing"} where ${wrong + 1} is to be.`)
    const all = nodes.length * WRITERS * saves
    return [
        way.name,
        `${((100 * refused) / all).toFixed(1)} %`,
        (numbers.length / seconds).toFixed(0),
        `${(slowest / 1000).toFixed(1)} s`,
    ]
}

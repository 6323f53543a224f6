import "reflect-metadata"
import { performance } from "node:perf_hooks"
import { setTimeout } from "node:timers/promises"
import { dataSourceFor, outliveConnections } from "../data-source"
import { Random } from "../random"
import { Attempts } from "./attempts"
import { Log } from "./log"
import type { Order, WorkerOptions } from "./messages"
import { asksForFlush, Tallying } from "./tallying"

const options = JSON.parse(process.argv[2] ?? "{}") as WorkerOptions
const tallying = new Tallying()
let isEnding = false

async function main(): Promise<void> {
    const log = new Log(options.log)
    const dataSource = await connect()
    const random = new Random(options.seed)
    const attempts = new Attempts(
        options.name,
        dataSource,
        options.names,
        random,
        log,
        options.hasTimeouts,
        (strategy, operation) => {
            tallying.operation(`${strategy}: ${operation}`)
        },
    )
    const one = async () => {
        const began = performance.now()
        try {
            await attempts.one()
        } catch (error) {
            tallying.error(error)
            if (asksForFlush(error)) await dataSource.query("FLUSH TABLES").catch(() => {})
            // A server that is gone is not asked a thousand times a second.
            await setTimeout(random.between(1, 20))
        }
        tallying.transaction(performance.now() - began)
    }
    const crowds: Promise<unknown>[] = []
    process.on("message", (order: Order) => {
        if (order === "stop") isEnding = true
        else crowds.push(Promise.all(Array.from({ length: 4 * options.connections }, one)))
    })
    // Nobody is there any more who would end it.
    process.on("disconnect", () => process.exit(1))
    const telling = setInterval(tell, 500)
    await Promise.all(
        Array.from({ length: options.connections }, async () => {
            while (!isEnding) await one()
        }),
    )
    await Promise.all(crowds)
    clearInterval(telling)
    await dataSource.destroy()
    log.close()
    process.removeAllListeners("disconnect")
    process.send?.(tallying.take(), () => {
        process.disconnect()
    })
}

/** A worker may be started while the server is not there. */
async function connect(): Promise<ReturnType<typeof dataSourceFor>> {
    for (let attempt = 1; ; attempt += 1) {
        const dataSource = dataSourceFor(options.connection, options.names, options.connections)
        try {
            await dataSource.initialize()
            outliveConnections(dataSource)
            return dataSource
        } catch (error) {
            if (attempt === 600) throw error
            await setTimeout(100)
        }
    }
}

function tell(): void {
    process.send?.(tallying.take())
}

void main()

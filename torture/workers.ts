import { type ChildProcess, fork } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import type { Tally, WorkerOptions } from "./worker/messages"

/** Longer than any wait that ends by itself, and than a process takes to start on a machine that has much else to do. */
const LONGEST_END = 300_000

interface Worker {
    readonly child: ChildProcess
    readonly ended: Promise<void>
}

/** The processes that write. */
export class Workers {
    private workers: Worker[] = []
    private started = 0
    private isEnding = false
    private readonly killed = new WeakSet<ChildProcess>()
    readonly logs: string[] = []
    readonly totals = {
        operations: {} as Record<string, number>,
        errors: {} as Record<string, number>,
        unexpected: [] as string[],
        transactions: 0,
        slowest: 0,
    }
    /** What is wrong with the processes themselves. */
    readonly wrong: string[] = []

    constructor(
        readonly size: number,
        private readonly directory: string,
        private readonly seed: number,
        private readonly options: Omit<WorkerOptions, "name" | "seed" | "log" | "connection"> & {
            /** Taken in turn: those of all nodes. */
            readonly nodes: readonly WorkerOptions["connection"][]
        },
    ) {}

    start(): void {
        this.workers = Array.from({ length: this.size }, () => this.newWorker())
    }

    /** Ends one as a machine does that fails, and lets another one take its place. */
    async kill(at: number): Promise<void> {
        const { child, ended } = this.at(at)
        this.killed.add(child)
        child.kill("SIGKILL")
        await ended
        this.workers[at] = this.newWorker()
    }

    crowd(at: number): void {
        const { child } = this.at(at)
        if (child.connected) child.send("crowd")
    }

    async pause(at: number, milliseconds: number): Promise<void> {
        const { child } = this.at(at)
        child.kill("SIGSTOP")
        await setTimeout(milliseconds)
        child.kill("SIGCONT")
    }

    /** Lets them end what they are doing. */
    async stop(): Promise<void> {
        this.isEnding = true
        for (const { child } of this.workers) if (child.connected) child.send("stop")
        const late = setTimeout(LONGEST_END, "late" as const, { ref: false })
        await Promise.all(
            this.workers.map(async ({ child, ended }) => {
                if ((await Promise.race([ended, late])) !== "late") return
                this.wrong.push(
                    `A worker still waits for something ${LONGEST_END / 1000} s after all others have ended.`,
                )
                this.killed.add(child)
                child.kill("SIGKILL")
                await ended
            }),
        )
    }

    private at(at: number): Worker {
        const worker = this.workers[at]
        if (!worker) throw new Error(`There is no worker ${at}.`)
        return worker
    }

    private newWorker(): Worker {
        const at = (this.started += 1)
        const log = join(this.directory, `worker-${at}.log`)
        // It may be killed before it has written anything.
        closeSync(openSync(log, "a"))
        this.logs.push(log)
        const { nodes, ...rest } = this.options
        const connection = nodes[at % nodes.length]
        if (!connection) throw new Error("There is no node.")
        const options: WorkerOptions = {
            ...rest,
            connection,
            name: `w${at}`,
            seed: (this.seed + at * 7919) | 0,
            log,
        }
        const child = fork(join(__dirname, "worker", "main.ts"), [JSON.stringify(options)], {
            execArgv: process.execArgv.length > 0 ? process.execArgv : ["-r", "ts-node/register"],
            stdio: ["ignore", "ignore", "pipe", "ipc"],
        })
        let errors = ""
        child.stderr?.on("data", (text: Buffer) => {
            errors = (errors + text.toString()).slice(-4000)
        })
        child.on("message", (tally: Tally) => {
            this.add(tally)
        })
        const ended = new Promise<void>((resolve) => {
            child.once("close", (code, signal) => {
                if (!this.killed.has(child) && (code !== 0 || !this.isEnding))
                    this.wrong.push(`A worker has ended with ${String(code ?? signal)}: ${errors}`)
                resolve()
            })
        })
        return { child, ended }
    }

    private add(tally: Tally): void {
        const { totals } = this
        addTo(totals.operations, tally.operations)
        addTo(totals.errors, tally.errors)
        totals.unexpected.push(...tally.unexpected)
        totals.transactions += tally.transactions
        totals.slowest = Math.max(totals.slowest, tally.slowest)
    }
}

function addTo(sums: Record<string, number>, counts: Readonly<Record<string, number>>): void {
    for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count
}

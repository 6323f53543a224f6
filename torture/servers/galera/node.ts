import { readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { promisify } from "node:util"
import { execFile } from "node:child_process"
import { createConnection } from "mysql2/promise"
import { placeArgs } from "../mariadb"
import { findProgram, ServerProcess } from "../server"
import type { Place } from "./place"

const execute = promisify(execFile)

/** Soon enough for many partitions in a run, and late enough for a busy machine. Those of the server are 5 and 15 s. */
const TIMEOUTS =
    "evs.keepalive_period=PT0.3S;evs.inactive_check_period=PT0.3S;evs.suspect_timeout=PT2S;" +
    "evs.inactive_timeout=PT6S;evs.install_timeout=PT6S;gmcast.peer_timeout=PT2S"

/** Longer than it takes a node to get a copy of all rows. */
const LONGEST_JOIN = 60_000

export interface NodeOptions {
    readonly place: Place
    /** Its data directory. */
    readonly data: string
    /** Addresses of all nodes. */
    readonly members: readonly string[]
    readonly provider: string
    /** Arguments of the server beside those that place it. */
    readonly args: readonly string[]
}

export type NodeStatus = Readonly<Partial<Record<string, string>>>

/** One node of a cluster. */
export class GaleraNode {
    private current: ServerProcess | undefined
    readonly url: string
    readonly data: string

    constructor(private readonly options: NodeOptions) {
        const { host, port } = options.place
        this.data = options.data
        this.url = `mysql://root@${host}:${port}/torture`
    }

    /** Begins a cluster, or goes on with one from what this node has. */
    async begin(): Promise<void> {
        const path = join(this.data, "grastate.dat")
        const state = await readFile(path, "utf8").catch(() => undefined)
        // The server asks for a human who says so when it was killed.
        if (state !== undefined)
            await writeFile(path, state.replace("safe_to_bootstrap: 0", "safe_to_bootstrap: 1"))
        await this.start(["--wsrep-new-cluster"])
    }

    /** Joins the others, with what it has of their rows or with a copy of all of them. */
    async join({ isEmpty = false } = {}): Promise<void> {
        if (isEmpty) await rm(join(this.data, "grastate.dat"), { force: true })
        const position = isEmpty ? undefined : await this.position()
        await this.start(position ? [`--wsrep-start-position=${position.text}`] : [])
    }

    /** Ends it as a machine does that fails. */
    async kill(): Promise<void> {
        await this.current?.stop("SIGKILL")
        this.options.place.clear()
    }

    async stop(): Promise<void> {
        await this.current?.stop("SIGTERM")
        this.options.place.clear()
    }

    /** Stops its process without ending it, or lets it go on. */
    freeze(isFrozen: boolean): void {
        this.current?.signal(isFrozen ? "SIGSTOP" : "SIGCONT")
    }

    /** What it has said last, if it has ended by itself. */
    get lastWords(): string | undefined {
        return this.current?.lastWords
    }

    get canBeUnplugged(): boolean {
        return this.options.place.plug !== undefined
    }

    plug(isIn: boolean): void {
        this.options.place.plug?.(isIn)
    }

    /** Keeps the provider from talking to other nodes. */
    async isolate(isIsolated: boolean): Promise<void> {
        await this.setProvider(`gmcast.isolate=${isIsolated ? 1 : 0}`)
    }

    async setProvider(option: string): Promise<void> {
        await this.ask(`SET GLOBAL wsrep_provider_options = '${option}'`)
    }

    async status(): Promise<NodeStatus> {
        const rows = await this.ask("SHOW STATUS LIKE 'wsrep%'")
        return Object.fromEntries(rows.map((row) => [row.Variable_name ?? "", row.Value]))
    }

    /** Resolves when its status is like that. */
    async until(is: (status: NodeStatus) => boolean): Promise<void> {
        const latest = Date.now() + LONGEST_JOIN
        let status: NodeStatus = {}
        while (Date.now() < latest) {
            status = await this.status().catch(() => ({}))
            if (is(status)) return
            await setTimeout(50)
        }
        throw new Error(`A node does not get there: ${JSON.stringify(status)}`)
    }

    /** How much of all that was committed this node has, while it doesn't run; undefined where nobody can say. */
    async position(): Promise<{ readonly text: string; readonly number: number } | undefined> {
        const [program, args] = this.command(["--wsrep-recover"])
        const { stdout, stderr } = await execute(program, args)
        const text = /Recovered position: (\S+)/.exec(`${stdout}${stderr}`)?.[1]
        const number = Number(text?.split(":")[1] ?? -1)
        return text === undefined || number < 0 ? undefined : { text, number }
    }

    /** By the socket of its files, which no network is between. */
    async ask(sql: string): Promise<Record<string, string>[]> {
        const socketPath = join(this.data, "mariadb.sock")
        const connection = await createConnection({ socketPath, user: "root" })
        try {
            const [rows] = await connection.query(sql)
            return rows as Record<string, string>[]
        } finally {
            connection.destroy()
        }
    }

    private async start(args: readonly string[]): Promise<void> {
        const [program, all] = this.command(args)
        this.current = new ServerProcess(program, all, undefined, async () => {
            const { wsrep_ready: ready } = await this.status()
            if (ready !== "ON") throw new Error("It is joining.")
        })
        await this.current.start()
    }

    private command(args: readonly string[]): readonly [string, readonly string[]] {
        const { place, data, members, provider } = this.options
        const { host, port } = place.group
        return place.command(findProgram("mariadbd") ?? "mariadbd", [
            ...placeArgs(data, place),
            // Servers refuse to run as root; anybody else runs them himself.
            ...(process.getuid?.() === 0 ? ["--user=mysql"] : []),
            ...this.options.args,
            "--wsrep-on=ON",
            `--wsrep-provider=${provider}`,
            "--wsrep-cluster-name=torture",
            `--wsrep-cluster-address=gcomm://${members.join(",")}`,
            `--wsrep-node-address=${host}`,
            "--wsrep-sst-method=rsync",
            `--wsrep-sst-receive-address=${host}:${place.transferPort}`,
            `--wsrep-provider-options=gmcast.listen_addr=tcp://${host}:${port};base_port=${port};` +
                `ist.recv_addr=${host}:${place.incrementPort};gcache.size=64M;${TIMEOUTS}`,
            ...args,
        ])
    }
}

import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { chmod, mkdtemp } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import type { DataSourceOptions } from "typeorm"
import type { Random } from "../random"

export type DatabaseName = "postgres" | "mariadb" | "galera"

/** A database server that torture has started, and may break. */
export interface Server {
    readonly name: DatabaseName
    /** What a data source needs to connect to it; one for each node of a cluster. */
    readonly connections: readonly [DataSourceOptions, ...DataSourceOptions[]]
    /** Ends it as a power cut of the process would, and starts it again on the same files. */
    restart(): Promise<void>
    stop(): Promise<void>
    /** Undefined for one that is alone. */
    readonly cluster?: Cluster
}

/** What can be done to a server of several nodes. Each resolves when all of them agree again. */
export interface Cluster {
    /** Keeps a node from the others for a while; resolves to how. */
    partition(random: Random): Promise<string>
    /** Ends all nodes but one at once, tells that to go on alone, and lets the others join it. */
    loseQuorum(random: Random): Promise<void>
    /** Ends all nodes at once, and starts them again from the one that has most. */
    restartAll(): Promise<void>
    /** Resolves when each node has applied all that was written. */
    applied(): Promise<void>
    /** What nodes have done that they should not. */
    readonly wrong: readonly string[]
}

/** The process of a server, with the rights of a user that is not root. */
export class ServerProcess {
    private child: ChildProcess | undefined
    private last = ""

    constructor(
        private readonly command: string,
        private readonly args: readonly string[],
        /** Undefined for that of this process. */
        private readonly user: string | undefined,
        /** Resolves when it can be used. */
        private readonly ping: () => Promise<void>,
    ) {}

    async start(): Promise<void> {
        const child = spawn(this.command, this.args, {
            stdio: ["ignore", "pipe", "pipe"],
            ...idsOf(this.user),
        })
        this.child = child
        for (const stream of [child.stdout, child.stderr])
            stream.on("data", (text: Buffer) => {
                this.last = (this.last + text.toString()).slice(-4000)
            })
        for (let attempt = 0; attempt < 600; attempt += 1) {
            if (this.lastWords !== undefined) break
            try {
                await this.ping()
                return
            } catch {
                await setTimeout(100)
            }
        }
        throw new Error(`${this.command} did not start:\n${this.last}`)
    }

    /** What it has said last, if it has ended. */
    get lastWords(): string | undefined {
        const { child } = this
        const hasEnded = child && (child.exitCode !== null || child.signalCode !== null)
        return hasEnded ? this.last : undefined
    }

    signal(signal: NodeJS.Signals): void {
        this.child?.kill(signal)
    }

    async stop(signal: NodeJS.Signals): Promise<void> {
        const { child } = this
        if (!child || this.lastWords !== undefined) return
        const ended = new Promise((resolve) => child.once("exit", resolve))
        child.kill(signal)
        await ended
    }
}

/** Runs a program to its end, as that user. */
export function run(command: string, args: readonly string[], user: string | undefined): void {
    const { status, error, stdout, stderr } = spawnSync(command, args, {
        encoding: "utf8",
        ...idsOf(user),
    })
    if (error) throw error
    if (status !== 0) throw new Error(`${command} has failed:\n${stdout}${stderr}`)
}

/** A directory of this run that a server can reach, which may be another user's. */
export async function makeServerDirectory(name: string): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), `autosequence-${name}-`))
    await chmod(directory, 0o755)
    return directory
}

/** Servers refuse to run as root; anybody else runs them himself. */
export function idsOf(user: string | undefined): { uid?: number; gid?: number } {
    if (user === undefined || process.getuid?.() !== 0) return {}
    const id = (what: string) => Number(spawnSync("id", [what, user]).stdout.toString())
    return { uid: id("-u"), gid: id("-g") }
}

/** Where a program is, also one that only root has in his path. */
export function findProgram(command: string): string | undefined {
    const path = `${process.env.PATH ?? ""}:/usr/sbin:/usr/local/sbin`
    const { stdout } = spawnSync("sh", ["-c", `command -v ${command}`], {
        encoding: "utf8",
        env: { ...process.env, PATH: path },
    })
    return stdout.trim() || undefined
}

export async function freePort(): Promise<number> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const address = server.address()
    await new Promise((resolve) => server.close(resolve))
    if (!address || typeof address === "string") throw new Error("No free port.")
    return address.port
}

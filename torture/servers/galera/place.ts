import { spawnSync } from "node:child_process"
import { findProgram, freePort } from "../server"

/** Where a node runs: its addresses, and what of the network can be broken. */
export interface Place {
    /** Whom clients connect to. */
    readonly host: string
    readonly port: number
    /** Where the nodes talk to each other. */
    readonly group: { readonly host: string; readonly port: number }
    readonly transferPort: number
    readonly incrementPort: number
    /** How a program is started there. */
    command(program: string, args: readonly string[]): readonly [string, readonly string[]]
    /** Pulls the cable to the other nodes, or plugs it in again; clients keep theirs. Undefined where there is none. */
    plug?(isIn: boolean): void
    /** Ends what a node has started and left behind. */
    clear(): void
}

export interface Network {
    readonly places: readonly Place[]
    remove(): void
}

/**
 * A network namespace for each node, with one cable to the others and one to clients, where the machine lets us make
 * them; ports of this machine where not.
 */
export async function layNetwork(nodes: number): Promise<Network> {
    return namespaces(nodes) ?? (await loopback(nodes))
}

async function loopback(nodes: number): Promise<Network> {
    const places: Place[] = []
    for (let at = 0; at < nodes; at += 1)
        places.push({
            host: "127.0.0.1",
            port: await freePort(),
            group: { host: "127.0.0.1", port: await freePort() },
            transferPort: await freePort(),
            incrementPort: await freePort(),
            command: (program, args) => [program, args],
            clear() {},
        })
    return { places, remove() {} }
}

/** Undefined where this user may not make any. */
function namespaces(nodes: number): Network | undefined {
    if (process.getuid?.() !== 0 || !findProgram("ip")) return undefined
    const name = `asq${process.pid}`
    // Two runs at once are unlikely to have the same.
    const net = process.pid % 250
    const all = Array.from({ length: nodes }, (_, at) => `${name}n${at}`)
    const remove = () => {
        for (const namespace of all) {
            endProcesses(namespace)
            ip(`netns del ${namespace}`)
        }
        ip(`link del ${name}`)
    }
    const isLaid =
        ip(`link add ${name} type bridge`) &&
        ip(`link set ${name} up`) &&
        all.every((namespace, at) => layCables(name, namespace, net, at))
    if (!isLaid) {
        remove()
        return undefined
    }
    process.once("exit", remove)
    const places = all.map((namespace, at): Place => ({
        host: `10.214.${net}.${4 * at + 2}`,
        port: 3306,
        group: { host: `10.213.${net}.${at + 1}`, port: 4567 },
        transferPort: 4444,
        incrementPort: 4568,
        command: (program, args) => ["ip", ["netns", "exec", namespace, program, ...args]],
        plug(isIn) {
            if (!ip(`link set ${namespace}g ${isIn ? "up" : "down"}`))
                throw new Error(`The cable of ${namespace} can't be touched.`)
        },
        clear() {
            endProcesses(namespace)
        },
    }))
    return {
        places,
        remove() {
            process.removeListener("exit", remove)
            remove()
        },
    }
}

function layCables(bridge: string, namespace: string, net: number, at: number): boolean {
    return [
        `netns add ${namespace}`,
        `-n ${namespace} link set lo up`,
        `link add ${namespace}g type veth peer name nodes netns ${namespace}`,
        `link set ${namespace}g master ${bridge} up`,
        `-n ${namespace} addr add 10.213.${net}.${at + 1}/24 dev nodes`,
        `-n ${namespace} link set nodes up`,
        `link add ${namespace}c type veth peer name clients netns ${namespace}`,
        `addr add 10.214.${net}.${4 * at + 1}/30 dev ${namespace}c`,
        `link set ${namespace}c up`,
        `-n ${namespace} addr add 10.214.${net}.${4 * at + 2}/30 dev clients`,
        `-n ${namespace} link set clients up`,
    ].every(ip)
}

function endProcesses(namespace: string): void {
    const { stdout } = spawnSync("ip", ["netns", "pids", namespace], { encoding: "utf8" })
    for (const pid of stdout.split(/\s+/).filter(Boolean))
        try {
            process.kill(Number(pid), "SIGKILL")
        } catch {
            // It has ended.
        }
}

/** Whether that has gone well. */
function ip(args: string): boolean {
    return spawnSync("ip", args.split(" ")).status === 0
}

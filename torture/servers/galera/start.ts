import { existsSync } from "node:fs"
import { mkdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import { installDatabase, makeTemporary } from "../mariadb"
import { findProgram, run, type Server } from "../server"
import { GaleraCluster } from "./cluster"
import { GaleraNode } from "./node"
import { layNetwork } from "./place"

const PROVIDERS = ["/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so"]
const NODES = 3

/** What nodes are started with if nobody says otherwise. */
export const SETTINGS = [
    "--max-connections=200",
    "--binlog-format=ROW",
    "--log-bin=binlog",
    "--default-storage-engine=InnoDB",
    "--innodb-autoinc-lock-mode=2",
    // What is acknowledged is with the kernel, which survives the server.
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=32M",
    "--wsrep-slave-threads=2",
]

export interface GaleraServer extends Server {
    readonly cluster: GaleraCluster
}

/** Starts a Galera cluster of three nodes on this machine; undefined where the machine has not all that takes. */
export async function startGalera(directory: string): Promise<GaleraServer | undefined> {
    const programs = ["mariadbd", "mariadb-install-db", "rsync"]
    const provider = PROVIDERS.find((path) => existsSync(path))
    if (!programs.every(findProgram) || provider === undefined) return undefined
    const network = await layNetwork(NODES)
    const members = network.places.map(({ group }) => `${group.host}:${group.port}`)
    const nodes = network.places.map((place, at) => {
        const data = join(directory, `node-${at}`, "data")
        return new GaleraNode({ place, data, members, provider, args: SETTINGS })
    })
    const cluster = new GaleraCluster(nodes)
    const stop = async () => {
        await cluster.stop()
        network.remove()
    }
    try {
        await startNodes(directory, cluster)
    } catch (error) {
        await stop()
        throw error
    }
    const [first, ...others] = nodes
    if (!first) throw new Error("There is no node.")
    const connectionOf = ({ url }: GaleraNode) => ({ type: "mariadb" as const, url })
    return {
        name: "galera",
        connections: [connectionOf(first), ...others.map(connectionOf)],
        cluster,
        restart: () => cluster.restart(),
        stop,
    }
}

/** All begin with the files of the first one, which takes less time than to let it send them. */
async function startNodes(directory: string, cluster: GaleraCluster): Promise<void> {
    const [first, ...others] = cluster.nodes
    if (!first) throw new Error("There is no node.")
    const data = await installDatabase(join(directory, "node-0"))
    await first.begin()
    await first.ask("CREATE DATABASE torture CHARACTER SET utf8mb4")
    await first.ask("CREATE USER root@'%'")
    await first.ask("GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION")
    await first.stop()
    for (const { data: copy } of others) {
        await mkdir(dirname(copy))
        run("cp", ["-a", data, copy], undefined)
        await makeTemporary(copy)
    }
    await first.begin()
    await Promise.all(others.map((node) => node.join()))
    await cluster.settle()
}

import { existsSync } from "node:fs"
import { join } from "node:path"
import { createConnection } from "mysql2/promise"
import { installDatabase, placeArgs, USER } from "./mariadb"
import { findProgram, freePort, type Server, ServerProcess } from "./server"

const PROVIDERS = ["/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so"]

/** One node of a cluster. */
interface Node {
    readonly url: string
    /** Ends it as a machine does that fails, and lets it join the others again. */
    restart(): Promise<void>
    stop(): Promise<void>
}

/** Starts a Galera cluster of three nodes on ports of this machine; undefined where the machine has not all that takes. */
export async function startGalera(directory: string): Promise<Server | undefined> {
    const programs = ["mariadbd", "mariadb-install-db", "rsync"]
    if (!programs.every(findProgram) || !PROVIDERS.some((path) => existsSync(path)))
        return undefined
    const addresses: string[] = []
    for (let at = 0; at < 3; at += 1) addresses.push(`127.0.0.1:${await freePort()}`)
    const nodes: Node[] = []
    for (const [at, address] of addresses.entries())
        nodes.push(await startNode(join(directory, `node-${at}`), address, addresses, at === 0))
    const [first, ...others] = nodes.map(({ url }) => ({ type: "mariadb" as const, url }))
    if (!first) throw new Error("There is no node.")
    let restarts = 0
    return {
        name: "galera",
        connections: [first, ...others],
        // One after the other, so that two are there to agree.
        restart: async () => nodes[(restarts += 1) % nodes.length]?.restart(),
        async stop() {
            for (const node of nodes) await node.stop()
        },
    }
}

async function startNode(
    directory: string,
    address: string,
    addresses: readonly string[],
    isFirst: boolean,
): Promise<Node> {
    const data = await installDatabase(directory)
    const [port, transfer, increment] = [await freePort(), await freePort(), await freePort()]
    const url = `mysql://root@127.0.0.1:${port}`
    const args = [
        ...placeArgs(data, port),
        "--max-connections=200",
        "--binlog-format=ROW",
        "--log-bin=binlog",
        "--default-storage-engine=InnoDB",
        "--innodb-autoinc-lock-mode=2",
        "--innodb-flush-log-at-trx-commit=2",
        "--innodb-buffer-pool-size=64M",
        "--wsrep-on=ON",
        `--wsrep-provider=${PROVIDERS.find((path) => existsSync(path)) ?? ""}`,
        "--wsrep-cluster-name=torture",
        `--wsrep-node-address=127.0.0.1`,
        `--wsrep-sst-method=rsync`,
        `--wsrep-sst-receive-address=127.0.0.1:${transfer}`,
        "--wsrep-slave-threads=2",
        `--wsrep-provider-options=gmcast.listen_addr=tcp://${address};base_port=${address.split(":")[1] ?? ""};ist.recv_addr=127.0.0.1:${increment};gcache.size=64M`,
    ]
    const clusterArg = `--wsrep-cluster-address=gcomm://${addresses.join(",")}`
    const program = findProgram("mariadbd") ?? "mariadbd"
    const ping = async () => {
        const connection = await createConnection(url)
        try {
            const [rows] = await connection.query("SHOW STATUS LIKE 'wsrep_ready'")
            if ((rows as { Value: string }[])[0]?.Value !== "ON") throw new Error("It is joining.")
            await connection.query("CREATE DATABASE IF NOT EXISTS torture CHARACTER SET utf8mb4")
        } finally {
            await connection.end()
        }
    }
    const joining = new ServerProcess(program, [...args, clusterArg], USER, ping)
    const first = new ServerProcess(
        program,
        [...args, "--wsrep-cluster-address=gcomm://"],
        USER,
        ping,
    )
    let current = isFirst ? first : joining
    await current.start()
    return {
        url: `${url}/torture`,
        async restart() {
            await current.stop("SIGKILL")
            current = joining
            await current.start()
        },
        stop: () => current.stop("SIGTERM"),
    }
}

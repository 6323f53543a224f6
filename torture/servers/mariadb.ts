import { chown, mkdir } from "node:fs/promises"
import { join } from "node:path"
import { createConnection } from "mysql2/promise"
import { findProgram, freePort, idsOf, run, type Server, ServerProcess } from "./server"

/** Whom its processes run as, where that is to be chosen. */
export const USER = "mysql"

/** Starts the MariaDB server whose binary the machine has, in a directory; undefined where it has none. */
export async function startMariaDb(directory: string): Promise<Server | undefined> {
    const binary = findProgram("mariadbd")
    if (!binary || !findProgram("mariadb-install-db")) return undefined
    const data = await installDatabase(directory)
    const port = await freePort()
    const url = `mysql://root@127.0.0.1:${port}`
    const server = new ServerProcess(
        binary,
        [
            ...placeArgs(data, port),
            "--max-connections=400",
            // What is acknowledged is with the kernel, which survives the server.
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-buffer-pool-size=128M",
        ],
        USER,
        async () => {
            const connection = await createConnection(url)
            try {
                await connection.query(
                    "CREATE DATABASE IF NOT EXISTS torture CHARACTER SET utf8mb4",
                )
            } finally {
                await connection.end()
            }
        },
    )
    await server.start()
    return {
        name: "mariadb",
        connections: [{ type: "mariadb", url: `${url}/torture` }],
        async restart() {
            await server.stop("SIGKILL")
            await server.start()
        },
        stop: () => server.stop("SIGTERM"),
    }
}

/** Makes the data directory of a server, with a root that has no password; returns where it is. */
export async function installDatabase(directory: string): Promise<string> {
    const data = join(directory, "data")
    await mkdir(directory, { recursive: true })
    await mkdir(data, { mode: 0o700 })
    const { uid, gid } = idsOf(USER)
    if (uid !== undefined && gid !== undefined) await chown(data, uid, gid)
    run(
        findProgram("mariadb-install-db") ?? "mariadb-install-db",
        [
            "--no-defaults",
            `--datadir=${data}`,
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ],
        USER,
    )
    return data
}

/** The arguments of a server on a data directory and a port of this machine. */
export function placeArgs(data: string, port: number): string[] {
    return [
        "--no-defaults",
        `--datadir=${data}`,
        `--port=${port}`,
        `--socket=${join(data, "mariadb.sock")}`,
        "--bind-address=127.0.0.1",
    ]
}

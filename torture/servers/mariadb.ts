import { chown, mkdir } from "node:fs/promises"
import { join } from "node:path"
import { createConnection } from "mysql2/promise"
import { findProgram, freePort, idsOf, run, type Server, ServerProcess } from "./server"

const USER = "mysql"

/** Starts the MariaDB server whose binary the machine has, in a directory; undefined where it has none. */
export async function startMariaDb(directory: string): Promise<Server | undefined> {
    const binary = findProgram("mariadbd")
    const installer = findProgram("mariadb-install-db")
    if (!binary || !installer) return undefined
    const data = join(directory, "data")
    await mkdir(data, { mode: 0o700 })
    const { uid, gid } = idsOf(USER)
    if (uid !== undefined && gid !== undefined) await chown(data, uid, gid)
    run(
        installer,
        [
            "--no-defaults",
            `--datadir=${data}`,
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ],
        USER,
    )
    const port = await freePort()
    const url = `mysql://root@127.0.0.1:${port}`
    const server = new ServerProcess(
        binary,
        [
            "--no-defaults",
            `--datadir=${data}`,
            `--port=${port}`,
            `--socket=${join(data, "mariadb.sock")}`,
            "--bind-address=127.0.0.1",
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

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
            ...placeArgs(data, { host: "127.0.0.1", port }),
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
    await makeOwn(data)
    await makeTemporary(data)
    run(
        findProgram("mariadb-install-db") ?? "mariadb-install-db",
        [
            "--no-defaults",
            `--datadir=${data}`,
            `--tmpdir=${temporaryOf(data)}`,
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ],
        USER,
    )
    return data
}

/** A server that starts deletes the temporary tables which others have in the same place, and those crash. */
function temporaryOf(data: string): string {
    return `${data}-tmp`
}

/** Makes the directory of what the server keeps for a while, beside that of its data. */
export function makeTemporary(data: string): Promise<void> {
    return makeOwn(temporaryOf(data))
}

/** Makes a directory that is the server's. */
async function makeOwn(directory: string): Promise<void> {
    await mkdir(directory, { mode: 0o700 })
    const { uid, gid } = idsOf(USER)
    if (uid !== undefined && gid !== undefined) await chown(directory, uid, gid)
}

/** The arguments of a server on a data directory and an address. */
export function placeArgs(
    data: string,
    { host, port }: { readonly host: string; readonly port: number },
): string[] {
    return [
        "--no-defaults",
        `--datadir=${data}`,
        `--tmpdir=${temporaryOf(data)}`,
        `--port=${port}`,
        `--socket=${join(data, "mariadb.sock")}`,
        `--bind-address=${host}`,
    ]
}

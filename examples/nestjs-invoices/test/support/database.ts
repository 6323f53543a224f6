import { Client } from "pg"

const SERVER = process.env.DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/postgres"

/** Why the tests that need a server are skipped; where CI is set, it has to be there. */
export const skip = await reasonToSkip()

async function reasonToSkip(): Promise<string | false> {
    try {
        await run("SELECT 1")
        return false
    } catch (error) {
        if (process.env.CI) throw error
        return `no PostgreSQL at ${new URL(SERVER).host}, set DATABASE_URL`
    }
}

/** Makes a database for this file of tests, and has applications use it. */
export async function createDatabase(): Promise<{ drop(): Promise<void> }> {
    const name = `nestjs_invoices_${process.pid}`
    await run(`CREATE DATABASE ${name}`)
    const url = new URL(SERVER)
    url.pathname = name
    process.env.DATABASE_URL = url.href
    return { drop: () => run(`DROP DATABASE ${name} WITH (FORCE)`) }
}

async function run(sql: string): Promise<void> {
    const client = new Client({ connectionString: SERVER })
    await client.connect()
    try {
        await client.query(sql)
    } finally {
        await client.end()
    }
}

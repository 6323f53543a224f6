import { createConnection, type RowDataPacket } from "mysql2/promise"
import { Client } from "pg"

/** Drops what tests have left that were stopped: it is named after their process. */
export async function dropDatabasesOf(pid: number): Promise<void> {
    // A server that is not there was not used either.
    await Promise.allSettled([dropOnPostgres(pid), dropOnMariaDb(pid)])
}

async function dropOnPostgres(pid: number): Promise<void> {
    const url = process.env.TEST_DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/postgres"
    const client = new Client({ connectionString: url })
    await client.connect()
    try {
        await client.query(`DROP DATABASE IF EXISTS autosequence_test_${pid} WITH (FORCE)`)
    } finally {
        await client.end()
    }
}

async function dropOnMariaDb(pid: number): Promise<void> {
    const uri = process.env.TEST_MARIADB_URL ?? "mysql://root@127.0.0.1:3306"
    const connection = await createConnection({ uri })
    try {
        const [rows] = await connection.query<RowDataPacket[]>(
            "SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME REGEXP ?",
            [`^autosequence_test_s[0-9]+_${pid}$`],
        )
        for (const { name } of rows) await connection.query(`DROP DATABASE ${String(name)}`)
    } finally {
        await connection.end()
    }
}

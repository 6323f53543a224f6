// DATABASE_URL=postgres://… MARIADB_URL=mysql://… npx ts-node bench/key-histories.ts
//     [--json]
//
// What it costs that a key has a history: many rows inserted at once, with and without one, into tables
// with the same columns and indexes. And how many of parallel saves of different rows end in a deadlock, on
// MariaDB or MySQL at their default isolation level: none should.
import "reflect-metadata"
import { DataSource, type QueryFailedError } from "typeorm"
// An application imports it from "typeorm-autosequence".
import { withAutoSequence } from "../src"
import {
    assertRows,
    invoice,
    type Kind,
    KeyWithHistory,
    NanoidKey,
    timed,
} from "./pseudo-key-entities"
import { compare, inParallel, print, SCHEMA, type Way, withDatabase } from "./support"

const BULK = 10_000
const WRITERS = 32
const SAVES = 320
const DEADLOCK = 1213
const MARIADB_URL = process.env.MARIADB_URL ?? "mysql://root@127.0.0.1:3306"

main().catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
})

async function main(): Promise<void> {
    await withDatabase([NanoidKey, KeyWithHistory], 1, async (dataSource) => {
        let written = 0
        const inserting = (kind: Kind): Way => ({
            name: kind.name,
            run: async () => {
                const { entity } = kind
                await dataSource.query(`TRUNCATE ${dataSource.getMetadata(entity).tablePath}`)
                await dataSource.query(`TRUNCATE ${SCHEMA}.autosequence_key`)
                const rows = Array.from({ length: BULK }, () => invoice(++written))
                const ms = await timed(() =>
                    dataSource.transaction((manager) => manager.insert(entity, rows)),
                )
                await assertRows(dataSource, kind, BULK)
                return ms
            },
        })
        const comparison = await compare(`insert() of ${BULK} rows in one call`, 7, [
            inserting({ name: "nanoid", entity: NanoidKey, format: "." }),
            inserting({ name: "nanoid, history", entity: KeyWithHistory, format: "." }),
        ])
        await print(dataSource, [comparison], "Every row has a key of its own.")
    })
    console.log(`${await deadlocks()} of ${SAVES} saves by ${WRITERS} writers ended in a deadlock.`)
}

async function deadlocks(): Promise<number> {
    const server = await new DataSource({ type: "mariadb", url: MARIADB_URL }).initialize()
    await server.query(`DROP DATABASE IF EXISTS ${SCHEMA}`)
    await server.query(`CREATE DATABASE ${SCHEMA}`)
    const dataSource = new DataSource(
        withAutoSequence({
            type: "mariadb",
            url: MARIADB_URL,
            database: SCHEMA,
            entities: [KeyWithHistory],
            extra: { connectionLimit: WRITERS },
            synchronize: true,
        }),
    )
    try {
        await dataSource.initialize()
        const invoices = dataSource.getRepository(KeyWithHistory)
        let count = 0
        await inParallel(WRITERS, SAVES, async (turn) => {
            try {
                await invoices.save(invoice(turn))
            } catch (error) {
                const { driverError } = error as QueryFailedError & {
                    driverError: { errno?: number }
                }
                if (driverError?.errno !== DEADLOCK) throw error
                count += 1
            }
        })
        const stored = await invoices.count()
        if (stored !== SAVES - count) throw new Error(`There are ${stored} rows.`)
        return count
    } finally {
        if (dataSource.isInitialized) await dataSource.destroy()
        await server.query(`DROP DATABASE IF EXISTS ${SCHEMA}`)
        await server.destroy()
    }
}

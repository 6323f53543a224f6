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
    type EntityClass,
    invoice,
    type Kind,
    KeyWithHistory,
    NanoidKey,
    timed,
} from "./pseudo-key-entities"
import {
    compare,
    type Comparison,
    inParallel,
    print,
    SCHEMA,
    type Way,
    withDatabase,
} from "./support"

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
    await withDatabase([NanoidKey, KeyWithHistory], 16, async (dataSource) => {
        let written = 0
        const saving = (writers: number) => (entity: EntityClass, rows: object[]) =>
            inParallel(writers, rows.length, (turn) =>
                dataSource.getRepository(entity).save(rows[turn] ?? {}),
            )
        const works = [
            { name: "save() of one row, 1 writer", count: 200, write: saving(1) },
            { name: "save() of one row, 16 writers", count: 800, write: saving(16) },
            {
                name: `save() of ${BULK} rows in one call`,
                count: BULK,
                write: (entity: EntityClass, rows: object[]) =>
                    dataSource.getRepository(entity).save(rows),
            },
            {
                name: `insert() of ${BULK} rows in one call`,
                count: BULK,
                write: (entity: EntityClass, rows: object[]) =>
                    dataSource.transaction((manager) => manager.insert(entity, rows)),
            },
        ]
        const comparisons: Comparison[] = []
        for (const { name, count, write } of works) {
            const inserting = (kind: Kind): Way => ({
                name: kind.name,
                run: async () => {
                    const { entity } = kind
                    await dataSource.query(`TRUNCATE ${dataSource.getMetadata(entity).tablePath}`)
                    await dataSource.query(`TRUNCATE ${SCHEMA}.autosequence_key`)
                    const rows = Array.from({ length: count }, () => invoice(++written))
                    const ms = await timed(() => write(entity, rows))
                    await assertRows(dataSource, kind, count)
                    return ms
                },
            })
            comparisons.push(
                await compare(name, 5, [
                    inserting({ name: "nanoid", entity: NanoidKey, format: "." }),
                    inserting({ name: "nanoid, history", entity: KeyWithHistory, format: "." }),
                ]),
            )
        }
        await print(dataSource, comparisons, "Every row has a key of its own.")
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

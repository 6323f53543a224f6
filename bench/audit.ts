// DATABASE_URL=postgres://… npx ts-node bench/audit.ts [--json]
//
// What an audit of a million rows in a thousand scopes costs beside the one statement that counts them, in turn; and
// whether it needs more memory for a million rows than for a hundred thousand.
import "reflect-metadata"
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
// An application imports it from "typeorm-autosequence".
import { auditSeries, AutoSequenceColumn, resyncCounters } from "../src"
import { compare, print, SCHEMA, withDatabase } from "./support"

const SCOPES = 1000
const SIZES = [100_000, 1_000_000]

@Entity()
class Audited {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    customerId!: number

    @AutoSequenceColumn({ uniqueWith: "customerId", strategy: "counter" })
    number!: number
}

main().catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
})

async function main(): Promise<void> {
    await withDatabase([Audited], 4, async (dataSource) => {
        const peaks: string[] = []
        let comparison
        for (const [at, size] of SIZES.entries()) {
            await fill(dataSource, SIZES[at - 1] ?? 0, size)
            await breakScopes(dataSource, size)
            if (at === SIZES.length - 1)
                comparison = await compare(`${size} rows, ${SCOPES} scopes`, 9, [
                    { name: "COUNT, MIN, MAX of each scope", run: () => countScopes(dataSource) },
                    { name: "auditSeries", run: () => auditSeries(dataSource) },
                ])
            else for (let round = 0; round < 3; round += 1) await auditSeries(dataSource)
            peaks.push(`${size} rows: ${await peakOfAudit(dataSource)}`)
        }
        if (comparison)
            await print(dataSource, [comparison], `Heap at its highest: ${peaks.join("; ")}.`)
    })
}

/** Numbers 1 to N in each scope. */
async function fill(dataSource: DataSource, from: number, to: number): Promise<void> {
    await dataSource.query(
        `INSERT INTO ${SCHEMA}.audited ("customerId", "number") ` +
            `SELECT i % ${SCOPES}, i / ${SCOPES} + 1 FROM generate_series(${from}, ${to - 1}) AS i`,
    )
    await resyncCounters(dataSource)
    await dataSource.query("VACUUM ANALYZE")
}

/** Ten scopes have a gap each, and another one for each size. */
async function breakScopes(dataSource: DataSource, size: number): Promise<void> {
    await dataSource.query(
        `DELETE FROM ${SCHEMA}.audited WHERE "customerId" % 100 = 7 AND "number" = ${size / SCOPES / 2}`,
    )
    const { problems } = await auditSeries(dataSource)
    if (problems !== 10) throw new Error(`The audit has found ${problems} problems instead of 10.`)
}

function countScopes(dataSource: DataSource): Promise<unknown> {
    return dataSource.query(
        `SELECT "customerId", COUNT(*), MIN("number"), MAX("number") FROM ${SCHEMA}.audited GROUP BY "customerId"`,
    )
}

/** How far the heap grows over what is left of it after a collection. */
async function peakOfAudit(dataSource: DataSource): Promise<string> {
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    let highest = before
    const look = setInterval(() => (highest = Math.max(highest, process.memoryUsage().heapUsed)), 5)
    await auditSeries(dataSource)
    clearInterval(look)
    highest = Math.max(highest, process.memoryUsage().heapUsed)
    return `${((highest - before) / 2 ** 20).toFixed(1)} MiB`
}

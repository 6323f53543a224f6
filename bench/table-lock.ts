// DATABASE_URL=postgres://… npx ts-node bench/table-lock.ts [--json]
//
// What strategy "table-lock" costs: the same rows saved into two equal tables, one numbered by the
// library and one by this script, which is the only one to write. Both are timed in turn within one
// run, so that they meet the same machine; the ratio is the median of the rounds' ratios. Ends by
// checking that the numbers of every scope are exactly 1 to N.
import "reflect-metadata"
import { cpus } from "node:os"
import { performance } from "node:perf_hooks"
import Table from "cli-table3"
import { Column, DataSource, Entity, Index, PrimaryGeneratedColumn } from "typeorm"
// An application imports it from "typeorm-autosequence".
import { AutoSequenceColumn, withAutoSequence } from "../src"

const WRITERS = 16
const SCHEMA = "autosequence_bench"

interface Row {
    customerId: number
    number?: number
}

@Entity()
@Index(["customerId", "number"], { unique: true })
class Plain implements Row {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    customerId!: number

    @Column()
    number!: number
}

@Entity()
class Numbered implements Row {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    customerId!: number

    @AutoSequenceColumn({ uniqueWith: "customerId" })
    number!: number
}

interface Case {
    readonly name: string
    readonly rounds: number
    run(save: (customerIds: number[]) => Promise<unknown>): Promise<void>
}

interface Result {
    readonly name: string
    readonly rows: number
    /** Median milliseconds of a round. */
    readonly without: number
    readonly with: number
    readonly ratio: number
}

function byWriters(scopes: number): Case {
    return {
        name: `save() of one row, ${WRITERS} writers, ${scopes} scope${scopes === 1 ? "" : "s"}`,
        rounds: 9,
        async run(save) {
            let left = 1600
            const write = async (): Promise<void> => {
                while (left > 0) await save([1 + (left-- % scopes)])
            }
            await Promise.all(Array.from({ length: WRITERS }, write))
        },
    }
}

const CASES: readonly Case[] = [
    {
        name: "save() of one row, 1 writer, 1 scope",
        rounds: 15,
        async run(save) {
            for (let i = 0; i < 200; i++) await save([1])
        },
    },
    {
        name: "save() of 10000 rows in one call, 100 scopes",
        rounds: 7,
        async run(save) {
            await save(Array.from({ length: 10_000 }, (_, i) => 1 + (i % 100)))
        },
    },
    byWriters(1),
    byWriters(1000),
]

main().catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
})

async function main(): Promise<void> {
    const dataSource = new DataSource(
        withAutoSequence({
            type: "postgres",
            url: process.env.DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/postgres",
            schema: SCHEMA,
            entities: [Plain, Numbered],
            extra: { max: WRITERS },
        }),
    )
    await dataSource.initialize()
    try {
        const results: Result[] = []
        for (const aCase of CASES) results.push(await inOwnSchema(dataSource, aCase))
        print(await machine(dataSource), results)
    } finally {
        await dataSource.destroy()
    }
}

async function inOwnSchema(dataSource: DataSource, aCase: Case): Promise<Result> {
    await dataSource.query(`CREATE SCHEMA ${SCHEMA}`)
    try {
        await dataSource.synchronize()
        return await measure(dataSource, aCase)
    } finally {
        await dataSource.query(`DROP SCHEMA ${SCHEMA} CASCADE`)
    }
}

async function measure(dataSource: DataSource, { name, rounds, run }: Case): Promise<Result> {
    const plain = dataSource.getRepository(Plain)
    const numbered = dataSource.getRepository(Numbered)
    const last = new Map<number, number>()
    let rows = 0

    const runWithout = () =>
        time(() =>
            run((customerIds) =>
                plain.save(
                    customerIds.map((customerId) => {
                        const number = (last.get(customerId) ?? 0) + 1
                        last.set(customerId, number)
                        return plain.create({ customerId, number })
                    }),
                ),
            ),
        )
    const runWith = () =>
        time(() =>
            run((customerIds) => {
                rows += customerIds.length
                return numbered.save(
                    customerIds.map((customerId) => numbered.create({ customerId })),
                )
            }),
        )

    await runWithout()
    await runWith()
    const without: number[] = []
    const withNumbers: number[] = []
    for (let round = 0; round < rounds; round++) {
        const first = round % 2 === 0
        if (first) without.push(await runWithout())
        withNumbers.push(await runWith())
        if (!first) without.push(await runWithout())
    }
    await assertNumbers(dataSource, rows)
    return {
        name,
        rows: rows / (rounds + 1),
        without: median(without),
        with: median(withNumbers),
        ratio: median(withNumbers.map((ms, round) => ms / (without[round] ?? NaN))),
    }
}

async function time(work: () => Promise<void>): Promise<number> {
    const start = performance.now()
    await work()
    return performance.now() - start
}

function median(values: readonly number[]): number {
    const sorted = [...values].sort((a, b) => a - b)
    return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

/** Throws unless there are as many rows as were saved, numbered 1 to N in every scope. */
async function assertNumbers(dataSource: DataSource, rows: number): Promise<void> {
    const scopes = await dataSource
        .createQueryBuilder(Numbered, "row")
        .select("count(*)::int", "count")
        .addSelect("count(DISTINCT row.number)::int", "different")
        .addSelect("min(row.number)", "min")
        .addSelect("max(row.number)", "max")
        .groupBy("row.customerId")
        .getRawMany<{ count: number; different: number; min: number; max: number }>()
    for (const { count, different, min, max } of scopes)
        if (min !== 1 || max !== count || different !== count)
            throw new Error(`A scope of ${count} rows has ${different} numbers, ${min} to ${max}.`)
    const stored = scopes.reduce((sum, { count }) => sum + count, 0)
    if (stored !== rows) throw new Error(`${rows} rows were saved and ${stored} are stored.`)
}

async function machine(dataSource: DataSource): Promise<string> {
    const [{ version, fsync }] = await dataSource.query<[{ version: string; fsync: string }]>(
        "SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync",
    )
    return `PostgreSQL ${version} (fsync ${fsync}), Node ${process.version}, ${cpus().length} CPUs`
}

function print(machine: string, results: readonly Result[]): void {
    if (process.argv.includes("--json")) {
        console.log(JSON.stringify({ machine, results }, undefined, 4))
        return
    }
    const table = new Table({
        head: ["Work", "Rows", "Without", "With a number", "Ratio"],
        colAligns: ["left", "right", "right", "right", "right"],
        style: { head: [], border: [] },
    })
    for (const { name, rows, without, with: withNumbers, ratio } of results)
        table.push([
            name,
            rows,
            `${without.toFixed(0)} ms`,
            `${withNumbers.toFixed(0)} ms`,
            ratio.toFixed(2),
        ])
    console.log(table.toString())
    console.log(`${machine}. Every scope was numbered 1 to N.`)
}

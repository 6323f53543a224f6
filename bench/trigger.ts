// DATABASE_URL=postgres://… npx ts-node bench/trigger.ts [--json]
//
// What numbers by a trigger cost: the same rows saved and inserted without a number, by the trigger,
// by counters that are written by hand, and by pgbench in raw SQL, timed in turn. Then the trigger beside the
// barest one that numbers at all, one writer each, by pgbench; and how the time of one INSERT grows with its rows.
// pgbench is looked for on the PATH, and left out where it isn't there.
import { execFile } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import "reflect-metadata"
import {
    Column,
    type DataSource,
    Entity,
    Index,
    type ObjectLiteral,
    PrimaryColumn,
    PrimaryGeneratedColumn,
} from "typeorm"
// An application imports it from "typeorm-autosequence".
import { AutoSequenceColumn } from "../src"
import { makeBarestTrigger } from "./barest-trigger"
import {
    compare,
    type Comparison,
    DATABASE_URL,
    inParallel,
    print,
    SCHEMA,
    type Way,
    withDatabase,
} from "./support"

const WRITERS = 16
const ROWS = 3200
const ROUNDS = 7
const SIZES = [100, 1_000, 10_000, 100_000]
// The parameters of one statement are counted with 16 bits.
const MOST_OF_TYPEORM = 10_000

abstract class Invoice {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    customerId!: number

    @Column()
    orderId!: string

    @Column({ type: "date" })
    date!: string

    @Column({ type: "numeric", precision: 12, scale: 2 })
    amount!: string
}

@Entity()
class NotNumbered extends Invoice {}

/** Numbered by this script, which is the only one to write: what the column and its index cost. */
@Entity()
@Index(["customerId", "number"], { unique: true })
class NumberedBefore extends Invoice {
    @Column()
    number!: number
}

@Entity()
@Index(["customerId", "number"], { unique: true })
class NumberedByHand extends Invoice {
    @Column()
    number!: number
}

@Entity()
class CounterByHand {
    @PrimaryColumn()
    customerId!: number

    @Column()
    last!: number
}

@Entity()
class Numbered extends Invoice {
    @AutoSequenceColumn({ uniqueWith: "customerId", strategy: "trigger" })
    number!: number
}

@Entity()
@Index(["customerId", "number"], { unique: true })
class BarelyNumbered extends Invoice {
    @Column()
    number!: number
}

@Entity()
class NumberedByCounter extends Invoice {
    @AutoSequenceColumn({ uniqueWith: "customerId", strategy: "counter" })
    number!: number
}

type Write = (dataSource: DataSource, customerIds: readonly number[]) => Promise<unknown>

const invoice = (customerId: number) => ({
    customerId,
    orderId: "order 1",
    date: "2026-11-21",
    amount: "12.50",
})

const saveAs =
    (entity: new () => Invoice): Write =>
    (dataSource, ids) =>
        dataSource.getRepository<ObjectLiteral>(entity).save(ids.map(invoice))
const insertAs =
    (entity: new () => Invoice): Write =>
    (dataSource, ids) =>
        dataSource.getRepository<ObjectLiteral>(entity).insert(ids.map(invoice))

const lastBefore = new Map<number, number>()
const numberedBefore = (customerId: number) => {
    const number = (lastBefore.get(customerId) ?? 0) + 1
    lastBefore.set(customerId, number)
    return { ...invoice(customerId), number }
}
const saveNumberedBefore: Write = (dataSource, ids) =>
    dataSource.getRepository(NumberedBefore).save(ids.map(numberedBefore))
const insertNumberedBefore: Write = (dataSource, ids) =>
    dataSource.getRepository(NumberedBefore).insert(ids.map(numberedBefore))

/** As most write it: read and lock the counter, add one, write both. */
const byHandLocking: Write = (dataSource, [customerId = 0]) =>
    dataSource.transaction(async (manager) => {
        const counter = await manager.findOneOrFail(CounterByHand, {
            where: { customerId },
            lock: { mode: "pessimistic_write" },
        })
        const number = counter.last + 1
        await manager.update(CounterByHand, { customerId }, { last: number })
        await manager.insert(NumberedByHand, { ...invoice(customerId), number })
    })

/** As it is best written: one UPDATE … RETURNING, then the INSERT. */
const byHandReturning: Write = (dataSource, [customerId = 0]) =>
    dataSource.transaction(async (manager) => {
        const moved = await manager
            .createQueryBuilder()
            .update(CounterByHand)
            .set({ last: () => "last + 1" })
            .where({ customerId })
            .returning("last")
            .execute()
        const number = (moved.raw as { last: number }[])[0]?.last ?? 0
        await manager.insert(NumberedByHand, { ...invoice(customerId), number })
    })

const inserting = (entity: new () => Invoice, rows: string) => (dataSource: DataSource) =>
    dataSource.query(
        `INSERT INTO ${dataSource.getMetadata(entity).tablePath} ` +
            `("customerId", "orderId", "date", "amount") ` +
            `SELECT 1, 'order 1', '2026-11-21', 12.5 FROM generate_series(1, ${rows})`,
    )

main().catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
})

async function main(): Promise<void> {
    const entities = [
        NotNumbered,
        NumberedBefore,
        NumberedByHand,
        CounterByHand,
        Numbered,
        BarelyNumbered,
        NumberedByCounter,
    ]
    await withDatabase(entities, WRITERS, async (dataSource) => {
        await dataSource
            .getRepository(CounterByHand)
            .save(Array.from({ length: 1000 }, (_, at) => ({ customerId: at + 1, last: 0 })))
        const comparisons: Comparison[] = []
        const { tablePath } = dataSource.getMetadata(BarelyNumbered)
        await makeBarestTrigger(dataSource, tablePath, 1000)
        comparisons.push(...(await besideBarest(dataSource)))
        for (const scopes of [1000, 1]) comparisons.push(...(await ofOneRow(dataSource, scopes)))
        comparisons.push(...(await ofManyRows(dataSource)))
        await assertNumbers(dataSource)
        await print(dataSource, comparisons, "Every scope was numbered 1 to N.")
    })
}

/** What the server takes for one row shows where nobody waits for another, nor for the disk. */
async function besideBarest(dataSource: DataSource): Promise<Comparison[]> {
    const ways = await pgbenchWays(dataSource, 1000, 1, [
        ["the barest trigger", BarelyNumbered],
        ["trigger", Numbered],
        ["no number", NotNumbered],
    ])
    if (ways.length === 0) return []
    return [await compare("INSERT of one row, 1 writer, 1000 scopes, pgbench", 2 * ROUNDS, ways)]
}

async function ofOneRow(dataSource: DataSource, scopes: number): Promise<Comparison[]> {
    const where = `${WRITERS} writers, ${scopes} scope${scopes === 1 ? "" : "s"}`
    const ways = (writes: Record<string, Write>): Way[] =>
        Object.entries(writes).map(([name, write]) => ({
            name,
            run: () =>
                inParallel(WRITERS, ROWS, (turn) => write(dataSource, [1 + (turn % scopes)])),
        }))
    const handmade = {
        "counter by hand, UPDATE … RETURNING": byHandReturning,
        "counter by hand, SELECT … FOR UPDATE": byHandLocking,
    }
    return [
        await compare(
            `save() of one row, ${where}`,
            ROUNDS,
            ways({
                "no number": saveAs(NotNumbered),
                "numbered before the call": saveNumberedBefore,
                trigger: saveAs(Numbered),
                counter: saveAs(NumberedByCounter),
                ...handmade,
            }),
        ),
        await compare(`insert() of one row, ${where}`, ROUNDS, [
            ...ways({
                "no number": insertAs(NotNumbered),
                "numbered before the call": insertNumberedBefore,
                trigger: insertAs(Numbered),
                ...handmade,
            }),
            ...(await pgbenchWays(dataSource, scopes, WRITERS, [
                ["no number, pgbench", NotNumbered],
                ["trigger, pgbench", Numbered],
            ])),
        ]),
    ]
}

async function ofManyRows(dataSource: DataSource): Promise<Comparison[]> {
    const comparisons: Comparison[] = []
    for (const size of SIZES) {
        const ids = Array.from({ length: size }, () => 1)
        const ways: [string, new () => Invoice][] = [
            ["no number", NotNumbered],
            ["trigger", Numbered],
        ]
        const run = (write: (entity: new () => Invoice) => Promise<unknown>): Way[] =>
            ways.map(([name, entity]) => ({
                name,
                run: () => write(entity),
            }))
        if (size <= MOST_OF_TYPEORM)
            for (const [call, as, before] of [
                ["save()", saveAs, saveNumberedBefore],
                ["insert()", insertAs, insertNumberedBefore],
            ] as const)
                comparisons.push(
                    await compare(`${call} of ${size} rows, 1 scope`, ROUNDS, [
                        ...run((entity) => as(entity)(dataSource, ids)),
                        {
                            name: "numbered before the call",
                            run: () => before(dataSource, ids),
                        },
                    ]),
                )
        comparisons.push(
            await compare(
                `INSERT … SELECT of ${size} rows, 1 scope`,
                ROUNDS,
                run((entity) => inserting(entity, String(size))(dataSource)),
            ),
        )
    }
    return comparisons
}

/** The same INSERT by so many connections, sent by PostgreSQL's own benchmark. */
async function pgbenchWays(
    dataSource: DataSource,
    scopes: number,
    writers: number,
    entities: readonly (readonly [string, new () => Invoice])[],
): Promise<Way[]> {
    const run = promisify(execFile)
    if (!(await run("pgbench", ["--version"]).catch(() => undefined))) return []
    return entities.map(([name, entity]) => ({
        name,
        run: async () => {
            const folder = await mkdtemp(join(tmpdir(), "bench-"))
            try {
                const script = join(folder, "insert.sql")
                await writeFile(
                    script,
                    `\\set customer random(1, ${scopes})\n` +
                        `INSERT INTO ${SCHEMA}.${dataSource.getMetadata(entity).tableName} ` +
                        `("customerId", "orderId", "date", "amount") VALUES ` +
                        `(:customer, 'order 1', '2026-11-21', 12.5) RETURNING *;\n`,
                )
                const { stdout } = await run(
                    "pgbench",
                    [
                        ...["--no-vacuum", "--protocol", "prepared", "--file", script],
                        ...["--client", String(writers), "--jobs", writers > 1 ? "2" : "1"],
                        ...["--transactions", String(ROWS / writers), DATABASE_URL],
                    ],
                    writers > 1
                        ? {}
                        : { env: { ...process.env, PGOPTIONS: "-c synchronous_commit=off" } },
                )
                const [, perSecond] = /tps = ([\d.]+) \(without/.exec(stdout) ?? []
                return (ROWS / Number(perSecond)) * 1000
            } finally {
                await rm(folder, { recursive: true })
            }
        },
    }))
}

async function assertNumbers(dataSource: DataSource): Promise<void> {
    for (const entity of [Numbered, BarelyNumbered, NumberedByCounter, NumberedByHand]) {
        const wrong = await dataSource
            .createQueryBuilder<ObjectLiteral>(entity, "row")
            .select("row.customerId")
            .groupBy("row.customerId")
            .having("count(*) <> max(row.number) OR count(DISTINCT row.number) <> count(*)")
            .getRawMany()
        if (wrong.length > 0) throw new Error(`${entity.name}: ${wrong.length} scopes are wrong.`)
    }
}

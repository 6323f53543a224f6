// DATABASE_URL=postgres://… npx ts-node bench/later.ts [--json]
//
// What numbers cost that are made later, timed in turn. First: transactions of one scope that save an invoice and have
// other work to do then, with numbers that are made at the INSERT and at COMMIT. Then: the UPDATE that makes a draft
// final, without a number and with one. Ends by checking the numbers.
import "reflect-metadata"
import { performance } from "node:perf_hooks"
import { setTimeout } from "node:timers/promises"
import {
    Column,
    type DataSource,
    Entity,
    Not,
    type ObjectLiteral,
    PrimaryGeneratedColumn,
} from "typeorm"
// An application imports it from "typeorm-autosequence".
import { AutoSequenceColumn } from "../src"
import { compare, type Comparison, inParallel, print, type Way, withDatabase } from "./support"

const WRITERS = 16
const ROUNDS = 7
const SCOPES = 100

abstract class Invoice {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    customerId!: number

    @Column({ default: "draft" })
    status!: string
}

@Entity()
class AtInsert extends Invoice {
    @AutoSequenceColumn({ uniqueWith: "customerId", strategy: "counter" })
    number!: number
}

@Entity()
class AtCommit extends Invoice {
    @AutoSequenceColumn({ uniqueWith: "customerId", strategy: "counter", assign: "commit" })
    number!: number | null
}

@Entity()
class AtCommitByTrigger extends Invoice {
    @AutoSequenceColumn({ uniqueWith: "customerId", strategy: "trigger", assign: "commit" })
    number!: number | null
}

@Entity()
class NotNumbered extends Invoice {}

@Entity()
class Finalised extends Invoice {
    @AutoSequenceColumn({
        uniqueWith: "customerId",
        strategy: "counter",
        when: { status: Not("draft") },
    })
    number!: number | null
}

@Entity()
class FinalisedByTrigger extends Invoice {
    @AutoSequenceColumn({
        uniqueWith: "customerId",
        strategy: "trigger",
        when: { status: Not("draft") },
    })
    number!: number | null
}

type InvoiceClass = new () => Invoice
type Named = readonly [name: string, entity: InvoiceClass]

const MOMENTS: readonly Named[] = [
    ['assign: "insert"', AtInsert],
    ['assign: "commit"', AtCommit],
    ['assign: "commit", trigger', AtCommitByTrigger],
]
const FINALISED: readonly Named[] = [
    ["no number", NotNumbered],
    ["counter", Finalised],
    ["trigger", FinalisedByTrigger],
]

main().catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
})

async function main(): Promise<void> {
    const entities = [...MOMENTS, ...FINALISED].map(([, entity]) => entity)
    await withDatabase(entities, WRITERS, async (dataSource) => {
        const ways = (
            named: readonly Named[],
            run: (entity: InvoiceClass) => Promise<unknown>,
        ): Way[] => named.map(([name, entity]) => ({ name, run: () => run(entity) }))
        const comparisons: Comparison[] = []
        for (const [ms, times] of [
            [0, 800],
            [5, 320],
            [20, 96],
        ] as const)
            comparisons.push(
                await compare(
                    `save() and ${ms} ms of other work, ${WRITERS} writers, 1 scope`,
                    ROUNDS,
                    ways(MOMENTS, (entity) =>
                        inParallel(WRITERS, times, () => write(dataSource, entity, ms)),
                    ),
                ),
            )
        for (const writers of [1, WRITERS])
            comparisons.push(
                await compare(
                    `update() that makes a draft final, ${writers} writer${writers === 1 ? "" : "s"}, ${SCOPES} scopes`,
                    ROUNDS,
                    ways(FINALISED, (entity) => finalise(dataSource, entity, writers)),
                ),
            )
        for (const [, entity] of [...MOMENTS, ...FINALISED])
            if (entity !== NotNumbered) await assertNumbers(dataSource, entity)
        await print(dataSource, comparisons, "Every scope was numbered 1 to N.")
    })
}

async function write(dataSource: DataSource, entity: InvoiceClass, ms: number): Promise<void> {
    await dataSource.transaction(async (manager) => {
        await manager.getRepository<ObjectLiteral>(entity).save({ customerId: 1 })
        if (ms > 0) await setTimeout(ms)
    })
}

/** Resolves to the milliseconds without those that it takes to make the drafts. */
async function finalise(
    dataSource: DataSource,
    entity: InvoiceClass,
    writers: number,
): Promise<number> {
    const times = writers === 1 ? 300 : 800
    const drafts = Array.from({ length: times }, (_, at) => ({ customerId: 1 + (at % SCOPES) }))
    await dataSource.getRepository<ObjectLiteral>(entity).insert(drafts)
    const start = performance.now()
    await inParallel(writers, times, (turn) =>
        dataSource.transaction((manager) =>
            manager.update(entity, (drafts[turn] as unknown as Invoice).id, { status: "final" }),
        ),
    )
    return performance.now() - start
}

/** Throws unless every scope is numbered 1 to N. */
async function assertNumbers(dataSource: DataSource, entity: InvoiceClass): Promise<void> {
    const scopes = await dataSource
        .createQueryBuilder<ObjectLiteral>(entity, "row")
        .select("count(*)::int", "count")
        .addSelect("count(DISTINCT row.number)::int", "different")
        .addSelect("max(row.number)", "max")
        .groupBy("row.customerId")
        .getRawMany<{ count: number; different: number; max: number }>()
    if (scopes.length === 0) throw new Error(`${entity.name} has no rows.`)
    for (const { count, different, max } of scopes)
        if (different !== count || max !== count)
            throw new Error(
                `${entity.name}: ${count} rows of a scope have ${different} numbers up to ${max}.`,
            )
}

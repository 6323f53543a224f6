// DATABASE_URL=postgres://… npx ts-node bench/later.ts [--json]
//
// What it brings to make numbers at COMMIT: transactions of one scope that save an invoice and then have other work
// to do, with numbers that are made at the INSERT and at COMMIT, timed in turn. Ends by checking the numbers.
import "reflect-metadata"
import { setTimeout } from "node:timers/promises"
import {
    Column,
    type DataSource,
    Entity,
    type ObjectLiteral,
    PrimaryGeneratedColumn,
} from "typeorm"
// An application imports it from "typeorm-autosequence".
import { AutoSequenceColumn } from "../src"
import { compare, type Comparison, inParallel, print, type Way, withDatabase } from "./support"

const WRITERS = 16
const ROUNDS = 5

abstract class Invoice {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    customerId!: number

    @Column({ type: "numeric", precision: 12, scale: 2 })
    amount!: string
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

const ENTITIES = [AtInsert, AtCommit]
const NAMES = new Map([
    [AtInsert, 'assign: "insert"'],
    [AtCommit, 'assign: "commit"'],
])

main().catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
})

async function main(): Promise<void> {
    await withDatabase(ENTITIES, WRITERS, async (dataSource) => {
        const comparisons: Comparison[] = []
        for (const [ms, times] of [
            [0, 800],
            [5, 320],
            [20, 96],
        ] as const)
            comparisons.push(
                await compare(
                    `${times} transactions with ${ms} ms of other work, ${WRITERS} writers, 1 scope`,
                    ROUNDS,
                    ENTITIES.map((entity): Way => ({
                        name: NAMES.get(entity) ?? "",
                        run: () => inParallel(WRITERS, times, () => write(dataSource, entity, ms)),
                    })),
                ),
            )
        for (const entity of ENTITIES) await assertNumbers(dataSource, entity)
        await print(dataSource, comparisons, "Every scope was numbered 1 to N.")
    })
}

async function write(dataSource: DataSource, entity: new () => Invoice, ms: number): Promise<void> {
    await dataSource.transaction(async (manager) => {
        const invoices = manager.getRepository<ObjectLiteral>(entity)
        await invoices.save({ customerId: 1, amount: "12.50" })
        if (ms > 0) await setTimeout(ms)
    })
}

async function assertNumbers(dataSource: DataSource, entity: new () => Invoice): Promise<void> {
    const found = await dataSource
        .createQueryBuilder<ObjectLiteral>(entity, "row")
        .select("count(*)::int", "count")
        .addSelect("count(DISTINCT row.number)::int", "different")
        .addSelect("max(row.number)", "max")
        .getRawOne<{ count: number; different: number; max: number }>()
    if (!found || found.different !== found.count || found.max !== found.count)
        throw new Error(`${entity.name}: numbers are ${JSON.stringify(found)}.`)
}

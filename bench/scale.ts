// DATABASE_URL=postgres://… npx ts-node bench/scale.ts [--json]
//
// Whether a number costs the same however many counters and rows there are: rows are saved with and
// without a number, in turn, into tables that grow from a thousand rows and scopes to a million.
import "reflect-metadata"
import {
    Column,
    type DataSource,
    Entity,
    type ObjectLiteral,
    PrimaryGeneratedColumn,
} from "typeorm"
// An application imports it from "typeorm-autosequence".
import { AutoSequenceColumn, installAutoSequence } from "../src"
import { compare, type Comparison, inParallel, print, type Way, withDatabase } from "./support"

const WRITERS = 16
const SAVES = 1600
const SIZES = [1_000, 10_000, 100_000, 1_000_000]

@Entity()
class NotNumbered {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    customerId!: number
}

@Entity()
class Numbered {
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
    await withDatabase([NotNumbered, Numbered], WRITERS, async (dataSource) => {
        const comparisons: Comparison[] = []
        let filled = 0
        for (const size of SIZES) {
            await fill(dataSource, filled, size)
            filled = size
            const ways = [NotNumbered, Numbered].map((entity): Way => ({
                name: entity === Numbered ? "counter" : "no number",
                run: () =>
                    inParallel(WRITERS, SAVES, () => {
                        const customerId = 1 + Math.floor(Math.random() * size)
                        return dataSource.getRepository<ObjectLiteral>(entity).save({ customerId })
                    }),
            }))
            const work = `${SAVES} saves, ${WRITERS} writers, ${size} scopes and rows`
            comparisons.push(await compare(work, 9, ways))
        }
        await assertNumbers(dataSource)
        await print(dataSource, comparisons, "Every scope was numbered 1 to N.")
    })
}

/** Adds one row for each customer, and its counter. */
async function fill(dataSource: DataSource, from: number, to: number): Promise<void> {
    const schema = dataSource.getMetadata(Numbered).schema ?? "public"
    const customers = `generate_series(${from + 1}, ${to}) AS i`
    await dataSource.query(
        `INSERT INTO ${schema}.not_numbered ("customerId") SELECT i FROM ${customers}`,
    )
    await dataSource.query(
        `INSERT INTO ${schema}.numbered ("customerId", "number") SELECT i, 1 FROM ${customers}`,
    )
    // It makes the counters of rows that have none.
    await installAutoSequence(dataSource)
    await dataSource.query("VACUUM ANALYZE")
}

async function assertNumbers(dataSource: DataSource): Promise<void> {
    const wrong = await dataSource
        .createQueryBuilder(Numbered, "row")
        .select("row.customerId")
        .groupBy("row.customerId")
        .having("max(row.number) <> count(*)")
        .getRawMany()
    if (wrong.length > 0) throw new Error(`${wrong.length} scopes are not numbered 1 to N.`)
}

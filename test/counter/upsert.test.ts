import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    PrimaryGeneratedColumn,
    type QueryDeepPartialEntity,
} from "typeorm"
import { AutoSequenceColumn, NumberGapError, ReadOnlyNumberError } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { storedCounters } from "../support/stored"

const strategy = "counter"

@Entity()
class Product {
    @PrimaryGeneratedColumn() id!: number
    @Column({ unique: true }) sku!: string
    @Column() shelf!: string
    @Column({ default: 0 }) stock!: number
    @AutoSequenceColumn({ strategy, uniqueWith: "shelf" }) number!: number
}

type Row = Partial<Product>

const numbersOf = (rows: readonly Row[]) => rows.map(({ number }) => number)

onEveryDatabase("upsert() with counters", (database) => {
    const upsert = (dataSource: DataSource, rows: Row | Row[]) =>
        dataSource.transaction((manager) => manager.upsert(Product, rows, ["sku"]))

    const insertOrIgnore = (dataSource: DataSource, rows: QueryDeepPartialEntity<Product>[]) =>
        dataSource.transaction((manager) =>
            manager.createQueryBuilder().insert().into(Product).values(rows).orIgnore().execute(),
        )

    /** Rows and counters. */
    async function stored(dataSource: DataSource): Promise<string[]> {
        const rows = await dataSource
            .getRepository(Product)
            .find({ order: { shelf: "ASC", number: "ASC" } })
        const counters = await storedCounters(dataSource)
        return [
            ...rows.map(({ sku, shelf, number, stock }) => `${sku} ${shelf}${number} ${stock}`),
            ...counters.map(({ scope, last }) => `${scope} ${last}`),
        ]
    }

    it("numbers rows that it inserts", async () => {
        const dataSource = await database().connect([Product])
        const rows: Row[] = ["a", "b", "c"].map((sku) => ({ sku, shelf: "A" }))
        await upsert(dataSource, rows)
        expect(numbersOf(rows)).to.eql([1, 2, 3])
        expect(await stored(dataSource)).to.eql(["a A1 0", "b A2 0", "c A3 0", 'v1:"A" 3'])
    })

    it("keeps the number of a row that it updates, shows it, and sets the counter back", async () => {
        const dataSource = await database().connect([Product])
        await upsert(dataSource, [
            { sku: "a", shelf: "A" },
            { sku: "b", shelf: "A" },
        ])
        const row: Row = { sku: "a", shelf: "A", stock: 5 }
        await upsert(dataSource, row)
        expect(row.number).to.equal(database().can.upsertKeys ? 1 : undefined)
        expect(await stored(dataSource)).to.eql(["a A1 5", "b A2 0", 'v1:"A" 2'])
        const next = await dataSource.getRepository(Product).save({ sku: "c", shelf: "A" })
        expect(next.number).to.equal(3)
    })

    it("goes on right in the transaction that has updated", async () => {
        const dataSource = await database().connect([Product])
        await dataSource.transaction(async (manager) => {
            const products = manager.getRepository(Product)
            await products.save({ sku: "a", shelf: "A" })
            for (const stock of [1, 2]) {
                await products.upsert({ sku: "a", shelf: "A", stock }, ["sku"])
                await products.save({ sku: `after ${stock}`, shelf: "A" })
            }
        })
        expect(await stored(dataSource)).to.eql([
            "a A1 2",
            "after 1 A2 0",
            "after 2 A3 0",
            'v1:"A" 3',
        ])
    })

    it("takes a batch whose updates come last in their scope", async () => {
        const dataSource = await database().connect([Product])
        await upsert(dataSource, { sku: "a", shelf: "A" })
        const rows: Row[] = [
            { sku: "b", shelf: "A" },
            { sku: "x", shelf: "B" },
            { sku: "a", shelf: "A", stock: 7 },
        ]
        await upsert(dataSource, rows)
        expect(numbersOf(rows)).to.eql([2, 1, database().can.upsertKeys ? 1 : undefined])
        expect(await stored(dataSource)).to.eql([
            "a A1 7",
            "b A2 0",
            "x B1 0",
            'v1:"A" 2',
            'v1:"B" 1',
        ])
    })

    it("refuses a batch that would leave a gap, and writes nothing of it", async () => {
        const dataSource = await database().connect([Product])
        await upsert(dataSource, { sku: "a", shelf: "A" })
        const batch = () => ["a", "b"].map((sku) => ({ sku, shelf: "A", stock: 7 }))
        const error = await rejection(upsert(dataSource, batch()))
        expect(error).to.be.instanceOf(NumberGapError).and.include({ code: "NUMBER_GAP" })
        expect(error.message).to.contain("Upsert one row at a time")
        expect(await stored(dataSource)).to.eql(["a A1 0", 'v1:"A" 1'])

        // At the commit as well, where the caller has swallowed the error.
        const work = dataSource.transaction(async (manager) => {
            await rejection(manager.upsert(Product, batch(), ["sku"]))
        })
        expect(await rejection(work)).to.be.instanceOf(NumberGapError)
        expect(await stored(dataSource)).to.eql(["a A1 0", 'v1:"A" 1'])
    })

    it("refuses to overwrite a number", async () => {
        const dataSource = await database().connect([Product])
        await upsert(dataSource, { sku: "a", shelf: "A" })
        const attempt = upsert(dataSource, { sku: "a", shelf: "A", number: 9 })
        expect(await rejection(attempt)).to.be.instanceOf(ReadOnlyNumberError)
        expect(await stored(dataSource)).to.eql(["a A1 0", 'v1:"A" 1'])
    })

    it("that skips stored rows gives them no number", async () => {
        const dataSource = await database().connect([Product])
        await upsert(dataSource, { sku: "a", shelf: "A" })
        const skipped: Row = { sku: "a", shelf: "A" }
        await insertOrIgnore(dataSource, [skipped as QueryDeepPartialEntity<Product>])
        expect(skipped.number).to.equal(undefined)
        expect(await stored(dataSource)).to.eql(["a A1 0", 'v1:"A" 1'])

        const mixed = [
            { sku: "b", shelf: "A" },
            { sku: "a", shelf: "A" },
        ]
        await insertOrIgnore(dataSource, mixed)
        expect(numbersOf(mixed)).to.eql([2, undefined])
        const gap = ["b", "c"].map((sku) => ({ sku, shelf: "A" }))
        expect(await rejection(insertOrIgnore(dataSource, gap))).to.be.instanceOf(NumberGapError)
        expect(await stored(dataSource)).to.eql(["a A1 0", "b A2 0", 'v1:"A" 2'])
    })
})

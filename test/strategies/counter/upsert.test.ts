import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    type EntityManager,
    PrimaryGeneratedColumn,
    type QueryDeepPartialEntity,
} from "typeorm"
import {
    AutoSequenceColumn,
    NumberGapError,
    ReadOnlyNumberError,
    UnsupportedError,
} from "../../../src"
import { onEveryDatabase } from "../../support/databases"
import { rejection } from "../../support/errors"
import { upTo } from "../../support/invoices"
import { readKey, storedCounters } from "../../support/stored"
import { COUNTING, type Counting, worksOn } from "../../support/strategies"

interface Product {
    id: number
    sku: string
    shelf: string
    stock: number
    number: number
}

function productOf(strategy: Counting) {
    @Entity()
    class Product {
        @PrimaryGeneratedColumn() id!: number
        @Column({ unique: true }) sku!: string
        @Column() shelf!: string
        @Column({ default: 0 }) stock!: number
        @AutoSequenceColumn({ strategy, uniqueWith: "shelf" }) number!: number
    }
    return Product
}

type Row = Partial<Product>

const numbersOf = (rows: readonly Row[]) => rows.map(({ number }) => number)

for (const strategy of COUNTING) {
    const entity = productOf(strategy)
    onEveryDatabase(
        `upsert() with strategy ${strategy}`,
        (database) => {
            const upsert = (dataSource: DataSource, rows: Row | Row[]) =>
                dataSource.transaction((manager) => manager.upsert(entity, rows, ["sku"]))

            const orIgnore = (manager: EntityManager, rows: QueryDeepPartialEntity<Product>[]) =>
                manager.createQueryBuilder().insert().into(entity).values(rows).orIgnore().execute()

            const insertOrIgnore = (
                dataSource: DataSource,
                rows: QueryDeepPartialEntity<Product>[],
            ) => dataSource.transaction((manager) => orIgnore(manager, rows))

            /** Nothing tells MariaDB's triggers that a row is left out. */
            const knowsSkipped = () => strategy === "counter" || database().kind !== "mariadb"

            /** Rows and counters. */
            async function stored(dataSource: DataSource): Promise<string[]> {
                const rows = await dataSource
                    .getRepository(entity)
                    .find({ order: { shelf: "ASC", number: "ASC" } })
                const counters = await storedCounters(dataSource)
                return [
                    ...rows.map(
                        ({ sku, shelf, number, stock }) => `${sku} ${shelf}${number} ${stock}`,
                    ),
                    ...counters.map(
                        ({ scope, last }) => `${readKey(dataSource, scope, "AB")} ${last}`,
                    ),
                ]
            }

            it("numbers rows that it inserts", async () => {
                const dataSource = await database().connect([entity], { emptied: true })
                const rows: Row[] = ["a", "b", "c"].map((sku) => ({ sku, shelf: "A" }))
                await upsert(dataSource, rows)
                expect(numbersOf(rows)).to.eql([1, 2, 3])
                expect(await stored(dataSource)).to.eql(["a A1 0", "b A2 0", "c A3 0", 'v1:"A" 3'])
            })

            it("keeps the number of a row that it updates, shows it, and sets the counter back", async () => {
                const dataSource = await database().connect([entity], { emptied: true })
                await upsert(dataSource, [
                    { sku: "a", shelf: "A" },
                    { sku: "b", shelf: "A" },
                ])
                const row: Row = { sku: "a", shelf: "A", stock: 5 }
                await upsert(dataSource, row)
                expect(row.number).to.equal(1)
                expect(await stored(dataSource)).to.eql(["a A1 5", "b A2 0", 'v1:"A" 2'])
                const next = await dataSource.getRepository(entity).save({ sku: "c", shelf: "A" })
                expect(next.number).to.equal(3)
            })

            it("finds more rows than one query can ask for", async () => {
                const dataSource = await database().connect([entity])
                // SQLite takes no UNION of more than 500.
                const rows = (): Row[] => upTo(600).map((at) => ({ sku: `${at}`, shelf: "A" }))
                await upsert(dataSource, rows())
                const again = rows()
                await upsert(dataSource, again)
                expect(numbersOf(again)).to.eql(upTo(600))
                await upsert(dataSource, { sku: "last", shelf: "A" })
                const found = await dataSource.getRepository(entity).find()
                expect(numbersOf(found).sort((a = 0, b = 0) => a - b)).to.eql(upTo(601))
            })

            it("goes on right in the transaction that has updated", async () => {
                const dataSource = await database().connect([entity], { emptied: true })
                await dataSource.transaction(async (manager) => {
                    const products = manager.getRepository(entity)
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
                const dataSource = await database().connect([entity], { emptied: true })
                await upsert(dataSource, { sku: "a", shelf: "A" })
                const rows: Row[] = [
                    { sku: "b", shelf: "A" },
                    { sku: "x", shelf: "B" },
                    { sku: "a", shelf: "A", stock: 7 },
                    // Those of other scopes may be higher than the one that it gives back.
                    ...["p", "q", "r"].map((sku) => ({ sku, shelf: "B" })),
                ]
                await upsert(dataSource, rows)
                expect(numbersOf(rows)).to.eql([2, 1, 1, 2, 3, 4])
                expect(await stored(dataSource)).to.eql([
                    "a A1 7",
                    "b A2 0",
                    "x B1 0",
                    "p B2 0",
                    "q B3 0",
                    "r B4 0",
                    'v1:"A" 2',
                    'v1:"B" 4',
                ])
            })

            it("shows no number of a row that it has found and that is rolled back", async () => {
                const dataSource = await database().connect([entity], { emptied: true })
                const rows: Row[] = [0, 7].map((stock) => ({ sku: "a", shelf: "A", stock }))
                const work = dataSource.transaction(async (manager) => {
                    for (const row of rows) await manager.upsert(entity, row, ["sku"])
                    throw new Error("rolled back")
                })
                await rejection(work)
                expect(numbersOf(rows)).to.eql([undefined, undefined])
                await upsert(dataSource, { sku: "b", shelf: "A" })
                const [row = {}] = rows
                await upsert(dataSource, Object.assign(row, { id: undefined }))
                expect(row.number).to.equal(2)
            })

            if (strategy === "counter")
                it("refuses a batch that would leave a gap, and writes nothing of it", async () => {
                    const dataSource = await database().connect([entity], { emptied: true })
                    await upsert(dataSource, { sku: "a", shelf: "A" })
                    const batch = () => ["a", "b"].map((sku) => ({ sku, shelf: "A", stock: 7 }))
                    const error = await rejection(upsert(dataSource, batch()))
                    expect(error)
                        .to.be.instanceOf(NumberGapError)
                        .and.include({ code: "NUMBER_GAP" })
                    expect(error.message).to.contain("Upsert one row at a time")
                    expect(await stored(dataSource)).to.eql(["a A1 0", 'v1:"A" 1'])

                    // At the commit as well, where the caller has swallowed the error.
                    const work = dataSource.transaction(async (manager) => {
                        await rejection(manager.upsert(entity, batch(), ["sku"]))
                    })
                    expect(await rejection(work)).to.be.instanceOf(NumberGapError)
                    expect(await stored(dataSource)).to.eql(["a A1 0", 'v1:"A" 1'])
                })
            else
                it("takes any batch, and leaves no gap: who is updated gives the number back", async () => {
                    const dataSource = await database().connect([entity], { emptied: true })
                    await upsert(dataSource, { sku: "a", shelf: "A" })
                    const rows: Row[] = ["a", "b", "a2", "b2", "c"].map((sku) => ({
                        sku,
                        shelf: sku.endsWith("2") ? "B" : "A",
                        stock: 7,
                    }))
                    await upsert(dataSource, rows)
                    expect(numbersOf(rows)).to.eql([1, 2, 1, 2, 3])
                    const before = ["a A1 7", "b A2 7", "c A3 7", "a2 B1 7", "b2 B2 7"]
                    expect(await stored(dataSource)).to.eql([...before, 'v1:"A" 3', 'v1:"B" 2'])

                    await upsert(
                        dataSource,
                        ["d", "c", "e", "a"].map((sku) => ({ sku, shelf: "A", stock: 8 })),
                    )
                    expect(await stored(dataSource)).to.eql([
                        ...["a A1 8", "b A2 7", "c A3 8", "d A4 8", "e A5 8"],
                        ...["a2 B1 7", "b2 B2 7", 'v1:"A" 5', 'v1:"B" 2'],
                    ])
                })

            it("refuses to move a stored row to another scope", async () => {
                const dataSource = await database().connect([entity], { emptied: true })
                await upsert(dataSource, { sku: "a", shelf: "A" })
                const attempt = upsert(dataSource, { sku: "a", shelf: "B", stock: 5 })
                expect(await rejection(attempt)).to.be.instanceOf(ReadOnlyNumberError)
                expect(await stored(dataSource)).to.eql(["a A1 0", 'v1:"A" 1'])
            })

            it("refuses to overwrite a number", async () => {
                const dataSource = await database().connect([entity], { emptied: true })
                await upsert(dataSource, { sku: "a", shelf: "A" })
                const attempt = upsert(dataSource, { sku: "a", shelf: "A", number: 9 })
                expect(await rejection(attempt)).to.be.instanceOf(ReadOnlyNumberError)
                expect(await stored(dataSource)).to.eql(["a A1 0", 'v1:"A" 1'])
            })

            it("goes on right in the transaction that has refused one", async () => {
                const dataSource = await database().connect([entity], { emptied: true })
                await dataSource.transaction(async (manager) => {
                    const products = manager.getRepository(entity)
                    await products.save({ sku: "a", shelf: "A" })
                    const wrong: Row = { sku: "a", shelf: "A", number: 9 }
                    const attempt = products.upsert(wrong, ["sku"])
                    expect(await rejection(attempt)).to.be.instanceOf(ReadOnlyNumberError)
                    const row: Row = { sku: "b", shelf: "A" }
                    if (knowsSkipped())
                        await orIgnore(manager, [row as QueryDeepPartialEntity<Product>])
                    else await products.upsert(row, ["sku"])
                    expect(row.number).to.equal(2)
                })
                expect(await stored(dataSource)).to.eql(["a A1 0", "b A2 0", 'v1:"A" 2'])
            })

            it("that skips stored rows gives them no number", async () => {
                const dataSource = await database().connect([entity], { emptied: true })
                await upsert(dataSource, { sku: "a", shelf: "A" })
                const skipped: Row = { sku: "a", shelf: "A" }
                const skip = insertOrIgnore(dataSource, [
                    skipped as QueryDeepPartialEntity<Product>,
                ])
                if (!knowsSkipped()) {
                    const error = await rejection(skip)
                    expect(error).to.be.instanceOf(UnsupportedError)
                    expect(error.message).to.contain("orIgnore()")
                    expect(skipped.number).to.equal(undefined)
                    expect(await stored(dataSource)).to.eql(["a A1 0", 'v1:"A" 1'])
                    return
                }
                await skip
                expect(skipped.number).to.equal(undefined)
                expect(await stored(dataSource)).to.eql(["a A1 0", 'v1:"A" 1'])

                const mixed = [
                    { sku: "b", shelf: "A" },
                    { sku: "a", shelf: "A" },
                ]
                await insertOrIgnore(dataSource, mixed)
                // What the INSERT returns of a trigger's numbers doesn't say which row each is of.
                expect(numbersOf(mixed)).to.eql([strategy === "counter" ? 2 : undefined, undefined])
                expect(await stored(dataSource)).to.eql(["a A1 0", "b A2 0", 'v1:"A" 2'])

                const gap = ["b", "c"].map((sku) => ({ sku, shelf: "A" }))
                if (strategy === "counter") {
                    expect(await rejection(insertOrIgnore(dataSource, gap))).to.be.instanceOf(
                        NumberGapError,
                    )
                    expect(await stored(dataSource)).to.eql(["a A1 0", "b A2 0", 'v1:"A" 2'])
                    return
                }
                await insertOrIgnore(dataSource, gap)
                expect(numbersOf(gap)).to.eql([undefined, undefined])
                expect(await stored(dataSource)).to.eql(["a A1 0", "b A2 0", "c A3 0", 'v1:"A" 3'])
                const one: Row = { sku: "d", shelf: "A" }
                await insertOrIgnore(dataSource, [one as QueryDeepPartialEntity<Product>])
                expect(one.number).to.equal(4)
            })
        },
        worksOn(strategy),
    )
}

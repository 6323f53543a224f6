import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    PrimaryGeneratedColumn,
    type QueryDeepPartialEntity,
} from "typeorm"
import { AutoSequenceColumn, NumberGapError, ReadOnlyNumberError } from "../../../src"
import { onEachDatabase } from "../../support/databases"
import { rejection } from "../../support/errors"

@Entity()
class Product {
    @PrimaryGeneratedColumn()
    id!: number

    @Column({ unique: true })
    sku!: string

    @Column()
    shelf!: string

    @Column({ default: 0 })
    stock!: number

    @AutoSequenceColumn({ uniqueWith: "shelf" })
    number!: number
}

type Row = Partial<Product>

onEachDatabase("upsert()", (database) => {
    const connect = () => database().connect([Product])
    const upsert = (dataSource: DataSource, rows: Row | Row[], conflict = ["sku"]) =>
        dataSource.transaction((manager) => manager.upsert(Product, rows, conflict))
    const stored = async (dataSource: DataSource) => {
        const rows = await dataSource.getRepository(Product).find({ order: { id: "ASC" } })
        return rows.map(({ sku, shelf, number, stock }) => `${sku} ${shelf}${number} ${stock}`)
    }

    it("numbers rows that it inserts", async () => {
        const dataSource = await connect()
        const rows: Row[] = ["a", "b", "c"].map((sku) => ({ sku, shelf: "A" }))
        await upsert(dataSource, rows)
        expect(rows.map(({ number }) => number)).to.deep.equal([1, 2, 3])
        expect(await stored(dataSource)).to.deep.equal(["a A1 0", "b A2 0", "c A3 0"])
    })

    it("keeps the number of a row that it updates, shows it, and takes none", async () => {
        const dataSource = await connect()
        await upsert(dataSource, [
            { sku: "a", shelf: "A" },
            { sku: "b", shelf: "A" },
        ])
        const row: Row = { sku: "a", shelf: "A", stock: 5 }
        await upsert(dataSource, row)
        expect(row.number).to.equal(1)
        await upsert(dataSource, { sku: "c", shelf: "A" })
        expect(await stored(dataSource)).to.deep.equal(["a A1 5", "b A2 0", "c A3 0"])
    })

    it("takes a batch whose updates come last in their scope", async () => {
        const dataSource = await connect()
        await upsert(dataSource, { sku: "a", shelf: "A" })
        const rows: Row[] = [
            { sku: "b", shelf: "A" },
            { sku: "x", shelf: "B" },
            { sku: "a", shelf: "A", stock: 7 },
        ]
        await upsert(dataSource, rows)
        expect(rows.map(({ number }) => number)).to.deep.equal([2, 1, 1])
        expect(await stored(dataSource)).to.deep.equal(["a A1 7", "b A2 0", "x B1 0"])
    })

    it("refuses a batch that would leave a gap, and writes nothing of it", async () => {
        const dataSource = await connect()
        await upsert(dataSource, { sku: "a", shelf: "A" })
        const batch = [
            { sku: "a", shelf: "A", stock: 7 },
            { sku: "b", shelf: "A" },
        ]
        const error = await rejection(upsert(dataSource, batch))
        expect(error).to.be.instanceOf(NumberGapError).and.include({ code: "NUMBER_GAP" })
        expect(error.message).to.contain("Upsert one row at a time")
        expect(await stored(dataSource)).to.deep.equal(["a A1 0"])
    })

    it("refuses it at the commit as well when the caller has swallowed the error", async () => {
        const dataSource = await connect()
        await upsert(dataSource, { sku: "a", shelf: "A" })
        const work = dataSource.transaction(async (manager) => {
            const batch = ["a", "b"].map((sku) => ({ sku, shelf: "A" }))
            await rejection(manager.upsert(Product, batch, ["sku"]))
        })
        expect(await rejection(work)).to.be.instanceOf(NumberGapError)
        expect(await stored(dataSource)).to.deep.equal(["a A1 0"])
    })

    it("goes with saves beside it on the same manager", async () => {
        const dataSource = await connect()
        await upsert(dataSource, { sku: "a", shelf: "A" })
        const update: Row = { sku: "a", shelf: "A", stock: 3 }
        const insert: Row = { sku: "d", shelf: "B" }
        const [first, second] = await dataSource.transaction((manager) =>
            Promise.all([
                manager.getRepository(Product).save({ sku: "b", shelf: "A" }),
                manager.getRepository(Product).save({ sku: "c", shelf: "A" }),
                manager.upsert(Product, insert, ["sku"]),
                manager.upsert(Product, update, ["sku"]),
            ]),
        )
        expect([first.number, second.number, insert.number, update.number]).to.deep.equal([
            2, 3, 1, 1,
        ])
        expect(await stored(dataSource)).to.have.members(["a A1 3", "b A2 0", "c A3 0", "d B1 0"])
    })

    it("refuses to overwrite a number", async () => {
        const dataSource = await connect()
        await upsert(dataSource, { sku: "a", shelf: "A" })
        const rows = { sku: "a", shelf: "A", number: 9 }
        const outside = dataSource.getRepository(Product).upsert(rows, ["sku"])
        for (const attempt of [upsert(dataSource, rows), outside]) {
            const error = await rejection(attempt)
            expect(error).to.be.instanceOf(ReadOnlyNumberError)
            expect(error).to.include({ code: "READ_ONLY_NUMBER" })
        }
        expect(await stored(dataSource)).to.deep.equal(["a A1 0"])
    })

    it("takes scope and number as what rows are recognised by", async () => {
        const dataSource = await connect()
        const rows = [
            { sku: "a", shelf: "A", number: 4 },
            { sku: "b", shelf: "A", number: 4 },
        ]
        for (const row of rows) await upsert(dataSource, row, ["shelf", "number"])
        expect(await stored(dataSource)).to.deep.equal(["b A4 0"])
    })

    it("that skips stored rows gives them no number", async () => {
        const dataSource = await connect()
        await upsert(dataSource, { sku: "a", shelf: "A" })
        const insertOrIgnore = (rows: QueryDeepPartialEntity<Product>[]) =>
            dataSource.transaction((manager) =>
                manager
                    .createQueryBuilder()
                    .insert()
                    .into(Product)
                    .values(rows)
                    .orIgnore()
                    .execute(),
            )
        const skipped = { sku: "a", shelf: "A" } as Row
        await insertOrIgnore([skipped])
        expect(skipped.number).to.equal(undefined)
        const mixed = [
            { sku: "b", shelf: "A" },
            { sku: "a", shelf: "A" },
        ] as Row[]
        await insertOrIgnore(mixed)
        expect(mixed.map(({ number }) => number)).to.deep.equal([2, undefined])
        const error = await rejection(
            insertOrIgnore(["b", "c"].map((sku) => ({ sku, shelf: "A" }))),
        )
        expect(error).to.be.instanceOf(NumberGapError)
        expect(await stored(dataSource)).to.deep.equal(["a A1 0", "b A2 0"])
    })
})

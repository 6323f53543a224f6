import { expect } from "chai"
import { Entity, IsNull, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    NumberTakenError,
    ReadOnlyNumberError,
    TransactionRequiredError,
} from "../../src"
import { rejection } from "../support/errors"
import { numbersOf, rolledBack } from "../support/rows"
import { counterTable, numbersOfScope } from "../support/stored"
import { Customer, ENTITIES, Invoice, LATE, onCounters, Page, Switch } from "./entities"

onCounters("Rows that are numbered at COMMIT", ({ tables, can }) => {
    const dataSource = tables(ENTITIES)
    const invoices = () => dataSource().getRepository(Invoice)
    const customers = (...names: string[]) =>
        dataSource()
            .getRepository(Customer)
            .save(names.map((name) => ({ name })))
    const numbers = (customer: Customer) => numbersOfScope(invoices(), { customer })

    it("have no number before, and theirs when the promise resolves", async () => {
        const [ada] = await customers("Ada")
        const first = await invoices().save({ customer: ada })
        expect(first.number).to.equal(1)
        const rows = await dataSource().transaction(async (manager) => {
            const saved = await manager.save(Invoice, [{ customer: ada }, { customer: ada }])
            expect(numbersOf(saved)).to.eql([null, null])
            for (const { id } of saved)
                expect(await manager.findOneByOrFail(Invoice, { id })).to.include({ number: null })
            return saved
        })
        expect(numbersOf(rows)).to.eql([2, 3])
        const stored = await invoices().find({ order: { id: "ASC" } })
        expect(numbersOf(stored)).to.eql([1, 2, 3])
        expect(numbersOf(await invoices().save([{ customer: ada }, { customer: ada }]))).to.eql([
            4, 5,
        ])
    })

    it("are numbered whichever way they came", async () => {
        const [ada, bob] = (await customers("Ada", "Bob")) as [Customer, Customer]
        const inserted = [{ customer: ada }, { customer: bob }, { customer: ada }]
        const eva = await dataSource().transaction(async (manager) => {
            await manager.insert(Invoice, inserted)
            await manager
                .createQueryBuilder()
                .insert()
                .into(Invoice)
                .values([{ customer: ada }, { customer: bob }])
                .execute()
            await manager.upsert(Invoice, { customer: ada, reference: "a" }, ["reference"])
            return manager.save(Customer, {
                name: "Eva",
                invoices: [{ note: "1" }, { note: "2" }] as Invoice[],
            })
        })
        expect(numbersOf(inserted)).to.eql([1, 1, 2])
        expect(numbersOf(eva.invoices)).to.eql([1, 2])
        expect(await numbers(ada)).to.eql([1, 2, 3, 4])
        expect(await numbers(bob)).to.eql([1, 2])
        expect((await invoices().save({ customer: eva })).number).to.equal(3)
        // A parent by cascade, which is inserted first.
        const { number } = await invoices().save({ customer: { name: "Ivy" } })
        expect(number).to.equal(1)
    })

    it("are numbered where their primary keys hold booleans", async () => {
        const switches = [false, true, false].map((isOn, at) => ({ isOn, at }))
        const saved = await dataSource().getRepository(Switch).save(switches)
        expect(numbersOf(saved)).to.eql([1, 2, 3])
        const stored = await dataSource()
            .getRepository(Switch)
            .find({ order: { at: "ASC" } })
        expect(stored.map(({ isOn, number }) => [isOn, number])).to.eql([
            [false, 1],
            [true, 2],
            [false, 3],
        ])
    })

    it("get no number where there is no transaction", async () => {
        const [ada] = await customers("Ada")
        for (const attempt of [
            () => invoices().insert({ customer: ada }),
            () => invoices().save({ customer: ada }, { transaction: false }),
            () => invoices().insert({ customer: ada, number: null }),
        ])
            expect(await rejection(attempt())).to.be.instanceOf(TransactionRequiredError)
        expect(await invoices().count()).to.equal(0)
    })

    it("keep a number that is set, which raises the counter at once", async () => {
        const [ada] = (await customers("Ada")) as [Customer]
        const rows = await dataSource().transaction(async (manager) => {
            const first = await manager.save(Invoice, { customer: ada })
            const set = await manager.save(Invoice, { customer: ada, number: 7 })
            expect(numbersOf([first, set])).to.eql([null, 7])
            const counters = await manager.query<object[]>(
                `SELECT * FROM ${counterTable(dataSource())}`,
            )
            expect(counters.flatMap(Object.values).map(String)).to.include("7")
            return [first, set, await manager.save(Invoice, { customer: ada, number: null })]
        })
        expect(numbersOf(rows)).to.eql([8, 7, 9])
        const error = await rejection(invoices().save({ customer: ada, number: 8 }))
        expect(error).to.be.instanceOf(NumberTakenError)
        await invoices().save({ customer: ada })
        expect(await numbers(ada)).to.eql([7, 8, 9, 10])
    })

    it("are those of the scope where they are at COMMIT", async () => {
        const [ada, bob] = (await customers("Ada", "Bob")) as [Customer, Customer]
        await invoices().save([{ customer: ada }, { customer: bob }, { customer: bob }])
        const moved = await dataSource().transaction(async (manager) => {
            const saved = await manager.save(Invoice, { customer: ada })
            await manager.save(Invoice, { id: saved.id, customer: bob })
            return saved
        })
        expect(moved.number).to.equal(3)
        await invoices().save([{ customer: ada }, { customer: bob }])
        expect(await numbers(ada)).to.eql([1, 2])
        expect(await numbers(bob)).to.eql([1, 2, 3, 4])
    })

    it("are left out where they are deleted before, or have a number by then", async () => {
        const [ada] = (await customers("Ada")) as [Customer]
        const rows = await dataSource().transaction(async (manager) => {
            const saved = await manager.save(Invoice, [
                { customer: ada, note: "deleted" },
                { customer: ada, note: "removed" },
                { customer: ada, note: "by hand" },
                { customer: ada, note: "last" },
            ])
            await manager.delete(Invoice, { note: "deleted" })
            await manager.remove(Invoice, saved[1] as Invoice)
            await manager.update(Invoice, { note: "by hand" }, { number: 3 })
            return saved
        })
        expect(rows[3]).to.include({ number: 4 })
        await invoices().save({ customer: ada })
        expect(await numbers(ada)).to.eql([3, 4, 5])
        // All of them.
        await dataSource().transaction(async (manager) => {
            const { id } = await manager.save(Invoice, { customer: ada })
            await manager.delete(Invoice, { id })
        })
        await invoices().save({ customer: ada })
        expect(await numbers(ada)).to.eql([3, 4, 5, 6])
    })

    it("have theirs beside new ones where those of a transaction that was rolled back are saved again", async () => {
        const [ada] = await customers("Ada")
        const rows = ["again", "new"].map((note) => invoices().create({ customer: ada, note }))
        await rolledBack(dataSource(), (manager) => manager.save(rows[0]))
        if (!can.parallel) delete (rows[0] as Partial<Invoice>).id
        await dataSource().transaction((manager) => manager.save(rows))
        expect(numbersOf(rows)).to.eql([1, 2])
        expect(await invoices().save({ customer: ada })).to.include({ number: 3 })
        expect(await numbers(ada as Customer)).to.eql([1, 2, 3])
    })

    it("may be saved again before and after, and are not editable", async () => {
        const [ada] = (await customers("Ada")) as [Customer]
        const row = await dataSource().transaction(async (manager) => {
            const saved = await manager.save(manager.create(Invoice, { customer: ada }))
            saved.note = "changed"
            await manager.save(saved)
            const loaded = await manager.findOneByOrFail(Invoice, { id: saved.id })
            await manager.save(Object.assign(loaded, { note: "again" }))
            return saved
        })
        expect(row).to.include({ number: 1 })
        row.note = "after"
        await invoices().save(row)
        const error = await rejection(invoices().save({ ...row, number: 2 }))
        expect(error).to.be.instanceOf(ReadOnlyNumberError)
        const stored = await invoices().findOneByOrFail({ id: row.id })
        expect(stored).to.include({ number: 1, note: "after" })
        // Inserted anew, when it was removed.
        await invoices().remove(row)
        expect((await invoices().save(row)).number).to.equal(2)
        await invoices().save({ customer: ada })
        expect(await numbers(ada)).to.eql([2, 3])
    })

    it("keep the number that a stored row has, whom an upsert has found", async () => {
        const [ada] = (await customers("Ada")) as [Customer]
        const upsert = (...references: string[]) =>
            dataSource().transaction(async (manager) => {
                const rows = references.map((reference) => ({ customer: ada, reference, note: "" }))
                await manager.upsert(Invoice, rows, ["reference"])
                return rows
            })
        expect(numbersOf(await upsert("a", "b"))).to.eql([1, 2])
        await upsert("b", "c", "a")
        await upsert("d")
        const fresh: Partial<Invoice>[] = []
        await dataSource().transaction(async (manager) => {
            const ignored = { customer: ada, reference: "a" }
            const first: Partial<Invoice> = { customer: ada, reference: "e" }
            fresh.push(first)
            const last: Partial<Invoice> = { customer: ada, reference: "f" }
            fresh.push(last)
            for (const values of [[ignored], [first], [ignored, first], [last, ignored]])
                await manager
                    .createQueryBuilder()
                    .insert()
                    .into(Invoice)
                    .values(values)
                    .orIgnore()
                    .execute()
        })
        await invoices().save({ customer: ada })
        const stored = await invoices().find({ order: { number: "ASC" } })
        expect(stored.map(({ number, reference }) => [number, reference])).to.eql([
            [1, "a"],
            [2, "b"],
            [3, "c"],
            [4, "d"],
            [5, "e"],
            [6, "f"],
            [7, null],
        ])
        expect(numbersOf(fresh)).to.eql([5, 6])
    })

    it("show on entities what was stored before, or set meanwhile, and nothing of skipped rows", async () => {
        const [ada] = (await customers("Ada")) as [Customer]
        await invoices().save({ customer: ada, reference: "a" })
        const upserted: Partial<Invoice>[] = ["a", "b"].map((reference) => ({
            customer: ada,
            reference,
        }))
        const skipped: Partial<Invoice> = { customer: ada, reference: "a" }
        const twice = await dataSource().transaction(async (manager) => {
            for (const row of upserted) await manager.upsert(Invoice, row, ["reference"])
            await manager
                .createQueryBuilder()
                .insert()
                .into(Invoice)
                .values(skipped)
                .orIgnore()
                .execute()
            const saved = await manager.save(Invoice, [{ customer: ada }, { customer: ada }])
            await manager.update(Invoice, { id: saved[0]?.id }, { number: 2 })
            return saved
        })
        expect(numbersOf(upserted)).to.eql([1, 3])
        expect(numbersOf(twice)).to.eql([2, 4])
        expect(skipped.number ?? null).to.equal(null)
        expect((await invoices().save({ customer: ada })).number).to.equal(5)
        expect(await numbers(ada)).to.eql([1, 2, 3, 4, 5])
    })

    it("have several numbers, a primary key of their own, and numbers of the INSERT beside", async () => {
        const pages = dataSource().getRepository(Page)
        const save = (...rows: [string, number][]) =>
            pages.save(rows.map(([book, side]) => pages.create({ book, side })))
        const rows = await save(["a", 1], ["b", 1], ["a", 2])
        expect(rows.map(({ first, total, inBook }) => [first, total, inBook])).to.eql([
            [1, 100, "1"],
            [2, 110, "1"],
            [3, 120, "2"],
        ])
        await rolledBack(dataSource(), async (manager) => {
            const [row] = await manager.save(Page, [{ book: "a", side: 3 }])
            expect(row).to.include({ first: 4, total: null, inBook: null })
        })
        await save(["a", 3])
        const last = await pages.findOneByOrFail({ book: "a", side: 3 })
        expect(last).to.include({ first: 4, total: 130 })
        expect(String(last.inBook)).to.equal("3")
    })

    it("are many, and of many scopes", async () => {
        const all = await customers(...Array.from({ length: 30 }, (_, at) => `c${at}`))
        const rows = Array.from({ length: 1234 }, (_, at) => ({
            customer: all[at % 30] as Customer,
        }))
        const saved = await invoices().save(rows)
        for (const [at, { number }] of saved.entries())
            expect(number).to.equal(1 + Math.floor(at / 30))
        expect(await invoices().countBy({ number: IsNull() })).to.equal(0)
        expect((await invoices().save({ customer: all[0] })).number).to.equal(43)
    }).timeout(can.parallel ? 60_000 : 120_000)
})

onCounters("Rows of several tables that are numbered at COMMIT", ({ tables }) => {
    @Entity()
    class Slip {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn({ ...LATE, series: "papers" }) number!: number | null
    }
    @Entity()
    class Stub {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn({ ...LATE, series: "papers" }) number!: number | null
    }

    const dataSource = tables([Slip, Stub])

    it("share a series in the order in which they came", async () => {
        const rows = await dataSource().transaction(async (manager) => [
            await manager.save(Slip, {}),
            await manager.save(Stub, {}),
            await manager.save(Slip, {}),
        ])
        expect(numbersOf(rows)).to.eql([1, 2, 3])
    })
})

import { expect } from "chai"
import { Column, type DataSource, Entity, Index, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    type Strategy,
    verifyAutoSequence,
} from "../../src"
import { raiseCounters } from "../../src/numbers/counters/raise-counters"
import { onEveryDatabase, type TestDatabase } from "../support/databases"
import { SUPPORTED } from "../support/strategies"
import { storedCounters } from "../support/stored"
import { changeEntities, expectUpToDate, migrate, shapeOf } from "./migrate"

/** The entities of an application before and after it numbers its invoices. */
function entities(number?: AutoSequenceColumnOptions | "nullable") {
    @Entity("customer")
    class Customer {
        @PrimaryGeneratedColumn() id!: number
        @Column() name!: string
    }

    @Entity("invoice")
    @Index(["issued"])
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Customer, { nullable: true })
        customer!: Customer | null
        @Column({ type: "int", default: 0 }) issued!: number
        @Column({ type: "varchar", nullable: true, unique: true }) note!: string | null
        number?: number | null
    }
    if (number === "nullable") Column({ type: "int", nullable: true })(Invoice.prototype, "number")
    else if (number) AutoSequenceColumn(number)(Invoice.prototype, "number")
    return { Customer, Invoice, all: [Customer, Invoice] }
}

/** Invoices of Ann, Bob and nobody; the column in brackets is `issued`, in reverse order. */
async function fill(dataSource: DataSource, numbers: (number | null | undefined)[] = []) {
    const customers = dataSource.getRepository("Customer")
    const invoices = dataSource.getRepository("Invoice")
    const [ann, bob] = await customers.save([{ name: "Ann" }, { name: "Bob" }])
    for (const [at, customer] of [ann, bob, ann, null, bob, ann, null].entries())
        await invoices.insert({ customer, issued: 100 - at, note: `n${at}`, number: numbers[at] })
}

/** The numbers of each customer's invoices, in the order of their ids. */
async function numbersOf(dataSource: DataSource): Promise<Record<string, (number | null)[]>> {
    const rows = await dataSource
        .getRepository("Invoice")
        .find({ relations: { customer: true }, order: { id: "ASC" } })
    const numbers: Record<string, (number | null)[]> = {}
    for (const { customer, number } of rows)
        (numbers[customer?.name ?? "nobody"] ??= []).push(number)
    return numbers
}

async function notesOf(dataSource: DataSource): Promise<string[]> {
    const rows = await dataSource.getRepository("Invoice").find({ order: { id: "ASC" } })
    return rows.map(({ note }) => note)
}

function strategiesOf(database: TestDatabase): Strategy[] {
    return database.can.tableLock ? ["counter", "table-lock"] : ["counter"]
}

async function expectCounters(dataSource: DataSource, strategy: Strategy, last: number[]) {
    const counters = await storedCounters(dataSource)
    expect(counters.map((counter) => Number(counter.last))).to.eql(
        strategy === "counter" ? last : [],
    )
}

onEveryDatabase("a migration that numbers rows", (db) => {
    const NOTES = ["n0", "n1", "n2", "n3", "n4", "n5", "n6"]

    it("numbers the rows of each scope by primary key, and the next ones after them", async () => {
        for (const strategy of strategiesOf(db())) {
            const before = await db().connect(entities().all)
            await fill(before)
            const shape = await shapeOf(before, "Invoice")
            const after = entities({ strategy, uniqueWith: "customer" })
            const { dataSource } = await migrate(db(), before, after.all)

            expect(await numbersOf(dataSource)).to.eql({
                Ann: [1, 2, 3],
                Bob: [1, 2],
                nobody: [1, 2],
            })
            expect(await notesOf(dataSource)).to.eql(NOTES)
            await expectCounters(dataSource, strategy, [3, 2, 2])
            await expectUpToDate(dataSource)

            const invoices = dataSource.getRepository(after.Invoice)
            const [ann] = await dataSource.getRepository(after.Customer).findBy({ name: "Ann" })
            expect((await invoices.save({ customer: ann })).number).to.equal(4)
            expect((await invoices.save({ customer: null })).number).to.equal(3)

            await dataSource.undoLastMigration()
            expect(await shapeOf(dataSource, "Invoice")).to.eql(shape)
            const old = await changeEntities(db(), dataSource, entities().all)
            expect((await notesOf(old)).slice(0, 7)).to.eql(NOTES)

            await dataSource.runMigrations()
            expect(await numbersOf(dataSource)).to.eql({
                Ann: [1, 2, 3, 4],
                Bob: [1, 2],
                nobody: [1, 2, 3],
            })
            await expectUpToDate(dataSource)
        }
    })

    it("numbers them in the order of a named column", async () => {
        const before = await db().connect(entities().all)
        await fill(before)
        const after = entities({ strategy: "counter", uniqueWith: "customer" })
        const { dataSource } = await migrate(db(), before, after.all, {
            orderBy: { Invoice: "issued" },
        })
        expect(await numbersOf(dataSource)).to.eql({
            Ann: [3, 2, 1],
            Bob: [2, 1],
            nobody: [2, 1],
        })
        await expectCounters(dataSource, "counter", [3, 2, 2])
    })

    it("numbers rows that are equal in it by primary key", async () => {
        const before = await db().connect(entities().all)
        await fill(before)
        for (const id of [2, 3, 4, 5, 6, 7])
            await before.getRepository("Invoice").update(id, { issued: 1 })
        const after = entities({ strategy: "counter" })
        const { dataSource } = await migrate(db(), before, after.all, {
            orderBy: { Invoice: "issued" },
        })
        expect(await numbersOf(dataSource)).to.eql({
            Ann: [7, 2, 5],
            Bob: [1, 4],
            nobody: [3, 6],
        })
    })

    it("orders by several columns, and puts NULLs last", async () => {
        const before = await db().connect(entities().all)
        await fill(before)
        await before.getRepository("Invoice").update(1, { note: null })
        const after = entities({ strategy: "counter" })
        const { dataSource } = await migrate(db(), before, after.all, {
            orderBy: { Invoice: ["customer", "note"] },
        })
        expect(await numbersOf(dataSource)).to.eql({
            Ann: [3, 1, 2],
            Bob: [4, 5],
            nobody: [6, 7],
        })
    })

    it("goes on after the highest number of each scope where some rows have one", async () => {
        for (const strategy of strategiesOf(db())) {
            const before = await db().connect(entities("nullable").all)
            await fill(before, [7, undefined, undefined, 2, 40, undefined, undefined])
            const shape = await shapeOf(before, "Invoice")
            const after = entities({
                strategy,
                uniqueWith: "customer",
                startAt: 20,
                incrementBy: 5,
            })
            const { dataSource } = await migrate(db(), before, after.all)
            const numbers = { Ann: [7, 20, 25], Bob: [45, 40], nobody: [2, 20] }
            expect(await numbersOf(dataSource)).to.eql(numbers)
            await expectCounters(dataSource, strategy, [25, 45, 20])
            await expectUpToDate(dataSource)

            await dataSource.undoLastMigration()
            expect(await shapeOf(dataSource, "Invoice")).to.eql(shape)
            expect(await numbersOf(dataSource)).to.eql(numbers)
            expect(await notesOf(dataSource)).to.eql(NOTES)
        }
    })

    it("goes on after a counter that is ahead of the rows", async () => {
        const series = "numbers of invoices"
        const before = await db().connect(entities("nullable").all)
        await fill(before, [1, 1, 2])
        const options = { strategy: "counter", uniqueWith: "customer", series } as const
        const connected = await changeEntities(db(), before, entities(options).all)
        const runner = connected.createQueryRunner()
        await raiseCounters(runner, { name: series, label: series }, [
            { key: 'v1:"1"', to: 9n },
            { key: "v1:NULL", to: 5n },
        ])
        await runner.release()

        const { dataSource } = await migrate(db(), connected, entities(options).all)
        expect(await numbersOf(dataSource)).to.eql({
            Ann: [1, 2, 10],
            Bob: [1, 2],
            nobody: [6, 7],
        })
        await expectCounters(dataSource, "counter", [10, 2, 7])
        await expectUpToDate(dataSource)

        // They were there before, and numbers never come back.
        await dataSource.undoLastMigration()
        await expectCounters(dataSource, "counter", [10, 2, 7])
    })

    it("leaves NULLs alone in a column that is there and may have them", async () => {
        for (const strategy of strategiesOf(db())) {
            const before = await db().connect(entities("nullable").all)
            await fill(before, [7])
            const after = entities({ strategy, uniqueWith: "customer", nullable: true })
            const { dataSource } = await migrate(db(), before, after.all)
            expect(await numbersOf(dataSource)).to.eql({
                Ann: [7, null, null],
                Bob: [null, null],
                nobody: [null, null],
            })
            await expectUpToDate(dataSource)
        }
    })

    it("goes on in order while an old version of the application inserts, in two releases", async () => {
        for (const strategy of strategiesOf(db())) {
            const old = await db().connect(entities().all)
            await fill(old)
            const options = { strategy, uniqueWith: "customer" } as const
            const release = entities({ ...options, nullable: true })
            const first = await migrate(db(), old, release.all)
            await verifyAutoSequence(first.dataSource)
            await expectUpToDate(first.dataSource)

            const ann = { id: 1 }
            const insertOld = () => old.getRepository("Invoice").save({ customer: ann })
            await insertOld()
            const repository = first.dataSource.getRepository("Invoice")
            expect((await repository.save({ customer: ann })).number).to.equal(4)
            await insertOld()
            expect((await repository.save({ customer: ann })).number).to.equal(5)

            // The old version has gone.
            const { dataSource } = await migrate(db(), first.dataSource, entities(options).all)
            expect(await numbersOf(dataSource)).to.eql({
                Ann: [1, 2, 3, 6, 4, 7, 5],
                Bob: [1, 2],
                nobody: [1, 2],
            })
            await verifyAutoSequence(dataSource)
            await expectUpToDate(dataSource)
            const last = await dataSource.getRepository("Invoice").save({ customer: ann })
            expect(last.number).to.equal(8)
        }
    })

    it("numbers rows of an old version at once by triggers, which give way to counters later", async function () {
        if (SUPPORTED.trigger[db().kind] !== true) return this.skip()
        const old = await db().connect(entities().all)
        await fill(old)
        const insertOld = () => old.getRepository("Invoice").save({ customer: { id: 1 } })
        const options = (strategy: Strategy) => ({ strategy, uniqueWith: "customer" })
        const first = await migrate(db(), old, entities(options("trigger")).all)
        await insertOld()
        const insert = async ({ dataSource }: { dataSource: DataSource }) => {
            const saved = await dataSource.getRepository("Invoice").save({ customer: { id: 1 } })
            return saved.number as number
        }
        expect(await insert(first)).to.equal(5)
        await insertOld()

        const counting = entities(options("counter")).all
        const second = { dataSource: await changeEntities(db(), first.dataSource, counting) }
        expect(await insert(second)).to.equal(7)
        await insertOld()
        expect(await insert(first)).to.equal(9)
        expect(await insert(second)).to.equal(10)
        const { dataSource } = await migrate(db(), second.dataSource, counting)
        expect(await insert({ dataSource })).to.equal(11)
        expect((await numbersOf(dataSource)).Ann).to.eql([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
        await verifyAutoSequence(dataSource)
        await expectUpToDate(dataSource)
    })

    it("numbers a whole table in one scope", async () => {
        for (const strategy of strategiesOf(db())) {
            const before = await db().connect(entities().all)
            await fill(before)
            const { dataSource } = await migrate(db(), before, entities({ strategy }).all)
            expect(await numbersOf(dataSource)).to.eql({
                Ann: [1, 3, 6],
                Bob: [2, 5],
                nobody: [4, 7],
            })
            await expectCounters(dataSource, strategy, [7])
            await expectUpToDate(dataSource)
            await dataSource.undoLastMigration()
            await changeEntities(db(), dataSource, entities().all)
        }
    })

    it("does the same where the table is empty", async () => {
        const before = await db().connect(entities().all)
        const after = entities({ strategy: "counter", uniqueWith: "customer" })
        const { dataSource } = await migrate(db(), before, after.all)
        expect(await storedCounters(dataSource)).to.eql([])
        await expectUpToDate(dataSource)
        const invoices = dataSource.getRepository(after.Invoice)
        const saved = await invoices.save([{ customer: null }, { customer: null }])
        expect(saved.map(({ number }) => number)).to.eql([1, 2])
    })
})

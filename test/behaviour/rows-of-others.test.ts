import { expect } from "chai"
import type { InsertEvent, Repository } from "typeorm"
import { transactionWithRetry } from "../../src"
import { expectUnwritten, rejection } from "../support/errors"
import { upTo } from "../support/invoices"
import { onEachCell } from "../support/matrix"
import { entitiesOf } from "../support/numbered-entities"
import { numbersOf } from "../support/rows"
import { storedNumbers } from "../support/stored"
import { tableName } from "../support/typeorm"
import { mustWait, sessionOf, Signal } from "../support/waiting"

onEachCell("Rows that are deleted, moved, or written by others", ({ way, can, tables }) => {
    const { Customer, Invoice, Ticket, Bin, Animal, Cat, Dog } = entitiesOf(way)
    const shared = tables([Customer, Invoice, Ticket, Bin, Animal, Cat, Dog])

    function connectTickets() {
        const dataSource = shared()
        return { dataSource, tickets: dataSource.getRepository(Ticket) }
    }

    async function connectInvoices() {
        const dataSource = shared()
        const customers = dataSource.getRepository(Customer)
        const [ada, bob] = await customers.save([{ name: "Ada" }, { name: "Bob" }])
        const invoices = dataSource.getRepository(Invoice)
        return { dataSource, customers, invoices, ada, bob }
    }

    async function numbersByCustomer(invoices: Repository<InstanceType<typeof Invoice>>) {
        const rows = await invoices.find({
            relations: { customer: true },
            order: { number: "ASC" },
        })
        const numbers: Record<string, number[]> = {}
        for (const { customer, number } of rows) (numbers[customer.name] ??= []).push(number)
        return numbers
    }

    it("that are soft-deleted count", async () => {
        const dataSource = shared()
        const bins = dataSource.getRepository(Bin)
        const [, last] = await bins.save([{}, {}])
        await bins.softDelete({ id: last?.id })
        expect((await bins.save({})).number).to.equal(3)
        await bins.restore({ id: last?.id })
        expect(await storedNumbers(bins)).to.eql([1, 2, 3])
    })

    it(`that are deleted ${way.isReusing ? "" : "don't "}give the last number back`, async () => {
        const { tickets } = connectTickets()
        await tickets.save([{}, {}, {}])
        await tickets.delete({ number: 2 })
        await tickets.delete({ number: 3 })
        expect((await tickets.save({})).number).to.equal(way.isReusing ? 2 : 4)
        await tickets.createQueryBuilder().delete().execute()
        expect((await tickets.save({})).number).to.equal(way.isReusing ? 1 : 5)
    })

    it("of a single-table inheritance share the root's series", async () => {
        const dataSource = shared()
        const rows = await dataSource.manager.save([new Cat(), new Dog(), new Animal()])
        rows.push(await dataSource.manager.save(new Dog()))
        expect(numbersOf(rows)).to.eql([1, 2, 3, 4])
        const dogs = await dataSource.getRepository(Dog).find({ order: { id: "ASC" } })
        expect(dogs.map(({ licence }) => licence)).to.eql([1, 2])
        expect(await storedNumbers(dataSource.getRepository(Animal))).to.eql(upTo(4))
    })

    describe("raw SQL", () => {
        const isNumbered = way.isInDatabase
        it(`that inserts rows ${isNumbered ? "numbers them" : "leaves none without a number"}`, async () => {
            const { dataSource, tickets } = connectTickets()
            await tickets.save({})
            const attempt = dataSource.query(
                `INSERT INTO ${tableName(tickets.metadata)} (title) VALUES ('A'), ('B')`,
            )
            if (isNumbered) await attempt
            else await rejection(attempt)
            const next = isNumbered ? 4 : 2
            expect((await tickets.save({})).number).to.equal(next)
            expect(await storedNumbers(tickets)).to.eql(upTo(next))
        })

        it("of a listener that inserts into a table of no entity is sent as it is, whatever it says", async () => {
            const { dataSource, tickets } = connectTickets()
            const note = dataSource.driver.escape("note")
            const table = tableName(tickets.metadata).replace(/\w+(?=\W*$)/, "of_others")
            const beforeInsert = async ({ queryRunner }: InsertEvent<object>) => {
                await queryRunner.query(`INSERT INTO ${table}(${note}) VALUES ('/*#1*/DEFAULT')`)
            }
            const listener = { listenTo: () => Ticket, beforeInsert }
            await dataSource.query(`CREATE TABLE ${table} (${note} VARCHAR(40))`)
            dataSource.subscribers.push(listener)
            try {
                expect((await tickets.save({})).number).to.equal(1)
                const rows = await dataSource.query<object[]>(`SELECT ${note} FROM ${table}`)
                expect(rows.map((row) => ({ ...row }))).to.eql([{ note: "/*#1*/DEFAULT" }])
            } finally {
                dataSource.subscribers.pop()
                await dataSource.query(`DROP TABLE ${table}`)
            }
        })

        it(`that changes a number ${isNumbered ? "is refused" : "is not seen"}`, async () => {
            const { dataSource, tickets } = connectTickets()
            await tickets.save([{}, {}])
            const number = dataSource.driver.escape("number")
            const change = () =>
                dataSource.query(
                    `UPDATE ${tableName(tickets.metadata)} SET ${number} = 9 WHERE ${number} = 1`,
                )
            if (isNumbered)
                await expectUnwritten(
                    tickets,
                    change,
                    Error,
                    "number of a stored row",
                    "be changed.",
                )
            else await change()
            expect(await storedNumbers(tickets)).to.eql(isNumbered ? [1, 2] : [2, 9])
        })
    })

    if (can.parallel)
        it(`scopes in opposite orders ${way.locksInOrder ? "are no deadlock" : "may be a deadlock, which a second attempt ends"}`, async () => {
            const { dataSource, customers, invoices, ada, bob } = await connectInvoices()
            const first = await customers.save({ name: "Cy" })
            await invoices.save([{ customer: first }, { customer: ada }, { customer: bob }])
            let attempts = 0
            /** Resolves when these are saved, or wait for others; with what is to be awaited then. */
            const start = async (...rows: (typeof ada)[]) => {
                const started = new Signal()
                let session = ""
                const work = transactionWithRetry(dataSource, async (manager) => {
                    attempts += 1
                    session = await sessionOf(manager)
                    started.send()
                    await manager.save(
                        Invoice,
                        rows.map((customer) => ({ customer })),
                    )
                })
                await started.promise
                await mustWait(dataSource, session, work)
                return { work }
            }
            const works = await dataSource.transaction(async (manager) => {
                await manager.save(Invoice, { customer: ada })
                // The one waits in the middle of its rows, the other for its first one.
                return [await start(first, ada, bob), await start(bob, first)]
            })
            await Promise.all(works.map(({ work }) => work))
            expect(attempts).to.equal(way.locksInOrder ? 2 : 3)
            expect(await numbersByCustomer(invoices)).to.eql({
                Ada: upTo(3),
                Bob: upTo(3),
                Cy: upTo(3),
            })
        })
})

import { expect } from "chai"
import { AutoSequenceError, TransactionAbortedError, TransactionRequiredError } from "../../src"
import { expectUnwritten, rejection } from "../support/errors"
import { StatementLog } from "../support/databases"
import { upTo } from "../support/invoices"
import { onEachCell } from "../support/matrix"
import { entitiesOf } from "../support/numbered-entities"
import { expectUnnumbered, numbersOf, rolledBack } from "../support/rows"
import { expectNext, numbersOfScope, storedNumbers } from "../support/stored"

onEachCell("Rollbacks", ({ way, can, database, tables }) => {
    const { Customer, Invoice, Ticket } = entitiesOf(way)
    const dataSource = tables([Customer, Invoice, Ticket])
    const ticketsOf = () => dataSource().getRepository(Ticket)
    const invoicesOf = () => dataSource().getRepository(Invoice)
    const connectAda = async () => ({
        customer: await dataSource().getRepository(Customer).save({ name: "Ada" }),
    })

    it(way.isGapless ? "give numbers back" : "leave no number to two rows", async () => {
        const tickets = ticketsOf()
        await rolledBack(dataSource(), (manager) => manager.save(Ticket, [{}, {}]))
        await tickets.save({})
        await rolledBack(dataSource(), (manager) => manager.save(Ticket, [{}, {}]))
        await expectNext(tickets, {}, [1, 2], way)
        if (!way.isGapless) expect((await storedNumbers(tickets)).at(-1)).to.be.within(2, 6)
    })

    it("take the numbers off the entities, which are numbered anew", async () => {
        const tickets = ticketsOf()
        const rows = tickets.create([{}, {}])
        await rolledBack(dataSource(), async (manager) => {
            await manager.save(rows)
            expect(rows.every(({ number }) => typeof number === "number")).to.equal(true)
        })
        expectUnnumbered(rows)
        const other = await tickets.save({})
        // SQLite gives their keys to others as well.
        for (const row of rows) await tickets.save(Object.assign(row, { id: undefined }))
        expect(numbersOf(rows)).to.eql([other.number + 1, other.number + 2])
        await expectNext(tickets, {}, [1, 2, 3, 4], way)
    })

    it("take the number off an entity that was saved alone, after others of its scope", async () => {
        const tickets = ticketsOf()
        await tickets.save({})
        const row = tickets.create()
        await rolledBack(dataSource(), (manager) => manager.save(row))
        expectUnnumbered([row])
        const other = await tickets.save({})
        await tickets.save(Object.assign(row, { id: undefined }))
        expect(row.number).to.equal(other.number + 1)
        await expectNext(tickets, {}, upTo(4), way)
    })

    it("leave the entities the same numbers again, in the order in which they are saved", async () => {
        if (!way.isGapless) return expect(way.isGapless).to.equal(false)
        const [first, second] = ticketsOf().create([{}, {}])
        await rolledBack(dataSource(), (manager) => manager.save([first, second]))
        for (const row of [second, first])
            await ticketsOf().save(Object.assign(row as object, { id: undefined }))
        expect([first?.number, second?.number]).to.eql([2, 1])
        await expectNext(ticketsOf(), {}, [1, 2, 3])
    })

    it("leave an explicit number on its entity", async () => {
        const row = ticketsOf().create({ number: 40 })
        await rolledBack(dataSource(), (manager) => manager.save(row))
        expect(row.number).to.equal(40)
        const other = await ticketsOf().save({})
        await ticketsOf().save(Object.assign(row, { id: undefined }))
        expect(row.number).to.equal(40)
        if (way.isGapless) expect(other.number).to.equal(1)
        await expectNext(ticketsOf(), {}, [other.number, 40, 41], way)
    })

    it("are of no account to the next transaction of the same query runner", async () => {
        const row = ticketsOf().create()
        const runner = dataSource().createQueryRunner()
        await runner.startTransaction()
        await runner.manager.save(row)
        await runner.rollbackTransaction()
        await runner.startTransaction()
        await runner.manager.save(Ticket, [{}, {}])
        await runner.manager.save(Object.assign(row, { id: undefined }))
        await runner.commitTransaction()
        await runner.release()
        if (way.isGapless) expect(row.number).to.equal(3)
        await expectNext(ticketsOf(), {}, [1, 2, 3, 4], way)
    })

    // Elsewhere nothing is checked as late as that, or the transaction ends with it.
    if (!can.parallel)
        it("are not made of a COMMIT that fails, and may succeed when its rows are mended", async () => {
            const runner = dataSource().createQueryRunner()
            await runner.startTransaction()
            await runner.query("PRAGMA defer_foreign_keys = ON")
            const first = invoicesOf().create({ customer: { id: 7 } })
            await runner.manager.insert(Invoice, first)
            expect((await rejection(runner.commitTransaction())).name).to.equal("QueryFailedError")
            await runner.manager.insert(Customer, { id: 7, name: "Ada" })
            const second = await runner.manager.save(Invoice, { customer: { id: 7 } })
            await runner.commitTransaction()
            await runner.release()
            expect(numbersOf([first, second])).to.eql([1, 2])
            await expectNext(invoicesOf(), { customer: { id: 7 } }, [1, 2, 3], way)
        })

    describe("of a row that could not be saved", () => {
        it("take the number off it, give it to the next row, and number it anew later", async () => {
            const ada = await connectAda()
            const invoices = invoicesOf()
            await invoices.save({ ...ada, reference: "A" })
            const failed = invoices.create({ ...ada, reference: "A" })
            expect((await rejection(invoices.save(failed))).name).to.equal("QueryFailedError")
            expectUnnumbered([failed])
            const next = await invoices.save({ ...ada, reference: "B" })
            if (way.isGapless) expect(next.number).to.equal(2)
            await invoices.save(Object.assign(failed, { reference: "C" }))
            expect(failed.number).to.equal(next.number + 1)
            await expectNext(invoices, ada, upTo(4), way)
        })

        it("let the caller set its number then", async () => {
            const ada = await connectAda()
            const invoices = invoicesOf()
            await invoices.save({ ...ada, reference: "A" })
            const failed = invoices.create({ ...ada, reference: "A" })
            await rejection(invoices.save(failed))
            await invoices.save(Object.assign(failed, { reference: "B", number: 7 }))
            expect(failed.number).to.equal(7)
            await expectNext(invoices, ada, [1, 7, 8], way)
        })
    })

    describe("of an INSERT that fails, and whose error is caught in its transaction,", () => {
        const failures = {
            "by a unique index": { reference: "A" },
            "by NOT NULL": { note: null },
            "by a check": { total: 0 },
        }
        for (const [name, wrong] of Object.entries(failures))
            it(`${name}, leave no gap`, async () => {
                const ada = await connectAda()
                if (database().kind === "mariadb" && "total" in wrong)
                    // TypeORM makes no checks there.
                    await dataSource().query(
                        "ALTER TABLE invoice ADD CONSTRAINT IF NOT EXISTS positive CHECK (total > 0)",
                    )
                const invoices = invoicesOf()
                await invoices.save({ ...ada, reference: "A" })
                const work = dataSource().transaction(async (manager) => {
                    const own = manager.getRepository(Invoice)
                    await own.save({ ...ada })
                    for (const rows of [[wrong], [{}, wrong, {}]]) {
                        const given = rows.map((row) => own.create({ ...row, ...ada } as object))
                        const error = await rejection(own.save(given))
                        expect(error.name).to.equal("QueryFailedError")
                        if (can.failOnce) return
                        await own.save([{ ...ada }, { ...ada }])
                    }
                })
                // What the transaction has written besides must not be taken for stored.
                if (can.failOnce)
                    expect(await rejection(work)).to.be.instanceOf(TransactionAbortedError)
                else await work

                // Where rows are inserted one by one, the one before the wrong one is there.
                const rows = (await numbersOfScope(invoices, ada)).length
                expect(rows).to.be.oneOf(can.failOnce ? [1] : [6, 7])
                await expectNext(invoices, ada, upTo(rows + 1), way)
            })

        it(`alone in the transaction, ${way.isGapless ? "leave no trace" : "may leave a gap"}`, async () => {
            const ada = await connectAda()
            const work = dataSource().transaction(async (manager) => {
                const wrong = { ...ada, note: null as unknown as string }
                const attempt = manager.insert(Invoice, wrong)
                expect((await rejection(attempt)).name).to.equal("QueryFailedError")
            })
            if (can.failOnce)
                expect(await rejection(work)).to.be.instanceOf(TransactionAbortedError)
            else await work
            await expectNext(invoicesOf(), ada, [1], way)
        })

        it("by a row that the library refuses, leave no gap", async () => {
            const ada = await connectAda()
            await dataSource().transaction(async (manager) => {
                const own = manager.getRepository(Invoice)
                await own.save({ ...ada })
                const wrong = { ...ada, number: "one" as unknown as number }
                const error = await rejection(own.save([{ ...ada }, wrong]))
                expect(error).to.be.instanceOf(AutoSequenceError)
                await own.save([{ ...ada }, { ...ada }])
            })
            // Where rows are inserted one by one, the one before the refused one is there.
            const rows = (await numbersOfScope(invoicesOf(), ada)).length
            expect(rows).to.be.oneOf([3, 4])
            await expectNext(invoicesOf(), ada, upTo(rows + 1), way)
        })
    })

    describe("there are none without a transaction:", () => {
        type Row = Partial<InstanceType<typeof Ticket>>
        type Attempt = (tickets: ReturnType<typeof ticketsOf>, row: Row) => Promise<unknown>
        const attempts: Record<string, Attempt> = {
            "insert()": (tickets, row) => tickets.insert(row),
            "the query builder": (tickets, row) =>
                tickets.createQueryBuilder().insert().values(row).execute(),
            "save() with { transaction: false }": (tickets, row) =>
                tickets.save(row as InstanceType<typeof Ticket>, { transaction: false }),
        }
        for (const [name, attempt] of Object.entries(attempts))
            if (way.needsTransaction)
                it(`${name} is refused`, async () => {
                    const tickets = ticketsOf()
                    const attempted = () => attempt(tickets, { title: "A" })
                    await expectUnwritten(tickets, attempted, TransactionRequiredError)
                    await expectNext(tickets, {}, [1])
                })
            else
                it(`${name} works, and an INSERT that fails ${way.isGapless ? "gives its number back" : "loses its number"}`, async () => {
                    const tickets = ticketsOf()
                    const row: Row = { title: "A" }
                    await attempt(tickets, row)
                    expect(row.number).to.equal(1)
                    const wrong = attempt(tickets, { title: null as unknown as string })
                    expect((await rejection(wrong)).name).to.equal("QueryFailedError")
                    await expectNext(tickets, {}, way.isGapless ? [1, 2] : [1, 3])
                })

        if (!way.isBeforeInsert)
            it("an insert of several rows is one statement, which brings their numbers", async () => {
                const logger = new StatementLog()
                const logged = await database().connect([Ticket], { logger })
                // The first one asks MariaDB and MySQL whether it is of a cluster.
                await logged.getRepository(Ticket).insert({ title: "first" })
                logger.statements.length = 0
                const rows = [{ title: "A" }, { title: "B" }]
                await logged.getRepository(Ticket).insert(rows)
                expect(numbersOf(rows)).to.eql([2, 3])
                expect(logger.statements).to.have.length(1)
            })
    })
})

import { expect } from "chai"
import type { EntityManager } from "typeorm"
import { QueryFailedError } from "typeorm"
import { NumberOverflowError, TransactionAbortedError } from "../../src"
import { rejection } from "../support/errors"
import { numbersOf, rolledBack } from "../support/rows"
import { counterTable, numbersOfScope, storedCounters } from "../support/stored"
import { Customer, ENTITIES, Invoice, onCounters, Ticket } from "./entities"

onCounters("A transaction whose rows are numbered at COMMIT", ({ tables, can }) => {
    const dataSource = tables(ENTITIES)
    const invoices = () => dataSource().getRepository(Invoice)
    const numbers = (customer: Customer) => numbersOfScope(invoices(), { customer })
    let ada: Customer
    beforeEach(async () => {
        ada = await dataSource().getRepository(Customer).save({ name: "Ada" })
    })
    const expectNext = async (expected: readonly number[]) => {
        await invoices().save({ customer: ada })
        expect(await numbers(ada)).to.eql(expected)
    }

    it("that is rolled back gives none", async () => {
        const rows: Invoice[] = []
        await rolledBack(dataSource(), async (manager) => {
            rows.push(await manager.save(Invoice, manager.create(Invoice, { customer: ada })))
        })
        expect(numbersOf(rows)).to.eql([null])
        // The same entities are new ones.
        await invoices().save(rows.map((row) => Object.assign(row, { id: undefined })))
        expect(numbersOf(rows)).to.eql([1])
        await expectNext([1, 2])
    })

    it("forgets the rows of a savepoint that is rolled back, and keeps those of others", async () => {
        const kept: Invoice[] = []
        const given: Invoice[] = []
        const save = async (manager: EntityManager, list: Invoice[]) => {
            list.push(await manager.save(Invoice, manager.create(Invoice, { customer: ada })))
        }
        await dataSource().transaction(async (manager) => {
            await save(manager, kept)
            await rolledBack(manager, async (inner) => {
                await save(inner, given)
                await inner.transaction((innermost) => save(innermost, given))
            })
            await manager.transaction(async (inner) => {
                await save(inner, kept)
                await rolledBack(inner, (innermost) => save(innermost, given))
                expect(numbersOf(kept)).to.eql([null, null])
            })
            // A savepoint is no COMMIT.
            expect(numbersOf(kept)).to.eql([null, null])
            await save(manager, kept)
        })
        expect(numbersOf(kept)).to.eql([1, 2, 3])
        expect(numbersOf(given)).to.eql([null, null, null])
        await expectNext([1, 2, 3, 4])
    })

    it("numbers the rows of parallel saves", async () => {
        const rows = await dataSource().transaction((manager) =>
            Promise.all([1, 2, 3, 4].map(() => manager.save(Invoice, { customer: ada }))),
        )
        expect(numbersOf(rows)).to.eql([1, 2, 3, 4])
        await expectNext([1, 2, 3, 4, 5])
    })

    it("may be begun and committed by hand", async () => {
        const runner = dataSource().createQueryRunner()
        await runner.startTransaction()
        const row = await runner.manager.save(Invoice, { customer: ada })
        await runner.commitTransaction()
        expect(row.number).to.equal(1)
        await runner.startTransaction()
        const other = await runner.manager.save(Invoice, { customer: ada })
        await runner.rollbackTransaction()
        expect(other.number).to.equal(null)
        await runner.startTransaction()
        await runner.startTransaction()
        const inner = await runner.manager.save(Invoice, { customer: ada })
        await runner.commitTransaction()
        expect(inner.number).to.equal(null)
        await runner.commitTransaction()
        expect(inner.number).to.equal(2)
        await runner.release()
        await expectNext([1, 2, 3])
    })

    it("gives none where a row is refused", async () => {
        const rows = [
            { customer: ada, reference: "1" },
            { customer: ada, reference: "1" },
        ]
        expect(await rejection(invoices().save(rows))).to.be.instanceOf(QueryFailedError)
        expect(numbersOf(rows).map((number) => number ?? null)).to.eql([null, null])
        await expectNext([1])
    })

    it("goes on behind a row that was refused, where the database does", async () => {
        const attempt = dataSource().transaction(async (manager) => {
            const first = await manager.save(Invoice, { customer: ada, reference: "1" })
            await rejection(manager.save(Invoice, { customer: ada, reference: "1" }))
            const last = await manager.save(Invoice, { customer: ada }).catch(() => undefined)
            return [first, last]
        })
        if (!can.failOnce) {
            expect(numbersOf((await attempt) as Invoice[])).to.eql([1, 2])
            await expectNext([1, 2, 3])
        } else {
            expect(await rejection(attempt)).to.be.instanceOf(TransactionAbortedError)
            await expectNext([1])
        }
    })

    it("is rolled back whole where a number is too large, with the typed error", async () => {
        const max = 2 ** 31 - 1
        await invoices().save({ customer: ada, number: max - 1 })
        const bob = await dataSource().getRepository(Customer).save({ name: "Bob" })
        const counters = await storedCounters(dataSource())
        const rows = [{ customer: ada }, { customer: bob }, { customer: ada }]
        const attempts: (() => Promise<unknown>)[] = [
            () => invoices().save(rows),
            () =>
                dataSource().transaction(async (manager) => {
                    await manager.save(Invoice, rows.slice(2))
                    await manager.save(Invoice, { customer: ada })
                }),
            () => invoices().save([{ customer: ada }, { customer: ada }]),
        ]
        for (const attempt of attempts) {
            const found = await rejection(attempt())
            expect(found).to.be.instanceOf(NumberOverflowError)
            expect(found.message).to.include("Invoice.number")
            expect(await storedCounters(dataSource())).to.eql(counters)
        }
        expect(numbersOf(rows).map((number) => number ?? null)).to.eql(rows.map(() => null))
        expect(await numbers(ada)).to.eql([max - 1])
        await expectNext([max - 1, max])
        expect(await numbers(bob)).to.eql([])
    })

    it("can't be committed after that, be it tried again", async () => {
        await invoices().save({ customer: ada, number: 2 ** 31 - 2 })
        const runner = dataSource().createQueryRunner()
        await runner.startTransaction()
        await runner.manager.save(Invoice, [{ customer: ada }, { customer: ada }])
        for (let time = 0; time < 2; time += 1)
            expect(await rejection(runner.commitTransaction())).to.be.instanceOf(
                NumberOverflowError,
            )
        await runner.rollbackTransaction()
        await runner.release()
        await expectNext([2 ** 31 - 2, 2 ** 31 - 1])
    })

    it("is rolled back whole where there is no counter table", async () => {
        await dataSource().query(`DROP TABLE ${counterTable(dataSource())}`)
        const tickets = dataSource().getRepository(Ticket)
        expect(await rejection(tickets.save({}))).to.include({ code: "NOT_INSTALLED" })
        const attempt = invoices().save({ customer: ada })
        expect(await rejection(attempt)).to.include({ code: "NOT_INSTALLED" })
        expect([await tickets.count(), await invoices().count()]).to.eql([0, 0])
        await dataSource().synchronize()
        await expectNext([1])
    })
})

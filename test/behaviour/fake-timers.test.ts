import { expect } from "chai"
import { onEachCell } from "../support/matrix"
import { entitiesOf } from "../support/numbered-entities"
import { numbersOf } from "../support/rows"
import { upTo } from "../support/invoices"
import { expectNext } from "../support/stored"
import { withFakeTimers } from "../support/fake-timers"

onEachCell("With timers that a test has replaced", ({ way, tables }) => {
    const { Customer, Invoice, Ticket } = entitiesOf(way)
    const dataSource = tables([Customer, Invoice, Ticket])
    const tickets = () => dataSource().getRepository(Ticket)

    it("rows are numbered", async function () {
        this.timeout(10_000)
        await tickets().save({})
        await withFakeTimers(async () => {
            expect((await tickets().save({})).number).to.equal(2)
            expect(numbersOf(await tickets().save([{}, {}]))).to.eql([3, 4])
        })
        await expectNext(tickets(), {}, upTo(5))
    })

    it("cascades and transactions are numbered", async function () {
        this.timeout(10_000)
        const customers = dataSource().getRepository(Customer)
        const invoices = dataSource().getRepository(Invoice)
        const customer = await withFakeTimers(() =>
            dataSource().transaction(async (manager) => {
                await manager.save(Ticket, {})
                await manager.transaction((inner) => inner.save(Ticket, {}))
                await Promise.all([manager.save(Ticket, {}), manager.insert(Ticket, {})])
                return manager.save(customers.create({ name: "Ada", invoices: [{}, {}] }))
            }),
        )
        await expectNext(tickets(), {}, upTo(5))
        await expectNext(invoices, { customer: { id: customer.id } }, [1, 2, 3])
    })
})

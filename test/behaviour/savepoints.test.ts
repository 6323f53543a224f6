import { expect } from "chai"
import type { EntityManager } from "typeorm"
import { rejection } from "../support/errors"
import { upTo } from "../support/invoices"
import { onEachCell } from "../support/matrix"
import { entitiesOf } from "../support/numbered-entities"
import { expectUnnumbered, rolledBack } from "../support/rows"
import { expectNext } from "../support/stored"

onEachCell("Savepoints", ({ way, can, database, tables }) => {
    const { Customer, Invoice, Ticket } = entitiesOf(way)
    const dataSource = tables([Customer, Invoice, Ticket])
    const ticketsOf = () => dataSource().getRepository(Ticket)

    it("that are rolled back give their numbers back", async () => {
        await dataSource().transaction(async (outer) => {
            await outer.save(Ticket, {})
            const rows = ticketsOf().create([{}, {}])
            await rolledBack(outer, (inner) => inner.save(rows))
            expectUnnumbered(rows)
            const next = await outer.getRepository(Ticket).save({})
            if (way.isGapless) expect(next.number).to.equal(2)
            await outer.transaction((inner) => inner.save(Ticket, {}))
        })
        await expectNext(ticketsOf(), {}, upTo(4), way)
    })

    it("that are rolled back with those inside them", async () => {
        await dataSource().transaction(async (outer) => {
            await outer.save(Ticket, {})
            await rolledBack(outer, async (inner) => {
                await inner.save(Ticket, {})
                await inner.transaction((innermost) => innermost.save(Ticket, [{}, {}]))
                await rolledBack(inner, (innermost) => innermost.save(Ticket, {}))
                await inner.save(Ticket, {})
            })
            await outer.save(Ticket, [{}, {}])
        })
        await expectNext(ticketsOf(), {}, upTo(4), way)
    })

    it("in which an INSERT fails leave the transaction as it was", async () => {
        const customer = await dataSource().getRepository(Customer).save({ name: "Ada" })
        const invoices = dataSource().getRepository(Invoice)
        await dataSource().transaction(async (manager) => {
            const save = (reference: string) => (inner: EntityManager) =>
                inner.getRepository(Invoice).save({ customer, reference })
            await save("A")(manager)
            const error = await rejection(manager.transaction(save("A")))
            expect(error.name).to.equal("QueryFailedError")
            await save("B")(manager)
        })
        await expectNext(invoices, { customer }, [1, 2, 3], way)
    })

    // A lock or counter that went with the savepoint must not count as held.
    for (const sql of [
        "ROLLBACK TO SAVEPOINT x",
        "ROLLBACK TO x",
        "ROLLBACK WORK TO x",
        "ROLLBACK WORK TO SAVEPOINT x",
        "ROLLBACK TRANSACTION TO SAVEPOINT x",
        "ROLLBACK TRANSACTION TO x",
        "rollback to savepoint x",
        "Rollback work to x",
        "/* back */ ROLLBACK TO SAVEPOINT x",
        "-- back\nROLLBACK TO SAVEPOINT x",
        "  ROLLBACK /* that */ TO SAVEPOINT x",
        "ROLLBACK\nTO\nSAVEPOINT\nx;",
    ])
        if (can.savepointSql.test(sql))
            it(`of plain SQL give their numbers back by ${JSON.stringify(sql)}`, async () => {
                const tickets = ticketsOf()
                await tickets.save({})
                await dataSource().transaction(async (manager) => {
                    await manager.query("SAVEPOINT x")
                    await manager.save(Ticket, [{}, {}])
                    await manager.query(sql)
                    if (can.parallel && way.isGapless) {
                        // Somebody else takes the number, as nothing is locked any more.
                        const other = await ticketsOf().save({})
                        expect(other.number).to.equal(2)
                    } else await manager.save(Ticket, {})
                    const next = await manager.getRepository(Ticket).save({})
                    if (way.isGapless) expect(next.number).to.equal(3)
                })
                await expectNext(tickets, {}, upTo(4), way)
                expect(database().can).to.equal(can)
            })
})

import { expect } from "chai"
import type { EntityManager } from "typeorm"
import { TransactionAbortedError } from "../../src"
import { rejection } from "../support/errors"
import { upTo } from "../support/invoices"
import { onEachCell } from "../support/matrix"
import { entitiesOf } from "../support/numbered-entities"
import { expectUnnumbered, numbersOf, rolledBack } from "../support/rows"
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

    /** What TypeORM leaves of nested transactions that overlap depends on their order: it counts them as a stack. */
    async function expectAsStored(entities: readonly { number?: number }[]) {
        const stored = await ticketsOf().find({ order: { number: "ASC" } })
        const shown = entities.flatMap(({ number }) => number ?? []).sort((a, b) => a - b)
        expect(shown).to.eql(numbersOf(stored))
    }

    it("that are rolled back at once leave the numbers of what is stored", async () => {
        const rows = ticketsOf().create([{}, {}, {}])
        const both = gate()
        await dataSource().transaction(async (manager) => {
            const nested = async (row: (typeof rows)[number]) => {
                await rolledBack(manager, async (inner) => {
                    await inner.save(row)
                    both.arrive()
                    await both.opened
                })
            }
            await manager.save(rows[0]!)
            const first = nested(rows[1]!)
            await both.first
            await Promise.all([first, nested(rows[2]!)])
        })
        await expectAsStored(rows)
        await expectNext(ticketsOf(), {}, upTo((await ticketsOf().count()) + 1), way)
    })

    it("that are rolled back to an older one of the same name leave no numbers", async () => {
        const rows = ticketsOf().create([{}, {}, {}, {}])
        const attempt = dataSource().transaction(async (manager) => {
            await rolledBack(manager, (inner) => inner.save(rows[0]!))
            await manager.save(rows[1]!)
            let next: Promise<void> | undefined
            await manager.transaction(async (inner) => {
                await inner.save(rows[2]!)
                // Begins when the other one ends.
                next = Promise.resolve().then(() =>
                    rolledBack(manager, (late) => late.save(rows[3]!)),
                )
            })
            await next
        })
        await Promise.allSettled([attempt])
        await expectAsStored(rows)
        await expectNext(ticketsOf(), {}, upTo((await ticketsOf().count()) + 1), way)
    })

    it("of nested transactions that begin at once store nothing, and end with the transaction", async () => {
        const rows = ticketsOf().create([{}, {}, {}, {}, {}])
        const attempt = dataSource().transaction(async (manager) => {
            await manager.save(rows[0]!)
            const nested = (row: (typeof rows)[number]) =>
                manager.transaction((inner) => inner.save(row))
            await Promise.allSettled([nested(rows[1]!), nested(rows[2]!)])
            for (const row of rows.slice(3)) {
                const error = await rejection(nested(row))
                expect(error).to.be.instanceOf(TransactionAbortedError)
            }
        })
        expect(await rejection(attempt)).to.be.instanceOf(TransactionAbortedError)
        expectUnnumbered(rows)
        await expectNext(ticketsOf(), {}, [1], way)
    })

    it("are not stored where a third begins as one that has no savepoint is rolled back", async () => {
        const rows = ticketsOf().create([{}, {}, {}, {}])
        const attempt = dataSource().transaction(async (manager) => {
            await manager.save(rows[0]!)
            const both = gate()
            const third = both.first.then(() =>
                manager.transaction((inner) => inner.save(rows[3]!)),
            )
            await Promise.allSettled([
                third,
                ...rows.slice(1, 3).map((row) =>
                    rolledBack(manager, async (inner) => {
                        await inner.save(row)
                        both.arrive()
                    }),
                ),
            ])
        })
        expect(await rejection(attempt)).to.be.instanceOf(TransactionAbortedError)
        expectUnnumbered(rows)
        await expectNext(ticketsOf(), {}, [1], way)
    })

    for (const isAwaited of [true, false])
        it(`leave numbers to the transaction around where one can't begin, ${isAwaited ? "before" : "as"} it ends`, async () => {
            const rows = ticketsOf().create([{}, {}, {}])
            let late: Promise<unknown> | undefined
            const attempt = dataSource().transaction(async (manager) => {
                await manager.save(rows[0]!)
                const failing = manager.transaction(async (inner) => {
                    await inner.save(rows[1]!)
                    const failed = inner.query("SELECT no_such_column")
                    late = Promise.allSettled([
                        manager.transaction((other) => other.save(rows[2]!)),
                    ])
                    await failed
                })
                await Promise.allSettled([failing])
                if (isAwaited) await late
            })
            await Promise.allSettled([attempt])
            await late
            await expectAsStored(rows)
            await expectNext(ticketsOf(), {}, upTo((await ticketsOf().count()) + 1), way)
        })

    it("are not taken for stored where the transaction ends while a nested one is rolled back", async () => {
        const rows = ticketsOf().create([{}, {}])
        const saved = gate()
        let nested: Promise<unknown> | undefined
        const attempt = dataSource().transaction(async (manager) => {
            await manager.save(rows[0]!)
            const late = manager.transaction(async (inner) => {
                await inner.save(rows[1]!)
                saved.arrive()
                throw new Error("on purpose")
            })
            nested = rejection(late)
            await saved.first
        })
        expect(await rejection(attempt)).to.be.instanceOf(TransactionAbortedError)
        await nested
        expectUnnumbered(rows)
        await expectNext(ticketsOf(), {}, [1], way)
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

/** Opens when two have arrived. */
function gate() {
    let arrived = 0
    let open!: () => void
    let meet!: () => void
    const first = new Promise<void>((resolve) => (meet = resolve))
    const opened = new Promise<void>((resolve) => (open = resolve))
    const arrive = () => {
        arrived += 1
        if (arrived === 1) meet()
        else open()
    }
    return { first, opened, arrive }
}

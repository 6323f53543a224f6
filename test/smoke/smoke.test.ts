import { expect } from "chai"
import { installAutoSequence, verifyAutoSequence } from "../../src"
import { rejection } from "../support/errors"
import { upTo } from "../support/invoices"
import { onCells } from "../support/matrix"
import { entitiesOf } from "../support/numbered-entities"
import { expectUnnumbered, numbersOf, rolledBack } from "../support/rows"
import { smokeServers } from "../support/servers"
import { expectNext, storedNumbers } from "../support/stored"

/** What shows that another version or driver of a database works as the one of the whole matrix. */
onCells(smokeServers, "Smoke", ({ way, can, tables }) => {
    const entities = entitiesOf(way)
    const { Customer, Invoice, Ticket, Big, Bin, Animal, Cat, Dog, TwoNumbers } = entities
    const all = [Customer, Invoice, Ticket, Big, Bin, Animal, Cat, Dog, TwoNumbers]
    const dataSource = tables(all)
    const tickets = () => dataSource().getRepository(Ticket)
    const invoices = () => dataSource().getRepository(Invoice)
    const ada = () => dataSource().getRepository(Customer).save({ name: "Ada" })

    it("installs, and verifies what it has installed", async () => {
        await installAutoSequence(dataSource())
        await verifyAutoSequence(dataSource())
        await expectNext(tickets(), {}, [1])
    })

    it("numbers rows and arrays", async () => {
        const customer = await ada()
        await invoices().save({ customer })
        expect(numbersOf(await invoices().save([{ customer }, { customer }]))).to.eql([2, 3])
        await expectNext(invoices(), { customer }, upTo(4))
    })

    it("numbers 500 rows in their order", async () => {
        await tickets().save(upTo(500).map((i) => ({ title: String(i) })))
        for (const { number, title } of await tickets().find())
            expect(title).to.equal(String(number))
        await expectNext(tickets(), {}, upTo(501))
    })

    it("numbers children of a new parent", async () => {
        const parent = await dataSource()
            .getRepository(Customer)
            .save({ name: "Bob", invoices: [{}, {}] })
        expect(numbersOf(parent.invoices)).to.eql([1, 2])
        await expectNext(invoices(), { customer: { id: parent.id } }, [1, 2, 3])
    })

    it("numbers insert() and query builders", async () => {
        await dataSource().transaction(async (manager) => {
            await manager.insert(Ticket, [{}, {}])
            await manager.createQueryBuilder().insert().into(Ticket).values({}).execute()
        })
        await expectNext(tickets(), {}, upTo(4))
    })

    it("numbers upserts", async () => {
        const customer = await ada()
        const upsert = () =>
            dataSource().transaction((manager) =>
                manager.upsert(Invoice, { customer, reference: "A" }, ["reference"]),
            )
        await upsert()
        await upsert()
        await expectNext(invoices(), { customer }, [1, 2], way)
    })

    it("keeps explicit numbers", async () => {
        await tickets().save({ number: 40 })
        await expectNext(tickets(), {}, [40, 41])
    })

    it("gives numbers of a rollback back", async () => {
        const rows = tickets().create([{}, {}])
        await rolledBack(dataSource(), (manager) => manager.save(rows))
        expectUnnumbered(rows)
        await expectNext(tickets(), {}, [1], way)
    })

    it("gives numbers of a savepoint back", async () => {
        await dataSource().transaction(async (outer) => {
            await outer.save(Ticket, {})
            await rolledBack(outer, (inner) => inner.save(Ticket, [{}, {}]))
            await outer.save(Ticket, {})
        })
        await expectNext(tickets(), {}, [1, 2, 3], way)
    })

    it("gives the number of an INSERT that fails to the next row", async () => {
        const customer = await ada()
        await invoices().save({ customer, reference: "A" })
        const error = await rejection(invoices().save({ customer, reference: "A" }))
        expect(error.name).to.equal("QueryFailedError")
        await expectNext(invoices(), { customer }, [1, 2], way)
    })

    it("numbers parallel saves of one transaction", async () => {
        await dataSource().transaction((manager) =>
            Promise.all(upTo(5).map(() => manager.getRepository(Ticket).save({}))),
        )
        await expectNext(tickets(), {}, upTo(6))
    })

    if (can.parallel)
        it("numbers parallel transactions", async () => {
            await Promise.all(upTo(20).map(() => tickets().save({})))
            await expectNext(tickets(), {}, upTo(21))
        })

    it("numbers a single-table inheritance in one series", async () => {
        const animals = dataSource().getRepository(Animal)
        await dataSource().manager.save([new Cat(), new Dog(), new Animal()])
        await expectNext(animals, {}, [1, 2, 3, 4])
    })

    it("counts soft-deleted rows", async () => {
        const bins = dataSource().getRepository(Bin)
        const [, last] = await bins.save([{}, {}])
        await bins.softDelete({ id: last?.id })
        await expectNext(bins, {}, [1, 2, 3])
    })

    it("counts exactly past 2^53", async () => {
        const bigs = dataSource().getRepository(Big)
        expect(numbersOf(await bigs.save([{}, {}]))).to.eql([
            "9007199254740991",
            "9007199254740993",
        ])
        expect((await bigs.save({})).number).to.equal("9007199254740995")
    })

    it("numbers two columns of a row", async () => {
        const rows = dataSource().getRepository(TwoNumbers)
        await rows.save(["24", "25", "24"].map((year) => ({ year })))
        expect(await storedNumbers(rows, "total")).to.eql([1, 2, 3])
        expect(await storedNumbers(rows, "ofYear")).to.eql([1, 1, 2])
    })
})

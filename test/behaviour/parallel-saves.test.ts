import { expect } from "chai"
import { Entity, PrimaryColumn } from "typeorm"
import { AutoSequenceColumn, Sequence } from "../../src"
import { rejection } from "../support/errors"
import { upTo } from "../support/invoices"
import { onEachCell } from "../support/matrix"
import { entitiesOf } from "../support/numbered-entities"
import { expectUnnumbered, numbersOf } from "../support/rows"
import { expectNext } from "../support/stored"

onEachCell("Parallel saves on one manager", ({ way, can, tables }) => {
    const { options } = way
    const { Customer, Invoice, Ticket } = entitiesOf(way)

    /** TypeORM looks for rows whose key is set before it inserts them. */
    @Entity()
    class Parcel {
        @PrimaryColumn({ length: 20 }) code!: string
        @AutoSequenceColumn(options) number!: number
    }

    const dataSource = tables([Customer, Invoice, Ticket, Parcel])
    const invoicesOf = () => dataSource().getRepository(Invoice)
    const customersOf = () => dataSource().getRepository(Customer)

    it("get distinct numbers without a gap", async () => {
        const [ada, bob] = await customersOf().save([{ name: "Ada" }, { name: "Bob" }])
        await dataSource().transaction(async (manager) => {
            const own = manager.getRepository(Invoice)
            await Promise.all([
                ...upTo(10).map(() => own.save({ customer: ada })),
                own.save([{ customer: ada }, { customer: bob }, { customer: ada }]),
                own.insert({ customer: bob }),
                manager.save(Ticket, [{}, {}]),
                own.count(),
            ])
        })
        await expectNext(invoicesOf(), { customer: ada }, upTo(13))
        await expectNext(invoicesOf(), { customer: bob }, upTo(3))
        await expectNext(dataSource().getRepository(Ticket), {}, [1, 2, 3])
    })

    it("get distinct numbers when they start while others are under way", async () => {
        const tickets = dataSource().getRepository(Ticket)
        await dataSource().transaction(async (manager) => {
            const saves: Promise<unknown>[] = []
            for (const i of upTo(20)) {
                saves.push(manager.getRepository(Ticket).save(upTo(i % 3 || 1).map(() => ({}))))
                await new Promise((resolve) => setImmediate(resolve))
            }
            await Promise.all(saves)
        })
        await expectNext(tickets, {}, upTo(28))
    })

    it("may look for their rows first", async () => {
        const parcels = dataSource().getRepository(Parcel)
        await dataSource().transaction((manager) =>
            Promise.all(upTo(5).map((i) => manager.getRepository(Parcel).save({ code: `P${i}` }))),
        )
        await expectNext(parcels, { code: "P6" }, [6])
        const stored = await parcels.find({ order: { number: "ASC" } })
        expect(numbersOf(stored)).to.eql(upTo(6))
    })

    it(`are ${can.parallel ? "not stored" : "stored in a transaction of their own"} when the work beside them has failed`, async () => {
        const tickets = dataSource().getRepository(Ticket)
        let save: Promise<unknown> | undefined
        const failing = dataSource().transaction((manager) => {
            save = Promise.allSettled([manager.getRepository(Ticket).save([{}, {}])])
            return Promise.reject(new Error("changed my mind"))
        })
        expect(await rejection(failing)).to.have.property("message", "changed my mind")
        await save
        // All managers of SQLite share one query runner, which lives on.
        await expectNext(tickets, {}, can.parallel ? [1] : [1, 2, 3], way)
    })

    if (!can.failOnce)
        it("of which one fails clear the numbers of none but that one", async () => {
            const customer = await customersOf().save({ name: "Ada" })
            await invoicesOf().save({ customer, reference: "A" })
            const rows = ["B", "A", "C"].map((reference) =>
                invoicesOf().create({ customer, reference }),
            )
            await dataSource().transaction(async (manager) => {
                const saves = rows.map((row) => manager.save(row))
                const ends = (await Promise.allSettled(saves)).map(({ status }) => status)
                expect(ends).to.eql(["fulfilled", "rejected", "fulfilled"])
            })
            expectUnnumbered(rows.slice(1, 2))
            const stored = await invoicesOf().find({ order: { id: "ASC" } })
            const byReference = Object.fromEntries(stored.map((row) => [row.reference, row.number]))
            for (const row of [rows[0], rows[2]])
                expect(row?.number).to.equal(byReference[row?.reference ?? ""])
            await expectNext(invoicesOf(), { customer }, [1, 2, 3, 4], way)
        })
})

onEachCell(
    "A sequence and a column of one series",
    ({ way, tables }) => {
        const series = "shared_documents"
        @Entity()
        class Document {
            @PrimaryColumn() id!: number
            @AutoSequenceColumn({ ...way.options, series }) number!: number
        }
        const dataSource = tables([Document])

        it("in one transaction don't wait for each other for ever", async function () {
            this.timeout(20_000)
            const documents = dataSource().getRepository(Document)
            const ended = await dataSource()
                .transaction(async (manager) => {
                    const first = await new Sequence(series).next(manager)
                    const { number } = await manager.save(documents.create({ id: 1 }))
                    expect(number).to.be.greaterThan(first)
                })
                .then(
                    () => null,
                    (error: unknown) => error as { code?: unknown },
                )
            // It works, or is refused at once by an error of the library.
            if (ended) expect(ended.code).to.match(/^[A-Z_]+$/)
            const next = await documents.save({ id: 2 })
            expect(next.number).to.be.greaterThan(ended ? 0 : 2)
        })
    },
    // The series of the other strategies are no sequence's.
    ({ options: { strategy } }) => strategy === "counter",
)

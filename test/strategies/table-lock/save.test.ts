import { expect } from "chai"
import { AutoSequenceError, TransactionRequiredError } from "../../../src"
import { watchConnections } from "../../support/connections"
import { onEachDatabase } from "../../support/databases"
import { rejection, sqlState } from "../../support/errors"
import {
    customer,
    Invoice,
    invoiceEntities,
    storedNumbers,
    Ticket,
    upTo,
} from "../../support/invoices"

onEachDatabase("Saving rows", (database) => {
    it("numbers 10 000 rows with one lock and one SELECT, in their order", async () => {
        const dataSource = await database().connect(invoiceEntities)
        const customers = [
            await customer(dataSource, "Ada"),
            await customer(dataSource, "Bob"),
            await customer(dataSource, "Cy"),
        ]
        const rows = upTo(10_000).map((i) => ({ customer: customers[i % 3], note: String(i) }))
        const traffic = watchConnections(dataSource)
        const saved = await dataSource.getRepository(Invoice).save(rows)

        expect(saved.map(({ number }) => number)).to.deep.equal(
            rows.map((_, at) => Math.floor(at / 3) + 1),
        )
        const added = traffic.statements.filter((sql) => /^(LOCK|SELECT)/.test(sql))
        expect(added.filter((sql) => sql.startsWith("LOCK"))).to.have.length(1)
        expect(added.filter((sql) => sql.includes("dense_rank"))).to.have.length(1)
        const stored = await dataSource.getRepository(Invoice).findBy({ customer: customers[0] })
        for (const { number, note } of stored) expect(Number(note)).to.equal(number * 3)
        expect(stored).to.have.length(3333)
    })

    it("lets the database refuse a row that no listener has seen", async () => {
        const dataSource = await database().connect(invoiceEntities)
        const tickets = dataSource.getRepository(Ticket)
        const NOT_NULL_VIOLATION = "23502"
        expect(await sqlState(tickets.save({}, { listeners: false }))).to.equal(NOT_NULL_VIOLATION)
        expect(
            await sqlState(
                tickets.query(`INSERT INTO "${tickets.metadata.schema}"."ticket" DEFAULT VALUES`),
            ),
        ).to.equal(NOT_NULL_VIOLATION)
        expect(await tickets.count()).to.equal(0)
    })

    it("gives a row that could not be saved no number, and its number to the next", async () => {
        const dataSource = await database().connect(invoiceEntities)
        const ada = await customer(dataSource)
        const invoices = dataSource.getRepository(Invoice)
        await invoices.save({ customer: ada, reference: "A" })
        const failed = invoices.create({ customer: ada, reference: "A" })
        expect(await sqlState(invoices.save(failed))).to.equal("23505")
        expect(failed.number).to.equal(undefined)
        const next = await invoices.save({ customer: ada, reference: "B" })
        expect(next.number).to.equal(2)
        failed.reference = "C"
        expect((await invoices.save(failed)).number).to.equal(3)
        expect(await storedNumbers(dataSource)).to.deep.equal({ Ada: [1, 2, 3] })
    })
})

onEachDatabase("Outside a transaction", (database) => {
    const attempts = {
        "insert()": (tickets) => tickets.insert({}),
        "the query builder": (tickets) =>
            tickets.createQueryBuilder().insert().values({}).execute(),
        "upsert()": (tickets) => tickets.upsert({ title: "A" }, ["id"]),
        "save() with { transaction: false }": (tickets) => tickets.save({}, { transaction: false }),
    } satisfies Record<string, (tickets: import("typeorm").Repository<Ticket>) => Promise<unknown>>

    for (const [name, attempt] of Object.entries(attempts))
        it(`refuses ${name}, writes nothing and leaves the connection usable`, async () => {
            const dataSource = await database().connect(invoiceEntities, { extra: { max: 1 } })
            const tickets = dataSource.getRepository(Ticket)
            const traffic = watchConnections(dataSource)
            const error = await rejection(attempt(tickets))
            expect(error)
                .to.be.instanceOf(TransactionRequiredError)
                .and.instanceOf(AutoSequenceError)
            expect(error).to.include({
                code: "TRANSACTION_REQUIRED",
                name: "TransactionRequiredError",
            })
            expect(traffic.statements).to.deep.equal([])
            expect(await tickets.count()).to.equal(0)
            expect((await tickets.save({})).number).to.equal(1)
        })

    it("takes rows that bring their numbers along", async () => {
        const dataSource = await database().connect(invoiceEntities)
        await dataSource.getRepository(Ticket).insert([{ number: 7 }, { number: 9 }])
        expect((await dataSource.getRepository(Ticket).save({})).number).to.equal(10)
    })
})

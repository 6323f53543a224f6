import { expect } from "chai"
import { DataSource } from "typeorm"
import { PGliteDriver } from "typeorm-pglite"
import { StaleSnapshotError, verifyAutoSequence, withAutoSequence } from "../../src"
import { rejection } from "../support/errors"
import {
    customer,
    Customer,
    Invoice,
    invoiceEntities,
    storedNumbers,
    storedTickets,
    Ticket,
} from "../support/invoices"

// One connection, one transaction at a time: what needs two is tested on servers.
describe("PGlite", () => {
    let dataSource: DataSource

    beforeEach(async () => {
        dataSource = new DataSource(
            withAutoSequence({
                type: "postgres",
                driver: new PGliteDriver({}).driver,
                entities: invoiceEntities,
                synchronize: true,
            }),
        )
        await dataSource.initialize()
    })
    afterEach(() => dataSource.destroy())

    it("numbers rows, arrays, cascades and upserts", async () => {
        await verifyAutoSequence(dataSource)
        const ada = await customer(dataSource)
        await dataSource.getRepository(Invoice).save([{ customer: ada }, { customer: ada }])
        await dataSource.getRepository(Customer).save({ name: "Bob", invoices: [{}, {}] })
        await dataSource.transaction((manager) =>
            manager.upsert(Invoice, { customer: ada, reference: "A" }, ["reference"]),
        )
        expect(await storedNumbers(dataSource)).to.deep.equal({ Ada: [1, 2, 3], Bob: [1, 2] })
    })

    it("gives the numbers of rolled back transactions and savepoints back", async () => {
        const tickets = dataSource.getRepository(Ticket)
        const refuse = () => Promise.reject(new Error("no"))
        await rejection(
            dataSource.transaction((manager) =>
                manager.getRepository(Ticket).save([{}, {}]).then(refuse),
            ),
        )
        await dataSource.transaction(async (outer) => {
            await outer.getRepository(Ticket).save({})
            await rejection(
                outer.transaction((inner) => inner.getRepository(Ticket).save({}).then(refuse)),
            )
            await outer.getRepository(Ticket).save({})
        })
        expect((await tickets.save({})).number).to.equal(3)
        expect(await storedTickets(dataSource)).to.deep.equal([1, 2, 3])
    })

    it("numbers parallel saves of one transaction", async () => {
        await dataSource.transaction((manager) =>
            Promise.all([1, 2, 3].map(() => manager.getRepository(Ticket).save({}))),
        )
        expect(await storedTickets(dataSource)).to.deep.equal([1, 2, 3])
    })

    it("refuses a stale snapshot", async () => {
        const work = dataSource.transaction("REPEATABLE READ", async (manager) => {
            await manager.getRepository(Ticket).count()
            await manager.getRepository(Ticket).save({})
        })
        expect(await rejection(work)).to.be.instanceOf(StaleSnapshotError)
    })
})

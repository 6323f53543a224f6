import { expect } from "chai"
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, StaleSnapshotError, verifyAutoSequence } from "../../src"
import { describeOn } from "../support/databases"
import { emptyTables } from "../support/empty-tables"
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
import { pglite } from "../support/servers"

@Entity()
class Dated {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "timestamp" }) at!: Date
    @AutoSequenceColumn({ uniqueWith: "at" }) number!: number
}

// One connection, one transaction at a time: what needs two is tested on servers.
describeOn("What one connection shows", pglite, (_, { lasting }) => {
    let dataSource: DataSource

    before(async () => {
        dataSource = await lasting().connect([...invoiceEntities, Dated])
    })
    beforeEach(() => emptyTables(dataSource))

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

    it("takes dates as this driver sends them, in UTC", async () => {
        const { TZ } = process.env
        process.env.TZ = "America/New_York"
        try {
            const rows = dataSource.getRepository(Dated)
            const at = new Date("2024-06-01T12:00:00Z")
            const saved = await rows.save([{ at }, { at }])
            expect(saved.map(({ number }) => number)).to.eql([1, 2])
            expect((await rows.save({ at })).number).to.equal(3)
        } finally {
            if (TZ === undefined) delete process.env.TZ
            else process.env.TZ = TZ
        }
    })
})

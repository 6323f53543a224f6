import { expect } from "chai"
import {
    Column,
    Entity,
    type EntityManager,
    EventSubscriber,
    type EntitySubscriberInterface,
    PrimaryColumn,
    PrimaryGeneratedColumn,
} from "typeorm"
import { AutoSequenceColumn, TransactionAbortedError, TransactionRequiredError } from "../../../src"
import { watchConnections } from "../../support/connections"
import { onEachDatabase } from "../../support/databases"
import { rejection, sqlState } from "../../support/errors"
import {
    customer,
    Invoice,
    invoiceEntities,
    numbered,
    storedNumbers,
    storedTickets,
    Ticket,
    upTo,
} from "../../support/invoices"

/** TypeORM looks for rows whose key is set before it inserts them. */
@Entity()
class Parcel {
    @PrimaryColumn()
    code!: string

    @AutoSequenceColumn()
    number!: number
}

/** The same without a number. */
@Entity()
class Label {
    @PrimaryColumn()
    code!: string
}

@Entity()
class Note {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    text!: string
}

/** Refuses tickets titled "late" after the numbers were taken. */
@EventSubscriber()
class LateRefusal implements EntitySubscriberInterface<Ticket> {
    listenTo() {
        return Ticket
    }
    async beforeInsert({ entity }: { entity: Ticket }) {
        if (entity.title !== "late") return
        await numbered(entity)
        throw new Error("refused by a listener")
    }
}

/** Goes on for a while after the number was taken, without waiting for anything. */
@EventSubscriber()
class Dawdler implements EntitySubscriberInterface<Ticket> {
    listenTo() {
        return Ticket
    }
    async beforeInsert({ entity }: { entity: Ticket }) {
        await numbered(entity)
        for (let i = 0; i < 100; i += 1) await Promise.resolve()
    }
}

onEachDatabase("Parallel saves on one manager", (database) => {
    it("get distinct numbers without a gap, one statement at a time", async () => {
        const dataSource = await database().connect(invoiceEntities)
        const ada = await customer(dataSource)
        const bob = await customer(dataSource, "Bob")
        const traffic = watchConnections(dataSource)
        await dataSource.transaction((manager) =>
            Promise.all([
                ...upTo(10).map(() => manager.getRepository(Invoice).save({ customer: ada })),
                manager.getRepository(Invoice).save([{ customer: ada }, { customer: bob }]),
                manager.insert(Invoice, { customer: bob }),
                manager.getRepository(Ticket).save([{}, {}]),
                manager.getRepository(Ticket).count(),
            ]),
        )
        expect(traffic.overlaps).to.equal(0)
        expect(await storedNumbers(dataSource)).to.deep.equal({ Ada: upTo(11), Bob: [1, 2] })
        expect(await storedTickets(dataSource)).to.deep.equal([1, 2])
    })

    it("get distinct numbers when they start while others are under way", async () => {
        const dataSource = await database().connect(invoiceEntities, { subscribers: [Dawdler] })
        await dataSource.transaction(async (manager) => {
            const saves: Promise<unknown>[] = []
            for (const i of upTo(20)) {
                saves.push(manager.getRepository(Ticket).save(upTo(i % 3 || 1).map(() => ({}))))
                await new Promise((resolve) => setImmediate(resolve))
            }
            await Promise.all(saves)
        })
        expect(await storedTickets(dataSource)).to.deep.equal(upTo(27))
    })

    it("may look for their rows first", async () => {
        const dataSource = await database().connect([Parcel, Note])
        const traffic = watchConnections(dataSource)
        await dataSource.transaction((manager) =>
            Promise.all([
                ...upTo(5).map((i) => manager.getRepository(Parcel).save({ code: `P${i}` })),
                ...upTo(5).map((i) => manager.getRepository(Note).save({ text: String(i) })),
            ]),
        )
        expect(traffic.overlaps).to.equal(0)
        const stored = await dataSource.getRepository(Parcel).find({ order: { number: "ASC" } })
        expect(stored.map(({ number }) => number)).to.deep.equal(upTo(5))
    })

    it("send nothing after the rollback when one of them fails", async () => {
        const dataSource = await database().connect(invoiceEntities, { extra: { max: 1 } })
        const ada = await customer(dataSource)
        await dataSource.getRepository(Invoice).save({ customer: ada, reference: "A" })
        const traffic = watchConnections(dataSource)
        let others: Promise<PromiseSettledResult<unknown>[]> | undefined
        const failing = dataSource.transaction(async (manager) => {
            const invoices = manager.getRepository(Invoice)
            const saves = [
                invoices.save({ customer: ada }),
                invoices.save({ customer: ada, reference: "A" }),
                ...upTo(5).map(() => invoices.save({ customer: ada })),
                manager.getRepository(Ticket).save({}),
            ]
            others = Promise.allSettled(saves)
            await Promise.all(saves)
        })
        expect(await sqlState(failing)).to.equal("23505")
        await others
        expect(traffic.statements.at(-1)).to.equal("ROLLBACK")
        expect(traffic.overlaps).to.equal(0)
        expect(await storedNumbers(dataSource)).to.deep.equal({ Ada: [1] })
        expect((await dataSource.getRepository(Invoice).save({ customer: ada })).number).to.equal(2)
    })

    it("send nothing after the rollback when the work beside them fails", async () => {
        const dataSource = await database().connect(invoiceEntities, { extra: { max: 1 } })
        const traffic = watchConnections(dataSource)
        let save: Promise<Error> | undefined
        const failing = dataSource.transaction((manager) => {
            save = rejection(manager.getRepository(Ticket).save([{}, {}]))
            return Promise.reject(new Error("changed my mind"))
        })
        expect(await rejection(failing)).to.have.property("message", "changed my mind")
        expect(await save).to.be.instanceOf(TransactionRequiredError)
        expect(traffic.statements.at(-1)).to.equal("ROLLBACK")
        expect(await storedTickets(dataSource)).to.deep.equal([])
    })

    it("without numbers send nothing after the rollback, either", async () => {
        const dataSource = await database().connect([Parcel, Label], { extra: { max: 1 } })
        const traffic = watchConnections(dataSource)
        let save: Promise<Error> | undefined
        const failing = dataSource.transaction((manager) => {
            // It looks whether the row is there, and wants to insert it after that.
            save = rejection(manager.getRepository(Label).save({ code: "A" }))
            return Promise.reject(new Error("changed my mind"))
        })
        await rejection(failing)
        expect(await save).to.be.instanceOf(TransactionRequiredError)
        expect(traffic.statements.at(-1)).to.equal("ROLLBACK")
        expect(await dataSource.getRepository(Label).count()).to.equal(0)
    })

    it("go through whoever has wrapped the query runner meanwhile", async () => {
        const dataSource = await database().connect(invoiceEntities)
        const runner = dataSource.createQueryRunner()
        const transaction = async () => {
            await runner.startTransaction()
            await runner.manager.getRepository(Ticket).save([{}, {}])
        }
        await transaction()
        await runner.commitTransaction()

        await transaction()
        const inner = runner.query
        const wrapped = ((...args: Parameters<typeof inner>) =>
            inner.apply(runner, args)) as typeof inner
        runner.query = wrapped
        await runner.rollbackTransaction()
        expect(runner.query).to.equal(wrapped)
        expect(await runner.query("SELECT 1 AS one")).to.deep.equal([{ one: 1 }])
        await transaction()
        await runner.commitTransaction()
        await runner.release()
        expect(await storedTickets(dataSource)).to.deep.equal(upTo(4))
    })

    it("are not taken for stored when the error of one of them was swallowed", async () => {
        const dataSource = await database().connect(invoiceEntities)
        const ada = await customer(dataSource)
        const work = (manager: EntityManager) =>
            Promise.allSettled(
                ["A", "A", "B"].map((reference) =>
                    manager.getRepository(Invoice).save({ customer: ada, reference }),
                ),
            )
        const error = await rejection(dataSource.transaction(work))
        expect(error).to.be.instanceOf(TransactionAbortedError)
        expect(error).to.include({ code: "TRANSACTION_ABORTED" })
        expect(await storedNumbers(dataSource)).to.deep.equal({})
        expect((await dataSource.getRepository(Invoice).save({ customer: ada })).number).to.equal(1)
    })

    it("are, where a savepoint has caught the error", async () => {
        const dataSource = await database().connect(invoiceEntities)
        const ada = await customer(dataSource)
        await dataSource.transaction(async (manager) => {
            const save = (reference: string) => (inner: EntityManager) =>
                inner.getRepository(Invoice).save({ customer: ada, reference })
            await save("A")(manager)
            expect(await sqlState(manager.transaction(save("A")))).to.equal("23505")
            await save("B")(manager)
        })
        expect(await storedNumbers(dataSource)).to.deep.equal({ Ada: [1, 2] })
    })

    it("without numbers are left to TypeORM in that case", async () => {
        const dataSource = await database().connect([Parcel, Label])
        await dataSource.transaction(async (manager) => {
            await manager.insert(Label, { code: "A" })
            expect(await sqlState(manager.insert(Label, { code: "A" }))).to.equal("23505")
        })
        expect(await dataSource.getRepository(Label).count()).to.equal(0)
    })

    it("leave no gap when one fails in a listener while the others go on", async () => {
        const dataSource = await database().connect(invoiceEntities, {
            subscribers: [LateRefusal],
        })
        const work = async (manager: EntityManager) => {
            const tickets = manager.getRepository(Ticket)
            const results = await Promise.allSettled([
                tickets.save({}),
                tickets.save({ title: "late" }),
                tickets.save({}),
            ])
            expect(results.map(({ status }) => status)).to.deep.equal([
                "fulfilled",
                "rejected",
                "fulfilled",
            ])
        }
        await dataSource.transaction(work)
        await dataSource.getRepository(Ticket).save({})
        expect(await storedTickets(dataSource)).to.deep.equal([1, 2, 3])
    })

    it("leave no gap when a save has failed before the next one starts", async () => {
        const dataSource = await database().connect(invoiceEntities, {
            subscribers: [LateRefusal],
        })
        await dataSource.transaction(async (manager) => {
            const tickets = manager.getRepository(Ticket)
            await tickets.save({})
            await rejection(tickets.save({ title: "late" }))
            await rejection(tickets.save([{}, { title: "late" }, {}]))
            await tickets.save([{}, {}])
        })
        expect(await storedTickets(dataSource)).to.deep.equal([1, 2, 3])
    })
})

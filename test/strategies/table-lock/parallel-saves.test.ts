import { expect } from "chai"
import {
    Entity,
    type EntityManager,
    EventSubscriber,
    type EntitySubscriberInterface,
    PrimaryColumn,
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

onEachDatabase("Parallel saves on one manager", (database) => {
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

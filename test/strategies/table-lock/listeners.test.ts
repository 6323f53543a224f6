import { expect } from "chai"
import {
    BeforeInsert,
    Column,
    Entity,
    type EntityManager,
    type EntitySubscriberInterface,
    EventSubscriber,
    type InsertEvent,
    PrimaryGeneratedColumn,
    type QueryRunner,
} from "typeorm"
import { AutoSequenceColumn, AutoSequenceSubscriber } from "../../../src"
import { onEachDatabase, type PostgresDatabase } from "../../support/databases"
import { numbered } from "../../support/invoices"
import { rejection } from "../../support/errors"

@Entity()
class Letter {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    city!: string

    @Column({ type: "text", nullable: true })
    street!: string | null

    @AutoSequenceColumn({ uniqueWith: ["city", "street"] })
    number!: number

    @BeforeInsert()
    fillCity() {
        this.city ??= "Oslo"
    }
}

/** Fills the street at once. */
@EventSubscriber()
class FillsStreet implements EntitySubscriberInterface<Letter> {
    listenTo() {
        return Letter
    }
    beforeInsert({ entity }: InsertEvent<Letter>) {
        entity.street = "Storgata"
    }
}

/** Fills the street when the number has been taken. */
@EventSubscriber()
class FillsStreetLate implements EntitySubscriberInterface<Letter> {
    listenTo() {
        return Letter
    }
    async beforeInsert({ entity }: InsertEvent<Letter>) {
        await numbered(entity)
        entity.street = "Storgata"
    }
}

/** Writes a numbered row of its own for every letter. */
@Entity()
class Receipt {
    @PrimaryGeneratedColumn()
    id!: number

    @AutoSequenceColumn()
    number!: number

    @Column()
    letter!: string
}

@EventSubscriber()
class WritesReceipt implements EntitySubscriberInterface<Letter> {
    listenTo() {
        return Letter
    }
    async beforeInsert({ entity, manager }: InsertEvent<Letter>) {
        await manager.getRepository(Receipt).save({ letter: `before ${entity.street}` })
    }
    async afterInsert({ entity, manager }: InsertEvent<Letter>) {
        await manager.getRepository(Receipt).save({ letter: `after ${entity.number}` })
    }
}

/** Sends a statement of its own before every other one, on the same connection. */
@EventSubscriber()
class SetsVariable implements EntitySubscriberInterface {
    private isSetting = false
    async beforeQuery({ queryRunner, query }: { queryRunner: QueryRunner; query: string }) {
        if (this.isSetting || !query.startsWith("INSERT")) return
        this.isSetting = true
        await queryRunner.query("SET application_name = 'letters'")
        this.isSetting = false
    }
}

/** Writes a numbered row for every lock and every INSERT, while that statement is under way. */
@EventSubscriber()
class WritesJournal implements EntitySubscriberInterface {
    private isWriting = false
    async beforeQuery({ manager, query }: { manager: EntityManager; query: string }) {
        if (this.isWriting || !query.startsWith("LOCK")) return
        await this.write(manager, "before the lock")
    }
    async afterQuery({ manager, query }: { manager: EntityManager; query: string }) {
        if (this.isWriting || !query.startsWith("INSERT")) return
        await this.write(manager, "after the insert")
    }
    private async write(manager: EntityManager, letter: string) {
        this.isWriting = true
        await manager.getRepository(Receipt).save({ letter })
        this.isWriting = false
    }
}

onEachDatabase("Listeners of the caller", (database) => {
    const connect = (database: PostgresDatabase, subscribers: NewableFunction[]) =>
        database.connect([Letter, Receipt], { subscribers: subscribers as (new () => object)[] })
    const numbers = async (letters: Promise<Letter[]>) =>
        (await letters).map(({ number }) => number)

    for (const order of ["before", "after"])
        it(`may fill the scope, registered ${order} the library's`, async () => {
            const dataSource = await connect(database(), [FillsStreet])
            // TypeORM sorts them by the order in which the classes were declared.
            if (order === "before") dataSource.subscribers.reverse()
            const place = order === "before" ? 1 : 0
            expect(dataSource.subscribers[place]).to.be.instanceOf(AutoSequenceSubscriber)
            const letters = dataSource.getRepository(Letter)
            const given = letters.create([{}, { city: "Bergen" }, {}, { street: "ignored" }])
            expect(await numbers(letters.save(given))).to.deep.equal([1, 1, 2, 3])
            expect(await letters.countBy({ city: "Oslo", street: "Storgata" })).to.equal(3)
        })

    it("may set the scope late", async () => {
        const dataSource = await connect(database(), [FillsStreetLate])
        const letters = dataSource.getRepository(Letter)
        const saved = await letters.save(letters.create([{ city: "Oslo" }, { city: "Oslo" }]))
        expect(saved.map(({ number }) => number)).to.deep.equal([1, 2])
        expect(new Set(saved.map(({ street }) => street)).size).to.equal(1)
        expect((await letters.save(letters.create({ city: "Oslo" }))).number).to.equal(3)
    })

    it("may save numbered rows themselves, before and after", async () => {
        const dataSource = await connect(database(), [WritesReceipt])
        const letters = dataSource.getRepository(Letter)
        const given = letters.create([{ street: "A" }, { street: "B" }])
        expect(await numbers(letters.save(given))).to.deep.equal([1, 1])
        const receipts = await dataSource.getRepository(Receipt).find({ order: { number: "ASC" } })
        expect(receipts.map(({ number }) => number)).to.deep.equal([1, 2, 3, 4])
        expect(receipts.map(({ letter }) => letter).sort()).to.deep.equal([
            "after 1",
            "after 1",
            "before A",
            "before B",
        ])
    })

    it("may send statements before each statement", async () => {
        const dataSource = await connect(database(), [SetsVariable])
        const letters = dataSource.getRepository(Letter)
        expect(await numbers(letters.save(letters.create([{}, {}])))).to.deep.equal([1, 2])
        await dataSource.transaction(async (manager) => {
            const saved = await manager.getRepository(Letter).save(letters.create([{}]))
            expect(saved[0]?.number).to.equal(3)
        })
    })

    it("may save numbered rows while a statement is under way", async () => {
        const dataSource = await connect(database(), [WritesJournal])
        const letters = dataSource.getRepository(Letter)
        expect(await numbers(letters.save(letters.create([{}, {}])))).to.deep.equal([1, 2])
        const receipts = await dataSource.getRepository(Receipt).find({ order: { number: "ASC" } })
        expect(receipts.map(({ number, letter }) => `${number} ${letter}`)).to.deep.equal([
            "1 before the lock",
            "2 after the insert",
        ])
    })

    it("that throw leave no rejection behind that nobody handles", async () => {
        const unhandled: unknown[] = []
        const note = (reason: unknown) => unhandled.push(reason)
        process.on("unhandledRejection", note)
        try {
            const dataSource = await connect(database(), [])
            const letters = dataSource.getRepository(Letter)
            const broken = letters.create({ city: "Oslo" })
            broken.fillCity = () => {
                throw new Error("no city")
            }
            const error = await rejection(letters.save([letters.create(), broken]))
            expect(error.message).to.equal("no city")
            await new Promise((resolve) => setImmediate(resolve))
            expect(await numbers(letters.save([letters.create()]))).to.deep.equal([1])
        } finally {
            process.off("unhandledRejection", note)
        }
        expect(unhandled).to.deep.equal([])
    })
})

import { expect } from "chai"
import {
    BeforeInsert,
    Column,
    Entity,
    type EntityManager,
    type EntitySubscriberInterface,
    EventSubscriber,
    PrimaryGeneratedColumn,
    type QueryRunner,
} from "typeorm"
import { AutoSequenceColumn } from "../../../src"
import { onEachDatabase, type PostgresDatabase } from "../../support/databases"

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
})

import { expect } from "chai"
import {
    BeforeInsert,
    Column,
    Entity,
    type EntityManager,
    type EntitySubscriberInterface,
    EventSubscriber,
    type InsertEvent,
    ManyToOne,
    OneToMany,
    PrimaryGeneratedColumn,
    type Relation,
} from "typeorm"
import { AutoSequenceColumn, AutoSequenceSubscriber } from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { expectUnnumbered, numbersOf, unhandledDuring } from "../support/rows"
import { expectNext } from "../support/stored"

/** When a listener fails: before it returns, in the same turn as its siblings, or long after them. */
type Failure = "at once" | "asynchronously" | "late"

async function fail(failure: Failure): Promise<never> {
    const turns = failure === "late" ? 20 : 0
    for (let turn = 0; turn < turns; turn += 1)
        await new Promise((resolve) => setImmediate(resolve))
    throw new Error(`refused ${failure}`)
}

onEachCell("Listeners of the caller", ({ way, tables }) => {
    const { options } = way

    @Entity()
    class Folder {
        @PrimaryGeneratedColumn() id!: number
        @OneToMany(() => Letter, (letter) => letter.folder, { cascade: true })
        letters!: Relation<Letter>[]
    }

    @Entity()
    class Letter {
        @PrimaryGeneratedColumn() id!: number
        @Column({ length: 50 }) city!: string
        @Column({ type: "varchar", length: 50, nullable: true }) street!: string | null
        @ManyToOne(() => Folder, (folder) => folder.letters, { nullable: true })
        folder!: Relation<Folder> | null
        @AutoSequenceColumn({ ...options, uniqueWith: "city" }) number!: number
        @OneToMany(() => Stamp, (stamp) => stamp.letter, { cascade: true })
        stamps!: Relation<Stamp>[]

        failure?: Failure

        @BeforeInsert()
        listen(): Promise<never> | undefined {
            this.city ??= "Oslo"
            if (this.failure === "at once") throw new Error("refused at once")
            return this.failure && fail(this.failure)
        }
    }

    /** Of no number, with a listener that fails. */
    @Entity()
    class Stamp {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Letter, (letter) => letter.stamps) letter!: Relation<Letter>
        failure?: Failure

        @BeforeInsert()
        listen(): Promise<never> | undefined {
            if (this.failure === "at once") throw new Error("refused at once")
            return this.failure && fail(this.failure)
        }
    }

    /** Written by listeners of letters, of a number itself. */
    @Entity()
    class Receipt {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn(options) number!: number
        @Column() letter!: string
    }

    const entities = [Folder, Letter, Stamp, Receipt]
    const OSLO = { city: "Oslo" }

    for (const failure of ["at once", "asynchronously", "late"] as const)
        describe(`that fail ${failure}`, () => {
            const dataSource = tables(entities)
            const lettersIn = (manager: EntityManager) => manager.getRepository(Letter)
            const letters = () => lettersIn(dataSource().manager)
            const bad = () => Object.assign(letters().create(), { failure })
            const good = () => letters().create()

            /** A save that the listener refuses; its rows have no numbers afterwards. */
            async function refused(manager: EntityManager, ...rows: (Letter | Folder)[]) {
                const error = await rejection(manager.save(rows))
                expect(error.message).to.equal(`refused ${failure}`)
                expectUnnumbered(rows.flatMap((row) => ("letters" in row ? row.letters : [row])))
            }

            it("leave no gap where that is caught and the transaction goes on", async () => {
                await dataSource().transaction(async (manager) => {
                    await lettersIn(manager).save(good())
                    await refused(manager, bad())
                })
                await expectNext(letters(), OSLO, [1, 2])
            })

            it("leave no gap where the transaction saves on", async () => {
                await dataSource().transaction(async (manager) => {
                    await lettersIn(manager).save(good())
                    await refused(manager, bad())
                    expect((await lettersIn(manager).save(good())).number).to.equal(2)
                    await refused(manager, bad())
                    await refused(manager, bad(), good())
                    expect((await lettersIn(manager).save(good())).number).to.equal(3)
                })
                await expectNext(letters(), OSLO, [1, 2, 3, 4])
            })

            it("leave no gap in a nested transaction", async () => {
                await dataSource().transaction(async (manager) => {
                    await rejection(manager.transaction((inner) => inner.save(bad())))
                })
                await expectNext(letters(), OSLO, [1])
            })

            it("leave no gap among rows of one call, wherever the refused one is", async () => {
                await dataSource().transaction(async (manager) => {
                    for (const rows of [
                        [good(), bad()],
                        [bad(), good()],
                        [good(), bad(), good()],
                    ])
                        await refused(manager, ...rows)
                })
                await expectNext(letters(), OSLO, [1])
            })

            it("leave no gap where nobody has opened a transaction", async () => {
                await refused(dataSource().manager, good(), good(), good(), bad())
                await expectNext(letters(), OSLO, [1])
            })

            it("let rows of an insert() without a transaction be saved once they are right", async () => {
                const rows = [bad(), good()]
                // Without a transaction some are refused before the listener comes to its end.
                await rejection(dataSource().manager.insert(Letter, rows))
                rows[0]!.failure = undefined
                for (const row of rows) await letters().save(row)
                expect(numbersOf(rows)).to.eql([1, 2])
                await expectNext(letters(), OSLO, [1, 2, 3])
            })

            it("leave no gap in a cascade", async () => {
                const folders = dataSource().getRepository(Folder)
                await dataSource().transaction(async (manager) => {
                    await lettersIn(manager).save(good())
                    const letters = [good(), bad()]
                    await refused(manager, Object.assign(folders.create(), { letters }))
                })
                expect(await folders.count()).to.equal(0)
                await expectNext(letters(), OSLO, [1, 2])
            })

            it("leave no gap where they are another entity's in a cascade", async () => {
                const stamps = dataSource().getRepository(Stamp)
                await dataSource().transaction(async (manager) => {
                    await lettersIn(manager).save(good())
                    const stamp = Object.assign(stamps.create(), { failure })
                    const row = Object.assign(letters().create(), { stamps: [stamp] })
                    await refused(manager, row)
                })
                expect(await stamps.count()).to.equal(0)
                await expectNext(letters(), OSLO, [1, 2])
            })

            it("leave no gap where others are saved beside", async () => {
                await dataSource().transaction(async (manager) => {
                    const saves = [good(), bad(), good()].map((row) => lettersIn(manager).save(row))
                    const ends = (await Promise.allSettled(saves)).map(({ status }) => status)
                    expect(ends).to.eql(["fulfilled", "rejected", "fulfilled"])
                })
                await expectNext(letters(), OSLO, [1, 2, 3])
            })

            it("leave their row to be saved again, by the next number", async () => {
                const row = bad()
                await dataSource().transaction(async (manager) => {
                    await refused(manager, row)
                    await lettersIn(manager).save(good())
                    await lettersIn(manager).save(Object.assign(row, { failure: undefined }))
                })
                expect(row.number).to.equal(2)
                await expectNext(letters(), OSLO, [1, 2, 3])
            })

            it("leave no rejection behind that nobody handles", async () => {
                const unhandled = await unhandledDuring(() =>
                    refused(dataSource().manager, good(), bad()),
                )
                expect(unhandled).to.eql([])
                await expectNext(letters(), OSLO, [1])
            })
        })

    /** Sets the city at once, or when the numbers of others have long been made. */
    @EventSubscriber()
    class FillsCity implements EntitySubscriberInterface<Letter> {
        listenTo() {
            return Letter
        }
        beforeInsert({ entity }: InsertEvent<Letter>): Promise<void> | undefined {
            if (entity.street === "late")
                return new Promise((resolve) => setImmediate(resolve)).then(() => {
                    entity.city = "Bergen"
                })
            entity.city = "Bergen"
        }
    }

    describe("that set the scope", () => {
        const dataSource = tables(entities, { subscribers: [FillsCity] })
        const letters = () => dataSource().getRepository(Letter)

        it("set it, whether they come before or after the library's", async () => {
            for (let turn = 0; turn < 2; turn += 1) {
                expect(dataSource().subscribers).to.have.length(2)
                expect(dataSource().subscribers[turn]).to.be.instanceOf(AutoSequenceSubscriber)
                await letters().save(letters().create([{}, { city: "Rome" }]))
                // TypeORM sorts them by the order in which the classes were declared.
                dataSource().subscribers.reverse()
            }
            await expectNext(letters(), { city: "Bergen" }, [1, 2, 3, 4, 5])
        })

        it("set it however late", async () => {
            const rows = letters().create([{ street: "late" }, {}, { street: "late" }])
            expect(numbersOf(await letters().save(rows))).to.eql([1, 2, 3])
            expect(await letters().countBy({ city: "Bergen" })).to.equal(3)
            await expectNext(letters(), { city: "Bergen" }, [1, 2, 3, 4])
        })
    })

    /** Writes a numbered row of its own before and after every letter. */
    @EventSubscriber()
    class WritesReceipts implements EntitySubscriberInterface<Letter> {
        listenTo() {
            return Letter
        }
        async beforeInsert({ entity, manager }: InsertEvent<Letter>) {
            await manager.getRepository(Receipt).save({ letter: `before ${entity.city}` })
        }
        async afterInsert({ entity, manager }: InsertEvent<Letter>) {
            await manager.getRepository(Receipt).save({ letter: `after ${entity.number}` })
        }
    }

    describe("that save numbered rows", () => {
        const dataSource = tables(entities, { subscribers: [WritesReceipts] })

        it("save them, before and after", async () => {
            const letters = dataSource().getRepository(Letter)
            const rows = await letters.save(letters.create([{ city: "A" }, { city: "B" }]))
            expect(numbersOf(rows)).to.eql([1, 1])
            const receipts = dataSource().getRepository(Receipt)
            const stored = await receipts.find({ order: { number: "ASC" } })
            expect(stored.map(({ letter }) => letter).sort()).to.eql([
                "after 1",
                "after 1",
                "before A",
                "before B",
            ])
            await expectNext(receipts, { letter: "by hand" }, [5])
            expect(numbersOf(stored)).to.eql([1, 2, 3, 4])
        })
    })
})

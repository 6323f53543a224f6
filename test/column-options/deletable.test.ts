import { expect } from "chai"
import {
    ChildEntity,
    Column,
    DataSource,
    DeleteDateColumn,
    Entity,
    IsNull,
    JoinColumn,
    ManyToOne,
    Not,
    OneToMany,
    PrimaryGeneratedColumn,
    type Relation,
    TableInheritance,
} from "typeorm"
import {
    AutoSequenceColumn,
    InvalidOptionError,
    NotDeletableError,
    withAutoSequence,
} from "../../src"
import { expectErrorIs, rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { beforeDelete, rolledBack } from "../support/rows"

onEachCell(
    "Rows that can't be deleted",
    ({ way, can, tables }) => {
        const options = { ...way.options, deletable: false, nullable: true }

        @Entity()
        class Folder {
            @PrimaryGeneratedColumn() id!: number
            @OneToMany(() => Paper, (paper) => paper.folder, { cascade: true })
            papers!: Relation<Paper>[]
        }

        @Entity()
        class Paper {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Folder, (folder) => folder.papers, {
                nullable: true,
                orphanedRowAction: "delete",
            })
            @JoinColumn({ name: "folder_id" })
            folder!: Relation<Folder> | null
            @Column({ default: "a" }) scope!: string
            @DeleteDateColumn() deletedAt!: Date | null
            @AutoSequenceColumn({ ...options, uniqueWith: "scope" }) number!: number | null
            @AutoSequenceColumn(options) archived!: number | null
        }

        @Entity()
        @TableInheritance({ column: { type: "varchar", name: "kind" } })
        class Document {
            @PrimaryGeneratedColumn() id!: number
        }
        @ChildEntity()
        class Bill extends Document {
            @AutoSequenceColumn(options) number!: number | null
        }
        @ChildEntity()
        class Note extends Document {}

        @Entity()
        class Letter {
            @PrimaryGeneratedColumn() id!: number
            @AutoSequenceColumn(options) number!: number | null
            @OneToMany(() => Page, (page) => page.letter, { cascade: true })
            pages!: Relation<Page>[]
        }
        @Entity()
        class Page {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Letter, (letter) => letter.pages) letter!: Relation<Letter>
        }

        const dataSource = tables([Folder, Paper, Document, Bill, Note, Letter, Page])
        const papers = () => dataSource().getRepository(Paper)
        const draft = (scope = "a") => papers().save({ scope, number: null, archived: null })
        const stored = async (scope = "a") => {
            const rows = await papers().find({ where: { scope }, order: { id: "ASC" } })
            return rows.map(({ number }) => number)
        }
        const expectKept = async (attempt: Promise<unknown>) => {
            const look = () => papers().find({ order: { id: "ASC" }, withDeleted: true })
            const before = await look()
            const error = await rejection(attempt)
            expectErrorIs(error, NotDeletableError, "deletable: false")
            expect(await look()).to.eql(before)
        }

        it("are kept by remove(), delete() and the query builder", async () => {
            const [one] = await papers().save([{}, {}])
            const open = await draft()
            await expectKept(papers().remove(one!))
            await expectKept(papers().remove([open, one!]))
            await expectKept(papers().delete(one!.id))
            await expectKept(papers().delete({ scope: "a" }))
            await expectKept(papers().delete({ number: 2 }))
            await expectKept(
                papers()
                    .createQueryBuilder()
                    .delete()
                    .where("id IN (:...ids)", { ids: [open.id, one!.id] })
                    .execute(),
            )
            await expectKept(papers().createQueryBuilder().delete().execute())
            await papers().save({})
            expect(await stored()).to.eql([1, 2, null, 3])
        })

        it("are deleted as long as they have no number", async () => {
            await papers().save({})
            await papers().remove(await draft())
            expect((await papers().delete((await draft()).id)).affected ?? 1).to.equal(1)
            await draft()
            await draft()
            const removed = await papers()
                .createQueryBuilder()
                .delete()
                .where({ number: IsNull(), scope: Not("b") })
                .execute()
            expect(removed.affected ?? 2).to.equal(2)
            await papers().save({})
            expect(await stored()).to.eql([1, 2])
        })

        it("are kept for any one of their numbers", async () => {
            const half = await papers().save({ number: null })
            expect(half).to.include({ number: null, archived: 1 })
            await expectKept(papers().delete(half.id))
            await expectKept(papers().remove(half))
        })

        it("are kept where others are saved or removed that they belong to", async () => {
            const folders = dataSource().getRepository(Folder)
            const folder = await folders.save({ papers: [{}, { number: null, archived: null }] })
            const [, open] = folder.papers
            await expectKept(folders.save({ ...folder, papers: [open!] }))
            await folders.save({ ...folder, papers: [folder.papers[0]!] })
            expect(await stored()).to.eql([1])
            expect(await rejection(folders.remove(folder))).to.be.instanceOf(Error)
            await folders.save({ id: folder.id, papers: [folder.papers[0]!, {}] as never })
            expect(await stored()).to.eql([1, 2])
        })

        it("may be deleted softly", async () => {
            const [one, two] = await papers().save([{}, {}])
            await papers().softRemove(one!)
            await papers().softDelete(two!.id)
            await papers().save({})
            expect(await stored()).to.eql([3])
            await expectKept(papers().delete(one!.id))
            await papers().restore([one!.id, two!.id])
            expect(await stored()).to.eql([1, 2, 3])
        })

        it("are kept within a transaction that goes on", async () => {
            const one = await papers().save({})
            await dataSource().transaction(async (manager) => {
                const two = await manager.getRepository(Paper).save({})
                for (const row of [one, two])
                    expectErrorIs(await rejection(manager.delete(Paper, row.id)), NotDeletableError)
                await rolledBack(manager, (inner) => inner.getRepository(Paper).save({}))
                expectErrorIs(await rejection(manager.remove(Paper, [two])), NotDeletableError)
                await manager.getRepository(Paper).save({})
            })
            expect(await stored()).to.eql(way.isGapless || !can.parallel ? [1, 2, 3] : [1, 2, 4])
        })

        it("may be of one class of a table", async () => {
            const { manager } = dataSource()
            const [bill, note] = [
                await manager.getRepository(Bill).save({}),
                await manager.getRepository(Note).save({}),
            ]
            for (const entity of [Bill, Document])
                expectErrorIs(await rejection(manager.delete(entity, bill.id)), NotDeletableError)
            expectErrorIs(await rejection(manager.remove(Bill, bill)), NotDeletableError)
            await manager.delete(Document, note.id)
            await manager.remove(Note, await manager.getRepository(Note).save({}))
            await manager.getRepository(Bill).save({})
            const bills = await manager.find(Bill, { order: { id: "ASC" } })
            expect(bills.map(({ number }) => number)).to.eql([1, 2])
            expect(await manager.count(Document)).to.equal(2)
        })

        it("are kept with all that would go with them", async () => {
            const { manager } = dataSource()
            const letter = await manager.getRepository(Letter).save({ pages: [{}, {}] })
            await dataSource().transaction(async (inner) => {
                const error = await rejection(inner.remove(Letter, letter))
                expectErrorIs(error, NotDeletableError)
            })
            expect([await manager.count(Letter), await manager.count(Page)]).to.eql([1, 2])
        })

        if (can.parallel)
            it("are kept where they have got a number right before the DELETE", async () => {
                const { id } = await draft()
                let isNumbered = false
                const number = () => {
                    isNumbered = true
                    return dataSource().transaction((manager) =>
                        manager.update(Paper, id, { number: 1 }),
                    )
                }
                const attempt = beforeDelete(dataSource(), number, () => papers().delete(id))
                const error = await rejection(attempt)
                expectErrorIs(error, NotDeletableError)
                expect([isNumbered, await stored()]).to.eql([true, [1]])
            })

        // MariaDB lets nobody insert between rows that are locked.
        if (can.parallel && can.partialIndexes)
            it("are deleted without a number where they came right before the DELETE", async () => {
                await draft()
                const come = async () => {
                    await draft()
                    await papers().save({})
                }
                const deleting = beforeDelete(dataSource(), come, () =>
                    papers().delete({ scope: "a" }),
                )
                expect((await deleting).affected).to.equal(2)
                await papers().save({})
                expect(await stored()).to.eql([1, 2])
            })

        if (can.parallel)
            it("wait for who numbers them at the same moment", async () => {
                const rows = await Promise.all(
                    Array.from({ length: 6 }, (_, at) => draft(`s${at}`)),
                )
                const outcomes = await Promise.all(
                    rows.flatMap((row, at) => [
                        dataSource().transaction((manager) =>
                            manager.update(Paper, row.id, { number: at + 1 }),
                        ),
                        rejection(papers().delete(row.id)).catch(() => undefined),
                    ]),
                )
                for (const [at] of rows.entries()) {
                    const refusal = outcomes[2 * at + 1]
                    const kept = await stored(`s${at}`)
                    if (refusal) {
                        expectErrorIs(refusal, NotDeletableError)
                        expect(kept).to.eql([at + 1])
                    } else expect(kept).to.eql([])
                }
            })
    },
    ({ isInDatabase }) => !isInDatabase,
)

describe("A foreign key that deletes rows with numbers", () => {
    it("is refused beside deletable: false", async () => {
        @Entity()
        class Customer {
            @PrimaryGeneratedColumn() id!: number
        }
        @Entity()
        class Invoice {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Customer, { onDelete: "CASCADE" }) customer!: Customer
            @AutoSequenceColumn({ strategy: "counter", deletable: false }) number!: number
        }
        const entities = [Customer, Invoice]
        const options = { type: "better-sqlite3", database: ":memory:", entities } as const
        const attempt = new DataSource(withAutoSequence(options)).initialize()
        expectErrorIs(await rejection(attempt), InvalidOptionError, "CASCADE", "customer")
    })
})

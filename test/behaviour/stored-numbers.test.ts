import { expect } from "chai"
import {
    Column,
    Entity,
    type EntitySubscriberInterface,
    type EntityManager,
    IsNull,
    ManyToOne,
    OneToMany,
    PrimaryGeneratedColumn,
    type Relation,
    type Repository,
} from "typeorm"
import {
    AutoSequenceColumn,
    InvalidNumberError,
    ReadOnlyNumberError,
    TransactionRequiredError,
    UnknownScopeError,
} from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { expectNext } from "../support/stored"
import { waitsForBeforeQuery } from "../support/typeorm-version"
import { mustWait, sessionOf, Signal } from "../support/waiting"

/** Does something else right before each UPDATE of books. */
class Interrupts implements EntitySubscriberInterface {
    before: (() => Promise<unknown>) | undefined
    async beforeQuery({ query }: { query: string }) {
        const { before } = this
        if (!before || !/^UPDATE \S*book/.test(query)) return
        this.before = undefined
        await before()
    }
}

onEachCell("A number that is stored", ({ way, can, database, tables }) => {
    @Entity()
    class Shelf {
        @PrimaryGeneratedColumn() id!: number
        @Column({ default: "" }) name!: string
        @OneToMany(() => Book, ({ shelf }) => shelf, { cascade: true }) books!: Relation<Book>[]
    }

    @Entity()
    class Book {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Shelf, ({ books }) => books, { nullable: false }) shelf!: Shelf
        @AutoSequenceColumn({ ...way.options, uniqueWith: "shelf", nullable: way.hasDrafts })
        number!: number | null
        @Column({ default: "" }) title!: string
        @Column({ type: "varchar", length: 20, nullable: true, unique: true }) sku!: string | null
    }

    const shared = tables([Shelf, Book])

    async function twoShelves() {
        const dataSource = shared()
        const shelves = await dataSource.manager.save(Shelf, [{ name: "A" }, { name: "B" }])
        const [a, b] = shelves as [Shelf, Shelf]
        const books = dataSource.getRepository(Book)
        const rows = await books.save([
            { shelf: a, sku: "one" },
            { shelf: a, sku: "two" },
            { shelf: a, sku: "three" },
            { shelf: b, sku: "other" },
        ])
        return { dataSource, books, a, b, third: rows[2] as Book }
    }

    describe("stays in its scope", () => {
        type Move = (rows: Awaited<ReturnType<typeof twoShelves>>) => Promise<unknown>
        const moves: Record<string, Move> = {
            "save()": async ({ books, b, third }) => {
                const loaded = await books.findOneByOrFail({ id: third.id })
                return books.save(Object.assign(loaded, { shelf: b, title: "moved" }))
            },
            "save() of several": ({ books, a, b, third }) =>
                books.save([{ shelf: a }, { id: third.id, shelf: b }]),
            "update()": ({ books, b }) => books.update({ sku: "three" }, { shelf: b }),
            "update() of several rows": ({ books, a, b }) =>
                books.update({ shelf: { id: a.id } }, { shelf: b, title: "moved" }),
            "a query builder": ({ books, b }) =>
                books
                    .createQueryBuilder()
                    .update()
                    .set({ title: "it's ?", shelf: b })
                    .where("id > :low AND sku <> 'no ? $1'", { low: 0 })
                    .execute(),
            "an SQL expression": ({ books, b }) =>
                books
                    .createQueryBuilder()
                    .update()
                    .set({ shelf: () => `CASE WHEN id > 0 THEN ${b.id} ELSE 0 END` } as object)
                    .where("sku = :sku", { sku: "three" })
                    .execute(),
            "a cascade": async ({ dataSource, b, third }) => {
                const shelves = dataSource.getRepository(Shelf)
                const shelf = await shelves.findOneOrFail({
                    where: { id: b.id },
                    relations: { books: true },
                })
                shelf.books.push(third)
                return shelves.save(shelf)
            },
            "upsert()": ({ dataSource, a, b }) =>
                dataSource.transaction((manager) =>
                    manager.upsert(
                        Book,
                        [
                            { sku: "new", shelf: a },
                            { sku: "three", shelf: b, title: "moved" },
                        ],
                        ["sku"],
                    ),
                ),
        }
        for (const [what, move] of Object.entries(moves))
            it(`whatever ${what} says`, async () => {
                const found = await twoShelves()
                const { books, a, b } = found
                const error = await rejection(move(found))
                expect(error).to.be.instanceOf(ReadOnlyNumberError)
                expect(error.message).to.include("Book.number")
                expect(await books.countBy({ title: "" })).to.equal(4)
                await expectNext(books, { shelf: a }, [1, 2, 3, 4], way)
                await expectNext(books, { shelf: b }, [1, 2], way)
            })

        it("in updates that name the scope and leave it as it is", async () => {
            const { dataSource, books, a, b } = await twoShelves()
            await books.update({ sku: "three" }, { shelf: a, title: "updated" })
            await dataSource.transaction((manager) =>
                manager.upsert(Book, { sku: "two", shelf: a, title: "updated" }, ["sku"]),
            )
            expect(await books.countBy({ title: "updated" })).to.equal(2)
            await expectNext(books, { shelf: a }, [1, 2, 3, 4], way)
            await expectNext(books, { shelf: b }, [1, 2], way)
        })
    })

    // SQLite has no settings of a session.
    if (can.bigints)
        it("moves where the session allows it, and the counter follows", async () => {
            const { dataSource, books, a, b } = await twoShelves()
            const allow = (manager: EntityManager, isOn: boolean) =>
                manager.query(
                    can.tableLock
                        ? `SET LOCAL autosequence.allow_changes = '${isOn ? "on" : "off"}'`
                        : `SET @autosequence_allow_changes = ${isOn ? "TRUE" : "FALSE"}`,
                )
            await dataSource.transaction(async (manager) => {
                await allow(manager, true)
                await manager.update(Book, { sku: "three" }, { shelf: b })
                await manager.update(Book, { sku: "two" }, { number: 5 })
                await allow(manager, false)
            })
            await expectNext(books, { shelf: a }, [1, 5, 6])
            await expectNext(books, { shelf: b }, [1, 3, 4])
        })

    if (!way.hasDrafts) return

    const isCounting = way.options.strategy === "counter"
    // Numbers are taken ahead there, and are lost.
    const isAhead = !way.isGapless && can.parallel

    describe("on a draft", () => {
        async function withDraft() {
            const found = await twoShelves()
            const draft = await found.books.save({ shelf: found.a, number: null, sku: "draft" })
            return { ...found, draft }
        }

        async function expectShelf(books: Repository<Book>, shelf: Shelf, numbers: number[]) {
            await books.delete({ number: IsNull() })
            await expectNext(books, { shelf }, numbers, way)
        }

        it("is followed by the next ones, by save() and by update()", async () => {
            const { dataSource, books, a, b, draft } = await withDraft()
            await books.save(Object.assign(draft, { number: isAhead ? 14 : 4 }))
            const other = await books.save({ shelf: a, number: null })
            if (way.options.gapless !== false && isCounting)
                expect(await rejection(books.update(other.id, { number: 9 }))).to.be.instanceOf(
                    TransactionRequiredError,
                )
            await dataSource.transaction((manager) =>
                manager.update(Book, other.id, { number: 9, title: "final" }),
            )
            expect((await books.save({ shelf: a })).number).to.equal(isAhead ? 15 : 10)
            await expectShelf(books, b, [1, 2])
        })

        it("is followed in the scope that the draft moves to", async () => {
            const { dataSource, books, a, b, draft } = await withDraft()
            const other = await books.save({ shelf: a, number: null })
            await books.update(draft.id, { shelf: b })
            await books.save(Object.assign(draft, { number: 7, shelf: b }))
            await dataSource.transaction((manager) =>
                manager.update(Book, other.id, { number: 8, shelf: b }),
            )
            await expectShelf(books, b, [1, 7, 8, 9])
            await expectShelf(books, a, [1, 2, 3, 4])
        })

        it("is an integer, in a scope that is known", async () => {
            const { dataSource, books, a, draft } = await withDraft()
            const update = (set: object) =>
                dataSource.transaction((manager) =>
                    manager
                        .createQueryBuilder()
                        .update(Book)
                        .set(set)
                        .whereInIds(draft.id)
                        .execute(),
                )
            expect(await rejection(update({ number: () => "id + 40" }))).to.be.instanceOf(
                InvalidNumberError,
            )
            expect(
                await rejection(update({ number: 4, shelf: () => `0 + ${a.id}` })),
            ).to.be.instanceOf(UnknownScopeError)
            await expectShelf(books, a, [1, 2, 3, 4])
        })

        if (!can.failOnce)
            it("goes back where its UPDATE fails and the transaction goes on", async () => {
                const { dataSource, books, a, draft } = await withDraft()
                await dataSource.transaction(async (manager) => {
                    await rejection(
                        manager.update(Book, draft.id, { number: 4, sku: "one", shelf: a }),
                    )
                    await manager.save(Book, { shelf: a })
                })
                await expectShelf(books, a, isAhead ? [1, 2, 3, 5, 6] : [1, 2, 3, 4, 5])
            })

        if (can.parallel && waitsForBeforeQuery)
            it("keeps the scope that another transaction has given it for, however late", async () => {
                const dataSource = await database().connect([Shelf, Book])
                const interrupts = new Interrupts()
                dataSource.subscribers.push(interrupts)
                const shelves = dataSource.getRepository(Shelf)
                const [a, b] = (await shelves.save([{}, {}])) as [Shelf, Shelf]
                const books = dataSource.getRepository(Book)
                const draft = await books.save({ shelf: a, number: null })
                interrupts.before = () =>
                    books.save(books.create({ id: draft.id, shelf: a, number: 1 }))
                const error = await rejection(books.update(draft.id, { shelf: b }))
                expect(error).to.be.instanceOf(ReadOnlyNumberError)
                await expectShelf(books, a, [1, 2])
                await expectShelf(books, b, [1])
            })

        if (can.parallel)
            for (const where of ["in one scope", "while the other moves it"])
                it(`is the first one's, of two who number it ${where}`, async () => {
                    const { dataSource, books, a, b, draft } = await withDraft()
                    const [loaded, written] = [new Signal(), new Signal()]
                    let session = ""
                    const first = dataSource.transaction(async (manager) => {
                        const row = await manager.findOneByOrFail(Book, { id: draft.id })
                        await loaded.promise
                        await manager.save(Object.assign(row, { number: 4 }))
                        written.send()
                        await mustWait(dataSource, session, second)
                    })
                    const second = dataSource.transaction(async (manager) => {
                        session = await sessionOf(manager)
                        const row = await manager.findOneByOrFail(Book, { id: draft.id })
                        loaded.send()
                        await written.promise
                        const shelf = where === "in one scope" ? a : b
                        await manager.save(Object.assign(row, { number: 5, shelf }))
                    })
                    const [one, other] = await Promise.allSettled([first, second])
                    expect(one.status).to.equal("fulfilled")
                    expect(other.status === "rejected" && other.reason).to.be.instanceOf(
                        ReadOnlyNumberError,
                    )
                    await expectShelf(books, a, [1, 2, 3, 4, 5])
                    await expectShelf(books, b, [1, 2])
                })
    })
})

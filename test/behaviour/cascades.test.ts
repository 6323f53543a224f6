import { expect } from "chai"
import {
    Column,
    Entity,
    ManyToOne,
    OneToMany,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    type Relation,
} from "typeorm"
import { AutoSequenceColumn, UnknownScopeError } from "../../src"
import { expectUnwritten } from "../support/errors"
import { upTo } from "../support/invoices"
import { onEachCell } from "../support/matrix"
import { entitiesOf } from "../support/numbered-entities"
import { expectUnnumbered, numbersOf } from "../support/rows"
import { expectNext, numbersOfScope, storedCounters } from "../support/stored"

onEachCell("Cascades", ({ way, tables }) => {
    const { options } = way
    const { Customer, Invoice } = entitiesOf(way)

    /** Numbered itself, with numbered children whose scope may be NULL. */
    @Entity()
    class Album {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn(options) number!: number
        @OneToMany(() => Track, (track) => track.album, { cascade: true })
        tracks!: Relation<Track>[]
    }

    @Entity()
    class Track {
        @PrimaryGeneratedColumn("uuid") id!: string
        @ManyToOne(() => Album, (album) => album.tracks, { nullable: true, cascade: ["insert"] })
        album!: Relation<Album> | null
        @Column({ default: 1 }) side!: number
        @AutoSequenceColumn({ ...options, uniqueWith: ["album", "side"] }) number!: number
    }

    /** A parent whose key is known before it is inserted. */
    @Entity()
    class Project {
        @PrimaryColumn({ length: 20 }) key!: string
        @OneToMany(() => Issue, (issue) => issue.project, { cascade: true })
        issues!: Relation<Issue>[]
    }

    @Entity()
    class Issue {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Project, (project) => project.issues, { nullable: false })
        project!: Relation<Project>
        @AutoSequenceColumn({ ...options, uniqueWith: "project" }) number!: number
    }

    @Entity()
    class Task {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Task, (task) => task.children, { nullable: true })
        parent!: Relation<Task> | null
        @OneToMany(() => Task, (task) => task.parent, { cascade: true })
        children!: Relation<Task>[]
        @AutoSequenceColumn({ ...options, uniqueWith: "parent" }) number!: number
    }

    @Entity()
    class Shelf {
        @PrimaryGeneratedColumn() id!: number
        @OneToMany(() => Book, (book) => book.shelf, { cascade: true })
        books!: Promise<Relation<Book>[]>
    }

    @Entity()
    class Book {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Shelf, (shelf) => shelf.books, { nullable: true })
        shelf!: Promise<Relation<Shelf> | null>
        @AutoSequenceColumn({ ...options, uniqueWith: "shelf" }) number!: number
    }

    const dataSource = tables([
        ...[Customer, Invoice, Album, Track],
        ...[Project, Issue, Task, Shelf, Book],
    ])
    const customersOf = () => dataSource().getRepository(Customer)
    const invoicesOf = () => dataSource().getRepository(Invoice)

    it("number children that name a stored parent", async () => {
        const { id } = await customersOf().save({ name: "Ada" })
        await invoicesOf().save({ customer: { id } })
        const customer = await customersOf().findOneByOrFail({ id })
        const rows = await invoicesOf().save([{ customer }, { customer }])
        expect(numbersOf(rows)).to.eql([2, 3])
        await expectNext(invoicesOf(), { customer }, upTo(4))
    })

    it("number children that name a parent saved by the same call", async () => {
        const [cy, dan] = [{ name: "Cy" }, { name: "Dan" }]
        const rows = await invoicesOf().save(
            [cy, dan, cy, cy, dan].map((customer) => ({ customer })),
        )
        expect(numbersOf(rows)).to.eql([1, 1, 2, 3, 2])
        const more = await invoicesOf().save(rows.map(({ customer }) => ({ customer })))
        expect(numbersOf(more)).to.eql([4, 3, 5, 6, 4])
        await expectNext(invoicesOf(), { customer: cy }, upTo(7))
        await expectNext(invoicesOf(), { customer: dan }, upTo(5))
    })

    it("number children in the arrays of new parents, in their order", async () => {
        await invoicesOf().save({ customer: { name: "Old" } })
        const saved = await customersOf().save([
            { name: "Ada", invoices: [{ note: "1" }, { note: "2" }, { note: "3" }] },
            { name: "Bob", invoices: [{ note: "1" }] },
            { name: "Cy", invoices: [] },
        ])
        const families = saved.map(({ invoices }) => numbersOf(invoices as object[]))
        expect(families).to.eql([[1, 2, 3], [1], []])
        for (const { number, note } of await invoicesOf().findBy({ customer: { name: "Ada" } }))
            expect(note).to.equal(String(number))
        for (const [i, count] of [4, 2, 1].entries())
            await expectNext(invoicesOf(), { customer: { id: saved[i]?.id } }, upTo(count))
    })

    it("go on after the last of such children, deleted or not", async () => {
        const cy = await customersOf().save({ name: "Cy", invoices: [{}, {}, {}] })
        const customer = { id: cy.id }
        await invoicesOf().delete({ customer, number: 3 })
        await expectNext(invoicesOf(), { customer }, [1, 2, way.isReusing ? 3 : 4])
        await invoicesOf().delete({ customer })
        await expectNext(invoicesOf(), { customer }, [way.isReusing ? 1 : 5])
    })

    it("number 300 children of one new parent in their order", async () => {
        const invoices = upTo(300).map((i) => ({ note: String(i) }))
        const { id } = await customersOf().save({ name: "Ada", invoices })
        const stored = await invoicesOf().find()
        expect(stored).to.have.length(300)
        for (const { number, note } of stored) expect(note).to.equal(String(number))
        await expectNext(invoicesOf(), { customer: { id } }, upTo(301))
    })

    it("number children of a new parent whose key is known", async () => {
        const projects = dataSource().getRepository(Project)
        await projects.save({ key: "A", issues: [{}, {}] })
        const saved = await projects.save({ key: "B", issues: [{}, {}, {}] })
        expect(numbersOf(saved.issues)).to.eql([1, 2, 3])
        const issues = dataSource().getRepository(Issue)
        await expectNext(issues, { project: { key: "A" } }, [1, 2, 3])
        await expectNext(issues, { project: { key: "B" } }, [1, 2, 3, 4])
    })

    it("number parent and children of one call", async () => {
        const albums = dataSource().getRepository(Album)
        await albums.save({ tracks: [{ side: 1 }] })
        const [second, third] = await albums.save([
            { tracks: [{ side: 1 }, { side: 2 }, { side: 1 }] },
            { tracks: [{ side: 2 }] },
        ])
        expect([second?.number, third?.number]).to.eql([2, 3])
        expect(numbersOf(second?.tracks ?? [])).to.eql([1, 1, 2])
        expect(numbersOf(third?.tracks ?? [])).to.eql([1])
        const tracks = dataSource().getRepository(Track)
        await expectNext(tracks, { album: { id: second?.id }, side: 1 }, [1, 2, 3])
        await expectNext(albums, {}, [1, 2, 3, 4])
    })

    it("number children pushed to the array of a stored parent", async () => {
        const { id } = await customersOf().save({ name: "Ada" })
        await invoicesOf().save({ customer: { id } })
        const parent = await customersOf().findOneOrFail({
            where: { id },
            relations: { invoices: true },
        })
        const pushed = [invoicesOf().create(), invoicesOf().create()]
        parent.invoices.push(...pushed)
        await customersOf().save(parent)
        expect(numbersOf(pushed)).to.eql([2, 3])
        await expectNext(invoicesOf(), { customer: { id } }, upTo(4))
    })

    it("never take such a child for one without a parent", async () => {
        const tracks = dataSource().getRepository(Track)
        const album = await dataSource()
            .getRepository(Album)
            .save({ tracks: [{ side: 1 }] })
        const child = tracks.create({ side: 1 })
        await dataSource()
            .getRepository(Album)
            .save({ id: album.id, tracks: [...(album.tracks as Track[]), child] })
        expect(child.number).to.equal(2)
        await expectNext(tracks, { album: { id: album.id }, side: 1 }, [1, 2, 3])
        await expectNext(tracks, { album: null, side: 1 }, [1])
    })

    it("of a self-relation number children of a stored parent", async () => {
        const tasks = dataSource().getRepository(Task)
        const root = await tasks.save({ parent: null })
        const children = await tasks.save([{ parent: root }, { parent: root }])
        expect(numbersOf(children)).to.eql([1, 2])
        await expectNext(tasks, { parent: { id: root.id } }, [1, 2, 3])
        await expectNext(tasks, { parent: null }, [1, 2])
    })

    it("of a self-relation number children of a new parent, or refuse before anything is written", async () => {
        const tasks = dataSource().getRepository(Task)
        await tasks.save({ parent: null })
        const family = tasks.create({ parent: null, children: [{}, {}] })
        const [before, counters] = [await tasks.count(), await storedCounters(dataSource())]
        const error = await tasks.save(family).then(
            () => null,
            (error: unknown) => error,
        )
        if (error) {
            expect(error).to.be.instanceOf(way.treeRefusal)
            expect(await tasks.count()).to.equal(before)
            expect(await storedCounters(dataSource())).to.eql(counters)
            expectUnnumbered([family, ...family.children])
            return expectNext(tasks, { parent: null }, [1, 2], way)
        }
        expect(numbersOf([family, ...family.children])).to.eql([2, 1, 2])
        await expectNext(tasks, { parent: { id: family.id } }, [1, 2, 3])
        await expectNext(tasks, { parent: null }, [1, 2, 3])
    })

    it("of lazy relations number children, and a lazy relation makes a scope", async () => {
        const shelves = dataSource().getRepository(Shelf)
        const books = dataSource().getRepository(Book)
        const shelf = shelves.create()
        shelf.books = Promise.resolve([books.create(), books.create()])
        await shelves.save(shelf)
        const book = books.create()
        book.shelf = Promise.resolve(shelf)
        expect((await books.save(book)).number).to.equal(3)
        const loaded = await books.findOneByOrFail({ number: 2 })
        expect((await loaded.shelf)?.id).to.equal(shelf.id)
        expect(await numbersOfScope(books, { shelf: { id: shelf.id } })).to.eql([1, 2, 3])
    })

    if (!way.isInDatabase)
        it("refuse a parent that is neither stored nor saved by the same call", async () => {
            const tracks = dataSource().getRepository(Track)
            const albumless = { album: { tracks: [] }, side: 1 } as unknown as Track
            await expectUnwritten(
                tracks,
                () => dataSource().transaction((manager) => manager.insert(Track, albumless)),
                UnknownScopeError,
                "album is an object without id",
            )
            await expectNext(tracks, { album: null, side: 1 }, [1], way)
        })
})

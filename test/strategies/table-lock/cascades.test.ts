import { expect } from "chai"
import {
    Column,
    Entity,
    ManyToOne,
    OneToMany,
    PrimaryColumn,
    PrimaryGeneratedColumn,
} from "typeorm"
import { AutoSequenceColumn, UnknownScopeError } from "../../../src"
import { onEachDatabase } from "../../support/databases"
import { rejection } from "../../support/errors"
import {
    Customer,
    customer,
    Invoice,
    invoiceEntities,
    storedNumbers,
    upTo,
} from "../../support/invoices"

/** Numbered itself, with numbered children whose scope may be NULL. */
@Entity()
class Album {
    @PrimaryGeneratedColumn()
    id!: number

    @AutoSequenceColumn()
    number!: number

    @OneToMany(() => Track, (track) => track.album, { cascade: true })
    tracks!: Track[]
}

@Entity()
class Track {
    @PrimaryGeneratedColumn("uuid")
    id!: string

    @ManyToOne(() => Album, (album) => album.tracks, { nullable: true, cascade: ["insert"] })
    album!: Album | null

    @Column({ default: 1 })
    side!: number

    @AutoSequenceColumn({ uniqueWith: ["album", "side"] })
    number!: number
}

/** A parent whose key is known before it is inserted. */
@Entity()
class Project {
    @PrimaryColumn()
    key!: string

    @OneToMany(() => Issue, (issue) => issue.project, { cascade: true })
    issues!: Issue[]
}

@Entity()
class Issue {
    @PrimaryGeneratedColumn()
    id!: number

    @ManyToOne(() => Project, (project) => project.issues)
    project!: Project

    @AutoSequenceColumn({ uniqueWith: "project" })
    number!: number
}

@Entity()
class Shelf {
    @PrimaryGeneratedColumn()
    id!: number

    @OneToMany(() => Book, (book) => book.shelf, { cascade: true })
    books!: Promise<Book[]>
}

@Entity()
class Book {
    @PrimaryGeneratedColumn()
    id!: number

    @ManyToOne(() => Shelf, (shelf) => shelf.books, { nullable: true })
    shelf!: Promise<Shelf | null>

    @AutoSequenceColumn({ uniqueWith: "shelf" })
    number!: number
}

onEachDatabase("Lazy relations", (database) => {
    it("make a scope, and cascade to numbered rows", async () => {
        const dataSource = await database().connect([Shelf, Book])
        const [shelves, books] = [dataSource.getRepository(Shelf), dataSource.getRepository(Book)]
        const shelf = shelves.create()
        shelf.books = Promise.resolve([books.create(), books.create()])
        await shelves.save(shelf)
        const book = books.create()
        book.shelf = Promise.resolve(shelf)
        expect((await books.save(book)).number).to.equal(3)
        const loaded = await books.findOneByOrFail({ number: 2 })
        expect((await loaded.shelf)?.id).to.equal(shelf.id)
    })

    it("are refused where TypeORM does not see them, and would store NULL", async () => {
        const dataSource = await database().connect([Shelf, Book])
        const shelf = await dataSource.getRepository(Shelf).save({})
        const book = Object.assign(new Book(), { shelf: Promise.resolve(shelf) })
        const error = await rejection(dataSource.manager.save(book))
        expect(error).to.be.instanceOf(UnknownScopeError)
        expect(error.message).to.contain("repository.create()")
        expect(await dataSource.getRepository(Book).count()).to.equal(0)
    })
})

onEachDatabase("Cascades", (database) => {
    it("number children that name a stored parent", async () => {
        const dataSource = await database().connect(invoiceEntities)
        const ada = await customer(dataSource)
        await dataSource.getRepository(Invoice).save({ customer: ada })
        const loaded = await dataSource.getRepository(Customer).findOneByOrFail({ id: ada.id })
        const saved = await dataSource
            .getRepository(Invoice)
            .save([{ customer: loaded }, { customer: loaded }])
        expect(saved.map(({ number }) => number)).to.deep.equal([2, 3])
    })

    it("number children that name a parent saved by the same call", async () => {
        const dataSource = await database().connect(invoiceEntities)
        const [ada, bob] = [{ name: "Ada" }, { name: "Bob" }]
        const saved = await dataSource
            .getRepository(Invoice)
            .save([ada, bob, ada, ada, bob].map((customer) => ({ customer })))
        expect(saved.map(({ number }) => number)).to.deep.equal([1, 1, 2, 3, 2])
        expect(await storedNumbers(dataSource)).to.deep.equal({ Ada: [1, 2, 3], Bob: [1, 2] })
    })

    it("number children that are in the array of a new parent only", async () => {
        const dataSource = await database().connect(invoiceEntities)
        await dataSource.getRepository(Invoice).save({ customer: { name: "Old" } })
        const saved = await dataSource.getRepository(Customer).save([
            { name: "Ada", invoices: [{ note: "1" }, { note: "2" }, { note: "3" }] },
            { name: "Bob", invoices: [{ note: "1" }] },
            { name: "Cy", invoices: [] },
        ])
        expect(
            saved.map(({ invoices }) =>
                (invoices as Invoice[]).map(({ number, note }) => [number, note]),
            ),
        ).to.deep.equal([
            [
                [1, "1"],
                [2, "2"],
                [3, "3"],
            ],
            [[1, "1"]],
            [],
        ])
        expect(await storedNumbers(dataSource)).to.deep.equal({
            Old: [1],
            Ada: [1, 2, 3],
            Bob: [1],
        })
    })

    it("number a thousand children of one new parent in their order", async () => {
        const dataSource = await database().connect(invoiceEntities)
        const invoices = upTo(1000).map((i) => ({ note: String(i) }))
        await dataSource.getRepository(Customer).save({ name: "Ada", invoices })
        const stored = await dataSource.getRepository(Invoice).find()
        expect(stored).to.have.length(1000)
        for (const { number, note } of stored) expect(note).to.equal(String(number))
    })

    it("number children of a new parent whose key is known, after those it has", async () => {
        const dataSource = await database().connect([Project, Issue])
        await dataSource.getRepository(Project).save({ key: "A", issues: [{}, {}] })
        const saved = await dataSource
            .getRepository(Project)
            .save({ key: "B", issues: [{}, {}, {}] })
        expect((saved.issues as Issue[]).map(({ number }) => number)).to.deep.equal([1, 2, 3])
        const [next] = await dataSource.getRepository(Issue).save([{ project: { key: "A" } }])
        expect(next?.number).to.equal(3)
    })

    it("number parent and children of one call", async () => {
        const dataSource = await database().connect([Album, Track])
        await dataSource.getRepository(Album).save({ tracks: [{ side: 1 }] })
        const [second, third] = await dataSource
            .getRepository(Album)
            .save([{ tracks: [{ side: 1 }, { side: 2 }, { side: 1 }] }, { tracks: [{ side: 2 }] }])
        expect([second?.number, third?.number]).to.deep.equal([2, 3])
        expect((second?.tracks as Track[]).map(({ number }) => number)).to.deep.equal([1, 1, 2])
        expect((third?.tracks as Track[]).map(({ number }) => number)).to.deep.equal([1])
    })

    it("number a child that was pushed to the array of a stored parent", async () => {
        const dataSource = await database().connect(invoiceEntities)
        const ada = await customer(dataSource)
        await dataSource.getRepository(Invoice).save({ customer: ada })
        const loaded = await dataSource
            .getRepository(Customer)
            .findOneOrFail({ where: { id: ada.id }, relations: { invoices: true } })
        const pushed = dataSource.getRepository(Invoice).create()
        loaded.invoices.push(pushed)
        await dataSource.getRepository(Customer).save(loaded)
        expect(pushed.number).to.equal(2)
        await dataSource.getRepository(Invoice).save({ customer: ada })
        expect(await storedNumbers(dataSource)).to.deep.equal({ Ada: [1, 2, 3] })
    })

    it("never take such a child for one without a parent", async () => {
        const dataSource = await database().connect([Album, Track])
        const album = await dataSource.getRepository(Album).save({ tracks: [{ side: 1 }] })
        const child = dataSource.getRepository(Track).create({ side: 1 })
        const changed = { id: album.id, tracks: [...(album.tracks as Track[]), child] }
        await dataSource.getRepository(Album).save(changed)
        expect(child.number).to.equal(2)
        expect(await dataSource.getRepository(Track).countBy({ album: { id: album.id } })).to.equal(
            2,
        )

        const free = await dataSource
            .getRepository(Track)
            .save([null, null].map((album) => ({ album, side: 1 })))
        expect(free.map(({ number }) => number)).to.deep.equal([1, 2])
    })

    it("refuse a parent that is neither stored nor saved by the same call", async () => {
        const dataSource = await database().connect([Project, Issue, Album, Track])
        const albumless = { album: { tracks: [] }, side: 1 } as unknown as Track
        const error = await rejection(
            dataSource.transaction((manager) => manager.insert(Track, albumless)),
        )
        expect(error).to.be.instanceOf(UnknownScopeError)
        expect(error.message).to.contain("album is an object without id")
        expect(await dataSource.getRepository(Track).count()).to.equal(0)
    })
})

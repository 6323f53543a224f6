import { expect } from "chai"
import { Column, DataSource, Entity, ManyToOne, OneToMany, PrimaryGeneratedColumn } from "typeorm"
import { InvalidKeyError, InvalidOptionError, PseudoKey, withAutoSequence } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { expectNothingWritten, storedKeys } from "./insert-rows"

@Entity()
class Author {
    @PrimaryGeneratedColumn() id!: number
    @Column() name!: string
    @OneToMany(() => Book, (book) => book.author) books!: Book[]
}

@Entity()
class Book {
    @PrimaryGeneratedColumn() id!: number
    @Column() title!: string
    @ManyToOne(() => Author, (author) => author.books, { nullable: false }) author!: Author
    @PseudoKey({
        case: "keep",
        derive: (b: Book) => `${b.author.name} ${b.title}`,
        relations: ["author"],
    })
    slug!: string
}

/** As Book, and follows its author. */
@Entity()
class Tale {
    @PrimaryGeneratedColumn() id!: number
    @Column() title!: string
    @ManyToOne(() => Author, { nullable: true }) author!: Author | null
    @PseudoKey({
        case: "keep",
        derive: {
            from: (tale: Tale) => [tale.author?.name, tale.title].join(" ").trim(),
            follow: true,
        },
        relations: ["author"],
    })
    slug!: string
}

/** As Book, and says nothing of what it reads. */
@Entity()
class Leaflet {
    @PrimaryGeneratedColumn() id!: number
    @Column() title!: string
    @ManyToOne(() => Author, { nullable: false }) author!: Author
    @PseudoKey({
        case: "keep",
        derive: (leaflet: Leaflet) => `${leaflet.author.name} ${leaflet.title}`,
    })
    slug!: string
}

/** Reads what only the INSERT gives, and doesn't say so. */
@Entity()
class Flyer {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ case: "keep", derive: (flyer: Flyer) => `F-${flyer.id}` }) slug!: string
}

function withRelations(relations: string[]) {
    @Entity()
    class Poster {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Author) author!: Author
        @ManyToOne(() => Author, { lazy: true }) lazy!: Promise<Author>
        @PseudoKey({ case: "keep", derive: () => "x", relations }) slug!: string
    }
    return Poster
}

onEveryDatabase("The relations of a derived key", (database) => {
    it("are read from the row that is about to be stored", async () => {
        const { manager } = await database().connect([Author, Book], { emptied: true })
        const ada = await manager.save(Author, { name: "Ada" })
        const bob = await manager.save(Author, { name: "Bob" })
        // What is in memory is that of another row by now.
        const book = manager.create(Book, { title: "T", author: { id: bob.id } })
        await manager.save(book)
        expect(book.slug).to.equal("Bob-T")
        expect(book.author).to.include({ id: bob.id, name: undefined })
        await manager.insert(Book, { title: "T", author: ada })
        await manager.save(Book, [{ title: "T", author: { ...ada, name: "Eve" } }])
        expect(await storedKeys({ manager }, Book)).to.eql(["Bob-T", "Ada-T", "Eve-T"])
    })

    it("are loaded without listeners, which could wait for the statement that waits for them", async () => {
        const dataSource = await database().connect([Author, Book, Tale])
        const { id } = await dataSource.manager.save(Author, { name: "Ada" })
        await dataSource.transaction(async (manager) => {
            const afterLoad = () => manager.query("SELECT 1")
            dataSource.subscribers.push({ listenTo: () => Author, afterLoad })
            await manager.save(Book, { title: "T", author: { id } })
            const tale = await manager.save(Tale, { title: "T" })
            await manager.save(Tale, { id: tale.id, author: { id } })
            expect(await storedKeys({ manager }, Book)).to.eql(["Ada-T"])
            expect(await storedKeys({ manager }, Tale)).to.eql(["Ada-T"])
        })
    })

    it("have to be named, or be there: nothing is made of what is not known", async () => {
        const dataSource = await database().connect([Author, Book, Leaflet], { emptied: true })
        const { manager } = dataSource
        const author = await manager.save(Author, { name: "Ada" })
        const row = { title: "T", author: { id: author.id } }
        const error = await expectNothingWritten(
            dataSource,
            Leaflet,
            manager.save(Leaflet, row),
            InvalidKeyError,
        )
        expect(error.message).to.include('relations: ["author"]')
        await manager.save(Leaflet, { title: "T", author })
        expect(await storedKeys(dataSource, Leaflet)).to.eql(["Ada-T"])
    })

    it("and what only the INSERT gives have to be declared", async () => {
        const dataSource = await database().connect([Flyer], { emptied: true })
        const attempt = dataSource.manager.save(Flyer, {})
        const error = await expectNothingWritten(dataSource, Flyer, attempt, InvalidKeyError)
        expect(error.message).to.include('after: "insert"')
        await dataSource.manager.save(Flyer, { slug: "mine" })
        expect(await storedKeys(dataSource, Flyer)).to.eql(["mine"])
    })
})

describe("Wrong relations of a derived key", () => {
    for (const [title, path, problem] of [
        ["that the entity lacks", "writer", "no relation Poster.writer"],
        ["to many", "author.books", "Author.books is one-to-many"],
        ["that are lazy", "lazy", "Poster.lazy is lazy"],
    ] as const)
        it(`are refused at initialize(): those ${title}`, async () => {
            const dataSource = new DataSource(
                withAutoSequence({
                    type: "better-sqlite3",
                    database: ":memory:",
                    entities: [Author, Book, withRelations([path])],
                }),
            )
            const error = await rejection(dataSource.initialize())
            expect(error).to.be.instanceOf(InvalidOptionError)
            expect(error.message).to.include("Poster.slug").and.include(problem)
        })
})

import { expect } from "chai"
import { Entity, ManyToOne, OneToMany, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, UnknownScopeError } from "../../../src"
import { onEachDatabase } from "../../support/databases"
import { rejection } from "../../support/errors"

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

@Entity()
class Page {
    @PrimaryGeneratedColumn()
    id!: number

    @ManyToOne(() => Shelf, { nullable: false, lazy: true })
    shelf!: Promise<Shelf>

    @AutoSequenceColumn({ uniqueWith: "shelf" })
    number!: number
}

onEachDatabase("Lazy relations", (database) => {
    it("are refused where TypeORM does not see them, and would store NULL", async () => {
        const dataSource = await database().connect([Shelf, Book])
        const shelf = await dataSource.getRepository(Shelf).save({})
        const book = Object.assign(new Book(), { shelf: Promise.resolve(shelf) })
        const error = await rejection(dataSource.manager.save(book))
        expect(error).to.be.instanceOf(UnknownScopeError)
        expect(error.message).to.contain("repository.create()")
        expect(await dataSource.getRepository(Book).count()).to.equal(0)
    })

    it("are refused with the same words where they can't be NULL", async () => {
        const dataSource = await database().connect([Shelf, Book, Page])
        const shelf = await dataSource.getRepository(Shelf).save({})
        const pages = dataSource.getRepository(Page)
        const plain = { shelf: Promise.resolve(shelf) }
        for (const page of [plain, Object.assign(new Page(), plain)]) {
            const error = await rejection(dataSource.manager.save(Page, page))
            expect(error).to.be.instanceOf(UnknownScopeError)
            expect(error.message).to.contain("shelf is a promise on an object")
            expect(error.message).to.contain("repository.create(), of what the promise resolves to")
        }
        expect(await pages.count()).to.equal(0)
        const { shelf: promise } = plain
        const made = pages.create({ shelf: await promise } as never) as unknown as Page
        expect((await pages.save(made)).number).to.equal(1)
        expect(await rejection(pages.save({})))
            .to.have.property("message")
            .that.contains("is not set")
    })
})

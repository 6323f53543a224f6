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
})

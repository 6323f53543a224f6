import { expect } from "chai"
import {
    Column,
    Entity,
    ManyToOne,
    type ObjectLiteral,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    type Relation,
    type RelationOptions,
} from "typeorm"
import {
    AutoSequenceColumn,
    generateMigration,
    installAutoSequence,
    InvalidOptionError,
    UnknownScopeError,
    verifyAutoSequence,
} from "../../src"
import { expectRefuses, expectRejects } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { expectNext } from "../support/stored"
import type { Way } from "../support/strategies"

/** Values that a property does not have by its type, and a row may have all the same. */
const MISTAKEN: Record<string, readonly (readonly [string, unknown])[]> = {
    integer: [
        ["a promise", Promise.resolve(7)],
        ["a list", [7]],
        ["an object", { id: 7 }],
        ["a string", "7.6"],
    ],
    text: [
        ["a promise", Promise.resolve("a")],
        ["a list", ["a"]],
        ["bytes", Buffer.from("a")],
    ],
    uuid: [["a string", "a0eebc99"]],
    moment: [["an invalid date", new Date(NaN)]],
}

function entitiesOf({ options }: Way) {
    @Entity()
    class Scoped {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "int", nullable: true }) integer!: unknown
        @Column({ type: "varchar", length: 20, nullable: true }) text!: unknown
        @Column({ type: "uuid", nullable: true }) uuid!: unknown
        @Column({ type: "date", nullable: true }) moment!: unknown
        @AutoSequenceColumn({ ...options, uniqueWith: "integer" }) ofInteger!: number
        @AutoSequenceColumn({ ...options, uniqueWith: "text" }) ofText!: number
        @AutoSequenceColumn({ ...options, uniqueWith: "uuid" }) ofUuid!: number
        @AutoSequenceColumn({ ...options, uniqueWith: "moment" }) ofMoment!: number
    }

    @Entity()
    class Letter {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 20 }) box!: string
        @AutoSequenceColumn({ ...options, uniqueWith: "box" }) number!: number
    }

    @Entity()
    class Customer {
        @PrimaryColumn({ type: "varchar", length: 36 }) id!: string
    }

    @Entity()
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Customer, { nullable: false }) customer!: Relation<Customer>
        @AutoSequenceColumn({ ...options, uniqueWith: "customer" }) number!: number
    }

    return { Scoped, Letter, Customer, Invoice }
}

onEachCell("The values of scopes", ({ way, can, database, tables }) => {
    const { options } = way
    const { Scoped, Letter, Customer, Invoice } = entitiesOf(way)
    const dataSource = tables([Scoped, Letter, Customer, Invoice])

    it("are refused where they are not stored as what they are, before anything is", async function () {
        // The database counts what it stores.
        if (way.isInDatabase) return this.skip()
        const rows = dataSource().getRepository<ObjectLiteral>("Scoped")
        const isStored = ([property, [kind]]: readonly [string, readonly [string, unknown]]) =>
            // SQLite has no type of its own for it.
            property === "uuid" && kind === "a string" && !can.bigints
        for (const [property, values] of Object.entries(MISTAKEN))
            for (const value of values) {
                if (isStored([property, value])) continue
                const [kind, mistaken] = value
                await expectRefuses(
                    rows,
                    () => rows.save({ [property]: mistaken }),
                    UnknownScopeError,
                    `Scoped.${property}`,
                    kind,
                )
            }
        const { ofInteger, ofText } = await rows.save({ integer: 7, text: "a" })
        expect([ofInteger, ofText]).to.eql([1, 1])
    })

    it("are one scope where the column takes them for equal, by its own collation", async () => {
        const letters = dataSource().getRepository(Letter)
        const boxes = ["k", "K", "k ", "ḱ", "K"]
        for (const box of boxes) await letters.save({ box })
        const count = await letters.countBy({ box: "k" })
        // MariaDB ignores case, accents and trailing blanks, the others nothing.
        expect(count).to.equal(can.partialIndexes ? 1 : boxes.length)
        const numbers = Array.from({ length: count + 1 }, (_, at) => at + 1)
        await expectNext(letters, { box: "k" }, numbers)
        const sharp = await letters.countBy({ box: "K" })
        expect((await letters.save({ box: "K" })).number).to.equal(sharp + 1)
    })

    it("are those of a string in SQL, and not known of other SQL", async () => {
        const letters = dataSource().getRepository(Letter)
        const insert = (sql: string) =>
            dataSource().transaction(({ queryRunner }) =>
                letters
                    .createQueryBuilder("letter", queryRunner)
                    .insert()
                    .values({ box: () => sql })
                    .execute(),
            )
        await letters.save({ box: "it's" })
        await insert("'it''s'")
        await expectNext(letters, { box: "it's" }, [1, 2, 3])
        const unknown = "lower('IT''S')"
        if (way.isInDatabase) await insert(unknown)
        else
            await expectRefuses(
                letters,
                () => insert(unknown),
                UnknownScopeError,
                "is a function (an SQL expression)",
            )
        await expectNext(letters, { box: "it's" }, [1, 2, 3, ...(way.isInDatabase ? [4, 5] : [4])])
    })

    if (!way.isInDatabase)
        it("are not known before the insert where the database works them out", async () => {
            @Entity()
            class Dated {
                @PrimaryGeneratedColumn() id!: number
                @Column({ type: "int", nullable: true }) month!: number
                @Column({
                    ...{ type: "int", nullable: true, insert: false },
                    ...{ asExpression: "month / 100", generatedType: "STORED" },
                })
                year!: number | null
                @AutoSequenceColumn({ ...options, uniqueWith: "year" }) number!: number
            }
            const rows = (await database().connect([Dated])).getRepository(Dated)
            await expectRefuses(
                rows,
                () => rows.save({ month: 202605 }),
                UnknownScopeError,
                "Dated.number can't be known before the insert: year is made by the database",
            )
        })

    it("may be keys of another table, which are texts there", async () => {
        const id = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
        await dataSource().getRepository(Customer).save({ id })
        const invoices = dataSource().getRepository(Invoice)
        for (const number of [1, 2])
            expect((await invoices.save({ customer: { id } })).number).to.equal(number)
        if (!can.partialIndexes) {
            const upper = { id: id.toUpperCase() }
            expect((await invoices.save({ customer: upper })).number).to.equal(3)
        }
        await installAutoSequence(dataSource())
        await verifyAutoSequence(dataSource())
        expect(await generateMigration(dataSource())).to.equal(undefined)
        await expectNext(
            invoices,
            { customer: { id } },
            can.partialIndexes ? [1, 2, 3] : [1, 2, 3, 4],
        )
    })

    it("are not changed by a foreign key: one that would is refused when the data source is initialised", async () => {
        const declared: readonly (readonly [RelationOptions, string])[] = [
            [{ onDelete: "SET NULL" }, "customer"],
            [{ onUpdate: "SET NULL" }, "customer"],
            [{ onDelete: "SET NULL" }, "customerId"],
        ]
        for (const [option, uniqueWith] of declared) {
            @Entity()
            class Task {
                @PrimaryGeneratedColumn() id!: number
                @Column({ type: "varchar", length: 36, nullable: true }) customerId!: string | null
                @ManyToOne(() => Customer, { nullable: true, ...option })
                customer!: object | null
                @AutoSequenceColumn({ ...options, uniqueWith }) number!: number
            }
            await expectRejects(
                database().connect([Customer, Task]),
                InvalidOptionError,
                `uniqueWith of Task.number names "${uniqueWith}"`,
                '"SET NULL"',
            )
        }
    })

    it("can be NULL in four columns; in more where no index is needed for each set of them", async () => {
        const scoped = (columns: number) => {
            class Shelf {
                @PrimaryGeneratedColumn() id!: number
            }
            const names = Array.from({ length: columns }, (_, at) => `part${at}`)
            for (const name of names) Column({ type: "int", nullable: true })(Shelf.prototype, name)
            AutoSequenceColumn({ ...options, uniqueWith: names })(Shelf.prototype, "number")
            Entity()(Shelf)
            return Shelf
        }
        const most = can.partialIndexes ? 4 : 8
        const Shelf = scoped(most)
        const shelves = (await database().connect([Shelf])).getRepository<ObjectLiteral>(Shelf)
        for (const number of [1, 2]) expect((await shelves.save({})).number).to.equal(number)
        expect((await shelves.save({ part1: 1 })).number).to.equal(1)
        expect((await shelves.save({})).number).to.equal(3)
        if (can.partialIndexes)
            await expectRejects(
                database().connect([scoped(5)]),
                InvalidOptionError,
                "uniqueWith of Shelf.number has 5 columns that can be NULL",
            )
    })
})

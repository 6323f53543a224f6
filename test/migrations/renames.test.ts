import { expect } from "chai"
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    findByPseudoKey,
    generateMigration,
    installAutoSequence,
    InvalidOptionError,
    KeyTakenError,
    NotInstalledError,
    PseudoKey,
    verifyAutoSequence,
} from "../../src"
import { onEveryDatabase, onOnePostgres } from "../support/databases"
import { expectRejects, rejection } from "../support/errors"
import { counterTable, storedCounters, storedNumbers } from "../support/stored"
import { COUNTING, type Counting, worksOn } from "../support/strategies"
import { tableName } from "../support/typeorm"
import { changeEntities, expectUpToDate, migrate } from "./migrate"

interface Names {
    readonly table?: string
    readonly column?: string
    readonly schema?: string
}

/** Letters that are numbered, by a table and a column of these names. */
function letters(strategy: Counting, { table = "letter", column = "number", schema }: Names = {}) {
    @Entity(table, { schema })
    class Letter {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn({ strategy, name: column }) number!: number
    }
    return [Letter]
}

async function post(dataSource: DataSource): Promise<number> {
    return (await dataSource.getRepository("Letter").save({})).number as number
}

/** Letters 1 to 3, and the last one is gone. */
async function withThree(dataSource: DataSource): Promise<DataSource> {
    await installAutoSequence(dataSource)
    for (const expected of [1, 2, 3]) expect(await post(dataSource)).to.equal(expected)
    await dataSource.getRepository("Letter").delete({ number: 3 })
    return dataSource
}

async function renameTable(dataSource: DataSource, entity: string, to: string): Promise<void> {
    const runner = dataSource.createQueryRunner()
    await runner.renameTable(dataSource.getMetadata(entity).tablePath, to)
    await runner.release()
}

async function renameColumn(dataSource: DataSource, from: string, to: string): Promise<void> {
    const table = tableName(dataSource.getMetadata("Letter"))
    await dataSource.query(`ALTER TABLE ${table} RENAME COLUMN ${from} TO ${to}`)
}

async function namesOf(dataSource: DataSource): Promise<string[]> {
    return (await storedCounters(dataSource)).map(({ series, last }) => `${series} ${last}`)
}

/** The numbers go on after the one that is gone, and nothing is left to be done. */
async function expectGoesOn(dataSource: DataSource, series: string): Promise<void> {
    await verifyAutoSequence(dataSource)
    await expectUpToDate(dataSource)
    expect(await namesOf(dataSource)).to.eql([`${series} 3`])
    expect(await post(dataSource)).to.equal(4)
    expect(await storedNumbers(dataSource.getRepository("Letter"))).to.eql([1, 2, 4])
}

for (const strategy of COUNTING)
    onEveryDatabase(
        `numbers of strategy ${strategy} under another name`,
        (db) => {
            const start = async () => withThree(await db().connect(letters(strategy)))
            const rename = { "letter.number": "parcel.number" }
            const parcels = letters(strategy, { table: "parcel" })

            it("of a renamed table go on where the migration is told of it", async () => {
                const before = await start()
                await renameTable(before, "Letter", "parcel")
                const changed = await changeEntities(db(), before, parcels)
                const told = "--rename letter.number=parcel.number"
                await expectRejects(verifyAutoSequence(changed), NotInstalledError, told)
                await expectRejects(generateMigration(changed), InvalidOptionError, told)
                await expectRejects(installAutoSequence(changed), InvalidOptionError, told)

                const { dataSource } = await migrate(db(), changed, parcels, { rename })
                await expectGoesOn(dataSource, "parcel.number")
                await dataSource.undoLastMigration()
                expect(await namesOf(dataSource)).to.eql(["letter.number 4"])
            })

            it("of a table that SQL has renamed go on, and so do its ids", async () => {
                const before = await start()
                const table = tableName(before.getMetadata("Letter"))
                const named = table.replace(/(["`])letter\1$/, "$1parcel$1")
                await before.query(
                    `ALTER TABLE ${table} RENAME TO ${db().kind === "postgres" ? '"parcel"' : named}`,
                )
                const { dataSource } = await migrate(db(), before, parcels, { rename })
                await expectGoesOn(dataSource, "parcel.number")
                await dataSource.undoLastMigration()
                const [{ id } = { id: 0 }] = await dataSource.query<{ id: number }[]>(
                    `SELECT MAX(id) AS id FROM ${tableName(dataSource.getMetadata("Letter"))}`,
                )
                expect(id).to.equal(4)
            })

            it("begin by the rows where the table is none that was renamed", async () => {
                const before = await start()
                await renameTable(before, "Letter", "parcel")
                const { dataSource } = await migrate(db(), before, parcels, {
                    rename: { "letter.number": null },
                })
                await verifyAutoSequence(dataSource)
                await expectUpToDate(dataSource)
                expect(await post(dataSource)).to.equal(3)
                expect(await namesOf(dataSource)).to.eql(["letter.number 3", "parcel.number 3"])
            })

            it("go on where TypeORM renames the column", async () => {
                const after = letters(strategy, { column: "seq" })
                const { dataSource } = await migrate(db(), await start(), after)
                await expectGoesOn(dataSource, "letter.seq")
            })

            it("go on where the column was renamed in the database", async () => {
                const before = await start()
                await renameColumn(before, "number", "seq")
                const after = letters(strategy, { column: "seq" })
                const { dataSource } = await migrate(db(), before, after, {
                    rename: { "letter.number": "letter.seq" },
                })
                await expectGoesOn(dataSource, "letter.seq")
            })

            it("are not lost with a column that TypeORM would drop", async () => {
                @Entity("letter")
                class Letter {
                    @PrimaryGeneratedColumn() id!: number
                    @Column({ nullable: true, type: "int" }) weight!: number | null
                    @AutoSequenceColumn({ strategy, name: "seq" }) number!: number
                }
                const changed = await changeEntities(db(), await start(), [Letter])
                const text = "first rename the column in the database"
                const renamed = { "letter.number": "letter.seq" }
                await expectRejects(generateMigration(changed), InvalidOptionError, text)
                await expectRejects(
                    generateMigration(changed, { rename: renamed }),
                    InvalidOptionError,
                    "First rename the column in the database",
                )
                await renameColumn(changed, "number", "seq")
                const { dataSource } = await migrate(db(), changed, [Letter], { rename: renamed })
                await expectGoesOn(dataSource, "letter.seq")
            })

            it("are counted together that were counted apart", async () => {
                const before = await start()
                const table = counterTable(before)
                const named = db().kind === "mariadb" ? before.driver.database! : "public"
                const { schema = named } = before.options as { schema?: string }
                const other = `${schema}.letter.number`
                await before.query(
                    `INSERT INTO ${table} SELECT '${other}', scope, 7, 0, moved_at FROM ${table}`,
                )
                if (db().kind === "better-sqlite3" || db().kind === "sqljs") return
                await expectRejects(verifyAutoSequence(before), NotInstalledError, other)
                const { dataSource } = await migrate(db(), before, letters(strategy))
                await verifyAutoSequence(dataSource)
                expect(await namesOf(dataSource)).to.eql(["letter.number 7"])
                expect(await post(dataSource)).to.equal(8)
                await expectUpToDate(dataSource)
            })

            it("are nobody's where another table has the column", async () => {
                const before = await start()
                const { dataSource } = await migrate(db(), before, parcels)
                await verifyAutoSequence(dataSource)
                expect(await post(dataSource)).to.equal(1)
                expect(await namesOf(dataSource)).to.eql(["letter.number 3", "parcel.number 1"])
            })

            it("are refused under names that are none", async () => {
                const dataSource = await start()
                const wrong = { "lettre.number": "letter.number", "letter.number": "x" }
                for (const [from, to] of Object.entries(wrong))
                    await expectRejects(
                        generateMigration(dataSource, { rename: { [from]: to } }),
                        InvalidOptionError,
                        `rename is "${from}" = "${to}"`,
                    )
                await expectUpToDate(dataSource)
            })
        },
        worksOn(strategy),
    )

/** Pages with a history, in a table of this name. */
function pages(table: string, series?: string, schema?: string) {
    @Entity(table, { schema })
    class Page {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 50 }) title!: string
        @PseudoKey({ case: "keep", derive: ({ title }: Page) => title, history: true, series })
        slug!: string
    }
    return [Page]
}

onEveryDatabase("keys with a history under another name", (db) => {
    /** A page that was called one, and is called two. */
    async function start(series?: string): Promise<DataSource> {
        const dataSource = await db().connect(pages("page", series))
        const page = await dataSource.getRepository("Page").save({ title: "one" })
        await dataSource.getRepository("Page").save({ ...page, slug: "two" })
        return dataSource
    }

    async function expectKept(dataSource: DataSource): Promise<void> {
        const repository = dataSource.getRepository("Page")
        expect(await findByPseudoKey(dataSource.manager, "Page", "one")).to.include({ slug: "two" })
        const taken = await rejection(repository.save({ title: "x", slug: "one" }))
        expect(taken).to.be.instanceOf(KeyTakenError)
        expect((await repository.save({ title: "one" })).slug).to.equal("one-2")
        const rows = await repository.find({ order: { id: "ASC" } })
        expect(rows.map(({ slug }) => slug as string)).to.eql(["two", "one-2"])
    }

    it("of a renamed table are kept where the migration is told of it", async () => {
        const before = await start()
        await renameTable(before, "Page", "article")
        const changed = await changeEntities(db(), before, pages("article"))
        const told = "--rename page.slug=article.slug"
        await expectRejects(verifyAutoSequence(changed), NotInstalledError, told)
        await expectRejects(generateMigration(changed), InvalidOptionError, told)
        const { dataSource } = await migrate(db(), changed, pages("article"), {
            rename: { "page.slug": "article.slug" },
        })
        await verifyAutoSequence(dataSource)
        await expectUpToDate(dataSource)
        await expectKept(dataSource)
    })

    it("are kept by a series, whatever the table is called", async () => {
        const before = await start("pages")
        await renameTable(before, "Page", "article")
        const changed = await changeEntities(db(), before, pages("article", "pages"))
        await verifyAutoSequence(changed)
        await expectKept(changed)
    })

    it("go from the table's name to a series", async () => {
        const { dataSource } = await migrate(db(), await start(), pages("page", "pages"), {
            rename: { "page.slug": "pages" },
        })
        await expectKept(dataSource)
        await dataSource.undoLastMigration()
        const [row] = await dataSource.getRepository("AutoSequenceKey").find()
        expect(row).to.include({ series: "page.slug" })
    })

    it("are refused where two histories would be one", async () => {
        @Entity("note")
        class Note {
            @PrimaryGeneratedColumn() id!: number
            @PseudoKey({ history: true, series: "pages" }) slug!: string
        }
        await expectRejects(
            db().connect([...pages("page", "pages"), Note]),
            InvalidOptionError,
            "Page.slug",
            "Note.slug",
            '"pages"',
        )
    })
})

onEveryDatabase("numbers and keys of which nothing but their column is kept", (db) => {
    const cards = (made: "number" | "key", { column = "made", weighs = false } = {}) => {
        @Entity("card")
        class Card {
            @PrimaryGeneratedColumn() id!: number
            made!: number | string
            weight!: number | null
        }
        const prototype = Card.prototype as never
        if (made === "key") PseudoKey({ name: column })(prototype, "made")
        else AutoSequenceColumn({ strategy: "table-lock", name: column })(prototype, "made")
        if (weighs) Column({ type: "int", nullable: true })(prototype, "weight")
        return [Card]
    }
    const changed = { column: "renamed", weighs: true }

    for (const made of ["number", "key"] as const) {
        const start = async () => {
            const before = await db().connect(cards(made))
            await before.getRepository("Card").save([{}, {}, {}])
            await before.getRepository("Card").delete(1)
            return before
        }
        const all = async (dataSource: DataSource) => {
            const rows = await dataSource.getRepository("Card").find({ order: { id: "ASC" } })
            return rows.map((row) => row.made as unknown)
        }

        it(`are not lost with it, where several columns change at once: ${made}`, async function () {
            if (made === "number" && !db().can.tableLock) this.skip()
            const before = await start()
            const stored = await all(before)
            const after = await changeEntities(db(), before, cards(made, changed))
            const refused = (attempt: Promise<unknown>) =>
                expectRejects(
                    attempt,
                    InvalidOptionError,
                    "has a column made with a unique index",
                    "first rename the column in the database",
                    '--rename card.made= (rename: { "card.made": null })',
                )
            await refused(generateMigration(after))
            await refused(generateMigration(after, { rename: { "card.made": "card.renamed" } }))
            await refused(installAutoSequence(after))
            await refused(after.synchronize())
            expect(await all(before)).to.eql(stored)
            const table = tableName(before.getMetadata("Card"))
            await before.query(`ALTER TABLE ${table} RENAME COLUMN made TO renamed`)
            const { dataSource } = await migrate(db(), before, cards(made, changed))
            expect(await all(dataSource)).to.eql(stored)
            await expectUpToDate(dataSource)
            const next = await dataSource.getRepository("Card").save({})
            if (made === "number") expect(next.made).to.equal(4)
        })

        it(`are made anew where it is another one: ${made}`, async function () {
            if (made === "number" && !db().can.tableLock) this.skip()
            const before = await start()
            const { dataSource } = await migrate(db(), before, cards(made, changed), {
                rename: { "card.made": null },
            })
            await expectUpToDate(dataSource)
            if (made === "number") expect(await all(dataSource)).to.eql([1, 2])
        })
    }
})

onOnePostgres("a schema of tables under another name", (db) => {
    async function renamed(entitiesIn: (schema: string) => (new () => object)[]) {
        const schema = await db().createSchema()
        const before = await db().connect(entitiesIn(schema))
        return {
            schema,
            before,
            rename: async () => {
                await before.query(`ALTER SCHEMA "${schema}" RENAME TO "${schema}_new"`)
                db().adoptSchema(`${schema}_new`)
                return changeEntities(db(), before, entitiesIn(`${schema}_new`))
            },
        }
    }

    for (const strategy of COUNTING)
        it(`keeps the counters of strategy ${strategy} where the migration is told of it`, async () => {
            const entitiesIn = (schema: string) => letters(strategy, { schema })
            const { schema, before, rename } = await renamed(entitiesIn)
            await withThree(before)
            const changed = await rename()
            const [from, to] = [`${schema}.letter.number`, `${schema}_new.letter.number`]
            await expectRejects(
                verifyAutoSequence(changed),
                NotInstalledError,
                `--rename ${from}=${to}`,
            )
            const { dataSource } = await migrate(db(), changed, entitiesIn(`${schema}_new`), {
                rename: { [from]: to },
            })
            await expectGoesOn(dataSource, to)
        })

    it("keeps the history of keys where the migration is told of it", async () => {
        const entitiesIn = (schema: string) => pages("page", undefined, schema)
        const { schema, before, rename } = await renamed(entitiesIn)
        const page = await before.getRepository("Page").save({ title: "one" })
        await before.getRepository("Page").save({ ...page, slug: "two" })
        const changed = await rename()
        const [from, to] = [`${schema}.page.slug`, `${schema}_new.page.slug`]
        await expectRejects(
            verifyAutoSequence(changed),
            NotInstalledError,
            `--rename ${from}=${to}`,
        )
        const { dataSource } = await migrate(db(), changed, entitiesIn(`${schema}_new`), {
            rename: { [from]: to },
        })
        expect(await findByPseudoKey(dataSource.manager, "Page", "one")).to.include({ slug: "two" })
        expect((await dataSource.getRepository("Page").save({ title: "one" })).slug).to.equal(
            "one-2",
        )
        await expectUpToDate(dataSource)
    })
})

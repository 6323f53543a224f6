import { expect } from "chai"
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    type AutoSequenceColumnOptions,
    AutoSequenceColumn,
    findByPseudoKey,
    installAutoSequence,
    PseudoKey,
    resyncCounters,
    seriesOf,
    verifyAutoSequence,
} from "../../src"
import { changeEntities, expectUpToDate, migrate } from "../migrations/migrate"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { expectNext, storedCounters, storedNumbers } from "../support/stored"

/** Tables of one name: in another database, and in that of the connection. */
function letters(options: AutoSequenceColumnOptions, database: string, isAlone: boolean) {
    @Entity({ name: "letter", database })
    class Away {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "int", nullable: true }) box!: number | null
        @AutoSequenceColumn({ uniqueWith: "box", ...options }) number!: number
        @PseudoKey({ history: true }) slug!: string
    }

    @Entity({ name: "letter" })
    class Home {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "int", nullable: true }) box!: number | null
        @AutoSequenceColumn({ uniqueWith: "box", ...options }) number!: number
        @PseudoKey({ history: true }) slug!: string
    }
    return isAlone ? [Away] : [Away, Home]
}

/** The same table before it has numbers and keys. */
function plainLetters(database: string) {
    @Entity({ name: "letter", database })
    class Away {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "int", nullable: true }) box!: number | null
    }
    return Away
}

onEachCell("a table in another database", ({ way, can, database, title }) => {
    // Where TypeORM leaves the database of an entity out, both would be one table.
    const isAlone = title.includes("PostgreSQL")
    const { isGapless } = way
    // TypeORM finds the indexes of a file that is attached under other names, and makes them for ever.
    const canMigrate = !title.includes("sqlite")

    async function connect(options: AutoSequenceColumnOptions = {}) {
        const other = await database().otherDatabase()
        const entities = letters({ ...way.options, ...options }, other, isAlone)
        return { other, entities, dataSource: await database().connect(entities) }
    }

    const home = (dataSource: DataSource) =>
        isAlone ? undefined : dataSource.getRepository("Home")

    it("is numbered, beside the table of its name in the database of the connection", async () => {
        const { dataSource } = await connect()
        await verifyAutoSequence(dataSource)
        const away = dataSource.getRepository("Away")
        for (const box of [1, 2, 1]) await away.save({ box })
        for (const repository of [away, home(dataSource)]) {
            if (!repository) continue
            const before = repository === away ? 2 : 0
            const failing = dataSource.transaction(async (m) => {
                await m.save(repository.target, { box: 1 })
                throw new Error("rolled back")
            })
            expect((await rejection(failing)).message).to.equal("rolled back")
            const runs = Array.from({ length: can.parallel ? 4 : 1 }, () =>
                dataSource.transaction((m) => m.save(repository.target, [{ box: 1 }, { box: 1 }])),
            )
            await Promise.all(runs)
            const rows = before + 2 * runs.length
            const expected = Array.from({ length: rows + 1 }, (_, at) => at + 1)
            await expectNext(repository, { box: 1 }, expected, { isGapless })
        }
        await expectNext(away, { box: 2 }, [1, 2], { isGapless })
        const counters = await storedCounters(dataSource)
        const series = new Set(counters.map((counter) => counter.series))
        if (way.options.strategy !== "table-lock") expect(series.size).to.equal(isAlone ? 1 : 2)
        await resyncCounters(dataSource)
        await verifyAutoSequence(dataSource, { counters: true })
    })

    it("needs nothing more once it is installed", async function () {
        if (!canMigrate) return this.skip()
        const { dataSource } = await connect()
        await installAutoSequence(dataSource)
        await expectUpToDate(dataSource)
    })

    it("has a series and a history of keys of its own", async () => {
        const { dataSource } = await connect()
        for (const repository of [dataSource.getRepository("Away"), home(dataSource)]) {
            if (!repository) continue
            const row = await repository.save({ box: 1, slug: "old" })
            await repository.save({ ...row, slug: "new" })
            const { manager, target } = repository
            expect(await findByPseudoKey(manager, target, "old")).to.include({ slug: "new" })
            await repository.save({ box: 1 })
            if (way.options.strategy === "table-lock") continue
            expect(
                await seriesOf(dataSource, repository.target, "number").last({ box: 1 }),
            ).to.equal(2)
        }
    })

    it("shares a series with a table in the database of the connection", async function () {
        if (isAlone || way.options.strategy === "table-lock") return this.skip()
        const { dataSource } = await connect({ series: "mail" })
        const [away, own] = ["Away", "Home"].map((name) => dataSource.getRepository(name))
        const numbers: number[] = []
        for (const repository of [away!, own!, own!, away!])
            numbers.push((await repository.save({ box: null })).number as number)
        expect(numbers).to.eql([1, 2, 3, 4])
        // A counter that is lost goes on after the rows of both.
        await dataSource.query("DELETE FROM autosequence_counter")
        expect((await away!.save({ box: null })).number).to.equal(5)
        await dataSource.query("DELETE FROM autosequence_counter")
        expect((await own!.save({ box: null })).number).to.equal(6)
        await verifyAutoSequence(dataSource, { counters: true })
    })

    it("is numbered and filled with keys by a migration, and back", async function () {
        if (!canMigrate) return this.skip()
        const other = await database().otherDatabase()
        const before = await database().connect([plainLetters(other)])
        await before.getRepository("Away").insert([{ box: 1 }, { box: 2 }, { box: 1 }])
        const entities = letters(way.options, other, true)
        await installAutoSequence(before)
        const { dataSource } = await migrate(database(), before, entities)
        await verifyAutoSequence(dataSource)
        await expectUpToDate(dataSource)
        expect(await storedNumbers(dataSource.getRepository("Away"))).to.eql([1, 1, 2])
        const slugs = await dataSource.getRepository("Away").find()
        expect(slugs.every(({ slug }) => typeof slug === "string" && slug !== "")).to.equal(true)
        await expectNext(dataSource.getRepository("Away"), { box: 1 }, [1, 2, 3], { isGapless })
        await dataSource.undoLastMigration()
        const back = await changeEntities(database(), dataSource, [plainLetters(other)])
        expect(await back.getRepository("Away").count()).to.equal(4)
        await expectUpToDate(back)
    })
})

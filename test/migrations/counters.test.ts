import { expect } from "chai"
import { Column, type DataSource, Entity, PrimaryColumn, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    generateMigration,
    installAutoSequence,
} from "../../src"
import { raiseCounters } from "../../src/numbers/counters/raise-counters"
import { onEveryDatabase } from "../support/databases"
import { readKey, storedCounters, textInKey } from "../support/stored"
import { changeEntities, expectUpToDate, migrate } from "./migrate"

type Options = AutoSequenceColumnOptions

/** Letters that are numbered in boxes, or not yet. */
function letters(options?: Options, collation?: string) {
    @Entity("letter")
    class Letter {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 400, nullable: true, collation }) box!: string | null
        number!: number
    }
    if (options) AutoSequenceColumn({ uniqueWith: "box", ...options })(Letter.prototype, "number")
    return Letter
}

/** Two tables, with different columns for the same thing, that are numbered together. */
function vouchers(options: Record<"invoice" | "note", Options | undefined>) {
    @Entity("invoice")
    class Invoice {
        @PrimaryColumn() country!: string
        @PrimaryColumn({ type: "int" }) id!: number
        number!: number
    }
    @Entity("credit_note")
    class CreditNote {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 10 }) country!: string
        number!: number
    }
    if (options.invoice) AutoSequenceColumn(options.invoice)(Invoice.prototype, "number")
    if (options.note) AutoSequenceColumn(options.note)(CreditNote.prototype, "number")
    return [Invoice, CreditNote]
}

async function numbersOf(dataSource: DataSource, entity: string): Promise<number[]> {
    const rows = await dataSource.getRepository(entity).find({ order: { id: "ASC" } })
    return rows.map(({ number }) => number)
}

async function countersOf(dataSource: DataSource): Promise<Record<string, number>> {
    const rows = await storedCounters(dataSource)
    const read = (key: string) => readKey(dataSource, key, ["DE", "FR", ..."abc"])
    return Object.fromEntries(rows.map(({ scope, last }) => [read(scope), Number(last)]))
}

onEveryDatabase("a migration that makes counters", (db) => {
    const exact = () => (db().kind === "mariadb" ? "utf8mb4_nopad_bin" : undefined)

    it("tells texts apart as the numbers do that come after it", async () => {
        const boxes = [
            ...["a", "A", "a ", "", "NULL", "null", null, 'say "hi"', "it's", "a\\b", "`${x}`"],
            ...["ä", "你好", "👍", "line\nbreak", "%_", "?", "$1", ":a", "x".repeat(400)],
        ]
        const before = await db().connect([letters(undefined, exact())])
        const repository = before.getRepository("Letter")
        for (const box of [...boxes, ...boxes]) await repository.insert({ box })
        const after = [letters({ strategy: "counter" }, exact())]
        const { dataSource } = await migrate(db(), before, after)

        const ones = boxes.map(() => 1)
        expect(await numbersOf(dataSource, "Letter")).to.eql([...ones, ...ones.map(() => 2)])
        const saved = await dataSource
            .getRepository("Letter")
            .save([...boxes, ...boxes].map((box) => ({ box })))
        expect(saved.map(({ number }) => number)).to.eql([
            ...ones.map(() => 3),
            ...ones.map(() => 4),
        ])
        expect(Object.values(await countersOf(dataSource))).to.eql(ones.map(() => 4))
        await expectUpToDate(dataSource)
    })

    it("makes one of texts that the column takes for equal", async function () {
        if (db().kind !== "mariadb") return this.skip()
        const before = await db().connect([letters()])
        for (const box of ["a", "A", "a "]) await before.getRepository("Letter").insert({ box })
        const { dataSource } = await migrate(db(), before, [letters({ strategy: "counter" })])
        expect(await numbersOf(dataSource, "Letter")).to.eql([1, 2, 3])
        expect(await countersOf(dataSource)).to.eql({ 'v1:"a"': 3 })
        await expectUpToDate(dataSource)
    })

    it("goes on where the table lock stopped", async function () {
        if (!db().can.tableLock) return this.skip()
        const before = await db().connect([letters({ strategy: "table-lock" })])
        await installAutoSequence(before)
        await before.getRepository("Letter").save([..."aabba"].map((box) => ({ box })))
        await before.getRepository("Letter").save({ box: null })
        const { dataSource, migration } = await migrate(db(), before, [
            letters({ strategy: "counter" }),
        ])
        expect(migration.up).to.have.lengthOf(1)
        expect(await countersOf(dataSource)).to.eql({ 'v1:"a"': 3, 'v1:"b"': 2, "v1:NULL": 1 })
        await expectUpToDate(dataSource)
    })

    it("raises those that are behind their rows, and lowers none", async () => {
        const entities = [letters({ strategy: "counter" })]
        const before = await db().connect(entities)
        await installAutoSequence(before)
        const rows = await before.getRepository("Letter").save([..."abc"].map((box) => ({ box })))
        await raiseCounters(before.createQueryRunner(), { name: "letter.number", label: "" }, [
            { key: `v1:"${textInKey(before, "c")}"`, to: 50n },
        ])
        await expectUpToDate(before)
        const letter = before.getMetadata("Letter").tablePath
        await before.query(`UPDATE ${letter} SET number = 9 WHERE id = ${rows[0]!.id}`)

        const { dataSource, migration } = await migrate(db(), before, entities)
        expect(migration.up).to.have.lengthOf(1)
        expect(migration.down).to.eql([])
        expect(await countersOf(dataSource)).to.eql({ 'v1:"a"': 9, 'v1:"b"': 1, 'v1:"c"': 50 })
        await expectUpToDate(dataSource)
    })

    it("makes one that is missing", async () => {
        const entities = [letters({ strategy: "counter" })]
        const before = await db().connect(entities)
        await before.getRepository("Letter").save([..."aab"].map((box) => ({ box })))
        await before
            .getRepository("AutoSequenceCounter")
            .delete({ scope: `v1:"${textInKey(before, "a")}"` })
        const { dataSource } = await migrate(db(), before, entities)
        expect(await countersOf(dataSource)).to.eql({ 'v1:"a"': 2, 'v1:"b"': 1 })
        await expectUpToDate(dataSource)
    })

    it("makes those of other scopes where the scope has changed", async () => {
        const before = await db().connect([letters({ strategy: "counter", uniqueWith: [] })])
        await installAutoSequence(before)
        await before.getRepository("Letter").save([..."aab"].map((box) => ({ box })))
        const after = [letters({ strategy: "counter" })]
        const { dataSource } = await migrate(db(), before, after)
        expect(await numbersOf(dataSource, "Letter")).to.eql([1, 2, 3])
        expect(await countersOf(dataSource)).to.eql({ "v1:": 3, 'v1:"a"': 2, 'v1:"b"': 3 })
        await expectUpToDate(dataSource)
    })

    it("makes them where a column of the scope is new", async () => {
        const options = { strategy: "counter" } as const
        const before = await db().connect([letters(options)])
        await installAutoSequence(before)
        await before.getRepository("Letter").save([{}, {}])
        const runner = before.createQueryRunner()
        const table = (await runner.getTable(before.getMetadata("Letter").tablePath))!
        for (const index of [...table.indices]) await runner.dropIndex(table, index)
        await runner.dropColumn(table, "box")
        await runner.release()
        await before.getRepository("AutoSequenceCounter").delete({ scope: "v1:NULL" })
        const { dataSource } = await migrate(db(), before, [letters(options)])
        expect(await countersOf(dataSource)).to.eql({ "v1:NULL": 2 })
        await expectUpToDate(dataSource)
    })

    const shared = {
        strategy: "counter",
        series: `vouchers' "of" \\ \`\${all}\``,
        uniqueWith: "country",
    } as const
    const rows = () => [
        { country: "DE", id: 1 },
        { country: "FR", id: 2 },
        { country: "DE", id: 3 },
    ]

    it("numbers two tables of one series one after the other", async () => {
        const before = await db().connect(vouchers({ invoice: undefined, note: undefined }))
        await before.getRepository("Invoice").insert(rows())
        await before.getRepository("CreditNote").insert(rows())
        const after = vouchers({ invoice: shared, note: shared })
        const orderBy = { Invoice: "id" }
        const { dataSource, migration } = await migrate(db(), before, after, { orderBy })
        const seeds = migration.up.filter(({ sql }) => sql?.startsWith("INSERT INTO"))
        expect(await numbersOf(dataSource, "Invoice")).to.eql([1, 1, 2])
        expect(await numbersOf(dataSource, "CreditNote")).to.eql([3, 2, 4])
        expect(await countersOf(dataSource)).to.eql({ 'v1:"DE"': 4, 'v1:"FR"': 2 })
        expect(seeds.filter(({ comment }) => comment !== undefined)).to.have.lengthOf(1)
        await expectUpToDate(dataSource)
    })

    it("numbers a table that joins a series after the rows of the other", async () => {
        const before = await db().connect(vouchers({ invoice: shared, note: undefined }))
        await before.getRepository("Invoice").save(rows())
        await before.getRepository("CreditNote").insert(rows())
        const after = vouchers({ invoice: shared, note: shared })
        const { dataSource } = await migrate(db(), before, after)
        expect(await numbersOf(dataSource, "Invoice")).to.eql([1, 1, 2])
        expect(await numbersOf(dataSource, "CreditNote")).to.eql([3, 2, 4])
        expect(await countersOf(dataSource)).to.eql({ 'v1:"DE"': 4, 'v1:"FR"': 2 })
        await expectUpToDate(dataSource)
        await dataSource.undoLastMigration()
        expect(await countersOf(dataSource)).to.eql({ 'v1:"DE"': 4, 'v1:"FR"': 2 })
    })

    it("counts past 2^53 exactly", async () => {
        const options: Options = {
            strategy: "counter",
            type: "bigint",
            startAt: Number.MAX_SAFE_INTEGER,
            incrementBy: 2,
        }
        const before = await db().connect([letters()])
        await before.getRepository("Letter").insert([{ box: "a" }, { box: "a" }, { box: "a" }])
        const { dataSource } = await migrate(db(), before, [letters(options)])
        const [counter] = await storedCounters(dataSource)
        expect(counter?.last).to.equal(String(BigInt(Number.MAX_SAFE_INTEGER) + 4n))
        await expectUpToDate(dataSource)
    })

    it("leaves a counter table of another name to its settings", async () => {
        const before = await db().connect([letters()], { counterTable: { name: "last_numbers" } })
        await before.getRepository("Letter").insert([{ box: "a" }])
        const changed = await changeEntities(db(), before, [letters({ strategy: "counter" })], {
            counterTable: { name: "last_numbers" },
        })
        const text = (await generateMigration(changed))!.source
        expect(text).to.include("last_numbers").and.not.include("autosequence_counter")
    })
})

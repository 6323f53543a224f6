import { expect } from "chai"
import { Column, Entity, Not, PrimaryColumn, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    DocumentNumber,
    DocumentNumberError,
    type DocumentNumberOptions,
    DuplicateRowsError,
    generateMigration,
    installAutoSequence,
    UnknownOrderError,
    UnsupportedError,
    verifyAutoSequence,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { tableName } from "../support/typeorm"
import { changeEntities, expectUpToDate, migrate } from "../migrations/migrate"

interface Shape {
    readonly sequence?: AutoSequenceColumnOptions
    readonly text?: DocumentNumberOptions["format"]
    readonly by?: string
    readonly isPlain?: boolean
}

/** An entity with a number, its text, both, or a column that holds such a text. */
function invoices({ sequence, text, by, isPlain = false }: Shape, name = "Invoice") {
    @Entity(name)
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 20, default: "Tea" }) company!: string
        @Column({ type: "varchar", length: 9, default: "final" }) status!: string
        @Column({ type: "date" }) issuedOn!: string
        sequence!: number | null
        sequencePeriod!: string | null
        number!: string | null
    }
    Object.defineProperty(Invoice, "name", { value: name })
    const { prototype } = Invoice
    if (sequence) AutoSequenceColumn({ uniqueWith: "company", ...sequence })(prototype, "sequence")
    if (text) DocumentNumber({ of: "sequence", format: text, by })(prototype, "number")
    if (isPlain) Column({ type: "varchar", length: 255, nullable: true })(prototype, "number")
    return Invoice
}

const BY_YEAR = { of: "issuedOn", by: "year" } as const
const FORMAT = "INV/{YYYY}/{000}"
const ROWS = [
    { issuedOn: "2025-12-31" },
    { issuedOn: "2026-01-01" },
    { issuedOn: "2026-02-01", status: "draft" },
    { issuedOn: "2026-03-01" },
]

onEveryDatabase("a migration of texts", (db) => {
    const strategies = () => {
        const { tableLock, bigints } = db().can
        return [
            "counter" as const,
            ...(tableLock ? ["table-lock" as const] : []),
            ...(bigints ? ["trigger" as const] : []),
        ]
    }
    /** Each of these for each strategy, in a table of its own: one migration is about all of them. */
    const tablesOf = <T>(...of: T[]) =>
        strategies().flatMap((strategy) =>
            of.map((one, at) => ({ strategy, one, name: `invoice_${strategy}_${at}` })),
        )
    type Stored = Awaited<ReturnType<typeof changeEntities>>
    const rowsOf = (dataSource: Stored, name = "Invoice") =>
        dataSource.getRepository(name).find({ order: { id: "ASC" } })
    const stored = async (dataSource: Stored, name?: string) =>
        (await rowsOf(dataSource, name)).map(({ number }) => number as unknown)

    it("gives rows numbers and texts, and goes back and forth", async () => {
        const tables = tablesOf(undefined, { status: Not("draft") })
        const plain = () => tables.map(({ name }) => invoices({}, name))
        const before = await db().connect(plain())
        await installAutoSequence(before)
        for (const { name } of tables)
            await before.getRepository(name).insert(ROWS.map((row) => ({ ...row })))
        const entities = tables.map(({ name, strategy, one: when }) =>
            invoices({ sequence: { strategy, period: BY_YEAR, when }, text: FORMAT }, name),
        )
        const { dataSource, migration } = await migrate(db(), before, entities)
        for (const { name, one: when } of tables) {
            const draft = when ? null : "INV/2026/002"
            const texts = ["INV/2025/001", "INV/2026/001", draft]
            const last = when ? 2 : 3
            expect(await stored(dataSource, name)).to.eql([...texts, `INV/2026/00${last}`])
            const row = await dataSource.getRepository(name).save({ ...ROWS[1] })
            expect(row.number, name).to.equal(`INV/2026/00${last + 1}`)
        }
        await expectUpToDate(dataSource)
        await verifyAutoSequence(dataSource)
        const told = migration.source.match(/get the texts of their numbers/g)
        expect(told).to.have.lengthOf(tables.length)
        await dataSource.undoLastMigration()
        const undone = await changeEntities(db(), dataSource, plain())
        await expectUpToDate(undone)
        const again = await migrate(db(), undone, entities)
        for (const { name } of tables)
            expect(await stored(again.dataSource, name)).to.have.lengthOf(5)
        await expectUpToDate(again.dataSource)
    })

    it("gives texts to numbers that are there, and takes them away", async () => {
        const tables = tablesOf({ period: BY_YEAR })
        const numbered = (text?: string) =>
            tables.map(({ name, strategy, one }) =>
                invoices({ sequence: { strategy, ...one }, text }, name),
            )
        const before = await db().connect(numbered())
        await installAutoSequence(before)
        for (const { name } of tables)
            await before.getRepository(name).save(ROWS.map((row) => ({ ...row })))
        const { dataSource } = await migrate(db(), before, numbered(FORMAT))
        for (const { name } of tables)
            expect(await stored(dataSource, name)).to.eql([
                "INV/2025/001",
                "INV/2026/001",
                "INV/2026/002",
                "INV/2026/003",
            ])
        await expectUpToDate(dataSource)
        await verifyAutoSequence(dataSource)
        const { dataSource: without } = await migrate(db(), dataSource, numbered())
        await expectUpToDate(without)
        for (const { name } of tables) {
            const row = await without.getRepository(name).save({ ...ROWS[1] })
            expect(row.sequence, name).to.equal(4)
        }
    })

    it("takes numbers out of texts that are there", async () => {
        const tables = tablesOf({ period: BY_YEAR, when: { status: Not("draft") } })
        const before = await db().connect(
            tables.map(({ name }) => invoices({ isPlain: true }, name)),
        )
        const given = ["INV/2025/009", "INV/2026/007", null, "INV/2026/1234"]
        for (const { name } of tables)
            await before
                .getRepository(name)
                .insert(ROWS.map((row, at) => ({ ...row, number: given[at] })))
        const entities = tables.map(({ name, strategy, one }) =>
            invoices({ sequence: { strategy, ...one }, text: FORMAT }, name),
        )
        const { dataSource, migration } = await migrate(db(), before, entities)
        for (const { name } of tables) {
            const rows = await rowsOf(dataSource, name)
            expect(rows.map((row) => row.number as unknown)).to.eql(given)
            expect(rows.map((row) => row.sequence as unknown)).to.eql([9, 7, null, 1234])
            const saved = await dataSource.getRepository(name).save({ ...ROWS[1] })
            expect(saved.number, name).to.equal("INV/2026/1235")
        }
        await expectUpToDate(dataSource)
        await verifyAutoSequence(dataSource)
        const told = migration.source.match(/get the numbers that number shows/g)
        expect(told).to.have.lengthOf(tables.length)
    })

    it("takes numbers out of texts of several kinds, and from behind what the row itself tells", async () => {
        const tables = tablesOf(
            {
                uniqueWith: ["company", "status"],
                text: { final: "INV-{YYYY}-{000}", credit: "C-{0}/{YY}" },
                by: "status",
                given: ["INV-2026-007", "C-12/26", "INV-2026-008"],
                next: "INV-2026-009",
            },
            {
                uniqueWith: ["company"],
                text: "{company}/{YYYY}/{0}/{status}",
                by: undefined,
                given: ["Tea/2026/7/final", "Tea/2026/12/credit", "Tea/2026/8/final"],
                next: "Tea/2026/13/final",
            },
        )
        const before = await db().connect(
            tables.map(({ name }) => invoices({ isPlain: true }, name)),
        )
        for (const { name, one } of tables)
            await before.getRepository(name).insert(
                one.given.map((number, at) => ({
                    issuedOn: "2026-01-01",
                    status: at === 1 ? "credit" : "final",
                    number,
                })),
            )
        const entities = tables.map(({ name, strategy, one: { uniqueWith, text, by } }) =>
            invoices({ sequence: { strategy, period: BY_YEAR, uniqueWith }, text, by }, name),
        )
        const { dataSource } = await migrate(db(), before, entities)
        for (const { name, one } of tables) {
            const rows = await rowsOf(dataSource, name)
            expect(rows.map((row) => row.number as unknown)).to.eql(one.given)
            expect(rows.map((row) => row.sequence as unknown)).to.eql([7, 12, 8])
            const saved = await dataSource
                .getRepository(name)
                .save({ issuedOn: "2026-01-01", status: "final" })
            expect(saved.number, name).to.equal(one.next)
        }
        await expectUpToDate(dataSource)
        await verifyAutoSequence(dataSource)
    })

    it("refuses texts of other formats, and equal ones, with a query that finds them", async () => {
        const sequence = { strategy: "counter", period: BY_YEAR } as const
        const before = await db().connect([invoices({ isPlain: true })])
        const repository = before.getRepository("Invoice")
        const [plain, byKind] = [
            await changeEntities(db(), before, [invoices({ sequence, text: FORMAT })]),
            await changeEntities(db(), before, [
                invoices({
                    sequence,
                    text: { final: FORMAT, credit: "C/{YYYY}/{000}" },
                    by: "status",
                }),
            ]),
        ]
        for (const [numbers, kind, text, changed = plain] of [
            [["INV/2026/001", "2026-1"], DocumentNumberError, "1 row has a text"],
            [["INV/2026/001", "INV/2026/002a"], DocumentNumberError, "1 row has a text"],
            [["INV/2026/001", "INV/2026/0002"], DocumentNumberError, "1 row has a text"],
            [["INV/2026/001", "INV/2025/002"], DocumentNumberError, "1 row has a text"],
            [["INV/2026/001", "INV/2026/001"], DuplicateRowsError, "1 text in"],
            [["INV/2026/001", "C/2026/001"], DuplicateRowsError, "1 number in", byKind],
        ] as const) {
            await repository.createQueryBuilder().delete().execute()
            await repository.insert(
                numbers.map((number) => ({
                    issuedOn: "2026-01-01",
                    status: number.startsWith("C") ? "credit" : "final",
                    number,
                })),
            )
            const error = await rejection(generateMigration(changed))
            expect(error).to.be.instanceOf(kind)
            expect(error.message).to.include(text)
            const [, query] = /(SELECT .*?)(?:\. |\.$|$)/s.exec(error.message) ?? []
            expect(await changed.query(query!)).to.have.length(1)
        }
    })

    it("refuses texts that SQL can't make, where there are rows", async () => {
        const sequence = { strategy: "counter" } as const
        const text = () => "INV-{0}"
        const before = await db().connect([invoices({})])
        const empty = await migrate(db(), before, [invoices({ sequence, text })])
        await expectUpToDate(empty.dataSource)
        const other = await db().connect([invoices({})])
        await other.getRepository("Invoice").insert([{ ...ROWS[0] }])
        const changed = await changeEntities(db(), other, [invoices({ sequence, text })])
        expect(await rejection(generateMigration(changed))).to.be.instanceOf(UnsupportedError)
    })

    it("gives texts to drafts that a migration numbers, as their condition is another one", async () => {
        type When = AutoSequenceColumnOptions["when"]
        const finals = { status: "final" }
        const tables = tablesOf<When>(undefined, { status: Not("void") })
        const entities = (whenOf: (one: When) => When) =>
            tables.map(({ name, strategy, one }) =>
                invoices(
                    { sequence: { strategy, period: BY_YEAR, when: whenOf(one) }, text: FORMAT },
                    name,
                ),
            )
        const before = await db().connect(entities(() => finals))
        await installAutoSequence(before)
        for (const { name } of tables)
            await before.getRepository(name).save(ROWS.map((row) => ({ ...row })))
        const { dataSource } = await migrate(
            db(),
            before,
            entities((when) => when),
        )
        await verifyAutoSequence(dataSource)
        await expectUpToDate(dataSource)
        for (const { name } of tables) {
            await dataSource.getRepository(name).save({ ...ROWS[2] })
            expect(await stored(dataSource, name)).to.eql([
                "INV/2025/001",
                "INV/2026/001",
                "INV/2026/003",
                "INV/2026/002",
                "INV/2026/004",
            ])
        }
    })

    it("refuses drafts that get their numbers by another condition, where SQL can't make their texts", async () => {
        const sequence = { strategy: "counter" } as const
        const text = () => "INV-{0}"
        const when = { status: Not("draft") }
        const before = await db().connect([invoices({ sequence: { ...sequence, when }, text })])
        await before.getRepository("Invoice").save({ ...ROWS[2] })
        const changed = await changeEntities(db(), before, [invoices({ sequence, text })])
        expect(await rejection(generateMigration(changed))).to.be.instanceOf(UnsupportedError)
    })

    it("is not needed when the format changes, and older texts stay", async () => {
        for (const strategy of strategies()) {
            const sequence = { strategy, period: BY_YEAR }
            const before = await db().connect([invoices({ sequence, text: FORMAT })])
            await installAutoSequence(before)
            await before.getRepository("Invoice").save({ ...ROWS[1] })
            const entities = [invoices({ sequence, text: "R-{YY}-{0}" })]
            const changed = await changeEntities(db(), before, entities)
            const migration = await generateMigration(changed)
            // Triggers write the new one.
            expect(migration === undefined).to.equal(strategy !== "trigger")
            await installAutoSequence(changed)
            await changed.getRepository("Invoice").save({ ...ROWS[1] })
            expect(await stored(changed)).to.eql(["INV/2026/001", "R-26-2"])
        }
    })
})

onEveryDatabase("a migration of texts that tell all numbers", (db) => {
    /** Ids tell no order. */
    function letters(isNumbered: boolean, nullable: boolean) {
        @Entity("letter")
        class Letter {
            @PrimaryColumn({ type: "varchar", length: 36 }) id!: string
            @Column({ type: "varchar", length: 9, default: "final" }) status!: string
            sequence!: number | null
            number!: string | null
        }
        const { prototype } = Letter
        if (isNumbered) {
            const when = nullable ? { status: "final" } : undefined
            AutoSequenceColumn({ strategy: "counter", when })(prototype, "sequence")
            DocumentNumber({ of: "sequence", format: "L-{000}" })(prototype, "number")
        } else Column({ type: "varchar", length: 255, nullable })(prototype, "number")
        return [Letter]
    }
    const start = async (nullable: boolean) => {
        const before = await db().connect(letters(false, nullable))
        const rows = [
            { id: "a", number: "L-002" },
            { id: "b", number: "L-001" },
        ]
        await before.getRepository("Letter").insert(rows)
        return before
    }
    const stored = async (dataSource: Awaited<ReturnType<typeof start>>) => {
        const rows = await dataSource.getRepository("Letter").find({ order: { id: "ASC" } })
        return rows.map(({ sequence }) => sequence as unknown)
    }

    it("needs no order where no row can be without one", async () => {
        const { dataSource } = await migrate(db(), await start(false), letters(true, false))
        expect(await stored(dataSource)).to.eql([2, 1])
        const nullable = await changeEntities(db(), await start(true), letters(true, true))
        expect(await rejection(generateMigration(nullable))).to.be.instanceOf(UnknownOrderError)
    })

    it("needs none at once where no row is without one but drafts", async () => {
        const before = await start(true)
        const drafts = ["c", "d"].map((id) => ({ id, status: "draft" }))
        await before.getRepository("Letter").insert(drafts)
        await before.getRepository("Letter").insert([{ id: "e" }, { id: "f" }])
        const changed = await changeEntities(db(), before, letters(true, true))
        expect(await rejection(installAutoSequence(changed))).to.be.instanceOf(UnknownOrderError)
        await changed.query(
            `DELETE FROM ${tableName(changed.getMetadata("Letter"))} WHERE id = 'e'`,
        )
        await installAutoSequence(changed)
        expect(await stored(changed)).to.eql([2, 1, null, null, 3])
    })
})

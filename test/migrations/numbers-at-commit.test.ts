import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    DocumentNumber,
    installAutoSequence,
    NotInstalledError,
    PseudoKey,
    verifyAutoSequence,
} from "../../src"
import { onEveryDatabase, onOnePostgres } from "../support/databases"
import { rejection } from "../support/errors"
import { tableName } from "../support/typeorm"
import { changeEntities, expectUpToDate, migrate } from "./migrate"

const AT_INSERT = { strategy: "counter", uniqueWith: "company" } as const
const AT_COMMIT = { ...AT_INSERT, assign: "commit" } as const

function invoices(options?: AutoSequenceColumnOptions) {
    @Entity("invoice")
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 20, default: "Tea" }) company!: string
        @Column({ type: "date", nullable: true }) issuedOn!: string | null
        number!: number | null
        numberPeriod!: string | null
    }
    if (options) AutoSequenceColumn(options)(Invoice.prototype, "number")
    return Invoice
}

onEveryDatabase("a migration of numbers that are made at COMMIT", (db) => {
    type Rows = Awaited<ReturnType<typeof changeEntities>>
    const stored = async (dataSource: Rows) => {
        const rows = await dataSource.getRepository("Invoice").find({ order: { id: "ASC" } })
        return rows.map(({ number }) => number as number | null)
    }
    const save = (dataSource: Rows, rows = 1) =>
        dataSource.getRepository("Invoice").save(Array.from({ length: rows }, () => ({})))
    const insertBySql = (dataSource: Rows): Promise<unknown> =>
        dataSource.query(
            `INSERT INTO ${tableName(dataSource.getRepository("Invoice").metadata)} (company) VALUES ('Tea')`,
        )

    it("goes there and back, and rows keep their numbers", async () => {
        const before = await db().connect([invoices(AT_INSERT)])
        await installAutoSequence(before)
        await save(before, 2)
        const there = await migrate(db(), before, [invoices(AT_COMMIT)])
        await save(there.dataSource)
        expect(await stored(there.dataSource)).to.eql([1, 2, 3])
        await expectUpToDate(there.dataSource)
        await verifyAutoSequence(there.dataSource)
        // As another program might.
        await insertBySql(there.dataSource)
        const back = await migrate(db(), there.dataSource, [invoices(AT_INSERT)])
        await save(back.dataSource)
        expect(await stored(back.dataSource)).to.eql([1, 2, 3, 4, 5])
        expect(await rejection(insertBySql(back.dataSource))).to.be.instanceOf(Error)
        await expectUpToDate(back.dataSource)
        await back.dataSource.undoLastMigration()
        const undone = await changeEntities(db(), back.dataSource, [invoices(AT_COMMIT)])
        await expectUpToDate(undone)
        await save(undone)
        expect(await stored(undone)).to.eql([1, 2, 3, 4, 5, 6])
    })

    it("numbers rows that have none, whether the column is new or not", async () => {
        const before = await db().connect([invoices()])
        await installAutoSequence(before)
        for (let at = 0; at < 2; at += 1) await insertBySql(before)
        const { dataSource } = await migrate(db(), before, [invoices(AT_COMMIT)])
        expect(await stored(dataSource)).to.eql([1, 2])
        await save(dataSource)
        await insertBySql(dataSource)
        const again = await migrate(db(), dataSource, [invoices(AT_COMMIT)])
        await save(again.dataSource)
        expect(await stored(again.dataSource)).to.eql([1, 2, 3, 4, 5])
        await expectUpToDate(again.dataSource)
        await insertBySql(again.dataSource)
        await installAutoSequence(again.dataSource)
        expect(await stored(again.dataSource)).to.eql([1, 2, 3, 4, 5, 6])
    })

    it("fills periods as well", async () => {
        const period = { of: "issuedOn", by: "year", timeZone: "UTC" } as const
        const before = await db().connect([invoices()])
        await installAutoSequence(before)
        const days = ["2025-12-31", "2026-01-01", "2025-01-01"]
        await before.getRepository("Invoice").insert(days.map((issuedOn) => ({ issuedOn })))
        const { dataSource } = await migrate(db(), before, [invoices({ ...AT_COMMIT, period })])
        const rows = dataSource.getRepository("Invoice")
        await rows.save([{ issuedOn: "2025-05-05" }, { issuedOn: "2027-05-05" }])
        const found = await rows.find({ order: { id: "ASC" } })
        expect(found.map((row) => [row.number as number, row.numberPeriod as string])).to.eql([
            [1, "2025"],
            [1, "2026"],
            [2, "2025"],
            [3, "2025"],
            [1, "2027"],
        ])
        await expectUpToDate(dataSource)
    })

    it("is told by verifyAutoSequence() where it is missing, and made by installAutoSequence()", async () => {
        const before = await db().connect([invoices(AT_INSERT)])
        await installAutoSequence(before)
        await save(before)
        const after = await changeEntities(db(), before, [invoices(AT_COMMIT)])
        const error = await rejection(verifyAutoSequence(after))
        expect(error).to.be.instanceOf(NotInstalledError)
        expect(error.message).to.include("number is NOT NULL")
        await installAutoSequence(after)
        await verifyAutoSequence(after)
        await save(after, 2)
        expect(await stored(after)).to.eql([1, 2, 3])
        await expectUpToDate(after)
    })
})

onOnePostgres("a migration of a table whose trigger waits for COMMIT", (db) => {
    const BY_TRIGGER = { ...AT_COMMIT, strategy: "trigger" } as const
    const additions: Record<string, (invoice: object) => void> = {
        "a key": (invoice) => {
            PseudoKey({ prefix: "inv" })(invoice, "key")
        },
        "another number": (invoice) => {
            AutoSequenceColumn({ strategy: "counter", journal: true })(invoice, "serial")
        },
        "a text": (invoice) => {
            DocumentNumber({ of: "number", format: "I-{0000}" })(invoice, "text")
        },
    }
    for (const [what, add] of Object.entries(additions))
        it(`fills ${what}, and goes on`, async () => {
            const before = await db().connect([invoices({ ...BY_TRIGGER, journal: true })])
            await before.getRepository("Invoice").save([{}, {}])
            const Invoice = invoices({ ...BY_TRIGGER, journal: true })
            add(Invoice.prototype)
            const { dataSource } = await migrate(db(), before, [Invoice])
            await verifyAutoSequence(dataSource)
            await expectUpToDate(dataSource)
            await dataSource.getRepository("Invoice").save({})
            const rows = await dataSource.getRepository("Invoice").find({ order: { id: "ASC" } })
            expect(rows.map((row) => row.number as number)).to.eql([1, 2, 3])
        })
})

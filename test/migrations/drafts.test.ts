import { expect } from "chai"
import { Column, Entity, In, Not, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    DocumentNumber,
    installAutoSequence,
    NotInstalledError,
    verifyAutoSequence,
} from "../../src"
import { onEveryDatabase, onOnePostgres } from "../support/databases"
import { rejection } from "../support/errors"
import { tableName } from "../support/typeorm"
import { changeEntities, expectUpToDate, migrate } from "./migrate"

function invoices(options?: AutoSequenceColumnOptions) {
    @Entity("invoice")
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 20, nullable: true }) status!: string | null
        @Column({ type: "date", nullable: true }) issuedOn!: string | null
        number!: number | null
        numberPeriod!: string | null
    }
    if (options) AutoSequenceColumn(options)(Invoice.prototype, "number")
    return Invoice
}

const IS_FINAL = { status: Not("draft") }
/** TypeORM gives the objects their ids. */
const newRows = () =>
    ["draft", "final", null, "void", "draft", "sent"].map((status) => ({
        status,
        issuedOn: "2026-05-05",
    }))

onEveryDatabase("a migration of drafts", (db) => {
    const strategies = () => [
        "counter" as const,
        ...(db().can.tableLock ? ["table-lock" as const] : []),
    ]

    type Rows = Awaited<ReturnType<typeof changeEntities>>
    const stored = async (dataSource: Rows) => {
        const rows = await dataSource.getRepository("Invoice").find({ order: { id: "ASC" } })
        return rows.map(({ number }) => number as number | null)
    }
    const finalise = (dataSource: Rows, id: number) =>
        dataSource.getRepository("Invoice").save({ id, status: "final" })
    const insertFinal = (dataSource: Rows): Promise<unknown> => {
        const { metadata } = dataSource.getRepository("Invoice")
        return dataSource.query(`INSERT INTO ${tableName(metadata)} (status) VALUES ('final')`)
    }
    const unnumbered = (dataSource: Rows) => rejection(insertFinal(dataSource))

    it("numbers the rows for which the condition holds, and guards it", async () => {
        for (const strategy of strategies()) {
            const before = await db().connect([invoices()])
            await installAutoSequence(before)
            await before.getRepository("Invoice").insert(newRows())
            const { dataSource, migration } = await migrate(db(), before, [
                invoices({ strategy, when: IS_FINAL }),
            ])
            expect(await stored(dataSource)).to.eql([null, 1, null, 2, null, 3])
            await finalise(dataSource, 5)
            expect(await stored(dataSource)).to.eql([null, 1, null, 2, 4, 3])
            expect((await unnumbered(dataSource)).message).to.match(/autosequence_numbered_/i)
            await expectUpToDate(dataSource)
            await verifyAutoSequence(dataSource)
            expect(migration.source).to.include("autosequence_numbered_")
            await dataSource.undoLastMigration()
            const undone = await changeEntities(db(), dataSource, [invoices()])
            await expectUpToDate(undone)
            await insertFinal(undone)
        }
    })

    it("goes from numbers of all rows to drafts, and back", async () => {
        for (const strategy of strategies()) {
            const before = await db().connect([invoices({ strategy })])
            await installAutoSequence(before)
            await before.getRepository("Invoice").save(newRows())
            const drafts = await migrate(db(), before, [invoices({ strategy, when: IS_FINAL })])
            await drafts.dataSource.getRepository("Invoice").save([{ status: "draft" }, {}])
            await finalise(drafts.dataSource, 7)
            expect(await stored(drafts.dataSource)).to.eql([1, 2, 3, 4, 5, 6, 7, null])
            await expectUpToDate(drafts.dataSource)
            const { dataSource } = await migrate(db(), drafts.dataSource, [invoices({ strategy })])
            await dataSource.getRepository("Invoice").save({ status: "draft" })
            expect(await stored(dataSource)).to.eql([1, 2, 3, 4, 5, 6, 7, 8, 9])
            await expectUpToDate(dataSource)
            await dataSource.undoLastMigration()
            const undone = await changeEntities(db(), dataSource, [
                invoices({ strategy, when: IS_FINAL }),
            ])
            await expectUpToDate(undone)
            await undone.getRepository("Invoice").save({ status: "draft" })
            expect((await unnumbered(undone)).message).to.match(/autosequence_numbered_/i)
        }
    })

    it("changes the condition, and numbers what it holds for now", async () => {
        for (const strategy of strategies()) {
            const period = { of: "issuedOn", by: "year" } as const
            const before = await db().connect([
                invoices({ strategy, period, when: { status: "final" } }),
            ])
            await installAutoSequence(before)
            await before.getRepository("Invoice").save(newRows())
            expect(await stored(before)).to.eql([null, 1, null, null, null, null])
            const { dataSource } = await migrate(db(), before, [
                invoices({ strategy, period, when: { status: In(["final", "sent", "void"]) } }),
            ])
            expect(await stored(dataSource)).to.eql([null, 1, null, 2, null, 3])
            await finalise(dataSource, 1)
            const rows = await dataSource.getRepository("Invoice").find({ order: { id: "ASC" } })
            expect(rows.map(({ numberPeriod }) => numberPeriod as string | null)).to.eql(
                [1, 0, null, 0, null, 0].map((one) => (one === null ? null : "2026")),
            )
            await expectUpToDate(dataSource)
            await dataSource.undoLastMigration()
            const undone = await changeEntities(db(), dataSource, [
                invoices({ strategy, period, when: { status: "final" } }),
            ])
            await expectUpToDate(undone)
        }
    })

    it("is what synchronize() does as well, and the installation", async () => {
        for (const strategy of strategies()) {
            const before = await db().connect([invoices()], { synchronize: true })
            await before.getRepository("Invoice").insert(newRows())
            const dataSource = await changeEntities(db(), before, [
                invoices({ strategy, when: IS_FINAL }),
            ])
            expect(await rejection(verifyAutoSequence(dataSource))).to.be.instanceOf(
                NotInstalledError,
            )
            await dataSource.synchronize()
            expect(await stored(dataSource)).to.eql([null, 1, null, 2, null, 3])
            await installAutoSequence(dataSource)
            await verifyAutoSequence(dataSource)
            await expectUpToDate(dataSource)
            expect((await unnumbered(dataSource)).message).to.match(/autosequence_numbered_/i)
            await finalise(dataSource, 1)
            expect(await stored(dataSource)).to.eql([4, 1, null, 2, null, 3])
        }
    })

    it("makes the constraint with a table that is new", async () => {
        for (const strategy of strategies()) {
            const before = await db().connect([])
            const { dataSource } = await migrate(db(), before, [
                invoices({ strategy, when: IS_FINAL }),
            ])
            expect((await unnumbered(dataSource)).message).to.match(/autosequence_numbered_/i)
            await verifyAutoSequence(dataSource)
            await expectUpToDate(dataSource)
            await dataSource.getRepository("Invoice").save(newRows())
            expect(await stored(dataSource)).to.eql([null, 1, null, 2, null, 3])
        }
    })
})

onOnePostgres("the constraints of drafts and texts", (db) => {
    it("have the same names, whether the schema is named or found by the search path", async () => {
        const Invoice = invoices({ strategy: "counter", when: IS_FINAL })
        DocumentNumber({ of: "number", format: "INV-{0}" })(Invoice.prototype, "text")
        const schema = await db().createSchema()
        const named = await db().connect([Invoice], { schema })
        await installAutoSequence(named)
        await named.getRepository("Invoice").save(newRows())
        const extra = { options: `-c search_path=${schema},public` }
        const found = await changeEntities(db(), named, [Invoice], { schema: undefined, extra })
        await verifyAutoSequence(found)
        await expectUpToDate(found)
    })
})

import { expect } from "chai"
import { Column, type DataSource, Entity, Not, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    DuplicateRowsError,
    generateMigration,
    installAutoSequence,
    NotInstalledError,
    resyncCounters,
    verifyAutoSequence,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { changeEntities, expectUpToDate, migrate } from "./migrate"

const BY_YEAR = { of: "issuedOn", by: "year" } as const

function invoices(options: AutoSequenceColumnOptions) {
    @Entity("invoice")
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 20, default: "Tea" }) company!: string
        @Column({ default: "final" }) status!: string
        @Column({ type: "date" }) issuedOn!: string
        number!: number
        numberPeriod!: string
    }
    AutoSequenceColumn({ uniqueWith: "company", when: { status: Not("draft") }, ...options })(
        Invoice.prototype,
        "number",
    )
    return Invoice
}

onEveryDatabase("the way back of a migration that took periods away", (db) => {
    const strategies = () => [
        "counter" as const,
        ...(db().can.tableLock ? ["table-lock" as const] : []),
        ...(db().can.bigints ? ["trigger" as const] : []),
    ]
    type Strategy = ReturnType<typeof strategies>[number]
    const save = (dataSource: DataSource, ...days: string[]) =>
        dataSource
            .getRepository("Invoice")
            .save(days.map((issuedOn) => ({ status: "final", issuedOn })))
    const stored = async (dataSource: DataSource) => {
        const rows = await dataSource.getRepository("Invoice").find({ order: { id: "ASC" } })
        return rows.map((row) => `${row.numberPeriod as string} ${row.number as number}`)
    }

    /** Rows of 2026 with the numbers 1 to 3, that have no period any more. */
    async function wayBack(strategy: Strategy): Promise<DataSource> {
        const periodic = invoices({ strategy, period: BY_YEAR })
        const before = await db().connect([periodic])
        await save(before, "2026-01-01", "2026-02-01")
        const { dataSource } = await migrate(db(), before, [invoices({ strategy })])
        // The counters of periods don't know of this one.
        await save(dataSource, "2026-02-15")
        await dataSource.undoLastMigration()
        return changeEntities(db(), dataSource, [periodic])
    }

    it("is seen, and the periods are filled, by a migration or an installation", async () => {
        for (const strategy of strategies())
            for (const mend of ["migration", "installation", "synchronize"]) {
                const back = await wayBack(strategy)
                expect(await stored(back)).to.eql(["null 1", "null 2", "null 3"])
                const error = await rejection(verifyAutoSequence(back))
                expect(error).to.be.instanceOf(NotInstalledError)
                expect(error.message).to.match(
                    /have a number but no period \(numberPeriod\).*migration:generate/,
                )
                // Makes a counter of those without a period, which is behind no row.
                if (strategy === "counter") await resyncCounters(back)
                const entities = [invoices({ strategy, period: BY_YEAR })]
                if (mend === "installation") await installAutoSequence(back)
                if (mend === "synchronize") await back.synchronize()
                const mended =
                    mend === "migration"
                        ? (await migrate(db(), back, entities)).dataSource
                        : await changeEntities(db(), back, entities)
                await verifyAutoSequence(mended, { counters: true })
                await save(mended, "2026-03-01", "2027-01-01", "2026-03-02")
                expect(await stored(mended), `${strategy} ${mend}`).to.eql([
                    "2026 1",
                    "2026 2",
                    "2026 3",
                    "2026 4",
                    "2027 1",
                    "2026 5",
                ])
                await expectUpToDate(mended)
            }
    })

    it("keeps the periods that rows have, and refuses where a number is there twice", async () => {
        const back = await wayBack("counter")
        const rows = back.getRepository("Invoice")
        // Without their periods, the others are not seen.
        await rows.save({ status: "final", issuedOn: "2026-03-01", number: 1 })
        for (const attempt of [generateMigration, installAutoSequence])
            expect(await rejection(attempt(back))).to.be.instanceOf(DuplicateRowsError)
        await rows.delete({ issuedOn: "2026-03-01" })
        await rows.save({ status: "final", issuedOn: "2026-04-01", number: 4 })
        const runner = back.createQueryRunner()
        const name = (text: string) => back.driver.escape(text)
        // As if by another rule, which held then.
        await runner.query(
            `UPDATE ${back.getMetadata("Invoice").tablePath.split(".").map(name).join(".")} SET ${name("numberPeriod")} = '2026/04' WHERE ${name("number")} = 4`,
        )
        await runner.release()
        await installAutoSequence(back)
        await save(back, "2026-05-01")
        expect(await stored(back)).to.eql(["2026 1", "2026 2", "2026 3", "2026/04 4", "2026 5"])
    })
})

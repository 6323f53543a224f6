import { expect } from "chai"
import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    installAutoSequence,
    verifyAutoSequence,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { changeEntities, expectUpToDate, migrate } from "./migrate"

onEveryDatabase("a migration of column options", (db) => {
    it("has nothing to do where the database does not know them", async () => {
        const invoices = (options: AutoSequenceColumnOptions) => {
            @Entity("invoice")
            class Invoice {
                @PrimaryGeneratedColumn() id!: number
                @Column({ type: "date" }) issuedOn!: string
                @AutoSequenceColumn({
                    strategy: "counter",
                    period: { of: "issuedOn", by: "year" },
                    ...options,
                })
                number!: number
            }
            return Invoice
        }
        const before = await db().connect([invoices({})])
        await installAutoSequence(before)
        const save = (dataSource: typeof before, issuedOn: string) =>
            dataSource.getRepository("Invoice").save({ issuedOn })
        await save(before, "2026-05-05")
        for (const options of [
            { dates: "ascending" },
            { explicit: "refuse" },
            { startAt: () => 7 },
        ] as const) {
            const dataSource = await changeEntities(db(), before, [invoices(options)])
            await expectUpToDate(dataSource)
            await verifyAutoSequence(dataSource, { counters: true })
            await save(dataSource, "2026-05-05")
        }
        const dataSource = await changeEntities(db(), before, [invoices({})])
        await expectUpToDate(dataSource)
        await save(dataSource, "2026-05-05")
        const rows = await dataSource.getRepository("Invoice").find({ order: { number: "ASC" } })
        // The last of the options is a start.
        expect(rows.map(({ number }) => number as number)).to.eql([1, 2, 3, 7, 8])
    })

    it("lets a column be NULL whose type changes as well", async () => {
        const letters = (options: AutoSequenceColumnOptions) => {
            @Entity("letter")
            class Letter {
                @PrimaryGeneratedColumn() id!: number
                @Column({ default: false }) isSent!: boolean
                @AutoSequenceColumn({ strategy: "counter", ...options }) number!: number | string
            }
            return Letter
        }
        for (const late of [{ assign: "commit" }, { when: { isSent: true } }] as const) {
            const before = await db().connect([letters({})])
            await installAutoSequence(before)
            await before.getRepository("Letter").save([{}, {}])
            const { dataSource } = await migrate(db(), before, [
                letters({ type: "bigint", ...late }),
            ])
            await expectUpToDate(dataSource)
            await verifyAutoSequence(dataSource)
            const letter = await dataSource.getRepository("Letter").save({ isSent: true })
            expect(String(letter.number)).to.equal("3")
        }
    })

    it("adopts numbers that are in a primary key, and gives them back", async () => {
        const plain = () => {
            @Entity("parcel")
            class Parcel {
                @PrimaryColumn({ type: "int" }) tenant!: number
                @PrimaryColumn({ type: "int" }) number!: number
                @Column({ default: "" }) note!: string
            }
            return Parcel
        }
        const numbered = () => {
            @Entity("parcel")
            class Parcel {
                @PrimaryColumn({ type: "int" }) tenant!: number
                @AutoSequenceColumn({ strategy: "counter", primary: true, uniqueWith: "tenant" })
                number!: number
                @Column({ default: "" }) note!: string
            }
            return Parcel
        }
        const before = await db().connect([plain()])
        await installAutoSequence(before)
        await before.getRepository("Parcel").insert([
            { tenant: 1, number: 1 },
            { tenant: 1, number: 2 },
            { tenant: 2, number: 9 },
        ])
        const { dataSource } = await migrate(db(), before, [numbered()])
        const parcels = dataSource.getRepository("Parcel")
        const saved = await parcels.save([{ tenant: 1 }, { tenant: 2 }, { tenant: 3 }])
        expect(saved.map(({ number }) => number as number)).to.eql([3, 10, 1])
        await expectUpToDate(dataSource)
        await verifyAutoSequence(dataSource, { counters: true })
        await dataSource.undoLastMigration()
        const undone = await changeEntities(db(), dataSource, [plain()])
        await expectUpToDate(undone)
        expect(await undone.getRepository("Parcel").count()).to.equal(6)
    })
})

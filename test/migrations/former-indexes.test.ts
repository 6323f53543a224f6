import { expect } from "chai"
import { Column, type DataSource, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    installAutoSequence,
    NotInstalledError,
    verifyAutoSequence,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { changeEntities, expectUpToDate, migrate, pendingOfTypeORM, shapeOf } from "./migrate"

const BY_YEAR = { of: "issuedOn", by: "year" } as const

function invoices(options: AutoSequenceColumnOptions, nullable = false) {
    @Entity("company")
    class Company {
        @PrimaryGeneratedColumn() id!: number
    }
    @Entity("invoice")
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Company, { nullable }) company!: Company | null
        @Column({ type: "varchar", length: 20, default: "x" }) kind!: string
        @Column({ type: "date" }) issuedOn!: string
        number!: number
        numberPeriod!: string
    }
    AutoSequenceColumn({ strategy: "counter", uniqueWith: "company", ...options })(
        Invoice.prototype,
        "number",
    )
    return [Company, Invoice]
}

onEveryDatabase("the unique index of a former scope", (db) => {
    const save = (dataSource: DataSource, ...days: string[]) =>
        dataSource
            .getRepository("Invoice")
            .save(days.map((issuedOn) => ({ company: { id: 1 }, issuedOn })))
    const numbers = async (dataSource: DataSource) => {
        const rows = await dataSource.getRepository("Invoice").find({ order: { id: "ASC" } })
        return rows.map((row) => row.number as number)
    }
    const indexesOf = async (dataSource: DataSource) => {
        const { indexes = [] } = await shapeOf(dataSource, "Invoice")
        return indexes.map(([columns]) => String(columns).split(",").sort().join()).sort()
    }
    const start = async (options: AutoSequenceColumnOptions, nullable?: boolean) => {
        const before = await db().connect(invoices(options, nullable))
        await before.getRepository("Company").save({})
        return before
    }

    it("goes by a migration, and comes again by its way back", async () => {
        const wider = [{ period: BY_YEAR }, { uniqueWith: ["kind", "company"] }]
        for (const options of wider) {
            const before = await start({})
            const indexes = await indexesOf(before)
            await save(before, "2026-01-01", "2026-01-02")
            const { dataSource } = await migrate(db(), before, invoices(options))
            await verifyAutoSequence(dataSource)
            await expectUpToDate(dataSource)
            await save(dataSource, "2026-01-03")
            expect(await numbers(dataSource)).to.eql([1, 2, 3])
            await dataSource.undoLastMigration()
            const undone = await changeEntities(db(), dataSource, invoices({}))
            expect(await indexesOf(undone)).to.eql(indexes)
            expect(await pendingOfTypeORM(undone)).to.eql([])
        }
    })

    it("goes where the scope becomes narrower", async () => {
        const before = await start({ period: BY_YEAR })
        const indexes = await indexesOf(before)
        const { dataSource } = await migrate(db(), before, invoices({}))
        await expectUpToDate(dataSource)
        await save(dataSource, "2026-01-01", "2027-01-01")
        expect(await numbers(dataSource)).to.eql([1, 2])
        await dataSource.getRepository("Invoice").clear()
        await dataSource.undoLastMigration()
        const undone = await changeEntities(db(), dataSource, invoices({ period: BY_YEAR }))
        expect(await indexesOf(undone)).to.eql(indexes)
        expect(await pendingOfTypeORM(undone)).to.eql([])
    })

    it("goes by an installation, and is named by a check as long as it is there", async () => {
        for (const nullable of [false, true]) {
            const before = await start({}, nullable)
            await save(before, "2026-01-01")
            const entities = invoices({ period: BY_YEAR }, nullable)
            const indexes = await indexesOf(before)
            const changed = await changeEntities(db(), before, entities)
            const error = await rejection(verifyAutoSequence(changed))
            expect(error).to.be.instanceOf(NotInstalledError)
            const named = error.message.match(/invoice still has the former unique index .*$/gm)
            expect(named).to.have.length(indexes.length)
            expect(named?.join("\n")).to.match(
                /over (companyId, number|number, companyId), which may/,
            )
            await installAutoSequence(changed)
            await verifyAutoSequence(changed)
            await save(changed, "2027-01-01", "2026-02-01", "2027-02-01")
            expect(await numbers(changed)).to.eql([1, 1, 2, 2])
            expect(await pendingOfTypeORM(changed)).to.eql([])
        }
    })

    it("goes by synchronize(), with rows and without", async () => {
        for (const days of [[], ["2026-01-01"]]) {
            const before = await start({})
            await save(before, ...days)
            const options = { sameAs: before }
            const changed = await db().connect(invoices({ period: BY_YEAR }), options)
            await verifyAutoSequence(changed)
            await save(changed, "2027-01-01", "2027-02-01", "2026-02-01")
            expect(await numbers(changed)).to.eql(days.length > 0 ? [1, 1, 2, 2] : [1, 2, 1])
            expect(await pendingOfTypeORM(changed)).to.eql([])
        }
    })
})

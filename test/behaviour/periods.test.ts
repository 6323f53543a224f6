import { expect } from "chai"
import {
    Column,
    Entity,
    JoinColumn,
    ManyToOne,
    type ObjectLiteral,
    PrimaryGeneratedColumn,
    type Repository,
} from "typeorm"
import {
    AutoSequenceColumn,
    InvalidPeriodError,
    type PeriodUnit,
    ReadOnlyNumberError,
} from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"

/** What is stored, the first row first. */
async function stored(rows: Repository<ObjectLiteral>): Promise<unknown[]> {
    const found = await rows.find({ order: { id: "ASC" } })
    return found.map(({ numberPeriod, number }) => `${String(numberPeriod)} ${String(number)}`)
}

onEachCell("Periods of days", ({ way, tables }) => {
    const { options } = way

    @Entity()
    class Company {
        @PrimaryGeneratedColumn() id!: number
        @Column({ default: "Europe/Berlin" }) timeZone!: string
    }

    @Entity()
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Company, { nullable: false })
        @JoinColumn({ name: "company" })
        company!: Company
        @Column({ type: "date" }) issuedOn!: string
        @Column({ default: "" }) note!: string
        @AutoSequenceColumn({
            ...options,
            uniqueWith: "company",
            period: { of: "issuedOn", by: "year", timeZone: "UTC" },
        })
        number!: number
        numberPeriod!: string
    }

    const byUnit = (by: PeriodUnit, startsIn?: number) => {
        @Entity(`by_${by.toLowerCase()}`)
        class ByUnit {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "date" }) issuedOn!: string
            @AutoSequenceColumn({
                ...options,
                period: { of: "issuedOn", by, timeZone: "UTC", startsIn },
            })
            number!: number
        }
        return ByUnit
    }
    const units = {
        year: byUnit("year"),
        quarter: byUnit("quarter"),
        month: byUnit("month"),
        day: byUnit("day"),
        fiscalYear: byUnit("fiscalYear", 4),
    }

    @Entity()
    class Receipt {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "date" }) issuedOn!: string
        @Column({ type: "varchar", length: 10 }) fiscalYear!: string
        @AutoSequenceColumn({
            ...options,
            period: {
                of: "issuedOn",
                by: "fiscalYear",
                startsIn: 4,
                timeZone: "UTC",
                property: "fiscalYear",
            },
        })
        number!: number
    }

    const dataSource = tables([Company, Invoice, Receipt, ...Object.values(units)])
    const invoices = () => dataSource().getRepository(Invoice)
    const companies = () => dataSource().getRepository(Company).save([{}, {}])

    it("count anew, in each scope on its own, and stand on the row", async () => {
        const [a, b] = await companies()
        const rows = await invoices().save([
            { company: a, issuedOn: "2026-12-31" },
            { company: a, issuedOn: "2027-01-01" },
            { company: b, issuedOn: "2027-01-01" },
            { company: a, issuedOn: "2026-01-01" },
            { company: a, issuedOn: "2027-06-30" },
        ])
        const last = await invoices().save({ company: a, issuedOn: "2026-02-28" })
        expect([...rows, last].map((row) => [row.numberPeriod, row.number])).to.eql([
            ["2026", 1],
            ["2027", 1],
            ["2027", 1],
            ["2026", 2],
            ["2027", 2],
            ["2026", 3],
        ])
        expect(await stored(invoices())).to.eql([
            "2026 1",
            "2027 1",
            "2027 1",
            "2026 2",
            "2027 2",
            "2026 3",
        ])
    })

    it("have the names of years, quarters, months, days and fiscal years", async () => {
        const names = {
            year: ["2028", "2028", "2028"],
            quarter: ["2028-Q1", "2028-Q1", "2028-Q2"],
            month: ["2028-02", "2028-03", "2028-04"],
            day: ["2028-02-29", "2028-03-31", "2028-04-01"],
            fiscalYear: ["2027", "2027", "2028"],
        }
        for (const [unit, entity] of Object.entries(units)) {
            const rows = dataSource().getRepository<ObjectLiteral>(entity)
            await rows.save(
                ["2028-02-29", "2028-03-31", "2028-04-01"].map((issuedOn) => ({ issuedOn })),
            )
            const counts = new Map<string, number>()
            const expected = names[unit as PeriodUnit].map((name) => {
                counts.set(name, (counts.get(name) ?? 0) + 1)
                return `${name} ${counts.get(name)}`
            })
            expect(await stored(rows), unit).to.eql(expected)
        }
    })

    it("are stored in a property of the entity's own", async () => {
        const receipts = dataSource().getRepository(Receipt)
        const rows = await receipts.save([
            { issuedOn: "2026-03-31" },
            { issuedOn: "2026-04-01" },
            { issuedOn: "2027-03-31" },
        ])
        expect(rows.map(({ fiscalYear, number }) => [fiscalYear, number])).to.eql([
            ["2025", 1],
            ["2026", 1],
            ["2026", 2],
        ])
        const found = await receipts.find({ order: { id: "ASC" } })
        expect(found).to.eql(rows)
    })

    it("of rows without a date are those of today", async () => {
        const [company] = await companies()
        const before = new Date().toISOString().slice(0, 10)
        const rows = [
            await invoices().save({ company }),
            await invoices().save({ company, issuedOn: null as never }),
        ]
        const after = new Date().toISOString().slice(0, 10)
        for (const row of rows) {
            expect([before, after]).to.include(row.issuedOn)
            expect(row.numberPeriod).to.equal(row.issuedOn.slice(0, 4))
            expect(await invoices().findOneByOrFail({ id: row.id })).to.deep.include({
                number: row.number,
                issuedOn: row.issuedOn,
                numberPeriod: row.numberPeriod,
            })
        }
        expect(rows.map(({ number }) => number)).to.eql([1, 2])
    })

    it("keep the number that the caller sets, and go on after it", async () => {
        const [company] = await companies()
        await invoices().save({ company, issuedOn: "2026-05-05", number: 7 })
        await invoices().save({ company, issuedOn: "2026-05-05", numberPeriod: "2026" })
        await invoices().save({ company, issuedOn: "2027-05-05" })
        expect(await stored(invoices())).to.eql(["2026 7", "2026 8", "2027 1"])
    })

    it("are not set otherwise than the date says", async () => {
        const [company] = await companies()
        const error = await rejection(
            invoices().save({ company, issuedOn: "2026-05-05", numberPeriod: "2027" }),
        )
        expect(error).to.be.instanceOf(InvalidPeriodError)
        await invoices().save({ company, issuedOn: "2026-05-05" })
        expect(await stored(invoices())).to.eql(["2026 1"])
    })

    it("leave the entity with the number, where the transaction is rolled back", async () => {
        const [company] = await companies()
        const row = invoices().create({ company })
        await rolledBack(dataSource(), async (manager) => {
            await manager.save(row)
            expect(row.numberPeriod).to.equal(row.issuedOn.slice(0, 4))
        })
        expect([row.number, row.numberPeriod, row.issuedOn]).to.eql([undefined, undefined, undefined])
        await invoices().save(Object.assign(row, { id: undefined, issuedOn: "2031-01-01" }))
        expect(row.numberPeriod).to.equal("2031")
        expect(await stored(invoices())).to.eql([way.isGapless ? "2031 1" : "2031 1"])
    })

    it("are final: a date of another period is refused, and one of the same is taken", async () => {
        const [company] = await companies()
        const row = await invoices().save({ company, issuedOn: "2026-05-05" })
        const other = await invoices().save({ company, issuedOn: "2027-05-05" })
        const attempts = [
            () => invoices().save({ id: row.id, issuedOn: "2027-05-05" }),
            () => invoices().update(row.id, { issuedOn: "2025-12-31" }),
            () =>
                invoices()
                    .createQueryBuilder()
                    .update()
                    .set({ issuedOn: "2027-12-31" })
                    .where("1 = 1")
                    .execute(),
            () => invoices().update(row.id, { numberPeriod: "2027" }),
            () => invoices().update(row.id, { numberPeriod: "2027", issuedOn: "2027-05-05" }),
            () => invoices().update(row.id, { issuedOn: null as never }),
        ]
        for (const attempt of attempts) {
            const error = await rejection(attempt())
            expect(error, String(attempt)).to.be.instanceOf(ReadOnlyNumberError)
        }
        await invoices().save({ id: row.id, issuedOn: "2026-12-31" })
        await invoices().update(other.id, { issuedOn: "2027-01-01", note: "moved" })
        await invoices().save({ company, issuedOn: "2026-05-05" })
        await invoices().save({ company, issuedOn: "2027-05-05" })
        const found = await invoices().find({ order: { id: "ASC" } })
        expect(found.map(({ issuedOn }) => issuedOn).slice(0, 2)).to.eql(["2026-12-31", "2027-01-01"])
        expect(await stored(invoices())).to.eql(["2026 1", "2027 1", "2026 2", "2027 2"])
    })
})

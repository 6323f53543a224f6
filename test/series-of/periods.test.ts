import { expect } from "chai"
import { Column, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    InvalidOptionError,
    InvalidPeriodError,
    type PeriodUnit,
    seriesOf,
} from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"

onEachCell("The series of a column by periods", ({ way, tables }) => {
    const { options } = way
    const hasCounters = options.strategy !== "table-lock"
    const of = (by: PeriodUnit) => ({
        of: "issuedOn",
        by,
        startsIn: by === "fiscalYear" ? 4 : undefined,
    })

    @Entity()
    class Company {
        @PrimaryGeneratedColumn() id!: number
    }

    @Entity()
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Company, { nullable: false }) company!: Company
        @Column({ type: "date" }) issuedOn!: string
        @AutoSequenceColumn({ ...options, uniqueWith: "company", period: of("year") })
        number!: number
        numberPeriod!: string
        @AutoSequenceColumn({ ...options, period: of("quarter") }) quarter!: number
        quarterPeriod!: string
        @AutoSequenceColumn({ ...options, period: of("month") }) month!: number
        monthPeriod!: string
        @AutoSequenceColumn({ ...options, period: of("day") }) day!: number
        dayPeriod!: string
        @AutoSequenceColumn({ ...options, period: of("fiscalYear") }) fiscal!: number
        fiscalPeriod!: string
    }

    @Entity()
    class Own {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "date" }) issuedOn!: string
        @Column({ type: "varchar", length: 10 }) period!: string
        @AutoSequenceColumn({
            ...options,
            uniqueWith: "issuedOn",
            period: { ...of("year"), property: "period" },
        })
        number!: number
    }

    const dataSource = tables([Company, Invoice, Own])

    const start = async () => {
        const [company, other] = await dataSource().getRepository(Company).save([{}, {}])
        if (!company || !other) throw new Error("They were saved.")
        const invoices = dataSource().getRepository(Invoice)
        const save = (issuedOn: string) => invoices.save({ company, issuedOn })
        return { company, other, save, numbers: seriesOf(dataSource(), Invoice, "number") }
    }

    it("has a period by its name, or by a date that lies in it", async () => {
        const { company, other, save, numbers } = await start()
        for (const day of ["2026-05-05", "2026-12-31", "2027-01-01"]) await save(day)
        for (const scope of [
            { company, period: "2026" },
            { company: company.id, numberPeriod: "2026" },
            { company, issuedOn: "2026-02-28" },
            { company, issuedOn: "2026-12-31T23:59:59Z" },
        ]) {
            expect(await numbers.last(scope), JSON.stringify(scope)).to.equal(2)
            expect((await numbers.preview(scope)).number).to.equal(3)
        }
        expect(await numbers.last({ company, issuedOn: "2027-07-07" })).to.equal(1)
        expect(await numbers.last({ company, issuedOn: "2028-07-07" })).to.equal(null)
        expect(await numbers.last({ company: other, period: "2026" })).to.equal(null)
        expect((await save("2026-06-06")).number).to.equal(3)
    })

    it("has those of each length", async () => {
        const { save } = await start()
        await save("2026-03-31")
        await save("2026-03-31")
        await save("2026-04-01")
        const last = (property: "quarter" | "month" | "day" | "fiscal", period: string) =>
            seriesOf(dataSource(), Invoice, property).last({ period })
        expect(await last("quarter", "2026-Q1")).to.equal(2)
        expect(await last("month", "2026-04")).to.equal(1)
        expect(await last("day", "2026-03-31")).to.equal(2)
        expect(await last("fiscal", "2025")).to.equal(2)
        const fiscal = seriesOf(dataSource(), Invoice, "fiscal")
        expect(await fiscal.last({ issuedOn: "2026-05-05" })).to.equal(1)
        for (const [property, wrong] of [
            ["quarter", "2026-Q5"],
            ["month", "2026-13"],
            ["day", "2026-02-30"],
            ["fiscal", "26"],
        ] as const) {
            const error = await rejection(last(property, wrong))
            expect(error, wrong).to.be.instanceOf(InvalidOptionError)
            expect(error.message).to.include("period is not a period by")
        }
    })

    it("refuses a period that is missing, is none, or is there twice", async () => {
        const { company, save, numbers } = await start()
        const cases: [object, string][] = [
            [{ company }, "Give period, or issuedOn."],
            [{ company, period: undefined, issuedOn: undefined }, "Give period, or issuedOn."],
            [{ company, period: "2026", issuedOn: "2026-05-05" }, "given twice"],
            [{ company, period: "2026", numberPeriod: "2026" }, "given twice"],
            [{ company, period: "26" }, 'Give one such as "2026".'],
            [{ company, period: 2026 }, 'Give one such as "2026".'],
            [{ company, quarterPeriod: "2026-Q1" }, 'There is no "quarterPeriod" in it.'],
            [{ period: "2026" }, "undefined is not a valid company"],
        ]
        for (const [scope, problem] of cases) {
            const error = await rejection(numbers.last(scope))
            expect(error).to.be.instanceOf(InvalidOptionError)
            expect(error.message)
                .to.include("The scope is { company, period or issuedOn }.")
                .and.include(problem)
        }
        for (const issuedOn of ["tomorrow", new Date(Number.NaN), null]) {
            const error = await rejection(numbers.last({ company, issuedOn }))
            expect(error, String(issuedOn)).to.be.instanceOf(InvalidPeriodError)
        }
        expect((await save("2026-05-05")).number).to.equal(1)
    })

    it("has the date as a part of the scope as well, where it is one", async () => {
        const rows = dataSource().getRepository(Own)
        await rows.save([{ issuedOn: "2026-05-05" }, { issuedOn: "2026-05-05" }])
        const numbers = seriesOf(dataSource(), Own, "number")
        expect(await numbers.last({ issuedOn: "2026-05-05" })).to.equal(2)
        expect(await numbers.last({ issuedOn: "2026-05-05", period: "2026" })).to.equal(2)
        expect(await numbers.last({ issuedOn: "2026-05-06" })).to.equal(null)
    })

    if (hasCounters)
        it("goes on in one period, where it is set to", async () => {
            const { company, save, numbers } = await start()
            const { manager } = dataSource()
            await numbers.setNext(manager, { company, issuedOn: "2026-05-05" }, 100)
            expect(await numbers.next(manager, { company, period: "2026" })).to.equal(100)
            expect(await numbers.next(manager, { company, period: "2027" })).to.equal(1)
            expect((await save("2026-01-01")).number).to.equal(101)
            expect((await save("2027-01-01")).number).to.equal(2)
        })
})

onEachCell(
    "The series of a column by periods of moments",
    ({ way, tables }) => {
        @Entity()
        class Company {
            @PrimaryGeneratedColumn() id!: number
            @Column() timeZone!: string
        }

        @Entity()
        class Ticket {
            @PrimaryGeneratedColumn() id!: number
            @Column() issuedAt!: Date
            @Column({ default: "UTC" }) zone!: string
            @ManyToOne(() => Company, { cascade: true }) company!: Company
            @AutoSequenceColumn({
                ...way.options,
                period: { of: "issuedAt", by: "year", timeZone: "America/Los_Angeles" },
            })
            fixed!: number
            fixedPeriod!: string
            @AutoSequenceColumn({
                ...way.options,
                period: { of: "issuedAt", by: "year", timeZone: "zone" },
            })
            ofRow!: number
            ofRowPeriod!: string
            @AutoSequenceColumn({
                ...way.options,
                period: { of: "issuedAt", by: "year", timeZone: "company.timeZone" },
            })
            related!: number
            relatedPeriod!: string
        }

        const dataSource = tables([Company, Ticket])
        const issuedAt = new Date("2026-12-31T23:30:00Z")

        it("asks the time zone where the row would find it", async () => {
            const company = { timeZone: "Europe/Berlin" }
            const row = { issuedAt, zone: "Asia/Tokyo", company }
            const saved = await dataSource().getRepository(Ticket).save(row)
            const series = (property: "fixed" | "ofRow" | "related") =>
                seriesOf(dataSource(), Ticket, property)
            expect(await series("fixed").last({ issuedAt })).to.equal(1)
            expect(await series("fixed").last({ period: "2026" })).to.equal(1)
            expect(await series("fixed").last({ period: "2027" })).to.equal(null)

            expect(await series("ofRow").last({ issuedAt, zone: "Europe/Berlin" })).to.equal(1)
            expect(await series("ofRow").last({ issuedAt, zone: "UTC" })).to.equal(null)
            expect(await series("ofRow").last({ period: "2027" })).to.equal(1)

            const scope = { issuedAt, company: saved.company }
            expect(await series("related").last(scope)).to.equal(1)
            const key = { issuedAt, company: saved.company.id }
            expect((await series("related").preview(key)).number).to.equal(2)
            await dataSource().transaction(async (manager) => {
                await manager.update(Company, saved.company.id, { timeZone: "America/Lima" })
                expect(await series("related").last(key, manager)).to.equal(null)
            })
            expect(await series("related").last({ period: "2027" })).to.equal(1)
        })

        it("refuses a scope without the zone, or with none", async () => {
            const ofRow = seriesOf(dataSource(), Ticket, "ofRow")
            const missing = await rejection(ofRow.last({ issuedAt }))
            expect(missing).to.be.instanceOf(InvalidOptionError)
            expect(missing.message).to.include("so give zone too")
            const wrong = await rejection(ofRow.last({ issuedAt, zone: "Mars/Phobos" }))
            expect(wrong).to.be.instanceOf(InvalidPeriodError)
            const related = seriesOf(dataSource(), Ticket, "related")
            const without = await rejection(related.last({ issuedAt }))
            expect(without.message).to.include("so give company too")
            const nowhere = await rejection(related.last({ issuedAt, company: 4711 }))
            expect(nowhere).to.be.instanceOf(InvalidPeriodError)
        })
    },
    // MariaDB's triggers may not know the zones.
    ({ isInDatabase }) => !isInDatabase,
)

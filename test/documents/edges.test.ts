import { expect } from "chai"
import { Column, Entity, JoinColumn, ManyToOne, Not, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    DocumentNumber,
    DocumentNumberError,
    NumberOverflowError,
    seriesOf,
} from "../../src"
import { rejection, triggerError } from "../support/errors"
import { onEachCell } from "../support/matrix"

onEachCell(
    "Texts at the edges",
    ({ way, tables }) => {
        const { options } = way

        @Entity()
        class Company {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "varchar", length: 2, nullable: true }) country!: string | null
        }

        @Entity()
        class Invoice {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Company, { nullable: false })
            @JoinColumn({ name: "company" })
            company!: Company
            @Column({ length: 9, default: "draft" }) status!: string
            @AutoSequenceColumn({
                ...options,
                uniqueWith: "company",
                when: { status: Not("draft") },
            })
            sequence!: number | null
            @DocumentNumber({
                of: "sequence",
                by: "company.country",
                format: { DE: "{company.country}-{00}", IN: "{company.country}/{0000}" },
            })
            number!: string | null
        }

        // India: 16 characters of these.
        @Entity()
        class Supply {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "date" }) madeOn!: string
            @AutoSequenceColumn({
                ...options,
                period: { of: "madeOn", by: "fiscalYear", startsIn: 4 },
            })
            sequence!: number
            @DocumentNumber({
                of: "sequence",
                format: "SUP/{FY}-{FY+1:2}/{0000}",
                maxLength: 16,
                characters: "A-Z0-9/-",
                largest: 9999,
            })
            number!: string
        }

        @Entity()
        class Label {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 300 }) title!: string
            @AutoSequenceColumn(options) sequence!: number
            @DocumentNumber({ of: "sequence", format: "{title}-{0}" }) number!: string
        }

        const dataSource = tables([Company, Invoice, Supply, Label])
        const triggered = (error: Parameters<typeof triggerError>[1]) =>
            way.isInDatabase
                ? triggerError(
                      dataSource().options.type === "mariadb" ? "mariadb" : "postgres",
                      error,
                  )
                : error
        const company = (country: string | null) =>
            dataSource().getRepository(Company).save({ country })

        it("have a format by a company that is not loaded", async () => {
            const invoices = dataSource().getRepository(Invoice)
            const [de, india] = [await company("DE"), await company("IN")]
            const saved = await invoices.save(
                [de, india, de].map(({ id }) => ({ company: { id }, status: "final" })),
            )
            expect(saved.map(({ number }) => number)).to.eql(["DE-01", "IN/0001", "DE-02"])
            const draft = await invoices.save({ company: { id: india.id } })
            const { id } = draft
            await dataSource().transaction((manager) =>
                manager.update(Invoice, { id }, { status: "final" }),
            )
            expect((await invoices.findOneByOrFail({ id })).number).to.equal("IN/0002")
        })

        it("are refused where what they show is NULL, and no number is lost", async () => {
            const invoices = dataSource().getRepository(Invoice)
            const none = await company(null)
            const draft = await invoices.save({ company: none })
            for (const attempt of [
                () => invoices.save({ company: { id: none.id }, status: "final" }),
                () => invoices.save({ id: draft.id, status: "final" }),
                () =>
                    dataSource().transaction((manager) =>
                        manager.update(Invoice, { id: draft.id }, { status: "final" }),
                    ),
                () =>
                    seriesOf(dataSource(), Invoice, "sequence").assign(dataSource(), draft.id, {
                        set: { status: "final" },
                    }),
            ]) {
                const error = await rejection(attempt())
                expect(error).to.be.instanceOf(triggered(DocumentNumberError))
                expect(error.message).to.include("number")
            }
            expect(await invoices.count()).to.equal(1)
            none.country = "DE"
            await dataSource().getRepository(Company).save(none)
            const saved = await invoices.save({ id: draft.id, status: "final" })
            expect(saved.number).to.equal("DE-01")
        })

        it("are refused where they are too long, and no number is lost", async () => {
            const labels = dataSource().getRepository(Label)
            const error = await rejection(labels.save({ title: "x".repeat(300) }))
            expect(error).to.be.instanceOf(triggered(DocumentNumberError))
            expect((await labels.save({ title: "A" })).number).to.equal("A-1")
            expect(await labels.count()).to.equal(1)
        })

        it("end with 16 characters where the law says so", async () => {
            const supplies = dataSource().getRepository(Supply)
            const series = seriesOf(dataSource(), Supply, "sequence")
            const madeOn = "2027-03-31"
            await supplies.save({ madeOn, sequence: 9998 })
            expect((await supplies.save({ madeOn })).number).to.equal("SUP/2026-27/9999")
            const error = await rejection(supplies.save({ madeOn }))
            expect(error).to.be.instanceOf(triggered(NumberOverflowError))
            expect(await supplies.count()).to.equal(2)
            const next = await supplies.save({ madeOn: "2027-04-01" })
            expect(next.number).to.equal("SUP/2027-28/0001")
            expect(series.parse("SUP/2026-27/9999")).to.include({ number: 9999, period: "2026" })
            expect(series.parse("SUP/2026-28/9999")).to.equal(null)
        })
    },
    ({ isGapless }) => isGapless,
)

onEachCell(
    "Texts that show what other rows have",
    ({ way, tables }) => {
        @Entity()
        class Company {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 9 }) code!: string
        }
        @Entity()
        class Letter {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Company, { nullable: false })
            company!: Company
            @Column({ length: 9 }) kind!: string
            @AutoSequenceColumn(way.options) sequence!: number
            @DocumentNumber({ of: "sequence", format: "{kind}/{company.code}-{00}" })
            number!: string
        }
        const dataSource = tables([Company, Letter])

        it("read it behind the lock, so that the snapshot is younger than it", async () => {
            const company = await dataSource().getRepository(Company).save({ code: "ACME" })
            for (const text of ["a/ACME-01", "a/ACME-02"])
                await dataSource().transaction("REPEATABLE READ", async (manager) => {
                    const letter = await manager.save(Letter, { company, kind: "a" })
                    expect(letter.number).to.equal(text)
                })
        })
    },
    ({ options }, { parallel, tableLock }) =>
        options.strategy === "table-lock" && parallel && tableLock,
)

onEachCell("Texts of numbers that are set, beside another number", ({ way, tables }) => {
    @Entity()
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn(way.options) sequence!: number
        @DocumentNumber({ of: "sequence", format: "INV-{000}" }) number!: string
        @AutoSequenceColumn({ strategy: "counter" }) entry!: number
    }

    const dataSource = tables([Invoice])

    it("show the number that they are of", async () => {
        const invoices = dataSource().getRepository(Invoice)
        await invoices.save({ sequence: 11 })
        const saved = await invoices.save({ sequence: 7 })
        expect(saved).to.include({ number: "INV-007", entry: 2 })
        await invoices.save({})
        const stored = await invoices.find({ order: { id: "ASC" } })
        expect(stored.map(({ number, entry }) => [number, entry])).to.eql([
            ["INV-011", 1],
            ["INV-007", 2],
            ["INV-012", 3],
        ])
    })
})

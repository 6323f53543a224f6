import { expect } from "chai"
import { Column, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, DocumentNumber, ReadOnlyNumberError, seriesOf } from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"

onEachCell(
    "Texts of zones",
    ({ way: { options }, tables }) => {
        @Entity()
        class Company {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 30 }) zone!: string
        }

        @Entity()
        class Ticket {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Company, { nullable: false }) company!: Company
            @Column({ default: "sold" }) status!: string
            @Column({ type: Date }) soldAt!: Date
            @AutoSequenceColumn({
                ...options,
                uniqueWith: "company",
                period: { of: "soldAt", by: "year", timeZone: "company.zone" },
                journal: true,
            })
            sequence!: number
            sequencePeriod!: string
            @DocumentNumber({ of: "sequence", format: "T-{YYYY}{MM}{DD}-{00}" }) number!: string
        }

        const dataSource = tables([Company, Ticket])

        it("stay as they are where the zone of their company changes", async () => {
            const tickets = dataSource().getRepository(Ticket)
            const companies = dataSource().getRepository(Company)
            const own = await companies.save({ zone: "UTC" })
            const late = { company: own, soldAt: new Date("2026-12-31T23:30:00Z") }
            const first = await tickets.save({ ...late })
            expect(first.number).to.equal("T-20261231-01")
            own.zone = "Europe/Berlin"
            await companies.save(own)
            expect((await tickets.save({ ...late })).number).to.equal("T-20270101-01")
            await tickets.save({ id: first.id, status: "paid" })
            const series = seriesOf(dataSource(), Ticket, "sequence")
            await series.void(dataSource(), first.id, { reason: "r", set: { status: "void" } })
            const stored = await tickets.find({ order: { id: "ASC" } })
            expect(stored.map(({ status, number }) => [status, number])).to.eql([
                ["void", "T-20261231-01"],
                ["sold", "T-20270101-01"],
            ])
            const scope = { company: own, period: "2026" }
            expect((await series.events(scope)).map(({ kind }) => kind)).to.eql(["void"])
        })

        it("stay in their periods where one update is of several zones", async () => {
            const tickets = dataSource().getRepository(Ticket)
            for (const zone of ["UTC", "Asia/Tokyo"])
                await tickets.save({
                    company: await dataSource().getRepository(Company).save({ zone }),
                    soldAt: new Date("2026-05-05T12:00:00Z"),
                })
            const soldAt = new Date("2026-06-06T12:00:00Z")
            await tickets.update({ status: "sold" }, { soldAt })
            expect(await tickets.countBy({ soldAt })).to.equal(2)
            const later = tickets.update(
                { status: "sold" },
                { soldAt: new Date("2026-12-31T20:00Z") },
            )
            expect(await rejection(later)).to.be.instanceOf(ReadOnlyNumberError)
            expect(await tickets.countBy({ soldAt })).to.equal(2)
        })
    },
    // MariaDB has its time zones in tables, which may be empty.
    ({ isGapless, options: { strategy } }, { tableLock }) =>
        isGapless && (strategy !== "trigger" || tableLock),
)

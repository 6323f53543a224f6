import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, DateOrderError, seriesOf, UnknownScopeError } from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"

onEachCell(
    "assign() with other options",
    ({ way, tables }) => {
        @Entity()
        class Invoice {
            @PrimaryGeneratedColumn() id!: number
            @Column({ default: "Tea" }) company!: string
            @Column({ type: "varchar", length: 9, default: "draft" }) status!: string
            @Column({ type: "date", nullable: true }) issuedOn!: string | null
            @AutoSequenceColumn({
                ...way.options,
                uniqueWith: "company",
                period: { of: "issuedOn", by: "year" },
                when: { status: "final" },
                dates: "ascending",
            })
            number!: number | null
        }
        @Entity()
        class Letter {
            @PrimaryGeneratedColumn() id!: number
            @Column({ default: "Tea" }) company!: string
            @Column({ default: false }) isSent!: boolean
            @AutoSequenceColumn({
                ...way.options,
                uniqueWith: "company",
                startAt: way.options.strategy === "trigger" ? 50 : () => 50,
                when: { isSent: true },
            })
            number!: number | null
        }
        const isTriggered = way.options.strategy === "trigger"
        const dataSource = tables(isTriggered ? [Invoice] : [Invoice, Letter])

        it("refuses a date before the last one, and goes on in the order of dates", async () => {
            const numbers = seriesOf(dataSource(), Invoice, "number")
            const invoices = dataSource().getRepository(Invoice)
            const [a, b, c] = (await invoices.save([{}, {}, {}])) as [Invoice, Invoice, Invoice]
            const assign = (row: Invoice, issuedOn: string) =>
                numbers.assign(dataSource().manager, row, { set: { status: "final", issuedOn } })
            await assign(a, "2026-05-05")
            expect(await rejection(assign(b, "2026-05-04"))).to.be.instanceOf(DateOrderError)
            await assign(b, "2026-05-05")
            await assign(c, "2025-12-31")
            const stored = await invoices.find({ order: { id: "ASC" } })
            expect(stored.map(({ number }) => number)).to.eql([1, 2, 1])
            expect(stored.map(({ issuedOn }) => issuedOn)).to.eql([
                "2026-05-05",
                "2026-05-05",
                "2025-12-31",
            ])
        })

        if (!isTriggered)
            it("has to be told the first number of a scope whose row tells it", async () => {
                const numbers = seriesOf(dataSource(), Letter, "number")
                const letters = dataSource().getRepository(Letter)
                const [a, b] = (await letters.save([{}, {}])) as [Letter, Letter]
                const assign = (row: Letter) =>
                    numbers.assign(dataSource().manager, row, { set: { isSent: true } })
                expect(await rejection(assign(a))).to.be.instanceOf(UnknownScopeError)
                expect((await letters.find()).map(({ number }) => number)).to.eql([null, null])
                await letters.save(Object.assign(b, { isSent: true }))
                expect(b.number).to.equal(50)
                expect((await assign(a)).number).to.equal(51)
            })
    },
    ({ isGapless }) => isGapless,
)

import { expect } from "chai"
import { Column, Entity, JoinColumn, ManyToOne, Not, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, InvalidNumberError, UnknownScopeError } from "../../src"
import { expectErrorIs, rejection } from "../support/errors"
import { numbersOf, rolledBack } from "../support/rows"
import { LATE, onCounters } from "./entities"

onCounters("First numbers that rows tell at COMMIT", ({ tables }) => {
    @Entity()
    class Company {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "int" }) first!: number
    }

    const startAt = ({ company }: { company: Company }) => company.first

    @Entity()
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Company, { nullable: false })
        @JoinColumn({ name: "company" })
        company!: Company
        @AutoSequenceColumn({ ...LATE, uniqueWith: "company", startAt }) number!: number | null
    }

    @Entity()
    class Bill {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Company, { nullable: true })
        @JoinColumn({ name: "company" })
        company!: Company | null
        @Column({ length: 9, default: "draft" }) status!: string
        @AutoSequenceColumn({
            ...LATE,
            uniqueWith: "company",
            startAt,
            when: { status: Not("draft") },
        })
        number!: number | null
    }

    const dataSource = tables([Company, Invoice, Bill])
    const companies = (...firsts: number[]) =>
        dataSource()
            .getRepository(Company)
            .save(firsts.map((first) => ({ first })))

    it("are those of each scope, after a savepoint that was rolled back as well", async () => {
        const [a, b] = (await companies(500, 70)) as [Company, Company]
        const invoices = dataSource().getRepository(Invoice)
        expect((await invoices.save({ company: a })).number).to.equal(500)
        await dataSource().transaction(async (manager) => {
            await rolledBack(manager, (inner) => inner.save(Invoice, { company: b }))
            await manager.save(Invoice, [{ company: b }, { company: a }, { company: b }])
            await manager.insert(Invoice, { company: a })
        })
        await invoices.save({ company: b })
        const rows = await invoices.find({ order: { id: "ASC" } })
        expect(numbersOf(rows)).to.eql([500, 70, 501, 71, 502, 72])
    })

    it("roll the transaction back where they are none", async () => {
        const [wrong, right] = (await companies(0, 3)) as [Company, Company]
        const invoices = dataSource().getRepository(Invoice)
        const error = await rejection(invoices.save([{ company: right }, { company: wrong }]))
        expectErrorIs(error, InvalidNumberError, "startAt of Invoice.number")
        expect(await invoices.count()).to.equal(0)
        wrong.first = 9
        const rows = await invoices.save([{ company: right }, { company: wrong }])
        expect(numbersOf(rows)).to.eql([3, 9])
    })

    it("are asked of drafts when they are final, and not known to update()", async () => {
        const [a] = (await companies(40)) as [Company]
        const bills = dataSource().getRepository(Bill)
        const [one, two] = (await bills.save([{}, { company: a }])) as [Bill, Bill]
        const error = await rejection(
            dataSource().transaction((manager) =>
                manager.update(Bill, two.id, { status: "final" }),
            ),
        )
        expectErrorIs(error, UnknownScopeError, "first number")
        await bills.save(Object.assign(one, { status: "final", company: a }))
        await dataSource().transaction((manager) =>
            manager.update(Bill, two.id, { status: "final" }),
        )
        await bills.save({ company: a, status: "final" })
        expect(numbersOf(await bills.find({ order: { id: "ASC" } }))).to.eql([40, 41, 42])
    })
})

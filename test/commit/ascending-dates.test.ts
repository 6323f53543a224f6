import { expect } from "chai"
import {
    Column,
    Entity,
    type EntityManager,
    JoinColumn,
    ManyToOne,
    Not,
    PrimaryGeneratedColumn,
} from "typeorm"
import { AutoSequenceColumn, DateOrderError, seriesOf, transactionWithRetry } from "../../src"
import { expectErrorIs, rejection } from "../support/errors"
import { rolledBack } from "../support/rows"
import { LATE, onCounters } from "./entities"

const period = { of: "issuedOn", by: "year", timeZone: "UTC" } as const
const ascending = { ...LATE, dates: "ascending" } as const

onCounters("Numbers in the order of dates, made at COMMIT", ({ can, database, tables }) => {
    @Entity()
    class Company {
        @PrimaryGeneratedColumn() id!: number
    }

    @Entity()
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Company, { nullable: true })
        @JoinColumn({ name: "company" })
        company!: Company | null
        @Column({ length: 9, default: "final" }) status!: string
        @Column({ type: "date", nullable: true }) issuedOn!: string | null
        @AutoSequenceColumn({
            ...ascending,
            uniqueWith: "company",
            when: { status: Not("draft") },
            period,
        })
        number!: number | null
        numberPeriod!: string | null
    }

    @Entity()
    class Receipt {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: Date, nullable: true }) issuedAt!: Date | null
        @AutoSequenceColumn({ ...ascending, period: { ...period, of: "issuedAt" } })
        number!: number | null
        numberPeriod!: string | null
    }

    const dataSource = tables([Company, Invoice, Receipt])
    const invoices = () => dataSource().getRepository(Invoice)
    const transaction = (work: (manager: EntityManager) => Promise<unknown>) =>
        dataSource().transaction(work)
    const expectEarlier = async (attempt: Promise<unknown>) => {
        expectErrorIs(await rejection(attempt), DateOrderError, "ascending")
    }
    const stored = async () =>
        (await invoices().find({ order: { numberPeriod: "ASC", number: "ASC" } })).map(
            ({ issuedOn, number }) => `${String(issuedOn)} ${number}`,
        )

    it("roll the transaction back that comes with an earlier one", async () => {
        const [a] = await dataSource().getRepository(Company).save([{}])
        await invoices().save([{ issuedOn: "2025-06-30" }, { issuedOn: "2025-07-01", company: a }])
        await expectEarlier(invoices().save({ issuedOn: "2025-06-29" }))
        await expectEarlier(
            transaction(async (manager) => {
                await manager.save(Invoice, { issuedOn: "2025-12-01" })
                await manager.insert(Invoice, { issuedOn: "2025-11-30" })
            }),
        )
        await transaction(async (manager) => {
            await manager.save(Invoice, { issuedOn: "2025-06-30" })
            await rolledBack(manager, (inner) =>
                inner.save(Invoice, { issuedOn: "2025-01-01", company: a }),
            )
            await manager.save(Invoice, { issuedOn: "2024-12-31" })
            await manager.insert(Invoice, { issuedOn: "2025-08-01" })
        })
        await expectEarlier(invoices().save({ issuedOn: "2025-07-31" }))
        await invoices().save({ issuedOn: "2025-08-01" })
        expect(await stored()).to.have.members([
            ...["2024-12-31 1", "2025-06-30 1", "2025-06-30 2", "2025-08-01 3", "2025-08-01 4"],
            "2025-07-01 1",
        ])
    })

    it("go by the dates at COMMIT, those of drafts among them", async () => {
        const [one, two] = (await invoices().save([
            { issuedOn: "2025-01-01", status: "draft" },
            { issuedOn: "2025-01-01", status: "draft" },
        ])) as [Invoice, Invoice]
        await invoices().save({ issuedOn: "2025-02-01" })
        await expectEarlier(invoices().save({ id: one.id, status: "final" }))
        await transaction(async (manager) => {
            await manager.update(Invoice, one.id, { status: "final" })
            await manager.update(Invoice, one.id, { issuedOn: "2025-03-01" })
        })
        const bySeries = seriesOf(dataSource(), Invoice, "number")
        const assign = (issuedOn: string) =>
            transaction((manager) =>
                bySeries.assign(manager, two, { set: { status: "final", issuedOn } }),
            )
        await expectEarlier(assign("2025-02-28"))
        await assign("2025-03-01")
        await expectEarlier(invoices().save({ issuedOn: "2025-02-28" }))
        await invoices().save({ issuedOn: "2025-03-02" })
        expect(await stored()).to.eql([
            ...["2025-02-01 1", "2025-03-01 2", "2025-03-01 3", "2025-03-02 4"],
        ])
    })

    it("are a moment that catches up with the last one, where none was set", async () => {
        const receipts = dataSource().getRepository(Receipt)
        const now = new Date()
        await receipts.save({ issuedAt: now })
        await receipts.save([{}, {}])
        await expectEarlier(receipts.save({ issuedAt: new Date(now.getTime() - 2000) }))
        await receipts.save({})
        const rows = await receipts.find({ order: { id: "ASC" } })
        expect(rows.map(({ number }) => number)).to.eql([1, 2, 3, 4])
        const times = rows.map(({ issuedAt }) => Number(issuedAt))
        expect(times).to.eql([...times].sort((a, b) => a - b))
    })

    it("are in order whoever writes at the same time", async function () {
        if (!can.parallel) return this.skip()
        const connected = await database().connect([Company, Invoice, Receipt], { connections: 8 })
        const results = await Promise.allSettled(
            Array.from({ length: 40 }, (_, at) =>
                // Neighbours are read with locks on MariaDB, which rows that wait for their numbers hold as well.
                transactionWithRetry(connected, (manager) =>
                    manager.save(Invoice, {
                        issuedOn: `2025-03-${String((at % 28) + 1).padStart(2, "0")}`,
                    }),
                ),
            ),
        )
        for (const result of results)
            if (result.status === "rejected") expectErrorIs(result.reason, DateOrderError)
        const rows = await connected.manager.find(Invoice, { order: { number: "ASC" } })
        expect(rows.length).to.equal(results.filter((one) => one.status === "fulfilled").length)
        expect(rows.map(({ number }) => number)).to.eql(rows.map((_, at) => at + 1))
        const dates = rows.map(({ issuedOn }) => String(issuedOn))
        expect(dates).to.eql([...dates].sort())
    })
})

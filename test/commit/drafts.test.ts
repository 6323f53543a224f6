import { expect } from "chai"
import { Column, Entity, Index, Not, PrimaryColumn, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, PseudoKey, TransactionRequiredError } from "../../src"
import { rejection } from "../support/errors"
import { numbersOf, rolledBack } from "../support/rows"
import { LATE, onCounters } from "./entities"

onCounters("Drafts whose numbers are made at COMMIT", ({ tables }) => {
    @Entity()
    @Index(["note"], { unique: true })
    class Bill {
        @PrimaryGeneratedColumn() id!: number
        @Column({ default: "Ada" }) company!: string
        @Column({ type: "varchar", default: "draft" }) status!: "draft" | "final" | "void"
        @Column({ type: "varchar", nullable: true }) note!: string | null
        @Column({ type: "date", nullable: true }) day!: string | null
        @AutoSequenceColumn({
            ...LATE,
            uniqueWith: "company",
            when: { status: Not("draft") },
            period: { of: "day", by: "year", timeZone: "UTC" },
        })
        number!: number | null
        numberPeriod!: string | null
    }

    /** Has values beside that are made for each INSERT, and unique. */
    @Entity()
    class Order {
        @PrimaryGeneratedColumn() id!: number
        @Column({ default: "draft" }) status!: string
        @AutoSequenceColumn({ strategy: "counter" }) entry!: number
        @PseudoKey({ prefix: "ord" }) key!: string
        @Column({ type: "varchar", length: 20, unique: true }) note!: string
        @AutoSequenceColumn({ ...LATE, when: { status: Not("draft") } }) number!: number | null
    }

    /** Has a primary key that TypeORM makes for each INSERT. */
    @Entity()
    class Letter {
        @PrimaryGeneratedColumn("uuid") id!: string
        @Column({ default: "draft" }) status!: string
        @Column({ type: "varchar", length: 20, unique: true }) note!: string
        @AutoSequenceColumn({ ...LATE, when: { status: Not("draft") } }) number!: number | null
    }

    /** Has a primary key that an upsert may give, and a stored row does not take. */
    @Entity()
    class Parcel {
        @PrimaryColumn({ length: 20 }) id!: string
        @Column({ default: "draft" }) status!: string
        @Column({ type: "varchar", length: 20, unique: true }) note!: string
        @AutoSequenceColumn({ ...LATE, when: { status: Not("draft") } }) number!: number | null
    }
    const dataSource = tables([Bill, Order, Letter, Parcel])
    const bills = () => dataSource().getRepository(Bill)
    const day = "2026-05-05"
    const stored = async () =>
        (await bills().find({ order: { id: "ASC" } })).map((b) => [b.number, b.numberPeriod])

    it("are without one, be it for ever, and get it by the INSERT or UPDATE that makes them final", async () => {
        const [draft, final] = (await bills().save([
            { note: "a", day },
            { status: "final", note: "b", day },
        ])) as [Bill, Bill]
        expect(draft).to.include({ number: null, numberPeriod: null })
        expect(final).to.include({ number: 1, numberPeriod: "2026" })
        await bills().insert({ note: "c", day })
        const error = await rejection(bills().insert({ status: "final", day }))
        expect(error).to.be.instanceOf(TransactionRequiredError)
        expect(
            await rejection(bills().update({ note: "c" }, { status: "final" })),
        ).to.be.instanceOf(TransactionRequiredError)
        expect(await stored()).to.eql([
            [null, null],
            [1, "2026"],
            [null, null],
        ])
        await dataSource().transaction(async (manager) => {
            draft.status = "final"
            await manager.save(Bill, draft)
            expect(draft.number).to.equal(null)
            await manager.update(Bill, { note: "c" }, { status: "final", day: "2027-01-01" })
            await manager.update(Bill, { note: "c" }, { day: "2028-01-01" })
        })
        expect(draft).to.include({ number: 2, numberPeriod: "2026" })
        await bills().save({ status: "void", day })
        expect(await stored()).to.eql([
            [1 + 1, "2026"],
            [1, "2026"],
            [1, "2028"],
            [3, "2026"],
        ])
    })

    it("stay drafts where they are that at COMMIT, or a savepoint is rolled back", async () => {
        const [first, second] = (await bills().save([
            { note: "1", day },
            { note: "2", day },
        ])) as [Bill, Bill]
        await dataSource().transaction(async (manager) => {
            await manager.update(Bill, first.id, { status: "final" })
            await manager.update(Bill, first.id, { status: "draft" })
            await rolledBack(manager, (inner) => inner.update(Bill, second.id, { status: "final" }))
            await manager.save(Bill, { status: "final", note: "3", day })
        })
        expect(await stored()).to.eql([
            [null, null],
            [null, null],
            [1, "2026"],
        ])
        await dataSource().transaction((manager) =>
            manager.update(Bill, { status: "draft" }, { status: "final" }),
        )
        await bills().save({ status: "final", day })
        const rows = await bills().find({ order: { id: "ASC" } })
        expect(numbersOf(rows)).to.eql([2, 3, 1, 4])
    })

    it("get their number by an upsert that makes them final", async () => {
        const rows = await bills().save([
            { note: "1", day },
            { note: "2", day, status: "final" },
        ])
        expect(numbersOf(rows)).to.eql([null, 1])
        await dataSource().transaction((manager) =>
            manager.upsert(
                Bill,
                ["2", "1", "3"].map((note) => ({ note, day, status: "final" as const })),
                ["note"],
            ),
        )
        await bills().save({ status: "final", day })
        const found = await bills().find({ order: { id: "ASC" } })
        expect(numbersOf(found).sort()).to.eql([1, 2, 3, 4])
        expect(found[1]).to.include({ number: 1 })
    })

    it("get it by an upsert whatever else the row would have been given", async () => {
        const orders = dataSource().getRepository(Order)
        await orders.save([{ note: "a", status: "final" }, { note: "b" }])
        const upserted: Partial<Order> = { note: "b", status: "final" }
        await dataSource().transaction((manager) => manager.upsert(Order, upserted, ["note"]))
        expect(upserted).to.include({ entry: 2, number: 2 })
        await orders.save({ note: "c", status: "final" })
        const found = await orders.find({ order: { id: "ASC" } })
        expect(found.map(({ entry, number }) => [entry, number])).to.eql([
            [1, 1],
            [2, 2],
            [3, 3],
        ])
    })

    it("get it by an upsert that brings another primary key than that of the stored row", async () => {
        const letters = dataSource().getRepository(Letter)
        await letters.save([{ note: "a" }, { note: "b" }])
        const upserted = ["b", "c"].map((note) => ({ note, status: "final" }) as Letter)
        await dataSource().transaction(async (manager) => {
            for (const row of upserted) await manager.upsert(Letter, row, ["note"])
        })
        expect(numbersOf(upserted)).to.eql([1, 2])
        await letters.save({ note: "d", status: "final" })
        const found = await letters.find({ order: { note: "ASC" } })
        expect(numbersOf(found)).to.eql([null, 1, 2, 3])

        const parcels = dataSource().getRepository(Parcel)
        await parcels.save([
            { id: "1", note: "a" },
            { id: "2", note: "b" },
        ])
        await dataSource().transaction((manager) =>
            manager
                .createQueryBuilder()
                .insert()
                .into(Parcel)
                .values({ id: "3", note: "b", status: "final" })
                .orUpdate(["status"], ["note"])
                .execute(),
        )
        await parcels.save({ id: "4", note: "c", status: "final" })
        const stored = await parcels.find({ order: { id: "ASC" } })
        expect(stored.map(({ id, number }) => [id, number])).to.eql([
            ["1", null],
            ["2", 1],
            ["4", 2],
        ])
    })
})

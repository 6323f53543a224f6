import { AssertionError, expect } from "chai"
import { ChildEntity, Column, Entity, Not, PrimaryGeneratedColumn, TableInheritance } from "typeorm"
import {
    AutoSequenceColumn,
    backfillPseudoKeys,
    KeyTakenError,
    PseudoKey,
    seriesOf,
} from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"

onEachCell("Keys that are made of the numbers of drafts", ({ way, tables }) => {
    const { options, isGapless } = way
    const isTriggered = options.strategy === "trigger"

    @Entity()
    class Bill {
        @PrimaryGeneratedColumn() id!: number
        @Column({ default: "Ada" }) company!: string
        @Column({ type: "varchar", default: "draft" }) status!: "draft" | "final" | "paid"
        @Column({ default: "" }) note!: string
        @Column({ type: "varchar", length: 9, nullable: true, unique: true }) code!: string | null
        @Column({ type: "date", nullable: true }) day!: string | null
        @AutoSequenceColumn({
            ...options,
            uniqueWith: "company",
            when: { status: Not("draft") },
            period: { of: "day", by: "year", timeZone: "UTC" },
        })
        number!: number | null
        numberPeriod!: string | null
        @PseudoKey({
            case: "keep",
            derive: (bill: Bill) => `${bill.numberPeriod}-${bill.number}`,
            nullable: true,
            history: true,
            ...(isTriggered ? { after: "insert" } : {}),
        })
        key!: string | null
    }

    @Entity()
    @TableInheritance({ column: { type: "varchar", name: "kind" } })
    abstract class Paper {
        @PrimaryGeneratedColumn() id!: number
        @Column({ default: "draft" }) status!: string
        @AutoSequenceColumn({ ...options, when: { status: "final" } }) number!: number | null
    }

    @ChildEntity()
    class Deed extends Paper {
        @PseudoKey({
            case: "keep",
            derive: (deed: Deed) => `D-${deed.number}`,
            nullable: true,
            ...(isTriggered ? { after: "insert" } : {}),
        })
        key!: string | null
    }

    const dataSource = tables([Bill, Paper, Deed])
    const bills = () => dataSource().getRepository(Bill)
    const day = "2026-05-05"
    const draft = () => bills().save(bills().create({ day }))
    const next = () => bills().save({ status: "final", day })
    const keyOf = (number: number) => [number, `2026-${number}`]
    const stored = async () => {
        const rows = bills().createQueryBuilder("bill").orderBy("bill.id")
        const found = await rows.getRawMany<Record<string, unknown>>()
        return found.map((row) => [Number(row.bill_number), row.bill_key])
    }

    /** The first draft, whose number another row gets now. */
    const expectTakenOff = async (bill: Bill) => {
        expect([bill.number ?? null, bill.key ?? null]).to.eql([null, null])
        const { number: second } = await next()
        await bills().save(bill)
        expect(bill.number).to.equal(Number(second) + 1)
        expect(await stored()).to.eql([keyOf(Number(second) + 1), keyOf(Number(second))])
        if (isGapless) expect(second).to.equal(1)
    }

    it("come with them, by the save that makes the row final", async () => {
        const bill = await draft()
        expect(bill.key ?? null).to.equal(null)
        bill.status = "final"
        await bills().save(bill)
        expect(bill).to.include({ number: 1, key: "2026-1" })
        bill.status = "paid"
        await bills().save(bill)
        expect(await next()).to.include({ number: 2, key: "2026-2" })
        expect(await stored()).to.eql([keyOf(1), keyOf(2)])
    })

    it("are taken off entities with them when the transaction is rolled back", async () => {
        const bill = await draft()
        await rolledBack(dataSource(), async (manager) => {
            bill.status = "final"
            await manager.save(bill)
            expect(bill).to.include({ number: 1, key: "2026-1" })
        })
        await expectTakenOff(bill)
    })

    it("come with them where the class of the row alone has a key", async () => {
        const deeds = dataSource().getRepository(Deed)
        const deed = await deeds.save(deeds.create())
        await deeds.save(Object.assign(deed, { status: "final" }))
        expect(deed).to.include({ number: 1, key: "D-1" })
    })

    it("come with them by an UPDATE of several rows, where the database does not number these", async () => {
        for (const company of ["Ada", "Bob", "Ada"]) await bills().save({ company, day })
        await dataSource().transaction((manager) =>
            manager.update(Bill, { status: "draft" }, { status: "final" }),
        )
        // What happens within the database is seen by save() alone.
        if (isTriggered) await backfillPseudoKeys(dataSource(), Bill)
        await next()
        expect(await stored()).to.eql([keyOf(1), keyOf(1), keyOf(2), keyOf(3)])
    })

    it("come with them by assign of seriesOf, on the entity as well", async () => {
        const bill = await draft()
        const series = seriesOf(dataSource(), Bill, "number")
        const set = { status: "final" } as const
        await rolledBack(dataSource(), async (manager) => {
            await series.assign(manager, bill, { set })
            expect(bill.key).to.equal("2026-1")
        })
        expect([bill.number ?? null, bill.key ?? null]).to.eql([null, null])
        const found = await series.assign(dataSource().manager, bill, { set })
        const number = Number(found.number)
        for (const one of [found, bill]) expect(one).to.include({ number, key: `2026-${number}` })
        await next()
        expect(await stored()).to.eql([keyOf(number), keyOf(number + 1)])
        if (isGapless) expect(number).to.equal(1)
    })

    it("come with them by an upsert that makes a stored draft final, and not before", async () => {
        const code = "A"
        const upsert = async (status: Bill["status"]) => {
            const bill = bills().create({ code, day, status })
            await dataSource().transaction((manager) => manager.upsert(Bill, bill, ["code"]))
            return [bill.key ?? null, (await bills().findOneByOrFail({ code })).key]
        }
        for (let time = 0; time < 2; time += 1) expect(await upsert("draft")).to.eql([null, null])
        const [key] = await upsert("final")
        expect(await upsert("paid")).to.eql([key, key])
        const { number } = await next()
        const [first] = await stored()
        expect(await stored()).to.eql([keyOf(Number(first?.[0])), keyOf(number as number)])
        if (isGapless) expect([key, number]).to.eql(["2026-1", 2])
    })

    it("stay where an entity is saved that was loaded before", async () => {
        const { id } = await draft()
        const [bill, stale] = await Promise.all([1, 2].map(() => bills().findOneByOrFail({ id })))
        await bills().save(Object.assign(bill as Bill, { status: "final" }))
        await bills().save(Object.assign(stale as Bill, { status: "final", note: "seen" }))
        expect(stale).to.include({ number: 1, key: "2026-1" })
        await next()
        expect(await stored()).to.eql([keyOf(1), keyOf(2)])
        expect(await bills().countBy({ note: "seen" })).to.equal(1)
        // A key is taken off as ever.
        await bills().save(Object.assign(bill as Bill, { note: "seen", key: null }))
        expect(await stored()).to.eql([[1, null], keyOf(2)])
    })

    it("are taken off an entity that has caught up with an UPDATE that is rolled back", async () => {
        const bill = await draft()
        await rolledBack(dataSource(), async (manager) => {
            await manager.update(Bill, { id: bill.id }, { status: "final" })
            await manager.save(Object.assign(bill, { status: "paid" }))
            expect(bill.number).to.equal(1)
        })
        await expectTakenOff(bill)
    })

    it("keep the numbers from being committed where other rows have them", async () => {
        const bill = await draft()
        await bills().save({ status: "final", day, key: "2026-2" })
        const errors: unknown[] = []
        const refused = await rejection(
            dataSource().transaction(async (manager) => {
                bill.status = "final"
                await manager.save(bill).catch((error: unknown) => errors.push(error))
                expect(errors).to.have.length(1)
            }),
        )
        expect(errors[0]).to.be.instanceOf(KeyTakenError)
        expect(refused).not.to.be.instanceOf(AssertionError)
        expect(bill.number ?? null).to.equal(null)
        const { number } = await bills().save({ status: "final", day, key: "own" })
        expect(await stored()).to.eql([
            [0, null],
            [1, "2026-2"],
            [number, "own"],
        ])
        if (isGapless) expect(number).to.equal(2)
    })
})

import { expect } from "chai"
import { Column, Entity, Not, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, DocumentNumber, seriesOf } from "../../src"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"
import { storedNumbers } from "../support/stored"

onEachCell("Numbers that are hidden, and drafts that get several", ({ way, tables }) => {
    const { options } = way

    @Entity()
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @Column({ default: "draft" }) status!: string
        @Column({ default: "", select: false }) note!: string
        @Column({ type: "date", nullable: true }) day!: string | null
        @AutoSequenceColumn({
            ...options,
            select: false,
            when: { status: Not("draft") },
            period: { of: "day", by: "year" },
        })
        number!: number | null
        numberPeriod!: string | null
        @DocumentNumber({ of: "number", format: "{YYYY}/{0}", select: false }) text!: string | null
        @AutoSequenceColumn({
            ...options,
            when: { status: "final" },
            period: { of: "day", by: "month" },
        })
        other!: number | null
        otherPeriod!: string | null
    }

    const dataSource = tables([Invoice])
    const invoices = () => dataSource().getRepository(Invoice)
    const series = () => seriesOf(dataSource(), Invoice, "number")
    const SET = { status: "final", day: "2026-05-05", note: "n" }
    const NUMBERED = { ...SET, number: 1, numberPeriod: "2026", other: 1, otherPeriod: "2026-05" }

    it("are shown on what assign() returns and was given", async () => {
        const draft = await invoices().save({})
        const row = await series().assign(dataSource(), draft, { set: SET })
        for (const one of [row, draft]) expect(one).to.include(NUMBERED)
        const next = await invoices().save({ ...SET })
        expect(next).to.include({ number: 2, other: 2 })
        expect(await storedNumbers(invoices(), "number")).to.eql([1, 2])
    })

    it("are shown on what move() returns and was given", async () => {
        const row = await invoices().save({ status: "sent", day: "2026-05-05" })
        const set = { status: "final", day: "2027-01-01" }
        const moved = await series().move(dataSource(), row, { set })
        for (const one of [moved, row])
            expect(one).to.include({ ...set, number: 1, numberPeriod: "2027", other: 1 })
        expect([moved.otherPeriod, row.otherPeriod]).to.eql(["2027-01", "2027-01"])
        expect(await invoices().save(set)).to.include({ number: 2, other: 2 })
    })

    it("are taken off again by a rollback", async () => {
        const draft = await invoices().save({})
        await rolledBack(dataSource(), async (manager) => {
            await series().assign(manager, draft, { set: SET })
            expect(draft).to.include(NUMBERED)
        })
        expect([draft.number ?? null, draft.other ?? null, draft.otherPeriod ?? null]).to.eql([
            null,
            null,
            null,
        ])
        const row = await series().assign(dataSource(), draft, { set: SET })
        expect(row.number).to.equal(way.isGapless ? 1 : row.other)
    })

    it("stay where a row that was loaded without them is saved again and again", async () => {
        const { id, number } = await invoices().save({ ...SET })
        const loaded = await invoices().findOneByOrFail({ id })
        for (const note of ["a", "b"]) {
            loaded.note = note
            await invoices().save(loaded)
        }
        for (const status of ["draft", "final"]) {
            loaded.status = status
            await invoices().save(loaded)
        }
        const stored = await invoices().findOneOrFail({
            where: { id },
            select: { note: true, status: true, number: true, text: true },
        })
        const text = `2026/${number}`
        expect(stored).to.include({ note: "b", status: "final", number, text })
    })
})

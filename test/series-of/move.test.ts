import { expect } from "chai"
import { Column, Entity, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    DraftError,
    InvalidOptionError,
    InvalidPeriodError,
    ReadOnlyNumberError,
    RowNotFoundError,
    seriesOf,
} from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"
import { storedCounters } from "../support/stored"

onEachCell("Rows that move to another scope", ({ way, can, tables }) => {
    const { options } = way

    @Entity()
    class Project {
        @PrimaryGeneratedColumn() id!: number
    }

    @Entity()
    class Task {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Project, { nullable: false })
        @JoinColumn({ name: "project" })
        project!: Project
        @Column({ default: "" }) title!: string
        @Column({ type: "date", nullable: true }) day!: string | null
        @AutoSequenceColumn({
            ...options,
            uniqueWith: "project",
            period: { of: "day", by: "month" },
            explicit: "refuse",
        })
        number!: number
        numberPeriod!: string
    }

    const dataSource = tables([Project, Task])
    const tasks = () => dataSource().getRepository(Task)
    const series = () => seriesOf(dataSource(), Task, "number")
    const DAY = "2026-05-05"

    const start = async () => {
        const [from, to] = await dataSource().getRepository(Project).save([{}, {}])
        if (!from || !to) throw new Error("They were saved.")
        const [first, second, there] = await tasks().save([
            { project: from, day: DAY },
            { project: from, day: DAY },
            { project: to, day: DAY },
        ])
        if (!first || !second || !there) throw new Error("They were saved.")
        const save = async (project: Project, day = DAY) =>
            (await tasks().save({ project, day })).number
        return { from, to, first, second, there, save }
    }
    const stored = async () => {
        const rows = await tasks().find({ order: { id: "ASC" }, relations: { project: true } })
        return rows.map((one) => [one.project.id, one.numberPeriod, one.number].join(" "))
    }
    const unchanged = async (attempt: () => Promise<unknown>) => {
        const look = async () => [await stored(), await storedCounters(dataSource())]
        const before = await look()
        const error = await rejection(attempt())
        expect(await look()).to.eql(before)
        return error
    }

    it("get a new number there, and leave a gap", async () => {
        const { from, to, first, save } = await start()
        const row = await dataSource().transaction((manager) =>
            series().move(manager, first, { set: { project: { id: to.id }, title: "moved" } }),
        )
        for (const one of [row, first])
            expect(one).to.include({ number: 2, numberPeriod: "2026-05", title: "moved" })
        expect(first.project.id).to.equal(to.id)
        expect(from.id).not.to.equal(to.id)
        expect(await stored()).to.eql([
            `${to.id} 2026-05 2`,
            `${from.id} 2026-05 2`,
            `${to.id} 2026-05 1`,
        ])
        expect([await save(to), await save(from)]).to.eql([3, 3])
    })

    it("get one in the period that their date is moved to", async () => {
        const { from, first, second, save } = await start()
        const { manager } = dataSource()
        const row = await series().move(manager, first.id, { set: { day: "2026-06-30" } })
        expect(row).to.include({ number: 1, numberPeriod: "2026-06", day: "2026-06-30" })
        const other = await series().move(manager, second, { set: { day: "2026-06-01" } })
        expect(other.number).to.equal(2)
        expect([await save(from, "2026-06-06")]).to.eql([3])
        expect(await save(from)).to.equal(way.isReusing ? 1 : 3)
    })

    it("get one where both change", async () => {
        const { to, first, save } = await start()
        await series().move(dataSource(), first, { set: { project: to, day: "2027-01-31" } })
        expect(first).to.include({ number: 1, numberPeriod: "2027-01", day: "2027-01-31" })
        expect([await save(to, "2027-01-01"), await save(to)]).to.eql([2, 2])
    })

    it("keep it where neither does", async () => {
        const { from, to, first, save } = await start()
        const { manager } = dataSource()
        for (const set of [{ title: "a" }, { project: from }, { day: "2026-05-31", title: "b" }])
            expect((await series().move(manager, first, { set })).number).to.equal(1)
        await series().move(manager, first, { set: { project: to } })
        expect((await series().move(manager, first, { set: { project: to } })).number).to.equal(2)
        expect(await save(to)).to.equal(3)
        expect(await save(from)).to.equal(3)
        const [row] = await tasks().find({ order: { id: "ASC" } })
        expect(row).to.include({ title: "b", day: "2026-05-31" })
    })

    it("are refused otherwise, before and after", async () => {
        const { to, first, save } = await start()
        const { manager } = dataSource()
        const refused = async (inner = manager) => {
            const attempt = inner.update(Task, first.id, { project: { id: to.id } })
            expect(await rejection(attempt)).to.be.instanceOf(ReadOnlyNumberError)
        }
        await refused()
        await rolledBack(dataSource(), async (inner) => {
            await series().move(inner, first, { set: { day: "2026-07-07" } })
            await refused(inner)
        })
        await series().move(manager, first, { set: { day: "2026-07-07" } })
        await refused()
        await series().move(manager, first, { set: { project: to, day: DAY } })
        expect(first.number).to.equal(2)
        const back = await rejection(tasks().update(first.id, { day: "2026-08-08" }))
        expect(back).to.be.instanceOf(ReadOnlyNumberError)
        expect(back.message).to.include("move() of seriesOf() give it a new number")
        expect(await save(to)).to.equal(3)
    })

    it("are where they were when the transaction is rolled back", async () => {
        const { from, to, first, save } = await start()
        await rolledBack(dataSource(), (manager) =>
            series().move(manager, first, { set: { project: to } }),
        )
        expect(first.number).to.equal(1)
        expect(await stored()).to.eql([
            `${from.id} 2026-05 1`,
            `${from.id} 2026-05 2`,
            `${to.id} 2026-05 1`,
        ])
        expect(await save(to)).to.equal(way.isGapless || !can.parallel ? 2 : 3)
    })

    it("are refused where nothing is set, or no row is there", async () => {
        const { to, first } = await start()
        const { manager } = dataSource()
        const attempts: [() => Promise<unknown>, new () => Error, string][] = [
            [() => series().move(manager, first, { set: {} }), InvalidOptionError, "set is empty"],
            [() => series().move(manager, first, {} as never), InvalidOptionError, "set is"],
            [
                () => series().move(manager, first, { set: { number: 7, project: to } }),
                InvalidOptionError,
                "set has number",
            ],
            [
                () => series().move(manager, 4711, { set: { project: to } }),
                RowNotFoundError,
                "1 of 1",
            ],
            [
                () => series().move(manager, first, { set: { day: null } }),
                InvalidPeriodError,
                "Set a date",
            ],
            [
                () => series().move(manager, first, { set: { day: "never" } }),
                InvalidPeriodError,
                "no date",
            ],
        ] as never
        for (const [attempt, expected, problem] of attempts) {
            const error = await unchanged(attempt)
            expect(error, problem).to.be.instanceOf(expected)
            expect(error.message).to.include(problem)
        }
    })
})

onEachCell(
    "Rows that move, and drafts that do not",
    ({ way, tables }) => {
        @Entity()
        class Paper {
            @PrimaryGeneratedColumn() id!: number
            @Column() shelf!: string
            @AutoSequenceColumn({ ...way.options, uniqueWith: "shelf", nullable: true })
            number!: number | null
        }
        const dataSource = tables([Paper])
        const papers = () => dataSource().getRepository(Paper)
        const series = () => seriesOf(dataSource(), Paper, "number")

        it("are told apart", async () => {
            const { manager } = dataSource()
            const [draft, other] = await papers().save([
                { shelf: "a", number: null },
                { shelf: "a", number: null },
            ])
            if (!draft || !other) return
            const moved = await rejection(series().move(manager, draft, { set: { shelf: "b" } }))
            expect(moved).to.be.instanceOf(DraftError)
            expect(moved.message).to.include("assign()")
            expect((await series().assign(manager, other)).number).to.equal(1)
            const row = await series().assign(manager, draft, { set: { shelf: "c" } })
            expect(row).to.include({ number: 1, shelf: "c" })
            expect((await series().move(manager, draft, { set: { shelf: "a" } })).number).to.equal(
                2,
            )
            expect((await papers().save({ shelf: "a" })).number).to.equal(3)
        })
    },
    ({ hasDrafts }) => hasDrafts,
)

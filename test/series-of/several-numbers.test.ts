import { expect } from "chai"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { Column, Entity, Not, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, ReadOnlyNumberError, seriesOf } from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"
import { storedCounters } from "../support/stored"
import { mustWait, sessionOf, Signal } from "../support/waiting"

onEachCell("Rows with several numbers that move for one of them", ({ way, can, tables }) => {
    const { options } = way

    @Entity()
    class Task {
        @PrimaryGeneratedColumn() id!: number
        @Column() project!: string
        @Column({ default: "" }) title!: string
        @Column({ type: "date" }) day!: string
        @Column({ type: "date", nullable: true }) at!: string | null
        @AutoSequenceColumn({
            ...options,
            uniqueWith: "project",
            period: { of: "day", by: "month" },
        })
        month!: number
        monthPeriod!: string
        @AutoSequenceColumn({ ...options, uniqueWith: "title", period: { of: "day", by: "year" } })
        year!: number
        yearPeriod!: string
        @AutoSequenceColumn({
            ...options,
            when: { project: Not("none") },
            period: { of: "at", by: "month" },
        })
        sent!: number | null
        sentPeriod!: string | null
    }

    const dataSource = tables([Task])
    const tasks = () => dataSource().getRepository(Task)
    const series = (property: "month" | "year" | "sent") => seriesOf(dataSource(), Task, property)
    const AT = "2026-05-05"

    const start = async () => {
        const rows = await tasks().save(
            ["p", "p", "none"].map((project) => ({ project, day: "2026-05-05", at: AT })),
        )
        const [first, , draft] = rows
        if (!first || !draft) throw new Error("They were saved.")
        return { first, draft }
    }
    const stored = async () => {
        const rows = await tasks().find({ order: { id: "ASC" } })
        return rows.map((one) =>
            [one.monthPeriod, one.month, one.yearPeriod, one.year, one.sentPeriod, one.sent]
                .map(String)
                .join(" "),
        )
    }
    const ROWS = [
        "2026-05 1 2026 1 2026-05 1",
        "2026-05 2 2026 2 2026-05 2",
        "2026-05 1 2026 3 null null",
    ]

    it("are refused where another number would be left behind", async () => {
        const { first, draft } = await start()
        const before = { ...first }
        const counters = await storedCounters(dataSource())
        const told: unknown[] = []
        const listener = (message: unknown) => void told.push(message)
        subscribe("autosequence:gap-refused", listener)
        for (const [property, row, set, other, what] of [
            ["month", first, { day: "2027-02-02" }, "Task.year", "title, day"],
            ["month", draft, { day: "2027-02-02" }, "Task.year", "title, day"],
            ["year", first, { day: "2026-06-06" }, "Task.month", "project, day"],
            ["year", first, { title: "x", project: "q" }, "Task.month", "project, day"],
            ["month", first, { project: "q", title: "x" }, "Task.year", "title, day"],
            ["month", first, { project: "q", at: "2026-06-01" }, "Task.sent", "at"],
            ["sent", first, { at: "2026-07-05", title: "x" }, "Task.year", "title, day"],
            ["month", first, { project: "q", at: null }, "Task.sent", "at"],
        ] as const) {
            // Nothing was written that a transaction which goes on would keep.
            const error = await dataSource().transaction((manager) =>
                rejection(series(property).move(manager, row, { set })),
            )
            expect(error, error.stack).to.be.instanceOf(ReadOnlyNumberError)
            expect(error.message)
                .to.include(`a row another number of Task.${property},`)
                .and.include(other)
            expect(error.message)
                .to.include("would leave the scope or period of a number that stays")
                .and.include("Insert a new row")
                .and.include(`(${what})`)
            const [gap] = told.splice(0) as [{ series: string; code: string }]
            expect(gap.series.replace("task.", "Task.")).to.equal(other)
            expect(gap.code).to.equal("READ_ONLY_NUMBER")
        }
        unsubscribe("autosequence:gap-refused", listener)
        expect(first).to.eql(before)
        expect(await stored()).to.eql(ROWS)
        expect(await storedCounters(dataSource())).to.eql(counters)
        await tasks().save({ project: "p", day: "2026-05-06", at: AT })
        expect(await stored()).to.eql([...ROWS, "2026-05 3 2026 4 2026-05 3"])
    })

    if (way.isInDatabase)
        it("leave one behind where the session allows it", async () => {
            const { first } = await start()
            await dataSource().transaction(async (manager) => {
                const [on, off] = can.tableLock
                    ? [
                          "LOCAL autosequence.allow_changes = 'on'",
                          "LOCAL autosequence.allow_changes = ''",
                      ]
                    : ["@autosequence_allow_changes = TRUE", "@autosequence_allow_changes = NULL"]
                await manager.query(`SET ${on}`)
                await series("month").move(manager, first, { set: { day: "2027-02-02" } })
                await manager.query(`SET ${off}`)
            })
            expect(await stored()).to.eql(["2027-02 1 2027 1 2026-05 1", ...ROWS.slice(1)])
        })

    it("take no other number of the caller's", async () => {
        const { first } = await start()
        const set = { project: "q", year: 7 }
        const error = await rejection(series("month").move(dataSource(), first, { set }))
        expect(error).to.be.instanceOf(ReadOnlyNumberError)
        expect(error.message).to.include("Task.year of a stored row can't be changed")
        expect(await stored()).to.eql(ROWS)
    })

    it("move where the other numbers keep scope and period", async () => {
        const { first } = await start()
        const { manager } = dataSource()
        const set = { day: "2026-06-06", title: "", at: "2026-05-31" }
        await series("month").move(manager, first, { set })
        expect(first).to.include({ month: 1, monthPeriod: "2026-06", year: 1, sent: 1 })
        // What the caller has not saved yet is none of its business.
        first.at = "2026-09-09"
        await series("month").move(manager, first, { set: { project: "q" } })
        expect(first.at).to.equal("2026-09-09")
        await series("year").move(manager, first, { set: { title: "b" } })
        const moved = "2026-06 1 2026 1 2026-05 1"
        expect(await stored()).to.eql([moved, ...ROWS.slice(1)])
        await tasks().save({ project: "q", day: "2026-06-07", title: "b", at: AT })
        expect(await stored()).to.eql([moved, ...ROWS.slice(1), "2026-06 2 2026 2 2026-05 3"])
    })

    if (options.strategy === "table-lock" && can.parallel)
        it("wait for who has the table before they lock their row, which that one may change", async () => {
            const { first } = await start()
            let moving: Promise<Task> | undefined
            await dataSource().transaction(async (manager) => {
                await manager.save(Task, { project: "p", day: "2026-05-06", at: AT })
                const started = new Signal()
                let session = ""
                moving = dataSource().transaction(async (own) => {
                    session = await sessionOf(own)
                    started.send()
                    return series("month").move(own, first, { set: { day: "2026-06-06" } })
                })
                await started.promise
                expect(await mustWait(dataSource(), session, moving)).to.equal(true)
                await manager.update(Task, first.id, { at: "2026-05-07" })
            })
            expect(await moving).to.include({ month: 1, monthPeriod: "2026-06", year: 1 })
            expect((await tasks().save({ project: "p", day: "2026-06-06" })).month).to.equal(2)
        })

    it("are given what they have not got yet, and show it", async () => {
        const { draft } = await start()
        await rolledBack(dataSource(), async (manager) => {
            await series("month").move(manager, draft, { set: { project: "p" } })
            expect(draft).to.include({ month: 3, sent: 3, sentPeriod: "2026-05" })
        })
        expect([draft.month, draft.sent ?? null]).to.eql([1, null])
        // It is in no period that it could leave.
        const set = { project: "p", at: "2026-06-06" }
        await series("month").move(dataSource(), draft, { set })
        const again = way.isGapless || !can.parallel ? 3 : 4
        expect(draft).to.include({ month: again, sent: 1, sentPeriod: "2026-06" })
        const next = await tasks().save({ project: "p", day: "2026-05-06", at: AT })
        expect(next).to.include({ month: again + 1, sent: again, sentPeriod: "2026-05" })
    })
})

import { expect } from "chai"
import {
    Column,
    Entity,
    In,
    JoinColumn,
    ManyToOne,
    Not,
    PrimaryColumn,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    AlreadyNumberedError,
    AutoSequenceColumn,
    DraftError,
    InvalidOptionError,
    InvalidPeriodError,
    RowNotFoundError,
    seriesOf,
} from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"
import { storedCounters } from "../support/stored"

type Status = "draft" | "final" | "void"

onEachCell("Drafts that are given their numbers", ({ way, can, tables }) => {
    const { options } = way

    @Entity()
    class Company {
        @PrimaryGeneratedColumn() id!: number
        @Column({ default: "" }) name!: string
    }

    class Marks {
        @Column({ type: "varchar", nullable: true, length: 20 }) stamp!: string | null
    }

    @Entity()
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Company, { nullable: false })
        @JoinColumn({ name: "company" })
        company!: Company
        @Column({ type: "varchar", length: 20, default: "draft" }) status!: Status
        @Column({ default: 0 }) total!: number
        @Column(() => Marks) marks!: Marks
        @Column({ type: "date", nullable: true }) issuedOn!: string | null
        @AutoSequenceColumn({
            ...options,
            uniqueWith: "company",
            period: { of: "issuedOn", by: "year" },
            when: { status: Not("draft") },
            explicit: "refuse",
        })
        sequence!: number | null
        sequencePeriod!: string | null
    }

    @Entity()
    class Line {
        @PrimaryColumn({ type: "varchar", length: 10 }) book!: string
        @PrimaryColumn() page!: number
        @Column({ default: false }) isPrinted!: boolean
        @AutoSequenceColumn({ ...options, type: "bigint", when: { isPrinted: true } })
        number!: string | null
    }

    const dataSource = tables([Company, Invoice, Line])
    const invoices = () => dataSource().getRepository(Invoice)
    const series = () => seriesOf(dataSource(), Invoice, "sequence")
    const lines = () => seriesOf(dataSource(), Line, "number")
    const FINAL = { status: "final", issuedOn: "2026-05-05" } as const

    const start = async () => {
        const [first, second] = await dataSource().getRepository(Company).save([{}, {}])
        if (!first || !second) throw new Error("They were saved.")
        const drafts = await invoices().save([
            { company: first, total: 3 },
            { company: first, total: 1 },
            { company: second, total: 2 },
            { company: first, total: 1, issuedOn: "2027-01-01" },
        ])
        return { company: first, other: second, drafts }
    }
    const stored = async () => {
        const rows = await invoices().find({ order: { id: "ASC" } })
        return rows.map(({ status, sequencePeriod, sequence }) =>
            [status, sequencePeriod, sequence].map(String).join(" "),
        )
    }
    const DRAFT = "draft null null"
    const unchanged = async (attempt: () => Promise<unknown>) => {
        const look = async () => [await stored(), await storedCounters(dataSource())]
        const before = await look()
        const error = await rejection(attempt())
        expect(await look()).to.eql(before)
        return error
    }

    it("get them with what is set, and show them", async () => {
        const { drafts, company } = await start()
        const [draft] = drafts
        if (!draft) return
        const row = await dataSource().transaction(async (manager) => {
            const numbered = await series().assign(manager, draft, {
                set: { ...FINAL, marks: { stamp: "red" } },
            })
            expect(await series().last({ company, period: "2026" }, manager)).to.equal(1)
            return numbered
        })
        expect(row).to.be.instanceOf(Invoice)
        for (const one of [row, draft])
            expect(one).to.include({ ...FINAL, sequence: 1, sequencePeriod: "2026", total: 3 })
        expect([row.marks.stamp, draft.marks.stamp]).to.eql(["red", "red"])
        expect(await stored()).to.eql(["final 2026 1", DRAFT, DRAFT, DRAFT])
        const next = await invoices().save({ company, ...FINAL })
        expect(next.sequence).to.equal(2)
        await invoices().save({ ...draft, total: 7 })
        expect(await stored()).to.eql(["final 2026 1", DRAFT, DRAFT, DRAFT, "final 2026 2"])
    })

    it("are named by entity, by primary key, or by the value of that", async () => {
        const { drafts } = await start()
        const { manager } = dataSource()
        const [first, second, third, fourth] = drafts.map(({ id }) => id)
        const set = { status: "final" as const, issuedOn: "2026-05-05" }
        expect((await series().assign(manager, first ?? 0, { set })).sequence).to.equal(1)
        expect((await series().assign(manager, { id: second }, { set })).sequence).to.equal(2)
        expect((await series().assign(dataSource(), String(third), { set })).sequence).to.equal(1)
        const [row] = await series().assign(manager, [BigInt(fourth ?? 0)], { set })
        expect(row).to.include({ id: fourth, sequence: 3, issuedOn: "2026-05-05" })
        expect(await series().assign(manager, [], { set })).to.eql([])
    })

    it("have composite keys", async () => {
        const { manager } = dataSource()
        await manager.save(Line, [
            { book: "a", page: 2 },
            { book: "a", page: 1 },
            { book: "b", page: 1 },
        ])
        const set = { isPrinted: true }
        const keys = [
            { book: "b", page: 1 },
            { book: "a", page: 2 },
        ]
        const rows = await lines().assign(manager, keys, { set })
        expect(rows.map(({ book, page, number }) => [book, page, String(number)])).to.eql([
            ["b", 1, "1"],
            ["a", 2, "2"],
        ])
        const wrong = await rejection(lines().assign(manager, "a", { set }))
        expect(wrong).to.be.instanceOf(InvalidOptionError)
        expect(wrong.message).to.include("book, page")
        const half = await rejection(lines().assign(manager, { book: "a" }, { set }))
        expect(half.message).to.include("without its primary key (book, page)")
        const last = await lines().assign(manager, { book: "a", page: 1 }, { set })
        expect(String(last.number)).to.equal("3")
    })

    it("get them in the order in which they are given", async () => {
        const { drafts } = await start()
        const [first, second, third, fourth] = drafts
        if (!first || !second || !third || !fourth) return
        const given = [fourth, second, third, first]
        const rows = await series().assign(dataSource().manager, given, {
            set: { status: "final", issuedOn: "2026-05-05" },
        })
        expect(rows.map(({ id }) => id)).to.eql(given.map(({ id }) => id))
        expect(rows.map(({ sequence }) => sequence)).to.eql([1, 2, 1, 3])
        expect(given.map(({ sequence }) => sequence)).to.eql([1, 2, 1, 3])
        const next = await invoices().save({ company: first.company, ...FINAL })
        expect(next.sequence).to.equal(4)
    })

    it("get them in the order of what is stored", async () => {
        const { drafts } = await start()
        const ids = drafts.map(({ id }) => id)
        const rows = await series().assign(dataSource().manager, ids, {
            set: { status: "final", issuedOn: "2026-05-05", total: 9 },
            orderBy: { total: "ASC", id: "DESC" },
        })
        const [first, second, third, fourth] = ids
        expect(rows.map(({ id }) => id)).to.eql([fourth, second, third, first])
        expect(rows.map(({ sequence }) => sequence)).to.eql([1, 2, 1, 3])
    })

    it("get them in the periods of their dates, and today where they have none", async () => {
        const { drafts } = await start()
        const [first, , , fourth] = drafts
        if (!first || !fourth) return
        const { manager } = dataSource()
        const rows = await series().assign(manager, [first, fourth], { set: { status: "final" } })
        const today = new Date().toISOString().slice(0, 10)
        expect(rows.map(({ issuedOn }) => issuedOn)).to.eql([today, "2027-01-01"])
        expect([first.issuedOn, first.sequencePeriod]).to.eql([today, today.slice(0, 4)])
        expect(rows.map(({ sequence }) => sequence)).to.eql([1, 1])
        const wrong = await unchanged(() =>
            series().assign(manager, drafts[1]?.id ?? 0, {
                set: { status: "final", issuedOn: "tomorrow" },
            }),
        )
        expect(wrong).to.be.instanceOf(InvalidPeriodError)
    })

    it("get them in the scope that is set with them", async () => {
        const { drafts, other } = await start()
        const [draft] = drafts
        if (!draft) return
        const { manager } = dataSource()
        await series().assign(manager, drafts[2]?.id ?? 0, { set: FINAL })
        await series().assign(manager, draft, { set: { ...FINAL, company: { id: other.id } } })
        expect([draft.sequence, draft.company.id]).to.eql([2, other.id])
        expect(await series().last({ company: other, period: "2026" })).to.equal(2)
    })

    it("are given one once: another call is told, and changes nothing", async () => {
        const { drafts } = await start()
        const [draft, second] = drafts
        if (!draft || !second) return
        const { manager } = dataSource()
        await series().assign(manager, draft.id, { set: FINAL })
        for (const rows of [[draft], [second, draft]])
            for (const set of [FINAL, { ...FINAL, issuedOn: "2027-07-07", total: 8 }]) {
                const error = await unchanged(() => series().assign(manager, rows, { set }))
                expect(error).to.be.instanceOf(AlreadyNumberedError)
            }
        expect([second.sequence ?? null, second.status]).to.eql([null, "draft"])
        expect((await series().assign(manager, second, { set: FINAL })).sequence).to.equal(2)
    })

    it("stay drafts, where the condition does not hold", async () => {
        const { drafts } = await start()
        const { manager } = dataSource()
        const ids = drafts.map(({ id }) => id)
        for (const set of [undefined, {}, { total: 5 }, { status: "draft" as const, total: 5 }]) {
            const error = await unchanged(() => series().assign(manager, ids, { set }))
            expect(error).to.be.instanceOf(DraftError)
            expect(error.message).to.include("Invoice.sequence").and.include("when")
        }
        await dataSource().transaction(async (inner) => {
            await rejection(series().assign(inner, ids, { set: { total: 5 } }))
            await series().assign(inner, ids, { set: FINAL })
        })
        expect(await stored()).to.eql([
            "final 2026 1",
            "final 2026 2",
            "final 2026 1",
            "final 2026 3",
        ])
    })

    it("are not there", async () => {
        const { drafts } = await start()
        const ids = drafts.map(({ id }) => id)
        const { manager } = dataSource()
        const error = await unchanged(() =>
            series().assign(manager, [...ids, 4711], { set: FINAL }),
        )
        expect(error).to.be.instanceOf(RowNotFoundError)
        expect(error.message).to.include("1 of 5 rows")
        await invoices().delete(ids[0] ?? 0)
        const deleted = await unchanged(() => series().assign(manager, ids[0] ?? 0, { set: FINAL }))
        expect(deleted).to.be.instanceOf(RowNotFoundError)
        expect((await series().assign(manager, ids[1] ?? 0, { set: FINAL })).sequence).to.equal(1)
    })

    it("get them by calls that run at once in one transaction", async () => {
        const { drafts, company } = await start()
        const rows = await dataSource().transaction((manager) =>
            Promise.all(drafts.map((draft) => series().assign(manager, draft, { set: FINAL }))),
        )
        expect(rows.map(({ sequence }) => sequence)).to.have.members([1, 2, 1, 3])
        expect(drafts.map(({ sequence }) => sequence)).to.eql(rows.map((row) => row.sequence))
        expect((await invoices().save({ company, ...FINAL })).sequence).to.equal(4)
    })

    it("are given back with the transaction", async () => {
        const { drafts } = await start()
        const [draft] = drafts
        if (!draft) return
        await rolledBack(dataSource(), (manager) =>
            series().assign(manager, drafts, { set: FINAL }),
        )
        expect(draft.sequence ?? null).to.equal(null)
        expect(draft.sequencePeriod ?? null).to.equal(null)
        expect(await stored()).to.eql([DRAFT, DRAFT, DRAFT, DRAFT])
        await dataSource().transaction(async (manager) => {
            await rolledBack(manager, (inner) => series().assign(inner, drafts, { set: FINAL }))
            await series().assign(manager, draft, { set: FINAL })
        })
        // SQLite has one connection, so nothing is lost there.
        expect(draft.sequence).to.equal(way.isGapless || !can.parallel ? 1 : 7)
    })

    if (!can.failOnce)
        it("get the same ones again, where the UPDATE has failed and the transaction goes on", async () => {
            const { drafts } = await start()
            const [draft, second] = drafts
            if (!draft || !second) return
            await dataSource().transaction(async (manager) => {
                const set = { ...FINAL, total: null as never }
                await rejection(series().assign(manager, [draft, second], { set }))
                await series().assign(manager, [second, draft], { set: FINAL })
            })
            const given = way.isGapless || !can.parallel ? [1, 2] : [3, 4]
            expect([second.sequence, draft.sequence]).to.eql(given)
        })

    it("are told what a call can't set, and what is no row", async () => {
        const { drafts } = await start()
        const { manager } = dataSource()
        const [draft] = drafts
        if (!draft) return
        const attempts: [() => Promise<unknown>, string][] = [
            [() => series().assign(manager, draft, { set: { sequence: 9 } }), "set has sequence"],
            [
                () => series().assign(manager, draft, { set: { sequencePeriod: "2026" } }),
                "set has sequencePeriod",
            ],
            [() => series().assign(manager, draft, { set: { totl: 9 } as object }), '"totl"'],
            [() => series().assign(manager, draft, { set: null } as object), "set is null"],
            [
                () => series().assign(manager, draft, { orderBy: { totl: "ASC" } as object }),
                'orderBy names "totl"',
            ],
            [
                () => series().assign(manager, draft, { orderBy: { total: "UP" } as object }),
                'orderBy.total is "UP"',
            ],
            [() => series().assign(manager, {}, { set: FINAL }), "without its primary key"],
            [() => series().assign(manager, null as never, { set: FINAL }), "null as a row"],
            [() => series().assign(manager, [draft, draft.id], { set: FINAL }), "twice"],
        ]
        for (const [attempt, problem] of attempts) {
            const error = await unchanged(attempt)
            expect(error, problem).to.be.instanceOf(InvalidOptionError)
            expect(error.message).to.include(problem).and.include("seriesOf Invoice.sequence")
        }
    })

    it("are many", async () => {
        const { company } = await start()
        const made = await invoices().save(
            Array.from({ length: 1203 }, (_, total) => ({ company, total: 5000 - total })),
        )
        const rows = await series().assign(dataSource().manager, made, {
            set: FINAL,
            orderBy: { total: "ASC" },
        })
        expect(rows.map(({ sequence }) => sequence)).to.eql(rows.map((_, at) => at + 1))
        expect(rows.map(({ id }) => id)).to.eql(made.map(({ id }) => id).reverse())
        const count = await invoices().countBy({ id: In(made.map(({ id }) => id)), ...FINAL })
        expect(count).to.equal(made.length)
    }).timeout(60_000)

    if (can.parallel)
        it("are given one once, whoever asks at the same time", async () => {
            const { drafts, company } = await start()
            const ids = drafts.map(({ id }) => id)
            const dates = ["2026-05-05", "2027-05-05", "2026-06-06", "2026-05-05", "2028-08-08"]
            for (const id of ids.slice(0, 2)) {
                const results = await Promise.allSettled(
                    dates.map((issuedOn) =>
                        dataSource().transaction((manager) =>
                            series().assign(manager, id, { set: { ...FINAL, issuedOn } }),
                        ),
                    ),
                )
                const given = results.flatMap((one) =>
                    one.status === "fulfilled" ? one.value : [],
                )
                expect(given.map((row) => row.id)).to.eql([id])
                for (const result of results)
                    if (result.status === "rejected")
                        expect(result.reason).to.be.instanceOf(AlreadyNumberedError)
            }
            const counts = await storedCounters(dataSource())
            const rows = await invoices().find({ where: { status: "final" } })
            const periods = rows.map((row) => row.sequencePeriod)
            for (const period of new Set(periods)) {
                const numbers = rows.filter((row) => row.sequencePeriod === period)
                expect(await series().last({ company, period: period ?? "" })).to.equal(
                    numbers.length,
                )
            }
            expect(counts.length).to.be.at.most(2)
        })
})

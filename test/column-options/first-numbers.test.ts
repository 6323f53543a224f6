import { expect } from "chai"
import {
    Column,
    DataSource,
    Entity,
    type EntityManager,
    JoinColumn,
    ManyToOne,
    PrimaryGeneratedColumn,
    Unique,
} from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    InvalidNumberError,
    InvalidOptionError,
    seriesOf,
    UnknownScopeError,
    withAutoSequence,
} from "../../src"
import { expectUpToDate, migrate } from "../migrations/migrate"
import { expectErrorIs, rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"

onEachCell(
    "First numbers that rows tell",
    ({ way, can, database, tables }) => {
        const { options } = way
        // Where there is one connection, numbers are taken in the transaction itself.
        const givesBack = way.isGapless || !can.parallel

        @Entity()
        class Company {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "int", default: 1 }) firstNumber!: number
        }

        @Entity()
        @Unique(["reference"])
        class Invoice {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Company, { nullable: false })
            @JoinColumn({ name: "company" })
            company!: Company
            @Column({ type: "varchar", length: 20, nullable: true }) reference!: string | null
            @Column({ default: "" }) note!: string
            @AutoSequenceColumn({
                ...options,
                uniqueWith: "company",
                incrementBy: 2,
                startAt: ({ company }: Invoice) => company.firstNumber,
            })
            number!: number
        }

        @Entity()
        class Ticket {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "varchar", length: 20, nullable: true }) first!: string | null
            @AutoSequenceColumn({
                ...options,
                startAt: ({ first }: { first: never }) => first,
            })
            number!: number
        }

        @Entity()
        class Label {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "int" }) first!: number
            @AutoSequenceColumn({
                ...options,
                ...(way.isGapless ? {} : { cache: 5 }),
                startAt: ({ first }: Label) => first,
            })
            number!: number
        }

        @Entity()
        class Draft {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Company, { nullable: false }) company!: Company
            @Column({ default: false }) isFinal!: boolean
            @AutoSequenceColumn({
                ...options,
                uniqueWith: "company",
                when: { isFinal: true },
                startAt: ({ company }: Draft) => company.firstNumber,
            })
            number!: number | null
        }

        const dataSource = tables([Company, Invoice, Ticket, Label, Draft])
        const invoices = () => dataSource().getRepository(Invoice)
        const companies = (...first: number[]) =>
            dataSource()
                .getRepository(Company)
                .save(first.map((firstNumber) => ({ firstNumber })))
        const stored = async () => {
            const rows = await invoices().find({
                order: { id: "ASC" },
                relations: { company: true },
            })
            const numbers: Record<number, number[]> = {}
            for (const { company, number } of rows)
                (numbers[company.firstNumber] ??= []).push(number)
            for (const list of Object.values(numbers)) list.sort((a, b) => a - b)
            return numbers
        }

        it("begin each scope on its own, in one save and in several", async () => {
            const [a, b, c] = await companies(1000, 50, 7)
            const rows = await invoices().save([
                { company: b },
                { company: a },
                { company: b },
                { company: c },
                { company: a },
            ])
            expect(rows.map(({ number }) => number)).to.eql([50, 1000, 52, 7, 1002])
            await invoices().save({ company: a })
            await invoices().save([{ company: c }, { company: b }])
            expect(await stored()).to.eql({
                1000: [1000, 1002, 1004],
                50: [50, 52, 54],
                7: [7, 9],
            })
        })

        it("give way to rows with higher numbers, and lift those that are lower", async () => {
            const [a, b] = await companies(1000, 50)
            await invoices().save([
                { company: a, number: 3 },
                { company: b, number: 91 },
            ])
            await invoices().save([{ company: a }, { company: b }])
            await invoices().save([{ company: a, number: 2000 }, { company: a }, { company: b }])
            expect(await stored()).to.eql({ 1000: [3, 1000, 2000, 2002], 50: [91, 93, 95] })
        })

        it("may rise, and numbers that were taken ahead are not given below them", async () => {
            const [a] = await companies(5)
            await invoices().save([{ company: a }, { company: a }])
            const later = { ...a, firstNumber: 100 } as Company
            const rows = await invoices().save([{ company: later }, { company: a }])
            expect(rows.map(({ number }) => number)).to.eql([100, 102])
            await invoices().save({ company: a })
            expect(await stored()).to.eql({ 5: [5, 7, 100, 102, 104] })
        })

        it("are above numbers that were taken ahead", async () => {
            const labels = dataSource().getRepository(Label)
            for (const first of [1, 3, 4, 1, 200, 1]) await labels.save({ first })
            await labels.save([{ first: 1 }, { first: 2 }, { first: 300 }, { first: 2 }])
            const numbers = (await labels.find({ order: { id: "ASC" } })).map((row) => row.number)
            expect(numbers.slice(0, 6)).to.eql([1, 3, 4, 5, 200, 201])
            expect(numbers.slice(-2)).to.eql(
                can.parallel && !way.isGapless ? [302, 303] : [300, 301],
            )
        })

        it("are the highest, where rows of one scope tell several at once", async () => {
            const [a] = await companies(5)
            const later = { ...a, firstNumber: 100 } as Company
            const rows = await invoices().save([{ company: a }, { company: later }])
            for (const [at, first] of [5, 100].entries())
                expect(rows[at]!.number).to.be.at.least(first)
            const next = await invoices().save({ company: a })
            expect(next.number).to.equal(Math.max(...rows.map(({ number }) => number)) + 2)
        })

        it("are the first again after a rollback", async () => {
            const [a] = await companies(1000)
            const row = { company: a! } as Invoice
            await rolledBack(dataSource(), (manager) => manager.save(Invoice, row))
            await dataSource().transaction(async (manager) => {
                await rolledBack(manager, (inner) => inner.save(Invoice, { company: a }))
                await manager.save(Invoice, { company: a })
            })
            await invoices().save({ company: a })
            expect(await stored()).to.eql({ 1000: givesBack ? [1000, 1002] : [1004, 1006] })
        })

        it("hold for upserts, inserts and rows that fail", async () => {
            const [a, b] = await companies(1000, 50)
            const transaction = (work: (manager: EntityManager) => Promise<unknown>) =>
                dataSource().transaction(work)
            await transaction((m) =>
                m.upsert(Invoice, { company: a!, reference: "x" }, ["reference"]),
            )
            await transaction((m) =>
                m.upsert(Invoice, { company: a!, reference: "x", note: "again" }, ["reference"]),
            )
            await transaction((m) => m.insert(Invoice, [{ company: b! }, { company: a! }]))
            const taken = invoices().save({ company: b, reference: "x" })
            expect(await rejection(taken)).to.be.instanceOf(Error)
            await invoices().save([{ company: b }, { company: a }])
            const expected = { 1000: [1000, 1002, 1004], 50: [50, 52] }
            if (way.isGapless) return expect(await stored()).to.eql(expected)
            for (const [first, numbers] of Object.entries(await stored())) {
                expect(numbers[0]).to.equal(Number(first))
                expect(new Set(numbers).size).to.equal(expected[first as "50"].length)
            }
        })

        it("are refused where they are no numbers, before anything is written", async () => {
            const tickets = dataSource().getRepository(Ticket)
            for (const first of [null, "x", "0", "-5", "2147483648", "1.5", undefined])
                expectErrorIs(
                    await rejection(tickets.save({ first })),
                    InvalidNumberError,
                    "startAt",
                )
            const saved = await tickets.save({ first: "30" })
            expect(saved.number).to.equal(30)
            expectErrorIs(await rejection(tickets.save({ first: "x" })), InvalidNumberError)
            await tickets.save({ first: "1" })
            const numbers = (await tickets.find({ order: { id: "ASC" } })).map((t) => t.number)
            expect(numbers).to.eql([30, 31])
        })

        it("are made from the entity as it is, which may have no more of a relation than its key", async () => {
            const [a] = await companies(10)
            const row = { company: a!.id as never }
            expectErrorIs(await rejection(invoices().save(row)), InvalidNumberError, "undefined")
            await invoices().save({ company: a })
            expect(await stored()).to.eql({ 10: [10] })
        })

        it("are those of drafts that save() numbers, and not known to update()", async () => {
            const [a, b] = await companies(1000, 50)
            const drafts = dataSource().getRepository(Draft)
            const [one, two, three, four] = await drafts.save([
                { company: a },
                { company: a },
                { company: b },
                { company: b },
            ])
            const update = (row: Draft) =>
                dataSource().transaction((m) => m.update(Draft, row.id, { isFinal: true }))
            expectErrorIs(await rejection(update(one!)), UnknownScopeError, "startAt is a function")
            await drafts.save({ id: one!.id, company: a, isFinal: true })
            await update(two!)
            await drafts.save([
                { ...four!, isFinal: true },
                { ...three!, isFinal: true },
            ])
            await drafts.save({ company: a, isFinal: true })
            const rows = await drafts.find({ order: { id: "ASC" } })
            const numbers = rows.map(({ number }) => number)
            expect(numbers.slice(2, 4).sort()).to.eql([50, 51])
            numbers.splice(2, 2)
            expect(numbers).to.eql([1000, 1001, 1002])
        })

        if (can.parallel)
            it("are right for writers who begin scopes at once", async () => {
                const all = await companies(1000, 50, 7)
                await Promise.all(
                    Array.from({ length: 8 }, (_, writer) =>
                        dataSource().transaction(async (manager) => {
                            const rows = all.map((company) => ({ company }))
                            if (writer % 2) rows.reverse()
                            await manager.save(Invoice, rows)
                        }),
                    ),
                )
                const from = (first: number) => Array.from({ length: 8 }, (_, i) => first + 2 * i)
                expect(await stored()).to.eql({ 1000: from(1000), 50: from(50), 7: from(7) })
            })

        if (options.strategy === "counter")
            it("are not known where no row is at hand, and numbers go on where a scope has begun", async () => {
                const [a, b] = await companies(1000, 50)
                const numbers = seriesOf(dataSource(), Invoice, "number")
                const next = (company: Company) =>
                    dataSource().transaction((manager) => numbers.next(manager, { company }))
                expectErrorIs(await rejection(next(a!)), UnknownScopeError, "startAt is a function")
                await invoices().save({ company: a })
                expect(await next(a!)).to.equal(1002)
                await invoices().save([{ company: a }, { company: b }])
                expect(await stored()).to.eql({ 1000: [1000, 1004], 50: [50] })
            })

        it("are not asked for by a migration, after whose numbers rows go on from there", async () => {
            const entitiesWith = (startAt?: () => number) => {
                @Entity({ name: "parcel" })
                class Parcel {
                    @PrimaryGeneratedColumn() id!: number
                    number!: number
                }
                if (startAt) AutoSequenceColumn({ ...options, startAt })(Parcel.prototype, "number")
                return [Parcel]
            }
            const before = await database().connect(entitiesWith())
            await before.getRepository("Parcel").insert({})
            await before.getRepository("Parcel").insert({})
            const { dataSource: after, migration } = await migrate(
                database(),
                before,
                entitiesWith(() => 500),
            )
            expect(migration.source).to.contain("startAt is a function")
            await after.getRepository("Parcel").save([{}, {}])
            const parcels = await after.getRepository("Parcel").find({ order: { id: "ASC" } })
            expect(parcels.map(({ number }) => number as number)).to.eql([1, 2, 500, 501])
            await expectUpToDate(after)
        })
    },
    ({ isInDatabase }) => !isInDatabase,
)

describe("A function as startAt", () => {
    const declare = (options: AutoSequenceColumnOptions) => () => {
        class Invoice {
            number!: number
        }
        AutoSequenceColumn(options)(Invoice.prototype, "number")
    }

    it("is the same one for all that share a series", async () => {
        const declared = (name: string, startAt: () => number) => {
            @Entity({ name })
            class Invoice {
                @PrimaryGeneratedColumn() id!: number
                @AutoSequenceColumn({ strategy: "counter", series: "papers", startAt })
                number!: number
            }
            return Invoice
        }
        const [five, another] = [() => 5, () => 5]
        const connect = async (startAt: () => number) => {
            const entities = [declared("invoice", five), declared("credit_note", startAt)] as const
            const options = {
                type: "better-sqlite3",
                database: ":memory:",
                synchronize: true,
            } as const
            const dataSource = new DataSource(
                withAutoSequence({ ...options, entities: [...entities] }),
            )
            await dataSource.initialize()
            try {
                await dataSource.getRepository(entities[0]).save({})
                return await dataSource.getRepository(entities[1]).save({})
            } finally {
                await dataSource.destroy()
            }
        }
        expect((await connect(five)).number).to.equal(6)
        expectErrorIs(await rejection(connect(another)), InvalidOptionError, "differ in startAt")
    })

    it("is refused with triggers", () => {
        expect(declare({ strategy: "trigger", startAt: () => 5 })).to.throw(
            InvalidOptionError,
            "setNext",
        )
    })
})

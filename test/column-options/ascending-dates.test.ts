import { expect } from "chai"
import {
    Column,
    DataSource,
    Entity,
    type EntityManager,
    type EntitySubscriberInterface,
    JoinColumn,
    ManyToOne,
    type ObjectLiteral,
    PrimaryGeneratedColumn,
    type Repository,
    Unique,
} from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    DateOrderError,
    InvalidOptionError,
    ReadOnlyNumberError,
    transactionWithRetry,
    withAutoSequence,
} from "../../src"
import { expectErrorIs, rejection } from "../support/errors"
import { StatementLog } from "../support/databases"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"

const period = { of: "issuedOn", by: "year", timeZone: "UTC" } as const
const day = (month: number, date = 1, year = 2026) =>
    `${year}-${String(month).padStart(2, "0")}-${String(date).padStart(2, "0")}`

onEachCell(
    "Numbers in the order of dates",
    ({ way, can, database, tables }) => {
        const options = { ...way.options, dates: "ascending" } as const

        @Entity()
        class Company {
            @PrimaryGeneratedColumn() id!: number
        }

        @Entity()
        @Unique(["reference"])
        class Invoice {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Company, { nullable: true })
            @JoinColumn({ name: "company" })
            company!: Company | null
            @Column({ type: "date", nullable: true }) issuedOn!: string | Date | null
            @Column({ default: false }) isDraft!: boolean
            @Column({ type: "varchar", length: 20, nullable: true }) reference!: string | null
            @Column({ default: "" }) note!: string
            @AutoSequenceColumn({
                ...options,
                uniqueWith: "company",
                when: { isDraft: false },
                period,
            })
            number!: number | null
            numberPeriod!: string | null
        }

        @Entity()
        class Receipt {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: Date }) issuedAt!: Date
            @AutoSequenceColumn({ ...options, period: { ...period, of: "issuedAt" } })
            number!: number
            numberPeriod!: string
        }

        const sharing = (name: string) => {
            @Entity({ name })
            class Sharing {
                @PrimaryGeneratedColumn() id!: number
                @Column({ type: "date" }) issuedOn!: string
                @AutoSequenceColumn({
                    ...options,
                    ...(options.strategy === "counter" ? { series: "papers" } : {}),
                    period,
                })
                number!: number
            }
            return Sharing
        }
        const [Bill, CreditNote] = [sharing("bill"), sharing("credit_note")]

        const dataSource = tables([Company, Invoice, Receipt, Bill, CreditNote])
        const invoices = () => dataSource().getRepository(Invoice)
        const receipts = () => dataSource().getRepository(Receipt)
        const transaction = (work: (manager: EntityManager) => Promise<unknown>) =>
            dataSource().transaction(work)
        const stored = async (company: Company | null = null) => {
            const rows = await invoices().find({
                where: company ? { company: { id: company.id } } : {},
                order: { numberPeriod: "ASC", number: "ASC" },
            })
            return rows.flatMap(({ number, issuedOn }) =>
                number === null ? [] : [`${String(issuedOn)} ${number}`],
            )
        }
        const expectEarlier = async (attempt: Promise<unknown>) => {
            expectErrorIs(await rejection(attempt), DateOrderError, "ascending")
        }
        const expectOrdered = async (rows: Repository<ObjectLiteral>, count: number) => {
            const found = await rows.find({ order: { numberPeriod: "ASC", number: "ASC" } })
            expect(found.length).to.equal(count)
            for (const [at, row] of found.entries()) {
                const before = found[at - 1]
                const isNew = before?.numberPeriod !== row.numberPeriod
                expect(row.number).to.equal(isNew ? 1 : (before?.number as number) + 1)
                if (!isNew)
                    expect(new Date(row.issuedOn ?? row.issuedAt).getTime()).to.be.at.least(
                        new Date(before?.issuedOn ?? before?.issuedAt).getTime(),
                    )
            }
        }

        it("are refused to a date before the last one, in each scope and period on its own", async () => {
            const [a, b] = await dataSource().getRepository(Company).save([{}, {}])
            await invoices().save([
                { company: a, issuedOn: day(5) },
                { company: b, issuedOn: day(3) },
                { company: null, issuedOn: day(7) },
            ])
            await expectEarlier(invoices().save({ company: a, issuedOn: day(4, 30) }))
            await expectEarlier(invoices().save({ company: null, issuedOn: day(6, 30) }))
            await invoices().save({ company: a, issuedOn: day(5) })
            await expectEarlier(
                invoices().save([
                    { company: a, issuedOn: day(12, 31) },
                    { company: b, issuedOn: new Date(2026, 1, 28) },
                ]),
            )
            await invoices().save([
                { company: b, issuedOn: new Date(2026, 2, 1) },
                { company: a, issuedOn: day(1, 1, 2027) },
                { company: a, issuedOn: day(12, 31) },
                { company: a, issuedOn: day(12, 31, 2025) },
                { company: null, issuedOn: day(7, 2) },
            ])
            expect(await stored(b)).to.eql(["2026-03-01 1", "2026-03-01 2"])
            expect(await stored(a)).to.eql([
                "2025-12-31 1",
                "2026-05-01 1",
                "2026-05-01 2",
                "2026-12-31 3",
                "2027-01-01 1",
            ])
        })

        it("are kept in many scopes at once, by a few statements", async () => {
            const logger = new StatementLog()
            const logged = await database().connect([Company, Invoice], { logger })
            const rows = logged.getRepository(Invoice)
            const companies = await logged
                .getRepository(Company)
                .save(Array.from({ length: 250 }, () => ({})))
            await rows.save(companies.map((company) => ({ company, issuedOn: day(5) })))
            const later = companies.map((company, at) => ({
                company,
                issuedOn: day(5, 1 + (at % 28)),
            }))
            const last = { company: companies[249], issuedOn: day(4) }
            await expectEarlier(rows.save([...later.slice(0, 249), last]))
            expect(await rows.count()).to.equal(250)

            logger.statements.length = 0
            await rows.save(later)
            // TypeORM inserts one row after the other on SQLite.
            if (can.parallel)
                expect(logger.statements.filter((sql) => / AS low\b/.test(sql))).to.have.length(2)
            const found = await rows.find({ relations: { company: true }, order: { number: 1 } })
            for (const [at, { id }] of companies.entries()) {
                const own = found.filter(({ company }) => company?.id === id)
                expect(own.map(({ number, issuedOn }) => [number, issuedOn])).to.eql([
                    [1, day(5)],
                    [2, later[at]?.issuedOn],
                ])
            }
        })

        it("are refused to rows of one save in another order, of which none is written", async () => {
            await expectEarlier(
                invoices().save([3, 5, 4].map((month) => ({ issuedOn: day(month) }))),
            )
            expect(await stored()).to.eql([])
            await invoices().save([3, 3, 4].map((month) => ({ issuedOn: day(month) })))
            await invoices().save({ issuedOn: day(4) })
            expect(await stored()).to.eql([
                "2026-03-01 1",
                "2026-03-01 2",
                "2026-04-01 3",
                "2026-04-01 4",
            ])
        })

        it("go on after a refusal in a transaction that goes on", async () => {
            await transaction(async (manager) => {
                const rows = manager.getRepository(Invoice)
                await rows.save({ issuedOn: day(5) })
                await expectEarlier(rows.save({ issuedOn: day(4) }))
                await expectEarlier(rows.insert([{ issuedOn: day(6) }, { issuedOn: day(4) }]))
                await rows.save({ issuedOn: day(6) })
                await rolledBack(manager, (inner) =>
                    inner.getRepository(Invoice).save({ issuedOn: day(9) }),
                )
                await rows.insert([{ issuedOn: day(7) }, { issuedOn: day(8) }])
            })
            await expectEarlier(invoices().save({ issuedOn: day(7, 31) }))
            await invoices().save({ issuedOn: day(8) })
            await expectOrdered(invoices(), 5)
        })

        it("are given to drafts by the date that they have then", async () => {
            const [one, two, three] = await invoices().save([
                { isDraft: true, issuedOn: day(1) },
                { isDraft: true, issuedOn: day(1) },
                { isDraft: true },
            ])
            await invoices().save({ issuedOn: day(2) })
            await expectEarlier(invoices().save({ id: one!.id, isDraft: false }))
            await expectEarlier(transaction((m) => m.update(Invoice, two!.id, { isDraft: false })))
            await invoices().save({ id: one!.id, isDraft: false, issuedOn: day(3) })
            await transaction((m) =>
                m.update(Invoice, two!.id, { isDraft: false, issuedOn: day(3) }),
            )
            await expectEarlier(
                invoices().save({ ...three!, isDraft: false, issuedOn: day(2, 28) }),
            )
            await invoices().save({ issuedOn: day(4) })
            expect(await stored()).to.eql([
                "2026-02-01 1",
                "2026-03-01 2",
                "2026-03-01 3",
                "2026-04-01 4",
            ])
        })

        it("stay in order where the date of a stored row changes", async () => {
            const rows = await invoices().save([3, 5, 7].map((month) => ({ issuedOn: day(month) })))
            const [, middle, last] = rows
            await expectEarlier(invoices().save({ ...middle!, issuedOn: day(8) }))
            await expectEarlier(
                transaction((m) => m.update(Invoice, middle!.id, { issuedOn: day(2) })),
            )
            await expectEarlier(
                transaction((m) => m.update(Invoice, last!.id, { issuedOn: day(4) })),
            )
            await invoices().save({ ...middle!, issuedOn: day(7) })
            await transaction((m) => m.update(Invoice, last!.id, { issuedOn: day(9) }))
            await invoices().update(last!.id, { note: "a" })
            await expectEarlier(invoices().save({ issuedOn: day(8) }))
            await invoices().save({ issuedOn: day(9) })
            await expectOrdered(invoices(), 4)
        })

        it("are compared with both neighbours where they are set", async () => {
            await invoices().save([
                { issuedOn: day(3), number: 10 },
                { issuedOn: day(9), number: 20 },
            ])
            await expectEarlier(invoices().save({ issuedOn: day(2), number: 15 }))
            await expectEarlier(invoices().save({ issuedOn: day(10), number: 15 }))
            await invoices().save({ issuedOn: day(5), number: 15 })
            await expectEarlier(invoices().save({ issuedOn: day(4), number: 9 }))
            await invoices().save({ issuedOn: day(1), number: 1 })
            await expectEarlier(
                invoices().save([{ issuedOn: day(11), number: 30 }, { issuedOn: day(10) }]),
            )
            await invoices().save([{ issuedOn: day(11), number: 30 }, { issuedOn: day(12) }])
            expect(await stored()).to.eql([
                "2026-01-01 1",
                "2026-03-01 10",
                "2026-05-01 15",
                "2026-09-01 20",
                "2026-11-01 30",
                "2026-12-01 31",
            ])
        })

        it("are looked at in upserts of new rows, and keep the dates of stored ones", async () => {
            const upsert = (reference: string, issuedOn: string) =>
                transaction((m) => m.upsert(Invoice, { reference, issuedOn }, ["reference"]))
            await upsert("a", day(3))
            await upsert("b", day(5))
            await expectEarlier(upsert("c", day(4)))
            await upsert("a", day(3))
            expect(await rejection(upsert("a", day(4)))).to.be.instanceOf(ReadOnlyNumberError)
            await upsert("c", day(5))
            await expectOrdered(invoices(), 3)
        })

        it("are in the order of days, whatever time stands behind them", async () => {
            const late = (month: number) => `${day(month)} 23:00:00`
            await invoices().save([{ issuedOn: late(5) }, { issuedOn: day(5) }])
            await expectEarlier(invoices().save({ issuedOn: late(4) }))
            await invoices().save({ issuedOn: day(5) })
            const found = await invoices().find({ order: { id: "ASC" } })
            expect(found.map(({ number }) => number)).to.eql([1, 2, 3])
        })

        it("are in the order of moments, and of those that are not set", async () => {
            const at = (second: number, year = 2020) => new Date(Date.UTC(year, 4, 5, 6, 7, second))
            await receipts().save([{ issuedAt: at(1) }, { issuedAt: at(2) }])
            await expectEarlier(receipts().save({ issuedAt: at(1) }))
            await receipts().save({ issuedAt: at(2) })
            await receipts().save([{}, {}])
            await receipts().save({})
            const future = new Date(Date.now() + 60_000)
            if (future.getUTCFullYear() === new Date().getUTCFullYear()) {
                await receipts().save({ issuedAt: future })
                await expectEarlier(receipts().save({}))
            }
            const found = await receipts().find({ order: { id: "ASC" } })
            expect(found.slice(0, 3).map((row) => row.number)).to.eql([1, 2, 3])
            expect(found.slice(3, 6).map((row) => row.number)).to.eql([1, 2, 3])
        })

        it("are given to rows without a date, however long they have waited for their turn", async () => {
            const { now } = Date
            let passed = 0
            const watching: EntitySubscriberInterface = {
                beforeQuery({ query }: { query: string }) {
                    // The turn has come.
                    if (!/^(START|BEGIN|SET)/.test(query)) passed = 5000
                },
            }
            await receipts().save({ issuedAt: new Date(Math.ceil(now() / 1000 + 2) * 1000) })
            dataSource().subscribers.push(watching)
            Date.now = () => now() + passed
            try {
                await receipts().save({})
            } finally {
                Date.now = now
                dataSource().subscribers.splice(dataSource().subscribers.indexOf(watching), 1)
            }
            await expectOrdered(receipts(), 2)
        })

        if (options.strategy === "counter")
            it("are those of all that share a series", async () => {
                const bills = dataSource().getRepository(Bill)
                const notes = dataSource().getRepository(CreditNote)
                await bills.save({ issuedOn: day(3) })
                await notes.save({ issuedOn: day(5) })
                await expectEarlier(bills.save({ issuedOn: day(4) }))
                await bills.save({ issuedOn: day(5) })
                await expectEarlier(notes.save({ issuedOn: day(4) }))
                await notes.save({ issuedOn: day(6) })
                const numbers = async (rows: Repository<ObjectLiteral>) =>
                    (await rows.find({ order: { id: "ASC" } })).map((row) => row.number as number)
                expect([await numbers(bills), await numbers(notes)]).to.eql([
                    [1, 3],
                    [2, 4],
                ])
            })

        if (can.parallel)
            it("are compared with rows that others have committed since a transaction began", async () => {
                await invoices().save({ issuedOn: day(3) })
                await transaction(async (manager) => {
                    expect(await manager.count(Invoice)).to.equal(1)
                    await invoices().save({ issuedOn: day(5) })
                    const rows = manager.getRepository(Invoice)
                    await expectEarlier(rows.save({ issuedOn: day(4) }))
                    await rows.save({ issuedOn: day(5) })
                })
                await expectOrdered(invoices(), 3)
            })

        if (can.parallel)
            it("hold for writers at once, of which those who come late are refused", async () => {
                const all = await dataSource().getRepository(Company).save([{}, {}, {}])
                const outcomes = await Promise.all(
                    Array.from({ length: 60 }, (_, at) =>
                        transactionWithRetry(dataSource(), async (manager) => {
                            const company = all[at % 3]!
                            const issuedOn = day(1 + (at % 2), 1 + ((at * 7) % 28))
                            await manager.getRepository(Invoice).save({ company, issuedOn })
                            if (at % 7 === 6) throw new Error("roll back")
                        }).then(
                            () => "saved",
                            (error: Error) => error,
                        ),
                    ),
                )
                const saved = outcomes.filter((one) => one === "saved").length
                for (const one of outcomes)
                    if (one instanceof Error && one.message !== "roll back")
                        expectErrorIs(one, DateOrderError)
                let count = 0
                for (const company of all) {
                    const rows = await stored(company)
                    const dates = rows.map((row) => row.split(" ")[0])
                    expect(rows.map((row) => Number(row.split(" ")[1]))).to.eql(
                        rows.map((_, at) => at + 1),
                    )
                    expect(dates).to.eql([...dates].sort())
                    count += rows.length
                }
                expect(count).to.equal(saved)
                expect(saved).to.be.above(0)
            })

        if (can.parallel)
            it("hold for writers at once who set no date, and are all numbered", async () => {
                await Promise.all(
                    Array.from({ length: 30 }, () =>
                        transactionWithRetry(dataSource(), async (manager) => {
                            await manager.getRepository(Receipt).save({})
                        }),
                    ),
                )
                await expectOrdered(receipts(), 30)
            })
    },
    ({ isInDatabase, isGapless }) => !isInDatabase && isGapless,
)

describe("The order of dates", () => {
    const declare = (options: AutoSequenceColumnOptions) => () => {
        class Invoice {
            number!: number
        }
        AutoSequenceColumn({ dates: "ascending", ...options })(Invoice.prototype, "number")
    }

    it("is refused without a period, and where gaps are allowed", () => {
        expect(declare({ strategy: "counter" })).to.throw(InvalidOptionError, "period")
        expect(declare({ strategy: "counter", gapless: false, period })).to.throw(
            InvalidOptionError,
            "gapless",
        )
    })

    it("is the same for all that share a series", async () => {
        const sharing = (name: string, dates: "ascending" | "free") => {
            @Entity({ name })
            class Sharing {
                @PrimaryGeneratedColumn() id!: number
                @Column({ type: "date" }) issuedOn!: string
                @AutoSequenceColumn({ strategy: "counter", series: "papers", period, dates })
                number!: number
            }
            return Sharing
        }
        const entities = [sharing("bill", "ascending"), sharing("credit_note", "free")] as const
        const dataSource = new DataSource(
            withAutoSequence({
                type: "better-sqlite3",
                database: ":memory:",
                synchronize: true,
                entities: [...entities],
            }),
        )
        await dataSource.initialize()
        const attempt = dataSource.getRepository(entities[0]).save({ issuedOn: day(1) })
        expectErrorIs(await rejection(attempt), InvalidOptionError, "dates")
        await dataSource.destroy()
    })
})

import { expect } from "chai"
import { Column, Entity, type EntityManager, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, DocumentNumber, DocumentNumberError } from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"

const period = { of: "issuedOn", by: "day" } as const

// Texts of numbers that are made at COMMIT, and of formats that are functions.
onEachCell(
    "Texts made late",
    ({ way, tables }) => {
        const options = { ...way.options, assign: "commit" } as const

        @Entity()
        class Company {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 9 }) code!: string
        }

        @Entity()
        class Invoice {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Company, { nullable: false }) company!: Company
            @Column({ length: 9, default: "none" }) kind!: string
            @Column({ type: "date", nullable: true }) issuedOn!: string | null
            @AutoSequenceColumn({ ...options, uniqueWith: "company", period })
            sequence!: number | null
            sequencePeriod!: string | null
            @DocumentNumber({
                of: "sequence",
                uniqueWith: [],
                format: "{company.code}:{kind}.{YYYY}{MM}{DD}.{000}",
            })
            number!: string | null
        }

        @Entity()
        class Ticket {
            @PrimaryGeneratedColumn() id!: number
            @AutoSequenceColumn(options) sequence!: number | null
            @DocumentNumber({ of: "sequence", format: "'T'-{00}\\" }) number!: string | null
        }

        const dataSource = tables([Company, Invoice, Ticket])
        const transaction = (work: (manager: EntityManager) => Promise<unknown>) =>
            dataSource().transaction(work)
        const stored = async (entity: typeof Invoice | typeof Ticket) =>
            (
                await dataSource()
                    .getRepository<Ticket | Invoice>(entity)
                    .find({ order: { id: "ASC" } })
            ).map(({ number }) => number)

        it("are there with the COMMIT that numbers their rows", async () => {
            const companies = await dataSource()
                .getRepository(Company)
                .save([{ code: "A" }, { code: "B" }])
            const [a, b] = companies as [Company, Company]
            const issuedOn = "2026-05-05"
            const rows: Invoice[] = []
            await transaction(async (manager) => {
                for (const company of [a, b, a])
                    rows.push(
                        await manager.save(Invoice, manager.create(Invoice, { company, issuedOn })),
                    )
                expect(rows.map(({ number }) => number ?? null)).to.eql([null, null, null])
                await manager.update(Invoice, { id: rows[1]?.id }, { kind: "late" })
            })
            const texts = ["A:none.20260505.001", "B:late.20260505.001", "A:none.20260505.002"]
            expect(await stored(Invoice)).to.eql(texts)
            expect(rows.map(({ number }) => number)).to.eql(texts)
        })

        it("are made of numbers that go on", async () => {
            for (const count of [1, 1, 3]) {
                const tickets = Array.from({ length: count }, () => new Ticket())
                await transaction((manager) => manager.save(tickets))
                const before = (await stored(Ticket)).length - count
                expect(tickets.map(({ number }) => number)).to.eql(
                    tickets.map((_, at) => `'T'-0${before + at + 1}\\`),
                )
            }
            expect(await stored(Ticket)).to.eql(
                Array.from({ length: 5 }, (_, at) => `'T'-0${at + 1}\\`),
            )
        })

        it("are there at once, with period and date, where the caller has set the number", async () => {
            const company = await dataSource().getRepository(Company).save({ code: "A" })
            const rows = [{ sequence: 7, issuedOn: "2026-05-05" }, { sequence: 8 }].map((own) =>
                dataSource().manager.create(Invoice, { company, ...own }),
            )
            await dataSource().manager.save(rows)
            const invoices = await dataSource()
                .getRepository(Invoice)
                .find({ order: { id: "ASC" }, relations: { company: true } })
            expect(rows).to.eql(invoices)
            expect(rows[0]).to.include({
                sequencePeriod: "2026-05-05",
                number: "A:none.20260505.007",
            })
        })

        it("roll all back where one can't be made", async () => {
            const [company] = await dataSource()
                .getRepository(Company)
                .save([{ code: "A" }])
            const row = { company, issuedOn: "2026-05-05" }
            const error = await rejection(
                transaction((manager) => manager.save(Invoice, [row, { ...row, kind: "" }])),
            )
            expect(error).to.be.instanceOf(DocumentNumberError)
            expect(await stored(Invoice)).to.eql([])
            await transaction((manager) => manager.save(Invoice, row))
            expect(await stored(Invoice)).to.eql(["A:none.20260505.001"])
        })
    },
    // Triggers run at COMMIT on PostgreSQL alone.
    ({ isGapless, options: { strategy } }, { tableLock }) =>
        isGapless && strategy !== "table-lock" && (strategy === "counter" || tableLock),
)

onEachCell(
    "Texts of functions",
    ({ way: { options }, tables }) => {
        @Entity()
        class Company {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 9 }) code!: string
        }

        class Address {
            @Column({ type: "varchar", length: 2, default: "DE" }) country!: string
        }

        @Entity()
        class Order {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Company, { nullable: true }) company!: Company | null
            @Column(() => Address) address!: Address
            @Column({ type: "int", default: 3 }) width!: number
            @Column({ default: false }) isPlaced!: boolean
            @Column({ type: "date" }) placedOn!: string
            @AutoSequenceColumn({
                ...options,
                period: { of: "placedOn", by: "year" },
                when: { isPlaced: true },
            })
            sequence!: number | null
            @DocumentNumber({
                of: "sequence",
                format: (order: Order) =>
                    `${order.company?.code ?? "-"}/${order.address?.country ?? "??"}/` +
                    `{YYYY}/{address.country}/{${"0".repeat(order.width ?? 1)}}`,
            })
            number!: string | null
        }

        const dataSource = tables([Company, Order])
        const orders = () => dataSource().getRepository(Order)
        const placedOn = "2026-05-05"
        const address = { country: "AT" }

        it("get the row that is inserted", async () => {
            const company = await dataSource().getRepository(Company).save({ code: "A" })
            const row = { placedOn, isPlaced: true, address }
            const [one, two] = await orders().save([
                { ...row, company, width: 2 },
                { ...row, width: 4 },
            ])
            expect([one?.number, two?.number]).to.eql(["A/AT/2026/AT/01", "-/AT/2026/AT/0002"])
        })

        it("get the row as it is to be, and what is loaded on its entity", async () => {
            const company = await dataSource().getRepository(Company).save({ code: "A" })
            const saved = await orders().save([
                { placedOn, company, address },
                { placedOn, company, address },
            ])
            const [one, two] = saved as [Order, Order]
            one.isPlaced = true
            one.width = 5
            await orders().save(one)
            expect(one.number).to.equal("A/AT/2026/AT/00001")
            await dataSource().transaction((manager) =>
                manager.update(Order, { id: two.id }, { isPlaced: true, width: 1 }),
            )
            const { number } = await orders().findOneByOrFail({ id: two.id })
            expect(number).to.equal("-/AT/2026/AT/2")
        })

        it("are refused where they return no format", async () => {
            const row = { placedOn, isPlaced: true, address }
            const error = await rejection(orders().save({ ...row, width: 0 }))
            expect(error).to.be.instanceOf(DocumentNumberError)
            expect((await orders().save({ ...row, width: 1 })).number).to.match(/1$/)
        })
    },
    ({ isGapless, options: { strategy } }) => isGapless && strategy !== "trigger",
)

import { expect } from "chai"
import {
    Column,
    Entity,
    type EntityManager,
    ManyToOne,
    Not,
    PrimaryColumn,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    auditSeries,
    AutoSequenceColumn,
    DocumentNumber,
    ImportConflictError,
    InvalidOptionError,
    seriesOf,
} from "../../src"
import { expectErrorIs, rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"

onEachCell(
    "Historic documents",
    ({ way: { options }, can, tables }) => {
        @Entity()
        class Company {
            @PrimaryGeneratedColumn() id!: number
        }

        @Entity()
        class Invoice {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Company, { nullable: false }) company!: Company
            @Column({ type: "varchar", length: 9, default: "final" }) status!: string
            @Column({ type: "date", nullable: true }) issuedOn!: string | null
            @AutoSequenceColumn({
                ...options,
                uniqueWith: "company",
                period: { of: "issuedOn", by: "year" },
                when: { status: Not("draft") },
                journal: true,
            })
            sequence!: number | null
            sequencePeriod!: string | null
            @DocumentNumber({ of: "sequence", format: "INV-{YYYY}-{0000}" })
            number!: string | null
        }

        @Entity()
        class Sale {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 30 }) zone!: string
            @Column({ type: Date }) soldAt!: Date
            @AutoSequenceColumn({
                ...options,
                period: { of: "soldAt", by: "year", timeZone: "zone" },
                journal: true,
            })
            sequence!: number
            sequencePeriod!: string
        }

        @Entity()
        class City {
            @PrimaryColumn({ length: 9 }) name!: string
            @Column({ length: 30 }) zone!: string
        }

        @Entity()
        class Shop {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => City, { nullable: false }) city!: City
        }

        /** Its texts say nothing of its period, nor of its kind, which has a default. */
        @Entity()
        class Receipt {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Shop, { nullable: false }) shop!: Shop | number
            @Column({ length: 9, default: "plain" }) kind!: string
            @Column({ type: Date }) soldAt!: Date
            @AutoSequenceColumn({
                ...options,
                uniqueWith: "kind",
                period: { of: "soldAt", by: "year", timeZone: "shop.city.zone" },
                journal: true,
            })
            sequence!: number
            sequencePeriod!: string
            @DocumentNumber({
                of: "sequence",
                format: "{0}",
                uniqueWith: ["kind", "sequencePeriod"],
            })
            number!: string
        }

        // MariaDB has its time zones in tables, which may be empty.
        const hasZones = options.strategy !== "trigger" || can.partialIndexes
        const zoned = hasZones ? [Sale, City, Shop, Receipt] : []
        const dataSource = tables([Company, Invoice, ...zoned])
        const series = () => seriesOf(dataSource(), Invoice, "sequence")
        const invoices = () => dataSource().getRepository(Invoice)
        const companies = async () =>
            (await dataSource().getRepository(Company).save([{}, {}])) as [Company, Company]
        const said = { reason: "old system", by: "ann" }
        const importAll = (
            rows: readonly Partial<Invoice>[],
            more: object = {},
            manager: EntityManager = dataSource().manager,
        ) => series().import(manager, rows, { ...said, ...more })

        it("are numbered by their texts, and the next ones go on after them", async () => {
            const [one, other] = await companies()
            const done: number[] = []
            const rows = [
                { company: one, issuedOn: "2019-12-31", number: "R19/0042" },
                { company: one, issuedOn: "2026-01-31", number: "INV-2026-0003" },
                { company: one, issuedOn: "2026-01-01", number: "INV-2026-0001" },
                { company: other, issuedOn: "2026-01-01", number: "INV-2026-0001" },
                { company: one, issuedOn: "2026-01-02", sequence: 2 },
            ]
            const result = await importAll(rows, {
                formats: ["R{YY}/{0000}"],
                batchSize: 2,
                onProgress: (now: { done: number }) => done.push(now.done),
            })
            expect(result).to.eql({ imported: 5, scopes: 3 })
            expect(done).to.eql([2, 4, 5])
            const stored = await invoices().find({ order: { id: "ASC" } })
            expect(
                stored.map((row) => `${row.sequencePeriod} ${row.sequence} ${row.number}`),
            ).to.eql([
                "2019 42 R19/0042",
                "2026 3 INV-2026-0003",
                "2026 1 INV-2026-0001",
                "2026 1 INV-2026-0001",
                "2026 2 INV-2026-0002",
            ])
            const next = await invoices().save([
                { company: one, issuedOn: "2019-12-31" },
                { company: one, issuedOn: "2026-12-31" },
                { company: other, issuedOn: "2026-12-31" },
            ])
            expect(next.map(({ number }) => number)).to.eql([
                "INV-2019-0043",
                "INV-2026-0004",
                "INV-2026-0002",
            ])
            const events = await series().events()
            const shown = events
                .map((event) => [event.kind, event.first, event.last, event.reason, event.by])
                .sort()
            expect(shown).to.eql([
                ["import", 1, 1, "old system", "ann"],
                ["import", 1, 3, "old system", "ann"],
                ["import", 42, 42, "old system", "ann"],
            ])
        })

        it("are of the period in which they are in the zone of each row", async () => {
            if (!hasZones) return
            const sales = seriesOf(dataSource(), Sale, "sequence")
            const rows = ["UTC", "Asia/Tokyo"].map((zone) => ({
                zone,
                soldAt: new Date("2025-12-31T20:00:00Z"),
                sequence: 7,
            }))
            expect(await sales.import(dataSource(), rows, said)).to.eql({ imported: 2, scopes: 2 })
            const error = await rejection(sales.import(dataSource(), rows, said))
            expect((error as ImportConflictError).conflicts).to.have.length(2)
            const next = await dataSource()
                .getRepository(Sale)
                .save(rows.map(({ zone, soldAt }) => ({ zone, soldAt })))
            expect(next.map((row) => `${row.sequencePeriod} ${row.sequence}`)).to.eql([
                "2025 8",
                "2026 8",
            ])
        })

        it("are of the period in which they are in the zone that each row leads to", async () => {
            if (!hasZones) return
            const receipts = seriesOf(dataSource(), Receipt, "sequence")
            await dataSource()
                .getRepository(City)
                .save([
                    { name: "Lisbon", zone: "Europe/Lisbon" },
                    { name: "Tokyo", zone: "Asia/Tokyo" },
                ])
            const shops = await dataSource()
                .getRepository(Shop)
                .save([{ city: { name: "Lisbon" } }, { city: { name: "Tokyo" } }])
            const [lisbon, tokyo] = shops.map(({ id }) => id) as [number, number]
            const soldAt = new Date("2025-12-31T20:00:00Z")
            const rows = [
                { shop: lisbon, soldAt, number: "7" },
                { shop: { id: tokyo } as Shop, soldAt, number: "7" },
                { shop: tokyo, soldAt, sequence: 9 },
                { shop: tokyo, soldAt: new Date("2025-12-31T14:59:59Z"), sequence: 8 },
                {
                    shop: lisbon,
                    soldAt: new Date("2026-01-01T00:00:00Z"),
                    kind: "plain",
                    number: "8",
                },
            ]
            expect(await receipts.import(dataSource(), rows, said)).to.eql({
                imported: 5,
                scopes: 2,
            })
            const ranges = async (period: string) =>
                (await receipts.events({ kind: "plain", period })).map(
                    ({ first, last }) => `${String(first)}-${String(last)}`,
                )
            expect(await ranges("2025")).to.eql(["7-8"])
            expect(await ranges("2026")).to.eql(["7-9"])
            const report = await auditSeries(dataSource(), { series: ["receipt.sequence"] })
            expect(report.problems).to.equal(0)
            expect(report.series[0]?.scopes.map(({ scope }) => scope)).to.have.deep.members([
                { kind: "plain", period: "2025" },
                { kind: "plain", period: "2026" },
            ])

            const conflicts = async (...given: typeof rows) =>
                (
                    (await rejection(
                        receipts.import(dataSource(), given, said),
                    )) as ImportConflictError
                ).conflicts.map(({ index, kind }) => `${index} ${kind}`)
            expect(await conflicts(...rows)).to.eql([0, 1, 2, 3, 4].map((at) => `${at} taken`))
            const late = { soldAt, sequence: 99 }
            const unknown = { ...late, shop: 0 }
            expect(
                await conflicts(
                    { ...late, shop: tokyo },
                    { ...late, shop: tokyo },
                    { ...late, shop: lisbon },
                    unknown,
                ),
            ).to.eql(["1 repeated", "3 incomplete"])
            const next = await dataSource()
                .getRepository(Receipt)
                .save([lisbon, tokyo].map((id) => ({ shop: { id }, soldAt })))
            expect(next.map((row) => `${row.sequencePeriod} ${row.number}`)).to.eql([
                "2025 9",
                "2026 10",
            ])
        })

        it("are refused all together, with each that stands in the way", async () => {
            const [company] = await companies()
            const issuedOn = "2026-01-01"
            await invoices().save({ company, issuedOn })
            const of = { company, issuedOn }
            const error = await rejection(
                importAll([
                    { ...of, number: "INV-2026-0001" },
                    { ...of, number: "INV-2026-0007" },
                    { ...of, number: "INV-2026-0007" },
                    { ...of, number: "2026/8" },
                    { ...of, number: "INV-2025-0009" },
                    { ...of, number: "INV-2026-0010", sequence: 11 },
                    of,
                    { company, number: "INV-2026-0012" },
                    { issuedOn, number: "INV-2026-0013" },
                ]),
            )
            expectErrorIs(error, ImportConflictError, "8 of 9 rows can't be imported")
            const { conflicts } = error as ImportConflictError
            expect(conflicts.map(({ index, kind }) => `${index} ${kind}`)).to.eql([
                "0 taken",
                "2 repeated",
                "3 unreadable",
                "4 contradiction",
                "5 contradiction",
                "6 incomplete",
                "7 incomplete",
                "8 incomplete",
            ])
            expect(await invoices().count()).to.equal(1)
            expect(await series().events()).to.eql([])
            expect((await invoices().save(of)).number).to.equal("INV-2026-0002")
        })

        it("are each in the journal, however many ranges they are", async () => {
            const [company] = await companies()
            const rows = Array.from({ length: 201 }, (_, at) => ({
                company,
                issuedOn: "2026-01-01",
                sequence: 2 * at + 1,
            }))
            await importAll(rows)
            const events = await series().events({ company, period: "2026" })
            expect(events.map(({ first, last }) => [first, last])).to.eql(
                rows.map(({ sequence }) => [sequence, sequence]),
            )
        })

        it("go with a transaction that is rolled back", async () => {
            const [company] = await companies()
            const row = { company, issuedOn: "2026-01-01", number: "INV-2026-0100" }
            await rolledBack(dataSource(), (manager) => importAll([row], {}, manager))
            expect(await series().events()).to.eql([])
            const { number } = await invoices().save({ company, issuedOn: "2026-01-01" })
            expect(number).to.equal("INV-2026-0001")
        })

        it("go to their parts and back", async () => {
            const [company] = await companies()
            const rows = Array.from({ length: 1000 }, (_, at) => {
                const year = 2000 + (at % 20)
                const number = `INV-${year}-${String((at * 37) % 12_000).padStart(4, "0")}`
                return { company, issuedOn: `${year}-06-30`, number }
            })
            await importAll(rows, {})
            const stored = await invoices().find({ order: { id: "ASC" } })
            expect(stored.map(({ number }) => number)).to.eql(rows.map(({ number }) => number))
            for (const { number, sequence, sequencePeriod } of stored) {
                const parts = series().parse(number ?? "")
                expect(parts).to.eql({ number: sequence, period: sequencePeriod, values: {} })
            }
        })

        it("need a reason", async () => {
            for (const wrong of [{ reason: "" }, { reason: "a", batchSize: 0 }, { reason: 5 }])
                expect(await rejection(importAll([], wrong))).to.be.instanceOf(InvalidOptionError)
        })
    },
    ({ isGapless }) => isGapless,
)

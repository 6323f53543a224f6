import { expect } from "chai"
import {
    Column,
    Entity,
    JoinColumn,
    ManyToOne,
    Not,
    OneToMany,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    AutoSequenceColumn,
    DocumentNumber,
    DocumentNumberError,
    NumberOverflowError,
    ReadOnlyNumberError,
} from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"

type Status = "draft" | "final" | "void"

onEachCell(
    "Texts of numbers",
    ({ way, tables }) => {
        const { options, isGapless } = way

        @Entity()
        class Company {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "varchar", length: 20, nullable: true }) code!: string | null
            @OneToMany(() => Invoice, (invoice) => invoice.company, { cascade: true })
            invoices!: Invoice[]
        }

        @Entity()
        class Invoice {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Company, (company) => company.invoices, { nullable: false })
            @JoinColumn({ name: "company" })
            company!: Company
            @Column({ type: "varchar", length: 9, default: "invoice" }) kind!: string
            @Column({ type: "date", nullable: true }) issuedOn!: string | null
            @AutoSequenceColumn({
                ...options,
                uniqueWith: "company",
                period: { of: "issuedOn", by: "fiscalYear", startsIn: 4 },
            })
            sequence!: number
            sequencePeriod!: string
            @DocumentNumber({
                of: "sequence",
                by: "kind",
                format: {
                    invoice: "INV/{FY}-{FY+1:2}/{0000}",
                    credit: "CN {company.code}/{FY}/{MM}/{DD}/{Q}/{YY}: {{{0}}}",
                },
            })
            number!: string
        }

        @Entity()
        class Letter {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "varchar", length: 9, default: "draft" }) status!: Status
            @Column({ type: "varchar", length: 20, default: "x" }) sign!: string
            @AutoSequenceColumn({ ...options, when: { status: Not("draft") } })
            sequence!: number | null
            @DocumentNumber({ of: "sequence", format: "L\\'{000}-{sign}", maxLength: 40 })
            number!: string | null
            @DocumentNumber({ of: "sequence", format: "{0}", largest: 12 })
            short!: string | null
        }

        const dataSource = tables([Company, Invoice, Letter])
        const invoices = () => dataSource().getRepository(Invoice)
        const letters = () => dataSource().getRepository(Letter)
        const company = (code: string | null = "A-1") =>
            dataSource().getRepository(Company).save({ code })
        const stored = async () =>
            (await invoices().find({ order: { id: "ASC" } })).map(({ number }) => number)
        const storedLetters = async () =>
            (await letters().find({ order: { id: "ASC" } })).map(
                ({ sequence, number, short }) =>
                    `${sequence ?? "-"} ${number ?? "-"} ${short ?? "-"}`,
            )

        it("are written with them, by the format of each row", async () => {
            const of = await company()
            const rows = await invoices().save([
                { company: of, issuedOn: "2026-03-31" },
                { company: of, issuedOn: "2026-04-01" },
                { company: of, issuedOn: "2027-03-31", kind: "credit" },
            ])
            const texts = ["INV/2025-26/0001", "INV/2026-27/0001", "CN A-1/2026/03/31/1/27: {2}"]
            expect(rows.map(({ number }) => number)).to.eql(texts)
            expect(await stored()).to.eql(texts)
            const one = await invoices().save({ company: of, issuedOn: "2026-12-05" })
            expect(one.number).to.equal("INV/2026-27/0003")
            const other = await invoices().save({
                company: await company(),
                issuedOn: "2026-12-05",
            })
            expect(other.number).to.equal("INV/2026-27/0001")
        })

        it("are never cut", async () => {
            const of = await company()
            const row = { company: of, issuedOn: "2026-05-05" }
            const first = await invoices().save({ ...row, sequence: 9998 })
            const rows = [first, ...(await invoices().save([{ ...row }, { ...row }]))]
            expect(rows.map(({ number }) => number)).to.eql([
                "INV/2026-27/9998",
                "INV/2026-27/9999",
                "INV/2026-27/10000",
            ])
        })

        it("are made by cascades, and go away with what is rolled back", async () => {
            const parent = dataSource()
                .getRepository(Company)
                .create({ code: "A", invoices: [{ issuedOn: "2026-05-05", kind: "credit" }] })
            await rolledBack(dataSource(), async (manager) => {
                await manager.save(parent)
                expect(parent.invoices[0]?.number).to.equal("CN A/2026/05/05/2/26: {1}")
            })
            expect(parent.invoices[0]?.number).to.equal(undefined)
            const again = dataSource()
                .getRepository(Company)
                .create({ code: "B", invoices: [{ issuedOn: "2026-05-05", kind: "credit" }] })
            await dataSource().manager.save(again)
            expect(await stored()).to.eql(["CN B/2026/05/05/2/26: {1}"])
        })

        it("of drafts are written by the UPDATE that numbers them", async () => {
            const [one, two, three] = (await letters().save([
                {},
                { status: "final" as const },
                {},
            ])) as [Letter, Letter, Letter]
            one.status = "final"
            one.sign = "%"
            await letters().save(one)
            expect([one.number, one.short]).to.eql(["L\\'002-%", "2"])
            await dataSource().transaction((manager) =>
                manager.update(Letter, { id: three.id }, { status: "void", sign: "{0}" }),
            )
            expect(await storedLetters()).to.eql([
                "2 L\\'002-% 2",
                "1 L\\'001-x 1",
                "3 L\\'003-{0} 3",
            ])
            // What is shown may change, and the text stays.
            two.sign = "other"
            await letters().save(two)
            expect((await storedLetters())[1]).to.equal("1 L\\'001-x 1")
        })

        it("of many drafts are written by one UPDATE", async () => {
            await letters().save(Array.from({ length: 5 }, (_, at) => ({ sign: `s${at}` })))
            await dataSource().transaction((manager) =>
                manager.update(Letter, { status: "draft" }, { status: "final" }),
            )
            expect(await storedLetters()).to.eql(
                Array.from({ length: 5 }, (_, at) => `${at + 1} L\\'00${at + 1}-s${at} ${at + 1}`),
            )
        })

        it("are read-only", async () => {
            const letter = await letters().save({ status: "final" as const })
            letter.number = "L-9"
            expect(await rejection(letters().save(letter))).to.be.instanceOf(ReadOnlyNumberError)
            const change = (set: Partial<Letter>) =>
                dataSource().transaction((manager) =>
                    manager.update(Letter, { id: letter.id }, set),
                )
            expect(await rejection(change({ number: "L-9" }))).to.be.instanceOf(ReadOnlyNumberError)
            expect(await rejection(change({ number: null }))).to.be.instanceOf(ReadOnlyNumberError)
            expect(await storedLetters()).to.eql(["1 L\\'001-x 1"])
            expect((await letters().save({ status: "final" as const })).number).to.equal(
                "L\\'002-x",
            )
        })

        it("are refused without what they show, and leave no gap", async () => {
            const of = await company(null)
            const issuedOn = "2026-05-05"
            const missing = await rejection(
                invoices().save({ company: of, issuedOn, kind: "credit" }),
            )
            expect(missing).to.be.instanceOf(DocumentNumberError)
            const unknown = await rejection(
                invoices().save({ company: of, issuedOn, kind: "other" }),
            )
            expect(unknown).to.be.instanceOf(DocumentNumberError)
            const empty = await rejection(letters().save({ status: "final", sign: "" }))
            expect(empty).to.be.instanceOf(DocumentNumberError)
            const { number } = await invoices().save({ company: of, issuedOn })
            expect(number).to.equal(`INV/2026-27/000${isGapless ? 1 : number.at(-1)}`)
        })

        it("set by the caller have to show the number that is set", async () => {
            const status = "final" as const
            for (const row of [
                { status, number: "L-1" },
                { status, number: "L-1", sequence: 2, short: "2" },
            ])
                expect(await rejection(letters().save(row))).to.be.instanceOf(DocumentNumberError)
            const kept = await letters().save({ status, number: "old-007", sequence: 7 })
            expect([kept.number, kept.short]).to.eql(["old-007", "7"])
            expect((await letters().save({ status })).number).to.equal("L\\'008-x")
        })

        it("end with the largest number that they have room for", async () => {
            const status = "final" as const
            await letters().save({ status, sequence: 11 })
            expect((await letters().save({ status })).short).to.equal("12")
            expect(await rejection(letters().save({ status }))).to.be.instanceOf(
                NumberOverflowError,
            )
            expect((await storedLetters()).at(-1)).to.equal("12 L\\'012-x 12")
        })
    },
    ({ isGapless }) => isGapless,
)

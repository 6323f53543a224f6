import { expect } from "chai"
import { Column, Entity, Not, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    DocumentNumber,
    DocumentNumberError,
    InvalidOptionError,
    NumberTakenError,
    seriesOf,
    UnsupportedError,
} from "../../src"
import { StatementLog } from "../support/databases"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"

const said = { reason: "the tax office", by: "ann" }

// What texts show that is set while the application runs.
onEachCell(
    "Texts of settings",
    ({ way: { options }, database, tables }) => {
        const isTrigger = options.strategy === "trigger"

        @Entity()
        class Invoice {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 9 }) shop!: string
            @Column({ length: 9, default: "final" }) status!: string
            @Column({ type: "date" }) issuedOn!: string
            @AutoSequenceColumn({
                ...options,
                uniqueWith: "shop",
                period: { of: "issuedOn", by: "year" },
                when: { status: Not("draft") },
            })
            sequence!: number | null
            @DocumentNumber({ of: "sequence", format: "{YYYY} {series.code}-{0}" })
            number!: string | null
        }

        @Entity()
        class Receipt {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 9 }) shop!: string
            @Column({ length: 9, default: "final" }) status!: string
            @Column({ type: "date" }) issuedOn!: string
            @AutoSequenceColumn({
                ...options,
                uniqueWith: "shop",
                period: { of: "issuedOn", by: "year" },
                when: { status: Not("draft") },
                settings: true,
            })
            sequence!: number | null
            @DocumentNumber({ of: "sequence", format: "{shop}/{YYYY}/{000}" })
            number!: string | null
        }

        @Entity()
        class Fatura {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 9 }) shop!: string
            @Column({ type: "date" }) issuedOn!: string
            @AutoSequenceColumn({
                ...options,
                uniqueWith: "shop",
                period: { of: "issuedOn", by: "year" },
            })
            sequence!: number
            sequencePeriod!: string
            @DocumentNumber({ of: "sequence", format: "FT {YYYY}/{0}" })
            number!: string
            @DocumentNumber({
                of: "sequence",
                format: "{series.code}-{0}",
                uniqueWith: ["shop", "sequencePeriod"],
            })
            atcud!: string
        }

        @Entity()
        class Bill {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 9 }) shop!: string
            @Column({ length: 9 }) kind!: string
            @Column({ type: "date" }) issuedOn!: string
            @AutoSequenceColumn({
                ...options,
                uniqueWith: ["shop", "kind"],
                period: { of: "issuedOn", by: "year" },
                settings: true,
            })
            sequence!: number
            @DocumentNumber({
                of: "sequence",
                by: "kind",
                format: { invoice: "INV-{YYYY}-{00}", credit: "CN-{YYYY}-{00}" },
                uniqueWith: "shop",
            })
            number!: string
        }

        @Entity()
        class Form {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 9 }) shop!: string
            @Column({ length: 9 }) kind!: string
            @Column({ type: "date" }) issuedOn!: string
            @AutoSequenceColumn({
                ...options,
                uniqueWith: ["shop", "kind"],
                period: { of: "issuedOn", by: "year" },
                settings: true,
            })
            sequence!: number
            @DocumentNumber({
                of: "sequence",
                by: "kind",
                format: {
                    invoice: "INV-{YYYY}-{00}",
                    credit: "CN-{YYYY}-{00}",
                    order: "ORD-{YYYY}-{00}",
                    offer: "OFF-{YYYY}-{00}",
                },
                uniqueWith: "shop",
            })
            number!: string
        }

        @Entity()
        class Slip {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 9 }) shop!: string
            @AutoSequenceColumn({ ...options, uniqueWith: "shop", settings: true })
            sequence!: number
            @DocumentNumber({ of: "sequence", format: "{000}", uniqueWith: "shop" })
            number!: string
        }

        @Entity()
        class Note {
            @PrimaryGeneratedColumn() id!: number
            @Column({ default: false }) isOdd!: boolean
            @AutoSequenceColumn({ ...options, incrementBy: 10 }) sequence!: number
            @DocumentNumber({
                of: "sequence",
                format: ({ isOdd }: Note) => (isOdd ? "1{0}" : "{0}"),
            })
            number!: string
        }

        const entities = [Invoice, Receipt, Fatura, Bill, Slip]
        // The database knows no functions.
        const dataSource = tables(isTrigger ? entities : [...entities, Note])
        const codes = (shop: string, period: string) =>
            seriesOf(dataSource(), Invoice, "sequence").settings({ shop, period })
        const receipts = () => seriesOf(dataSource(), Receipt, "sequence")
        const setCode = (shop: string, period: string, code: string) =>
            dataSource().transaction((manager) => codes(shop, period).setCode(manager, code, said))
        const save = async (row: Partial<Invoice>) =>
            (
                await dataSource()
                    .getRepository(Invoice)
                    .save({ ...row })
            ).number
        const setFormat = (shop: string, since: string, format: string) =>
            dataSource().transaction((manager) =>
                receipts()
                    .settings({ shop })
                    .setFormat(manager, { since, format, ...said }),
            )

        it("show the code of their scope and period, which has to be there first", async () => {
            await setCode("a", "2026", "AAJFJ2K6JF")
            const row = { shop: "a", issuedOn: "2026-05-05" }
            expect(await save(row)).to.equal("2026 AAJFJ2K6JF-1")
            for (const other of [
                { shop: "b", issuedOn: "2026-05-05" },
                { shop: "a", issuedOn: "2027-05-05" },
            ])
                expect(await rejection(save(other))).to.be.instanceOf(DocumentNumberError)
            await setCode("a", "2027", "X")
            expect(await save({ shop: "a", issuedOn: "2027-05-05" })).to.equal("2027 X-1")
            const draft = await dataSource()
                .getRepository(Invoice)
                .save({ ...row, status: "draft" })
            draft.status = "final"
            await dataSource().getRepository(Invoice).save(draft)
            expect(draft.number).to.equal("2026 AAJFJ2K6JF-2")
            const { text } = await seriesOf(dataSource(), Invoice, "sequence").preview(row)
            expect(text).to.equal("2026 AAJFJ2K6JF-3")
            expect(await rejection(setCode("c", "2026", "x".repeat(21)))).to.be.instanceOf(
                InvalidOptionError,
            )
        })

        it("have the format that holds on their day", async () => {
            if (isTrigger)
                return expect(
                    await rejection(setFormat("a", "2026-07-01", "R{YY}/{0}")),
                ).to.be.instanceOf(UnsupportedError)
            const save = async (issuedOn: string, shop = "a", status = "final") =>
                dataSource().getRepository(Receipt).save({ shop, issuedOn, status })
            const draft = await save("2026-07-02", "a", "draft")
            await save("2026-06-30")
            await setFormat("a", "2026-07-01", "R{YY}/{00}")
            const texts = [
                (await save("2026-06-30")).number,
                (await save("2026-07-01")).number,
                (await save("2026-07-01", "b")).number,
                (await save("2026-01-01")).number,
            ]
            expect(texts).to.eql(["a/2026/002", "R26/03", "b/2026/001", "a/2026/004"])
            draft.status = "final"
            await dataSource().getRepository(Receipt).save(draft)
            expect(draft.number).to.equal("R26/05")
            const preview = (issuedOn: string) => receipts().preview({ shop: "a", issuedOn })
            expect((await preview("2026-08-01")).text).to.equal("R26/06")
            expect((await preview("2026-06-01")).text).to.equal("a/2026/006")
            const stored = await dataSource()
                .getRepository(Receipt)
                .find({ order: { id: "ASC" } })
            expect(stored.map(({ number }) => number)).to.eql(["R26/05", "a/2026/001", ...texts])
        })

        it("of numbers that rows have are refused by these", async () => {
            const slips = dataSource().getRepository(Slip)
            const first = await slips.save({ shop: "a" })
            const { id } = await slips.save({ shop: "a" })
            const { sequence } = first
            const error = await rejection(slips.save({ shop: "a", sequence }))
            expect(error).to.be.instanceOf(NumberTakenError)
            await slips.save({ shop: "b", sequence })
            expect((await slips.save({ shop: "a" })).id).to.be.above(id)
            expect((await slips.findBy({ shop: "a" })).map((one) => one.number)).to.eql([
                ...["001", "002", "003"],
            ])
        })

        if (isTrigger) return

        it("of other numbers are refused as texts where a function makes them", async () => {
            const notes = dataSource().getRepository(Note)
            expect((await notes.save({ isOdd: true })).number).to.equal("11")
            const error = await rejection(notes.save({}))
            expect(error).to.be.instanceOf(DocumentNumberError)
            expect((await notes.save({ isOdd: true })).number).to.equal(
                options.gapless === false ? "121" : "111",
            )
        })

        it("of a number with several have a format for the first of them", async () => {
            const series = () => seriesOf(dataSource(), Fatura, "sequence")
            const set = (format: string) =>
                dataSource().transaction((manager) =>
                    series()
                        .settings({ shop: "a" })
                        .setFormat(manager, { format, ...said }),
                )
            await dataSource().transaction((manager) =>
                series()
                    .settings({ shop: "a", period: "2026" })
                    .setCode(manager, "AAJFJ2K6JF", said),
            )
            await set("F{YY}/{000}")
            const { number, atcud } = await dataSource()
                .getRepository(Fatura)
                .save({ shop: "a", issuedOn: "2026-05-05" })
            expect([number, atcud]).to.eql(["F26/001", "AAJFJ2K6JF-1"])
            expect(await rejection(set("{series.code}-{0}"))).to.be.instanceOf(InvalidOptionError)
        })

        it("have a format for one kind, which no other one may have", async () => {
            const set = (kind: string, format: string, shop = "a") =>
                dataSource().transaction((manager) =>
                    seriesOf(dataSource(), Bill, "sequence")
                        .settings({ shop, kind })
                        .setFormat(manager, { since: "2026-07-01", format, ...said }),
                )
            const save = async (kind: string, issuedOn: string) =>
                (await dataSource().getRepository(Bill).save({ shop: "a", kind, issuedOn })).number
            await set("invoice", "INV-{YYYY}-{0000}")
            const texts = [
                await save("invoice", "2026-06-30"),
                await save("invoice", "2026-07-01"),
                await save("credit", "2026-07-01"),
            ]
            expect(texts).to.eql(["INV-2026-01", "INV-2026-0002", "CN-2026-01"])
            for (const [kind, format] of [
                ["invoice", "CN-{YYYY}-{000}"],
                ["credit", "INV-{YYYY}-{000}"],
                ["invoice", "I-{00}"],
            ] as const)
                expect(await rejection(set(kind, format)), format).to.be.instanceOf(
                    InvalidOptionError,
                )
            // Where another kind has got one as well, it is that which no other one may have.
            await set("invoice", "R-{YYYY}-{00}")
            const taken = await rejection(set("credit", "R-{YYYY}-{000}"))
            expect(taken).to.be.instanceOf(InvalidOptionError)
            expect(taken.message).to.include('"credit" and "invoice"')
            await set("credit", "R-{YYYY}-{000}", "b")
            expect(await save("invoice", "2026-07-02")).to.equal("R-2026-03")
            expect(await save("credit", "2026-07-02")).to.equal("CN-2026-02")
        })

        it("have a format for one kind by as many statements as there are for two", async () => {
            const logger = new StatementLog()
            const logged = await database().connect([Bill, Form], { logger })
            const statements = async (entity: typeof Bill | typeof Form, format: string) => {
                logger.statements.length = 0
                await logged.transaction((manager) =>
                    seriesOf(logged, entity, "sequence")
                        .settings({ shop: "a", kind: "invoice" })
                        .setFormat(manager, { format, ...said }),
                )
                return logger.statements.length
            }
            expect(await statements(Form, "R-{YYYY}-{0}")).to.equal(
                await statements(Bill, "R-{YYYY}-{0}"),
            )
            const set = (kind: string, format: string) =>
                logged.transaction((manager) =>
                    seriesOf(logged, Form, "sequence")
                        .settings({ shop: "a", kind })
                        .setFormat(manager, { since: "2026-07-01", format, ...said }),
                )
            await set("order", "O-{YYYY}-{0}")
            await set("offer", "P-{YYYY}-{0}")
            for (const [kind, format, owner] of [
                ["invoice", "O-{YYYY}-{000}", "order"],
                ["credit", "P-{YYYY}-{000}", "offer"],
                ["offer", "R-{YYYY}-{000}", "invoice"],
                ["order", "CN-{YYYY}-{000}", "credit"],
            ] as const) {
                const { message } = await rejection(set(kind, format))
                expect(message).to.include(`"${kind}" and "${owner}"`)
            }
        })

        it("can't get a format by which two rows might have the same text", async () => {
            for (const format of ["R{0}", "R{YYYY}", "{status}/{YYYY}/{0}", "{shop}{YYYY"])
                expect(await rejection(setFormat("a", "2026-07-01", format))).to.be.instanceOf(
                    InvalidOptionError,
                )
        })
    },
    ({ isGapless }) => isGapless,
)

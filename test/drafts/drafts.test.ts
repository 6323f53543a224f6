import { expect } from "chai"
import {
    Column,
    Entity,
    In,
    IsNull,
    JoinColumn,
    ManyToOne,
    Not,
    OneToMany,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    AutoSequenceColumn,
    DocumentNumber,
    InvalidNumberError,
    ReadOnlyNumberError,
    TransactionRequiredError,
    UnsupportedError,
} from "../../src"
import { tableName } from "../support/typeorm"
import { expectRejects, rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"
import { storedCounters } from "../support/stored"
import { mustWait, sessionOf, Signal } from "../support/waiting"

type Status = "draft" | "final" | "void"

onEachCell(
    "Drafts",
    ({ way, can, tables, database }) => {
        const { options, isGapless } = way

        @Entity()
        class Company {
            @PrimaryGeneratedColumn() id!: number
            @OneToMany(() => Invoice, (invoice) => invoice.company, { cascade: true })
            invoices!: Invoice[]
        }

        @Entity()
        class Invoice {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Company, (company) => company.invoices, { nullable: false })
            @JoinColumn({ name: "company" })
            company!: Company
            @Column({ type: "varchar", length: 20, nullable: true, default: "draft" })
            status!: Status | null
            @Column({ default: "" }) note!: string
            @Column({ type: "varchar", length: 9, nullable: true, unique: true })
            code!: string | null
            @Column({ type: "date", nullable: true }) issuedOn!: string | null
            @AutoSequenceColumn({
                ...options,
                uniqueWith: "company",
                period: { of: "issuedOn", by: "year" },
                when: { status: Not("draft") },
            })
            number!: number | null
            numberPeriod!: string | null
        }

        @Entity()
        class Letter {
            @PrimaryGeneratedColumn() id!: number
            @Column({ default: false }) isSent!: boolean
            @Column({ default: 1 }) version!: number
            @AutoSequenceColumn({ ...options, when: { isSent: true, version: In([2, 3]) } })
            number!: number | null
        }

        @Entity()
        class Signature {
            @PrimaryGeneratedColumn() id!: number
        }

        @Entity()
        class Contract {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Company, { nullable: false }) company!: Company
            @ManyToOne(() => Signature, { nullable: true, cascade: true })
            signature!: Signature | null
            @AutoSequenceColumn({
                ...options,
                explicit: "refuse",
                when: { signature: Not(IsNull()) },
            })
            number!: number | null
        }

        /** Has two numbers that count by one date, which they set to today. */
        @Entity()
        class Voucher {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 9, unique: true }) code!: string
            @Column({ length: 20, default: "draft" }) status!: string
            @Column({ default: false }) isTaxed!: boolean
            @Column({ type: "date", nullable: true }) day!: string | null
            @AutoSequenceColumn({
                ...options,
                period: { of: "day", by: "year", timeZone: "UTC" },
                when: { status: "final", isTaxed: true },
            })
            tax!: number | null
            @AutoSequenceColumn({
                ...options,
                period: { of: "day", by: "year", timeZone: "UTC" },
                when: { status: "final" },
            })
            number!: number | null
        }

        /** Has a number that counts by the period of another one, and shows that. */
        @Entity()
        class Receipt {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 20, default: "draft" }) status!: string
            @Column({ type: "date", nullable: true }) day!: string | null
            @AutoSequenceColumn({
                ...options,
                period: { of: "day", by: "month", timeZone: "UTC" },
                when: { status: "final" },
            })
            number!: number | null
            numberPeriod!: string | null
            // The counters of series are locked in the order of their names.
            @AutoSequenceColumn({
                ...options,
                name: "beside",
                uniqueWith: "numberPeriod",
                when: { status: "final" },
            })
            ofMonth!: number | null
            @DocumentNumber({ of: "ofMonth", format: "{numberPeriod} {0}" })
            text!: string | null
        }

        const dataSource = tables([Company, Invoice, Letter, Signature, Contract, Voucher])
        const invoices = () => dataSource().getRepository(Invoice)
        const letters = () => dataSource().getRepository(Letter)
        const company = () => dataSource().getRepository(Company).save({})
        const stored = async () => {
            const rows = await invoices().find({ order: { id: "ASC" } })
            return rows.map(({ status, numberPeriod, number }) =>
                [status, numberPeriod, number].map(String).join(" "),
            )
        }
        const storedLetters = async () =>
            (await letters().find({ order: { id: "ASC" } })).map(({ number }) => number)

        it("are numbered by the period that another number gets by the same UPDATE", async () => {
            const connecting = database().connect([Receipt])
            if (way.options.strategy === "trigger" && database().kind === "postgres")
                // Triggers run in the order of their names there.
                return expectRejects(
                    connecting,
                    UnsupportedError,
                    "numberPeriod of its scope is set by the trigger of number",
                )
            const { manager } = await connecting
            const receipts = manager.getRepository(Receipt)
            const drafts = await receipts.save([{}, {}, {}, { day: "2026-05-05" }])
            await receipts.save({ status: "final" })
            await receipts.save({ ...drafts[0], status: "final" })
            await manager.transaction((own) =>
                own.update(Receipt, { status: "draft" }, { status: "final" }),
            )
            await receipts.save({ status: "final" })
            const rows = await receipts.find({ order: { day: "ASC", number: "ASC" } })
            expect(rows.map(({ ofMonth, number }) => [ofMonth, number])).to.eql(
                [1, 1, 2, 3, 4, 5].map((one) => [one, one]),
            )
            for (const { text, numberPeriod, ofMonth } of rows)
                expect(text).to.equal(`${numberPeriod} ${ofMonth}`)
        })

        it("have no number, and leave no gap", async () => {
            const of = await company()
            const issuedOn = "2026-05-05"
            const [draft, final, other, later] = await invoices().save([
                { company: of, issuedOn },
                { company: of, issuedOn, status: "final" as const },
                { company: of, issuedOn, status: null },
                { company: of, issuedOn, status: "void" as const, number: null },
            ])
            expect([draft, final, other, later].map((row) => row?.number ?? null)).to.eql([
                null,
                1,
                null,
                2,
            ])
            await invoices().remove(other as Invoice)
            await invoices().save({ company: of, issuedOn, status: "final" as const })
            expect(await stored()).to.eql([
                "draft null null",
                "final 2026 1",
                "void 2026 2",
                "final 2026 3",
            ])
        })

        it("are numbered by the save that makes the condition true", async () => {
            const of = await company()
            const drafts = await invoices().save([
                { company: of, issuedOn: "2026-05-05" },
                { company: of, issuedOn: "2027-05-05" },
                { company: of },
            ])
            const [, second, third] = drafts as [Invoice, Invoice, Invoice]
            third.status = "final"
            third.issuedOn = "2027-01-01"
            await invoices().save(third)
            second.status = "final"
            await invoices().save(second)
            expect([second, third].map((row) => [row.numberPeriod, row.number])).to.eql([
                ["2027", 2],
                ["2027", 1],
            ])
            // A partial one says no more than what changes.
            const partial = await invoices().save({ id: drafts[0]?.id, status: "final" as const })
            expect(partial.number).to.equal(1)
            expect(await stored()).to.eql(["final 2026 1", "final 2027 2", "final 2027 1"])
            const next = await invoices().save({
                company: of,
                issuedOn: "2027-02-02",
                status: "final" as const,
            })
            expect(next.number).to.equal(3)
        })

        it("keep their numbers when the condition is false again, and lose none", async () => {
            const of = await company()
            const row = await invoices().save({
                company: of,
                issuedOn: "2026-05-05",
                status: "final" as const,
            })
            for (const status of ["draft", "final"] as const)
                await invoices().save({ id: row.id, status })
            await dataSource().transaction((manager) =>
                manager.update(Invoice, { id: row.id }, { status: "void", note: "wrong" }),
            )
            expect(await stored()).to.eql(["void 2026 1"])
            await invoices().save({ company: of, issuedOn: "2026-06-06", status: "final" as const })
            expect(await stored()).to.eql(["void 2026 1", "final 2026 2"])
        })

        it("are numbered by update() and the query builder, several at once", async () => {
            const of = await company()
            await invoices().save([
                { company: of, issuedOn: "2026-05-05" },
                { company: of, issuedOn: "2027-05-05" },
                { company: of, issuedOn: "2026-06-06", status: "final" as const },
                { company: of, issuedOn: "2026-07-07" },
                { company: of, issuedOn: "2028-07-07", note: "stays" },
            ])
            await dataSource().transaction(async (manager) => {
                const { affected } = await manager.update(
                    Invoice,
                    { note: "" },
                    { status: "final", note: "sent" },
                )
                expect(affected).to.equal(4)
                await manager
                    .createQueryBuilder()
                    .update(Invoice)
                    .set({ status: () => "CONCAT('fi', 'nal')" })
                    .where({ note: "stays" })
                    .execute()
                    .catch(() =>
                        manager.update(
                            Invoice,
                            { note: "stays" },
                            { status: () => "'fi' || 'nal'" },
                        ),
                    )
            })
            expect(await stored()).to.eql([
                "final 2026 2",
                "final 2027 1",
                "final 2026 1",
                "final 2026 3",
                "final 2028 1",
            ])
        })

        it("are numbered as soon as all of a condition holds", async () => {
            const letter = await letters().save({})
            letter.version = 2
            await letters().save(letter)
            expect(letter.number).to.equal(null)
            letter.isSent = true
            await letters().save(letter)
            expect(letter.number).to.equal(1)
            const other = await letters().save({ isSent: true })
            expect(other.number ?? null).to.equal(null)
            await dataSource().transaction((manager) =>
                manager.update(Letter, other.id, { version: () => "version + 1" }),
            )
            expect(await storedLetters()).to.eql([1, 2])
        })

        it("have their date set to today where they have none", async () => {
            const of = await company()
            const draft = await invoices().save({ company: of })
            expect(draft.issuedOn).to.equal(null)
            draft.status = "final"
            const before = new Date().toISOString().slice(0, 10)
            await invoices().save(draft)
            const after = new Date().toISOString().slice(0, 10)
            expect([before, after]).to.include(draft.issuedOn)
            expect(draft.numberPeriod).to.equal(draft.issuedOn?.slice(0, 4))
            const [found] = await invoices().find()
            expect(found?.issuedOn).to.equal(draft.issuedOn)
        })

        it("have their date set to today where plain SQL has given them today's period alone", async () => {
            const draft = await invoices().save({ company: await company() })
            const day = () => new Date().toISOString().slice(0, 10)
            const before = day()
            const [table, column] = [
                tableName(invoices().metadata),
                dataSource().driver.escape("numberPeriod"),
            ]
            await dataSource().query(`UPDATE ${table} SET ${column} = '${before.slice(0, 4)}'`)
            draft.status = "final"
            await invoices().save(draft)
            const [found] = await invoices().find()
            expect(found).to.include({ number: 1, numberPeriod: before.slice(0, 4) })
            expect([before, day()]).to.include(found?.issuedOn)
        })

        it("are numbered by an update that says NULL for number and date", async () => {
            const [of, another] = [await company(), await company()]
            await invoices().save([{ company: of }, { company: of }, { company: another }])
            const day = () => new Date().toISOString().slice(0, 10)
            const before = day()
            const final = { status: "final" as const, number: null, issuedOn: null }
            await dataSource().transaction(async (manager) => {
                await manager.update(Invoice, { company: another }, final)
                await manager.update(Invoice, { company: of }, final)
            })
            const after = day()
            const found = await invoices().find({ order: { id: "ASC" } })
            expect(found.map(({ number }) => number)).to.eql([1, 2, 1])
            for (const { issuedOn, numberPeriod } of found) {
                expect([before, after]).to.include(issuedOn)
                expect(numberPeriod).to.equal(issuedOn?.slice(0, 4))
            }
        })

        it("are without a number again where the transaction is rolled back", async () => {
            const of = await company()
            const draft = await invoices().save(
                invoices().create({ company: of, issuedOn: "2026-05-05" }),
            )
            await rolledBack(dataSource(), async (manager) => {
                draft.status = "final"
                await manager.save(draft)
                expect(draft.number).to.equal(1)
            })
            expect([draft.number, draft.numberPeriod]).to.eql([null, null])
            await invoices().save({ id: draft.id, status: "draft" as const })
            draft.status = "final"
            await invoices().save(draft)
            expect(draft.number).to.be.oneOf(isGapless ? [1] : [1, 2])
        })

        it("show the number that another one has given them", async () => {
            const of = await company()
            const draft = await invoices().save({ company: of, issuedOn: "2026-05-05" })
            const [one, other] = [{ ...draft }, { ...draft }].map((row) =>
                invoices().create({ ...row, status: "final" }),
            ) as [Invoice, Invoice]
            await invoices().save(one)
            other.note = "again"
            await invoices().save(other)
            expect([one.number, other.number]).to.eql([1, 1])
            await invoices().save({ company: of, issuedOn: "2026-05-06", status: "final" as const })
            expect(await stored()).to.eql(["final 2026 1", "final 2026 2"])
        })

        it("show it on each copy of one call", async () => {
            const of = await company()
            const { id } = await invoices().save({ company: of, issuedOn: "2026-05-05" })
            const copies = [
                await invoices().findOneByOrFail({ id }),
                await invoices().findOneByOrFail({ id }),
            ]
            for (const copy of copies) copy.status = "final"
            await invoices().save(copies)
            expect(copies.map(({ number }) => number)).to.eql([1, 1])
        })

        it("show the number that a foreign key brings, which TypeORM sets behind the INSERT", async () => {
            const of = await company()
            const contracts = dataSource().getRepository(Contract)
            const contract = await contracts.save(contracts.create({ company: of, signature: {} }))
            const stored = await contracts.findOneByOrFail({ id: contract.id })
            expect([contract.number, stored.number]).to.eql([1, 1])
            await contracts.save(contracts.create({ company: of, signature: {} }))
            expect(await contracts.countBy({ number: 2 })).to.equal(1)
        })

        it("take no number of the caller's where there is to be none", async () => {
            const of = await company()
            const contracts = dataSource().getRepository(Contract)
            const signature = await dataSource().getRepository(Signature).save({})
            const [a, b] = (await contracts.save([{ company: of }, { company: of }])) as [
                Contract,
                Contract,
            ]
            for (const attempt of [
                contracts.save({ id: a.id, signature, number: 2147483646 }),
                dataSource().transaction((manager) =>
                    manager.update(Contract, b.id, { number: 7 }),
                ),
            ])
                expect(await rejection(attempt)).to.be.instanceOf(InvalidNumberError)
            const { number } = await contracts.save({ id: a.id, signature })
            expect(number).to.equal(1)
        })

        it("are final then: number, scope and period stay", async () => {
            const [a, b] = [await company(), await company()]
            const row = await invoices().save({ company: a, issuedOn: "2026-05-05" })
            row.status = "final"
            await invoices().save(row)
            const change = (set: Partial<Invoice>) =>
                rejection(
                    dataSource().transaction((manager) =>
                        manager.update(Invoice, { id: row.id }, set),
                    ),
                )
            for (const set of [
                { number: 7 },
                { company: b },
                { issuedOn: "2027-01-01" },
                { status: "final" as const, issuedOn: "2025-12-31" },
                { status: "final" as const, company: b },
            ])
                expect(await change(set)).to.be.instanceOf(ReadOnlyNumberError)
            expect(await stored()).to.eql(["final 2026 1"])
        })

        // SQLite has no settings of a session.
        if (can.bigints)
            it("have a number as long as they are final, also where the session allows changes", async () => {
                const { id } = await letters().save({ isSent: true, version: 2 })
                const set = can.tableLock
                    ? [
                          "LOCAL autosequence.allow_changes = 'on'",
                          "LOCAL autosequence.allow_changes = ''",
                      ]
                    : ["@autosequence_allow_changes = TRUE", "@autosequence_allow_changes = NULL"]
                await dataSource().transaction(async (manager) => {
                    await manager.query(`SET ${set[0]}`)
                    await manager.update(Letter, { id }, { number: null, isSent: false })
                    await manager.query(`SET ${set[1]}`)
                })
                expect(await letters().findOneByOrFail({ id })).to.include({ number: null })
                await dataSource().transaction((manager) =>
                    manager.update(Letter, { id }, { isSent: true, number: 77 }),
                )
                const refused = dataSource().transaction(async (manager) => {
                    await manager.query(`SET ${set[0]}`)
                    try {
                        await manager.update(Letter, { id }, { number: null })
                    } finally {
                        if (!can.tableLock) await manager.query(`SET ${set[1]}`)
                    }
                })
                // A trigger gives the row another one.
                if (options.strategy === "trigger") await refused
                else await expectRejects(refused, ReadOnlyNumberError, "Letter.number", "final")
                expect((await letters().findOneByOrFail({ id })).number).to.be.oneOf([77, 78])
            })

        it("may change scope and period as long as they are drafts, and by the update itself", async () => {
            const [a, b] = [await company(), await company()]
            const row = await invoices().save({ company: a, issuedOn: "2026-05-05" })
            row.company = b
            await invoices().save(row)
            await invoices().save({ company: a, issuedOn: "2026-05-05", status: "final" as const })
            await invoices().save({ company: b, issuedOn: "2027-05-05", status: "final" as const })
            await dataSource().transaction((manager) =>
                manager.update(
                    Invoice,
                    { id: row.id },
                    { status: "final", issuedOn: "2027-07-07", company: b },
                ),
            )
            expect(await stored()).to.eql(["final 2027 2", "final 2026 1", "final 2027 1"])
        })

        it("are numbered by a cascade", async () => {
            const of = await company()
            const saved = await invoices().save([{ company: of, issuedOn: "2026-05-05" }])
            of.invoices = [
                ...(saved as Invoice[]),
                invoices().create({ issuedOn: "2026-06-06", status: "final" }),
            ]
            ;(of.invoices[0] as Invoice).status = "final"
            await dataSource().getRepository(Company).save(of)
            expect(of.invoices.map(({ number }) => number).sort()).to.eql([1, 2])
            await invoices().save({ company: of, issuedOn: "2026-05-05", status: "final" as const })
            expect((await stored()).sort()).to.eql(["final 2026 1", "final 2026 2", "final 2026 3"])
        })

        it("bring a number of their own along, which is kept", async () => {
            const of = await company()
            const issuedOn = "2026-05-05"
            await invoices().save({ company: of, issuedOn, number: 7, status: "final" as const })
            const row = await invoices().save({ company: of, issuedOn })
            await dataSource().transaction((manager) =>
                manager.update(Invoice, { id: row.id }, { status: "final", number: 9 }),
            )
            await invoices().save({ company: of, issuedOn, status: "final" as const })
            expect(await stored()).to.eql(["final 2026 7", "final 2026 9", "final 2026 10"])
        })

        it("take no number where the update fails", async () => {
            const of = await company()
            const issuedOn = "2026-05-05"
            const row = await invoices().save({ company: of, issuedOn })
            await dataSource().transaction(async (manager) => {
                await rejection(
                    manager.transaction((inner) =>
                        inner.update(Invoice, row.id, {
                            status: "final",
                            note: () => "no_such(1)",
                        }),
                    ),
                )
                await manager.save(Invoice, { company: of, issuedOn, status: "final" as const })
            })
            const [first, second = ""] = await stored()
            expect(first).to.equal("draft null null")
            expect(second).to.match(isGapless ? /^final 2026 1$/ : /^final 2026 \d$/)
        })

        it("are numbered by an upsert, which leaves the others as they are", async () => {
            const of = await company()
            const issuedOn = "2026-05-05"
            await invoices().save([
                { code: "a", company: of, issuedOn },
                { code: "b", company: of, issuedOn, status: "final" as const },
                { code: "c", company: of },
            ])
            await dataSource().transaction(async (manager) => {
                const upsert = (row: Partial<Invoice>) => manager.upsert(Invoice, row, ["code"])
                for (const code of ["a", "b"])
                    await upsert({ code, company: of, issuedOn, status: "final", note: "up" })
                await upsert({ code: "c", company: of, note: "draft" })
                await upsert({ code: "d", company: of, issuedOn, status: "final" })
            })
            const found = await invoices().find({ order: { id: "ASC" } })
            const numbers = found.map(({ number }) => number)
            if (isGapless) expect(numbers).to.eql([2, 1, null, 3])
            expect(found.map(({ note }) => note)).to.eql(["up", "up", "draft", ""])
            expect(found.map(({ numberPeriod }) => numberPeriod)).to.eql([
                "2026",
                "2026",
                null,
                "2026",
            ])
            expect(new Set(numbers)).to.have.property("size", 4)
        })

        it("are numbered twice by an upsert, and set to today once", async () => {
            const vouchers = dataSource().getRepository(Voucher)
            await vouchers.save(["a", "b"].map((code) => ({ code })))
            await dataSource().transaction(async (manager) => {
                const upsert = (row: Partial<Voucher>) => manager.upsert(Voucher, row, ["code"])
                await upsert({ code: "a", status: "final", isTaxed: false })
                await upsert({ code: "b", status: "final", isTaxed: true })
                await upsert({ code: "c", status: "final", isTaxed: true })
            })
            await vouchers.save({ code: "d", status: "final", isTaxed: true })
            const found = await vouchers.find({ order: { code: "ASC" } })
            expect(found.every(({ day }) => day !== null)).to.equal(true)
            expect(found.map(({ tax }) => tax === null)).to.eql([true, false, false, false])
            if (isGapless)
                expect(found.map(({ tax, number }) => [tax, number])).to.eql([
                    [null, 1],
                    [1, 2],
                    [2, 3],
                    [3, 4],
                ])
        })

        it("are what an upsert makes of final rows, which keep their numbers", async () => {
            const of = await company()
            const row = { code: "a", company: of, issuedOn: "2026-05-05" }
            await invoices().save({ ...row, status: "final" as const })
            const upsert = (issuedOn: string) =>
                dataSource().transaction((manager) =>
                    manager.upsert(Invoice, { ...row, issuedOn, status: "draft" }, ["code"]),
                )
            await upsert(row.issuedOn)
            expect(await stored()).to.eql(["draft 2026 1"])
            const error = await rejection(upsert("2027-05-05"))
            if (!way.isInDatabase) expect(error).to.be.instanceOf(ReadOnlyNumberError)
            expect(await stored()).to.eql(["draft 2026 1"])
            await invoices().save({ ...row, code: "b", status: "final" as const })
            const [first, second = ""] = await stored()
            expect(first).to.equal("draft 2026 1")
            expect(second).to.match(isGapless ? /^final 2026 2$/ : /^final 2026 \d$/)
        })

        it("are not given a number of another scope by an upsert", async () => {
            const [of, other] = [await company(), await company()]
            await invoices().save({ code: "a", company: of, issuedOn: "2026-05-05" })
            const upsert = (values: object, overwrite: string[]) =>
                dataSource().transaction((manager) =>
                    manager
                        .createQueryBuilder()
                        .insert()
                        .into(Invoice)
                        .values({ code: "a", status: "final", ...values })
                        .orUpdate(overwrite, ["code"])
                        .execute(),
                )
            if (way.isInDatabase) {
                // A trigger sees the row as the upsert leaves it.
                await upsert({ company: other, issuedOn: "2027-05-05" }, ["status", "issuedOn"])
                await invoices().save({ company: of, issuedOn: "2027-05-05", status: "final" })
                await invoices().save({ company: other, issuedOn: "2027-05-05", status: "final" })
                expect(await stored()).to.eql(["final 2027 1", "final 2027 2", "final 2027 1"])
                return
            }
            const upserts: [object, string[]][] = [
                [{ company: other, issuedOn: "2026-05-05" }, ["status", "issuedOn"]],
                [{ company: of, issuedOn: "2027-05-05" }, ["status", "company"]],
                [{ company: of }, ["status", "company"]],
            ]
            for (const [values, overwrite] of upserts) {
                const error = await rejection(upsert(values, overwrite))
                expect(error).to.be.instanceOf(ReadOnlyNumberError)
            }
            expect(await stored()).to.eql(["draft null null"])
            await invoices().save({ company: of, issuedOn: "2026-05-05", status: "final" as const })
            if (isGapless) expect(await stored()).to.eql(["draft null null", "final 2026 1"])
        })

        it("are inserted outside a transaction, and numbered inside of one", async () => {
            const of = await company()
            await invoices().insert({ company: of, issuedOn: "2026-05-05" })
            const finalise = () => invoices().update({ status: "draft" }, { status: "final" })
            if (way.needsTransaction) {
                expect(await rejection(finalise())).to.be.instanceOf(TransactionRequiredError)
                expect(await stored()).to.eql(["draft null null"])
            } else {
                await finalise()
                expect(await stored()).to.eql(["final 2026 1"])
            }
            // Nothing is to be numbered by these.
            await invoices().update({ note: "" }, { status: "draft", note: "same" })
            await invoices().update({ status: "void" }, { status: "final" })
        })

        if (can.parallel)
            it("are numbered by the first of two transactions that make them final", async () => {
                const of = await company()
                const issuedOn = "2026-05-05"
                const { id } = await invoices().save({ company: of, issuedOn })
                const runner = dataSource().createQueryRunner()
                await runner.startTransaction()
                await runner.manager.update(Invoice, id, { status: "final" })
                let session = ""
                const started = new Signal()
                const second = dataSource().transaction(async (manager) => {
                    session = await sessionOf(manager)
                    started.send()
                    await manager.update(Invoice, id, { status: "final", note: "second" })
                })
                await started.promise
                expect(await mustWait(dataSource(), session, second)).to.equal(true)
                await runner.commitTransaction()
                await runner.release()
                await second
                await invoices().save({ company: of, issuedOn, status: "final" as const })
                if (isGapless) expect(await stored()).to.eql(["final 2026 1", "final 2026 2"])
            })

        if (options.strategy === "table-lock" && can.parallel)
            it("wait for who has the table before they lock their rows, which that one may change", async () => {
                const of = await company()
                const issuedOn = "2026-05-05"
                const { id } = await invoices().save({ company: of, issuedOn })
                let finishing: Promise<unknown> | undefined
                await dataSource().transaction(async (manager) => {
                    const status = "final" as const
                    await manager.save(Invoice, { company: of, issuedOn, status })
                    const started = new Signal()
                    let session = ""
                    finishing = dataSource().transaction(async (own) => {
                        session = await sessionOf(own)
                        started.send()
                        await own.update(Invoice, id, { status })
                    })
                    await started.promise
                    expect(await mustWait(dataSource(), session, finishing)).to.equal(true)
                    await manager.update(Invoice, id, { note: "changed" })
                })
                await finishing
                expect(await stored()).to.eql(["final 2026 2", "final 2026 1"])
                expect(await invoices().findOneByOrFail({ id })).to.include({ note: "changed" })
            })

        it("are numbered in the order of their keys, however many an update has", async () => {
            const of = await company()
            const rows = Array.from({ length: 1203 }, (_, at) => ({
                company: of,
                issuedOn: at % 2 ? "2026-01-01" : "2027-01-01",
            }))
            await invoices().save(rows, { chunk: 400 })
            await dataSource().transaction(async (manager) => {
                const { affected } = await manager.update(
                    Invoice,
                    { company: { id: of.id } },
                    { status: "final" },
                )
                expect(affected).to.equal(1203)
            })
            const found = await invoices().find({ order: { id: "ASC" } })
            expect(found.map(({ number }) => number)).to.eql(
                found.map((_, at) => Math.floor(at / 2) + 1),
            )
            await invoices().save({ company: of, issuedOn: "2026-01-01", status: "final" as const })
            const counters = await storedCounters(dataSource())
            if (options.strategy === "counter")
                expect(counters.map(({ last }) => last).sort()).to.eql(["602", "602"])
        }).timeout(60_000)
    },
    () => true,
)

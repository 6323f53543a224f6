import { expect } from "chai"
import {
    Column,
    Entity,
    type EntityManager,
    JoinColumn,
    ManyToOne,
    Not,
    PrimaryGeneratedColumn,
    Unique,
} from "typeorm"
import {
    AutoSequenceColumn,
    DocumentNumber,
    DocumentNumberError,
    findByDocumentNumber,
    InvalidOptionError,
    ReadOnlyNumberError,
    seriesOf,
} from "../../src"
import { expectErrorIs, rejection, triggerError } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"

type Kind = "invoice" | "credit"

// What goes on with texts after the INSERT, and beside it.
onEachCell(
    "Rows with texts",
    ({ way, tables }) => {
        const { options } = way
        const isTrigger = options.strategy === "trigger"

        @Entity()
        class Company {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 9 }) code!: string
            @Column({ type: "varchar", length: 30, default: "UTC" }) zone!: string
        }

        @Entity()
        @Unique(["reference"])
        class Invoice {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Company, { nullable: false })
            @JoinColumn({ name: "company" })
            company!: Company
            @Column({ length: 9, default: "draft" }) status!: string
            @Column({ length: 9, default: "invoice" }) kind!: Kind
            @Column({ type: "varchar", length: 20, nullable: true }) reference!: string | null
            @Column({ type: "date", nullable: true }) issuedOn!: string | null
            @AutoSequenceColumn({
                ...options,
                uniqueWith: ["company", "kind"],
                period: { of: "issuedOn", by: "month" },
                when: { status: Not("draft") },
            })
            sequence!: number | null
            sequencePeriod!: string | null
            @DocumentNumber({
                of: "sequence",
                by: "kind",
                uniqueWith: [],
                format: {
                    invoice: "{company.code}/{kind}/{YYYY}-{MM}/{000}",
                    credit: "{company.code}|{kind}|{YYYY}-{MM}|{000}",
                },
            })
            number!: string | null
        }

        const dataSource = tables([Company, Invoice])
        const invoices = () => dataSource().getRepository(Invoice)
        const series = () => seriesOf(dataSource(), Invoice, "sequence")
        const company = (code = "ACME") => dataSource().getRepository(Company).save({ code })
        const stored = async () =>
            (await invoices().find({ order: { id: "ASC" } })).map(({ number }) => number)
        const transaction = <T>(work: (manager: EntityManager) => Promise<T>) =>
            dataSource().transaction(work)
        const path = () =>
            dataSource()
                .getMetadata(Invoice)
                .tablePath.split(".")
                .map((part) => dataSource().driver.escape(part))
                .join(".")
        const issued = { status: "final", issuedOn: "2026-05-05" }

        it("get them by assign(), many in order, and others by move()", async () => {
            const of = await company()
            const drafts = await invoices().save([
                { company: of },
                { company: of, kind: "credit" as const },
                { company: of },
            ])
            const rows = await transaction((manager) =>
                series().assign(manager, drafts as Invoice[], { set: issued }),
            )
            const texts = [
                "ACME/invoice/2026-05/001",
                "ACME|credit|2026-05|001",
                "ACME/invoice/2026-05/002",
            ]
            expect(rows.map(({ number }) => number)).to.eql(texts)
            expect(drafts.map(({ number }) => number)).to.eql(texts)
            const moved = await transaction((manager) =>
                series().move(manager, rows[0] as Invoice, { set: { issuedOn: "2026-06-01" } }),
            )
            expect(moved.number).to.equal("ACME/invoice/2026-06/001")
            await invoices().save({ company: of, ...issued })
            expect(await stored()).to.eql([
                "ACME/invoice/2026-06/001",
                texts[1],
                texts[2],
                "ACME/invoice/2026-05/003",
            ])
        })

        it("show them when they bring their number, and others of the save don't", async () => {
            const of = await company()
            const rows = await invoices().save([
                { company: of, ...issued },
                { company: of, ...issued, sequence: 7 },
                { company: of },
            ])
            const texts = ["ACME/invoice/2026-05/001", "ACME/invoice/2026-05/007", null]
            expect(rows.map(({ number }) => number ?? null)).to.eql(texts)
            expect(await stored()).to.eql(texts)
        })

        it("are drafts again where their transaction is rolled back", async () => {
            const draft = await invoices().save({ company: await company() })
            await rolledBack(dataSource(), async (manager) => {
                await series().assign(manager, draft as Invoice, { set: issued })
                expect(draft.number).to.equal("ACME/invoice/2026-05/001")
            })
            expect(draft.number ?? null).to.equal(null)
            expect(await stored()).to.eql([null])
            await transaction((manager) =>
                series().assign(manager, draft as Invoice, { set: issued }),
            )
            expect(await stored()).to.eql(["ACME/invoice/2026-05/001"])
        })

        it("keep them when what they show is another thing", async () => {
            const of = await company()
            const invoice = await invoices().save({ company: of, ...issued })
            of.code = "NEW"
            await dataSource().getRepository(Company).save(of)
            invoice.status = "paid"
            invoice.issuedOn = "2026-05-31"
            await invoices().save(invoice)
            expect(await stored()).to.eql(["ACME/invoice/2026-05/001"])
            expect((await invoices().save({ company: of, ...issued })).number).to.equal(
                "NEW/invoice/2026-05/002",
            )
        })

        it("are refused to change before anything is written", async () => {
            const of = await company()
            const invoice = await invoices().save({ company: of, ...issued })
            await transaction(async (manager) => {
                const others = [{ company: of, ...issued }, Object.assign(invoice, { number: "X" })]
                const error = await rejection(manager.save(Invoice, others))
                expectErrorIs(error, ReadOnlyNumberError, "Invoice.number")
            })
            expect(await stored()).to.eql(["ACME/invoice/2026-05/001"])
            await invoices().save({ company: of, ...issued })
            expect((await stored())[1]).to.equal("ACME/invoice/2026-05/002")
        })

        it("are refused where the text is another row's", async () => {
            await invoices().save({ company: await company(), ...issued })
            const other = await company()
            const error = await rejection(invoices().save({ company: other, ...issued }))
            expectErrorIs(error, DocumentNumberError, "another row already has")
            other.code = "OTHER"
            await dataSource().getRepository(Company).save(other)
            const saved = await invoices().save({ company: other, ...issued })
            expect(saved.number).to.equal("OTHER/invoice/2026-05/001")
        })

        it("that an upsert finds keep theirs, and drafts get one", async () => {
            const of = await company()
            const final = { company: of, ...issued }
            await invoices().save([
                { ...final, reference: "a" },
                { company: of, reference: "b" },
            ])
            const upsert = (row: object) =>
                transaction((manager) => manager.upsert(Invoice, row, ["reference"]))
            await upsert({ ...final, reference: "a" })
            await upsert({ ...final, reference: "c" })
            expect(await stored()).to.eql([
                "ACME/invoice/2026-05/001",
                null,
                "ACME/invoice/2026-05/002",
            ])
            await upsert({ ...final, kind: "invoice", reference: "b" })
            expect((await stored())[1]).to.equal("ACME/invoice/2026-05/003")
            const saved = await invoices().save({ ...final })
            expect(saved.number).to.equal("ACME/invoice/2026-05/004")
        })

        it("can be looked up by them", async () => {
            const of = await company()
            const { id } = await invoices().save({ company: of, ...issued })
            const find = (text: string) => findByDocumentNumber(invoices(), text)
            expect((await find("ACME/invoice/2026-05/001"))?.id).to.equal(id)
            for (const other of ["", "acme/invoice/2026-05/001", "ACME/invoice/2026-05/1", "x"])
                expect(await find(other)).to.equal(null)
            const { manager } = dataSource()
            expect(
                await findByDocumentNumber(manager, Invoice, "ACME/invoice/2026-05/001", {
                    where: { status: "draft" },
                }),
            ).to.equal(null)
            const none = await rejection(findByDocumentNumber(manager, Company, "x"))
            expectErrorIs(none, InvalidOptionError, "has no text of a number")
        })

        it("can be seen before they are made, as far as the scope tells", async () => {
            const of = await company()
            const text = async (more: object) =>
                (await series().preview({ company: of, kind: "invoice", ...more })).text
            expect(await text({ issuedOn: "2026-05-31" })).to.equal("ACME/invoice/2026-05/001")
            expect(await text({ period: "2026-12" })).to.equal("ACME/invoice/2026-12/001")
            await invoices().save({ company: of, ...issued })
            expect(await text({ issuedOn: "2026-05-31" })).to.equal("ACME/invoice/2026-05/002")
            const credit = await series().preview({
                company: of.id,
                kind: "credit",
                issuedOn: "2026-05-01",
            })
            expect(credit).to.eql({
                number: 1,
                text: "ACME|credit|2026-05|001",
                reserved: false,
            })
        })

        it("written by raw SQL have them, or are refused", async () => {
            if (!isTrigger) return
            const of = await company()
            const { driver } = dataSource()
            const name = (text: string) => driver.escape(text)
            const query = (sql: string) => dataSource().query(sql)
            const table = path()
            const columns = ["company", "kind", "status", name("issuedOn")].join(", ")
            const insert = (kind: string, status = "final", more = "", values = "") =>
                query(
                    `INSERT INTO ${table} (${columns}${more}) VALUES (${of.id}, '${kind}', '${status}', '2026-05-05'${values})`,
                )
            await insert("invoice")
            await insert("invoice", "draft")
            const wrong = await rejection(insert("other"))
            const kind = driver.options.type === "mariadb" ? "mariadb" : "postgres"
            expect(wrong).to.be.instanceOf(triggerError(kind, DocumentNumberError))
            const given = [`, ${name("number")}`, ", 'ACME/invoice/2026-05/007'"] as const
            expect(await rejection(insert("invoice", "final", ...given))).to.be.instanceOf(
                triggerError(kind, DocumentNumberError),
            )
            const set = (what: string) => rejection(query(`UPDATE ${table} SET ${what}`))
            for (const what of ["'x'", "NULL"])
                expect(await set(`${name("number")} = ${what}`)).to.be.instanceOf(
                    triggerError(kind, ReadOnlyNumberError),
                )
            await query(`UPDATE ${table} SET status = 'final'`)
            await insert("invoice")
            expect(await stored()).to.eql([
                "ACME/invoice/2026-05/001",
                "ACME/invoice/2026-05/002",
                "ACME/invoice/2026-05/003",
            ])
        })

        it("and without one another are refused by the database", async () => {
            await invoices().save({ company: await company(), ...issued })
            const { driver } = dataSource()
            const [text, number] = ["number", "sequence"].map((one) => driver.escape(one))
            const table = path()
            for (const set of [`${text} = NULL`, `${text} = 'INV'`, `${number} = NULL`])
                expect(
                    await rejection(dataSource().query(`UPDATE ${table} SET ${set}`)),
                ).to.be.instanceOf(Error)
            expect(await stored()).to.eql(["ACME/invoice/2026-05/001"])
        })
    },
    ({ isGapless }) => isGapless,
)

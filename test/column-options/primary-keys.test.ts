import { expect } from "chai"
import {
    Column,
    DataSource,
    Entity,
    type EntityManager,
    JoinColumn,
    ManyToOne,
    OneToMany,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    type Relation,
} from "typeorm"
import {
    AutoSequenceColumn,
    NumberTakenError,
    ReadOnlyNumberError,
    seriesOf,
    transactionWithRetry,
    UnsupportedError,
    verifyAutoSequence,
    withAutoSequence,
} from "../../src"
import { refuseUnsupported } from "../../src/numbers/refuse-unsupported"
import { seriesOf as resolvedSeriesOf } from "../../src/series/resolve-series"
import { pendingOfTypeORM } from "../migrations/migrate"
import { expectErrorIs, rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"

onEachCell("Numbers in the primary key", ({ way, can, database, tables }) => {
    const options = { ...way.options, primary: true }
    // Where there is one connection, numbers are taken in the transaction itself.
    const givesBack = way.isGapless || !can.parallel

    @Entity()
    class Tenant {
        @PrimaryGeneratedColumn() id!: number
    }

    @Entity()
    class Document {
        @PrimaryColumn({ type: "varchar", length: 20 }) company!: string
        @AutoSequenceColumn({ ...options, uniqueWith: "company" }) number!: number
        @Column({ default: "" }) note!: string
        @OneToMany(() => Line, (line) => line.document, { cascade: true })
        lines!: Relation<Line>[]
    }

    /** Numbered in the document, and in the key by that. */
    @Entity()
    class Line {
        @ManyToOne(() => Document, (document) => document.lines, {
            nullable: false,
            cascade: ["insert"],
        })
        @JoinColumn([
            { name: "company", referencedColumnName: "company" },
            { name: "document", referencedColumnName: "number" },
        ])
        document!: Relation<Document>
        @PrimaryColumn({ type: "varchar", length: 20, default: "a" }) company!: string
        @PrimaryColumn({ type: "int", name: "document" }) documentNumber!: number
        @AutoSequenceColumn({ ...options, uniqueWith: ["company", "documentNumber"] }) at!: number
    }

    @Entity()
    class Ticket {
        @ManyToOne(() => Tenant, { nullable: false })
        @JoinColumn({ name: "tenant_id" })
        tenant!: Tenant
        @PrimaryColumn({ name: "tenant_id" }) tenantId!: number
        @AutoSequenceColumn({ ...options, uniqueWith: "tenantId", type: "bigint" }) number!: string
        @Column({ default: "" }) note!: string
    }

    @Entity()
    class Page {
        @AutoSequenceColumn(options) number!: number
        @Column({ default: "" }) note!: string
        @OneToMany(() => Mark, (mark) => mark.page, { cascade: true }) marks!: Relation<Mark>[]
    }
    @Entity()
    class Mark {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Page, (page) => page.marks, { nullable: false, cascade: ["insert"] })
        page!: Relation<Page>
    }

    const entities = [Tenant, Document, Line, Ticket, Page, Mark]
    const dataSource = tables(entities)
    const documents = () => dataSource().getRepository(Document)
    const pages = () => dataSource().getRepository(Page)
    const transaction = (work: (manager: EntityManager) => Promise<unknown>) =>
        dataSource().transaction(work)
    const stored = async () => {
        const rows = await documents().find({ order: { company: "ASC", number: "ASC" } })
        return rows.map(({ company, number, note }) => `${company}${number}${note}`)
    }

    it("are made for new rows, which are found, changed and removed by them", async () => {
        const saved = await documents().save([{ company: "a" }, { company: "b" }, { company: "a" }])
        expect(saved.map(({ number }) => number)).to.eql([1, 1, 2])
        const found = await documents().findOneByOrFail({ company: "a", number: 2 })
        found.note = "!"
        await documents().save(found)
        await documents().save({ company: "b", number: 1, note: "?" })
        expect(await stored()).to.eql(["a1", "a2!", "b1?"])
        await documents().remove(found)
        const next = await documents().save({ company: "a" })
        expect(next.number).to.equal(way.isReusing ? 2 : 3)
        expect(await stored()).to.eql(["a1", `a${next.number}`, "b1?"])
    })

    it("are others where the row moves, also on its entity", async () => {
        const [row, other] = await documents().save([{ company: "a" }, { company: "b" }])
        if (!row || !other) throw new Error("They were saved.")
        const numbers = seriesOf(dataSource(), Document, "number")
        const move = (manager: EntityManager) =>
            numbers.move(manager, row, { set: { company: "b" } })
        await rolledBack(dataSource(), async (manager) => {
            expect(await move(manager)).to.include({ company: "b", number: 2 })
            expect(row).to.include({ company: "b", number: 2 })
        })
        // As it is that of its row, and of no other.
        expect(row).to.include({ company: "a", number: 1 })
        const number = givesBack ? 2 : 3
        expect(await move(dataSource().manager)).to.include({ company: "b", number })
        await documents().save(Object.assign(row, { note: "!" }))
        expect(await stored()).to.eql(["b1", `b${number}!`])
        expect(await move(dataSource().manager)).to.include({ company: "b", number, note: "!" })
    })

    it("may be all of the key", async () => {
        await pages().save([{ note: "a" }, { note: "b" }])
        const page = await pages().save({})
        page.note = "c"
        await pages().save(page)
        await transaction((manager) => manager.insert(Page, [{ note: "d" }, { note: "e" }]))
        const found = await pages().find({ order: { number: "ASC" } })
        expect(found.map(({ number, note }) => `${number}${note}`)).to.eql([
            "1a",
            "2b",
            "3c",
            "4d",
            "5e",
        ])
    })

    it("are known to the rows that point at them, whichever is saved", async () => {
        const page = await pages().save({ marks: [{}, {}] })
        const marks = dataSource().getRepository(Mark)
        const mark = await marks.save({ page: {} })
        await marks.save({ page: { number: page.number } })
        const found = await marks.find({ relations: { page: true }, order: { id: "ASC" } })
        expect(found.map((one) => one.page.number)).to.eql([1, 1, 2, 1])
        expect(mark.page.number).to.equal(2)
        await pages().save([{ marks: [{}] }, { marks: [{}, {}] }])
        const loaded = await pages().find({ relations: { marks: true }, order: { number: "ASC" } })
        expect(loaded.map((one) => one.marks.length)).to.eql([3, 1, 1, 2])
    })

    it("are a part of the keys of others, which are numbered in their scope", async () => {
        const lines = dataSource().getRepository(Line)
        const [first, second] = await documents().save([{ company: "a" }, { company: "a" }])
        for (const { number } of [first!, second!, first!])
            await lines.save({ company: "a", documentNumber: number })
        const found = await documents().find({
            relations: { lines: true },
            order: { number: "ASC", lines: { at: "ASC" } },
        })
        expect(found.map((one) => one.lines.map(({ at }) => at))).to.eql([[1, 2], [1]])
    })

    it("count in the scope of a relation that is in the key, as text where they are large", async () => {
        const [a, b] = await dataSource().getRepository(Tenant).save([{}, {}])
        const tickets = dataSource().getRepository(Ticket)
        const saved = await tickets.save([
            { tenant: a, tenantId: a!.id },
            { tenant: b, tenantId: b!.id },
            { tenant: a, tenantId: a!.id },
        ])
        expect(saved.map(({ number }) => number)).to.eql(can.bigints ? ["1", "1", "2"] : [1, 1, 2])
        const next = await tickets.save({ tenantId: b!.id })
        next.note = "again"
        await tickets.save(next)
        const found = await tickets.findBy({ tenantId: b!.id, number: "2" })
        expect(found.map(({ note }) => note)).to.eql(["again"])
    })

    it("are kept where they are set, and refused where another row has them", async () => {
        await documents().save({ company: "a", number: 5 })
        await documents().save({ company: "a" })
        const taken = transaction((m) => m.insert(Document, { company: "a", number: 6 }))
        expect(await rejection(taken)).to.be.instanceOf(NumberTakenError)
        const changed = transaction((m) =>
            m.update(Document, { company: "a", number: 6 }, { number: 9 }),
        )
        expect(await rejection(changed)).to.be.instanceOf(Error)
        if (!way.isInDatabase) expectErrorIs(await rejection(changed), ReadOnlyNumberError)
        await documents().save({ company: "a" })
        expect(await stored()).to.eql(["a5", "a6", "a7"])
    })

    it("find the rows of an upsert", async () => {
        await documents().save({ company: "a" })
        const upsert = (row: Partial<Document>) =>
            transaction((m) => m.upsert(Document, row, ["company", "number"]))
        await upsert({ company: "a", note: "new" })
        await upsert({ company: "a", number: 1, note: "old" })
        await documents().save({ company: "a" })
        expect(await stored()).to.eql(["a1old", "a2new", "a3"])
    })

    it("are given anew after a rollback", async () => {
        const document = documents().create({ company: "a" })
        const page = pages().create({ marks: [{}] })
        await transaction(async (manager) => {
            await rolledBack(manager, (inner) => inner.save([document, page]))
            if (givesBack) expect([document.number, page.number]).to.eql([undefined, undefined])
        })
        await rolledBack(dataSource(), (manager) => manager.save([document, page]))
        await dataSource().manager.save([document, page])
        expect(document.number).to.equal(givesBack ? 1 : 3)
        const [mark] = await dataSource()
            .getRepository(Mark)
            .find({ relations: { page: true } })
        expect(mark?.page.number).to.equal(page.number)
        expect(await stored()).to.eql([`a${document.number}`])
    })

    it("are given anew after a rollback where they are large, and not those of others meanwhile", async () => {
        const tenant = await dataSource().getRepository(Tenant).save({})
        const tickets = dataSource().getRepository(Ticket)
        const ticket = tickets.create({ tenantId: tenant.id, note: "rolled back" })
        await rolledBack(dataSource(), (manager) => manager.save(ticket))
        expect(ticket.number).to.equal(undefined)
        const other = await tickets.save({ tenantId: tenant.id, note: "other" })
        await tickets.save(ticket)
        expect(Number(ticket.number)).to.equal(Number(other.number) + 1)
        const found = await tickets.find({ order: { number: "ASC" } })
        expect(found.map(({ note }) => note)).to.eql(["other", "rolled back"])
    })

    if (can.parallel)
        it("are right for writers at once, and so are the rows that point at them", async () => {
            await Promise.all(
                Array.from({ length: 12 }, (_, at) =>
                    transactionWithRetry(dataSource(), async (manager) => {
                        const company = at % 2 ? "a" : "b"
                        await manager.getRepository(Document).save([{ company }, { company }])
                        await manager.getRepository(Page).save({ marks: [{}, {}] })
                    }),
                ),
            )
            const numbers = Array.from({ length: 12 }, (_, at) => at + 1)
            const names = ["a", "b"].flatMap((company) => numbers.map((n) => `${company}${n}`))
            // One that a deadlock has ended is repeated, and has lost its numbers.
            if (way.isGapless) expect((await stored()).sort()).to.eql(names.sort())
            else expect(new Set(await stored()).size).to.equal(names.length)
            const found = await pages().find({
                relations: { marks: true },
                order: { number: "ASC" },
            })
            expect(found.map((page) => page.marks.length)).to.eql(numbers.map(() => 2))
            if (way.isGapless) expect(found.map((page) => page.number)).to.eql(numbers)
        })

    it("need no index beside the primary key", async () => {
        const connected = await database().connect(entities)
        expect(await pendingOfTypeORM(connected)).to.eql([])
        await verifyAutoSequence(connected)
        const runner = connected.createQueryRunner()
        try {
            const { tablePath } = connected.getMetadata(Document)
            const table = await runner.getTable(tablePath)
            expect(table?.primaryColumns.map(({ name }) => name)).to.eql(["company", "number"])
            const overKey = table?.indices.filter(({ columnNames }) => columnNames.length === 2)
            expect(overKey).to.eql([])
        } finally {
            await runner.release()
        }
        await connected.getRepository(Document).save([{ company: "a" }, { company: "a" }])
        expect(await connected.getRepository(Document).count()).to.equal(2)
    })
})

describe("Numbers in the primary key by triggers", () => {
    it("are refused where no INSERT returns them", async () => {
        @Entity()
        class Page {
            @AutoSequenceColumn({ strategy: "trigger", primary: true }) number!: number
        }
        const dataSource = new DataSource(
            withAutoSequence({ type: "mysql", database: "none", entities: [Page] }),
        )
        await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas()
        const [series] = resolvedSeriesOf(dataSource.getMetadata(Page))
        expect(() => {
            refuseUnsupported(series!)
        }).to.throw(UnsupportedError, "primary key")
    })
})

import { expect } from "chai"
import { Column, Entity, ManyToOne, PrimaryGeneratedColumn, type Repository } from "typeorm"
import {
    AutoSequenceColumn,
    backfillPseudoKeys,
    findByPseudoKey,
    InvalidKeyError,
    KeyTakenError,
    PseudoKey,
} from "../../src"
import { storedRows, rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"
import { tableName } from "../support/typeorm"
import { mustWait, sessionOf, Signal } from "../support/waiting"

const WRITERS = 6
const named = {
    to: (value: unknown) => (typeof value === "string" ? Number(value.replace("no-", "")) : value),
    from: (value: unknown) => (typeof value === "number" ? `no-${value}` : value),
}

onEachCell("Keys that are made of a number", ({ way, can, tables }) => {
    const after = way.isInDatabase ? "insert" : undefined

    @Entity()
    class Customer {
        @PrimaryGeneratedColumn() id!: number
        @Column() code!: string
    }

    @Entity()
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Customer, { nullable: false }) customer!: Customer
        @AutoSequenceColumn({ ...way.options, uniqueWith: "customer" }) number!: number
        @PseudoKey({ case: "keep", derive: (row: Invoice) => `INV-${row.number}`, after })
        key!: string
        @PseudoKey({
            case: "keep",
            derive: (row: Invoice) => `${row.customer.code}-${row.number}`,
            relations: ["customer"],
            after,
        })
        global!: string
    }

    @Entity()
    class Bill {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn(way.options) number!: number
        @PseudoKey({ case: "keep", derive: (row: Bill) => `B-${row.number}`, after }) key!: string
    }

    @Entity()
    class Order {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn(way.options) number!: number
        @PseudoKey({
            case: "keep",
            derive: (row: Order) => `O-${row.number}`,
            history: true,
            after,
        })
        key!: string
        @PseudoKey({
            case: "keep",
            derive: (row: Order) => `O-${row.number % 2}`,
            suffix: true,
            after,
        })
        parity!: string
    }

    @Entity()
    class Ticket {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn({ ...way.options, transformer: named }) number!: string
        @PseudoKey({ case: "keep", derive: (row: Ticket) => row.number, after }) key!: string
    }

    const dataSource = tables([Customer, Invoice, Bill, Order, Ticket])

    it("are made of what a transformer makes of it", async () => {
        const tickets = dataSource().getRepository(Ticket)
        const saved = await tickets.save([tickets.create(), tickets.create()])
        for (const { number, key } of saved) expect(key).to.equal(number)
        expect(saved.map(({ key }) => key)).to.eql(["no-1", "no-2"])
    })

    it("are those of their number, where writers before them are rolled back", async () => {
        const bills = dataSource().getRepository(Bill)
        const write = async (at: number) => {
            if (at % 2 === 0) await bills.save({})
            else await rolledBack(dataSource(), (manager) => manager.save(Bill, {}))
        }
        // On MySQL writers of a scope that has no counter yet may be a deadlock.
        await bills.save({})
        for (let round = 0; round < 3; round++) {
            const writers = Array.from({ length: WRITERS }, (_, at) => at)
            if (can.parallel) await Promise.all(writers.map(write))
            else for (const at of writers) await write(at)
        }
        await bills.save({})
        const stored = await bills.find()
        expect(stored).to.have.length(2 + (3 * WRITERS) / 2)
        for (const { number, key } of stored) expect(key).to.equal(`B-${number}`)
    })

    it("wait for a writer that has them for a while", async () => {
        if (!can.parallel) return expect(can.parallel).to.equal(false)
        const bills = dataSource().getRepository(Bill)
        const first = await bills.save({})
        const other = dataSource().createQueryRunner()
        await other.startTransaction()
        await other.manager.save(Bill, { id: first.id, key: `B-${first.number + 1}` })
        let session!: string
        const begun = new Signal()
        const saved = dataSource().transaction(async (manager) => {
            session = await sessionOf(manager)
            begun.send()
            return manager.save(Bill, {})
        })
        await begun.promise
        expect(await mustWait(dataSource(), session, saved)).to.equal(true)
        await other.rollbackTransaction()
        await other.release()
        expect(await saved).to.include({ number: first.number + 1, key: `B-${first.number + 1}` })
        await bills.save({})
        for (const { number, key } of await bills.find()) expect(key).to.equal(`B-${number}`)
    })

    it("are refused where another row has them, and get a suffix where that is wanted", async () => {
        const orders = dataSource().getRepository(Order)
        const bills = dataSource().getRepository(Bill)
        for (const [rows, prefix] of [
            [orders as Repository<Bill>, "O"],
            [bills, "B"],
        ] as const) {
            await rows.save([{}, {}, { key: `${prefix}-4` }])
            const before = await storedRows(rows)
            const error = await rejection(rows.save({}))
            expect(error).to.be.instanceOf(KeyTakenError)
            expect(error.message).to.include(`${rows.metadata.name}.key`)
            if (rows === bills) expect(error.message).to.include("suffix: true")
            expect(await storedRows(rows)).to.eql(before)
            await rows.delete({ key: `${prefix}-4` })
            await rows.save({})
            const stored = await rows.find({ order: { id: "ASC" } })
            expect(stored).to.have.length(3)
            for (const { number, key } of stored) expect(key).to.equal(`${prefix}-${number}`)
        }
        const stored = await orders.find({ order: { id: "ASC" } })
        expect(stored.map(({ number, parity }) => [number, parity]).slice(0, 2)).to.eql([
            [1, "O-1"],
            [2, "O-0"],
        ])
        await orders.save([{}, {}])
        const parities = (await orders.find()).map(({ parity }) => parity)
        expect(parities).to.include.members(["O-1-2", "O-0-2"])
    })

    it("are unique within what the number is, where they are not made of that", async () => {
        const { manager } = dataSource()
        const [ada, bob] = await manager.save(Customer, [{ code: "ada" }, { code: "bob" }])
        const save = (customer = ada) => manager.save(Invoice, { customer })
        await save()
        await save()
        await save(bob)
        const last = await save(bob)
        const stored = await manager.find(Invoice, { order: { id: "ASC" } })
        expect(stored.map(({ key, global }) => [key, global])).to.eql([
            ["INV-1", "ada-1"],
            ["INV-2", "ada-2"],
            ["INV-1", "bob-1"],
            ["INV-2", "bob-2"],
        ])
        const find = (key: string, property: "key" | "global", where?: object) =>
            findByPseudoKey(manager, Invoice, key, { property, where })
        expect(await find("INV-2", "key", { customer: bob })).to.include({ id: last.id })
        expect(await find("bob-2", "global")).to.include({ id: last.id })
    })
})

onEachCell(
    "Keys of drafts that are made of a number",
    ({ way, tables }) => {
        @Entity()
        class Person {
            @PrimaryGeneratedColumn() id!: number
            @Column() name!: string
        }

        @Entity()
        class Draft {
            @PrimaryGeneratedColumn() id!: number
            @Column({ default: "" }) note!: string
            @ManyToOne(() => Person) person!: Person | null
            @AutoSequenceColumn({ ...way.options, nullable: true }) number!: number | null
            @PseudoKey({
                case: "keep",
                derive: (row: Draft) => `INV-${row.number}`,
                nullable: true,
            })
            key!: string | null
            @PseudoKey({
                case: "keep",
                derive: (row: Draft) => `${row.number?.toFixed(0)}-${row.person?.name ?? "nobody"}`,
                relations: ["person"],
                nullable: true,
                after: "insert",
                history: true,
            })
            late!: string | null
        }

        @Entity()
        class Strict {
            @PrimaryGeneratedColumn() id!: number
            @AutoSequenceColumn({ ...way.options, nullable: true }) number!: number | null
            @PseudoKey({ case: "keep", derive: (row: Strict) => `INV-${row.number}` }) key!: string
        }

        const dataSource = tables([Person, Draft, Strict])

        it("are NULL until the number is there, and come with it", async () => {
            const { manager } = dataSource()
            const drafts = dataSource().getRepository(Draft)
            const person = await manager.save(Person, { name: "Ada" })
            const rows = await drafts.save([
                { number: null, person: { id: person.id } },
                { person },
                { number: null },
            ])
            expect(rows.map(({ key, late }) => [key, late])).to.eql([
                [null, null],
                ["INV-1", "1-Ada"],
                [null, null],
            ])
            await drafts.save({ id: rows[2]?.id, note: "waits" })
            const draft = await drafts.findOneByOrFail({ id: rows[0]?.id })
            await rolledBack(dataSource(), async (inner) => {
                await inner.save(Object.assign(draft, { number: 2 }))
                expect(draft.key).to.equal("INV-2")
            })
            expect(draft.key).to.equal(null)
            await drafts.save(Object.assign(draft, { number: 2 }))
            expect([draft.key, draft.late]).to.eql(["INV-2", "2-Ada"])
            expect(await findByPseudoKey(drafts, "2-Ada", { property: "late" })).to.include({
                id: draft.id,
            })
            await drafts.save({ number: 3 })
            const stored = await drafts.find({ order: { id: "ASC" } })
            expect(stored.map(({ number, key, late }) => [number, key, late])).to.eql([
                [2, "INV-2", "2-Ada"],
                [1, "INV-1", "1-Ada"],
                [null, null, null],
                [3, "INV-3", "3-nobody"],
            ])
        })

        it("are given by a backfill to the rows that have got a number by SQL alone", async () => {
            const drafts = dataSource().getRepository(Draft)
            const [first] = await drafts.save([{ number: null }, { number: null }])
            await drafts.query(
                `UPDATE ${tableName(drafts.metadata)} SET number = 7 WHERE id = ${first?.id}`,
            )
            await backfillPseudoKeys(dataSource(), Draft)
            await drafts.save({ number: 8 })
            const stored = await drafts.find({ order: { id: "ASC" } })
            expect(stored.map(({ number, key, late }) => [number, key, late])).to.eql([
                [7, "INV-7", "7-nobody"],
                [null, null, null],
                [8, "INV-8", "8-nobody"],
            ])
        })

        it("are refused where the column is NOT NULL, before anything is written", async () => {
            const strict = dataSource().getRepository(Strict)
            const error = await rejection(strict.save([{}, { number: null }]))
            expect(error).to.be.instanceOf(InvalidKeyError)
            expect(error.message).to.include("Strict.key").and.include("nullable: true")
            expect(await strict.count()).to.equal(0)
            const row = await strict.save({})
            expect(await strict.find()).to.eql([row])
            expect(row.key).to.equal(`INV-${row.number}`)
        })
    },
    ({ hasDrafts }) => hasDrafts,
)

import { expect } from "chai"
import type { DataSource, EntityManager } from "typeorm"
import { resyncCounters } from "../../src"
import { upTo } from "../support/invoices"
import { seed } from "../support/seed"
import { Customer, ENTITIES, Invoice, onCounters } from "./entities"

const WRITERS = 10
const GIVEN_UP = new Error("given up on purpose")

/** A row of a transaction that has no number yet, by its note. */
interface Row {
    readonly note: string
    customer: Customer
    readonly entity: Partial<Invoice>
}

/** Transactions of one writer, and what they have made of the table. */
class Writer {
    /** The rows of each committed transaction, in the order in which they came. */
    readonly committed: Row[][] = []
    readonly lost: Partial<Invoice>[] = []
    private rows: Row[] = []
    private notes = 0

    constructor(
        private readonly name: number,
        private readonly customers: readonly Customer[],
        private seed: number,
    ) {}

    async run(dataSource: DataSource): Promise<void> {
        this.rows = []
        try {
            await dataSource.transaction(async (manager) => {
                await this.steps(manager, 5, 0)
                if (this.below(4) === 0) throw GIVEN_UP
            })
            this.committed.push(this.rows)
        } catch (error) {
            // Upserts by a second unique index lock gaps in InnoDB, whatever numbers the rows.
            const isDeadlock = (error as { code?: unknown }).code === "ER_LOCK_DEADLOCK"
            if (error !== GIVEN_UP && !isDeadlock) throw error
            this.lose(this.rows)
        }
    }

    private async steps(manager: EntityManager, most: number, depth: number): Promise<void> {
        for (let left = this.below(most); left >= 0; left -= 1) await this.step(manager, depth)
    }

    private async step(manager: EntityManager, depth: number): Promise<unknown> {
        const invoices = manager.getRepository(Invoice)
        switch (this.below(10)) {
            case 0:
                return this.add(manager, 1, ([row]) => invoices.save(row as Partial<Invoice>))
            case 1:
                return this.add(manager, 4, (rows) => invoices.save(rows))
            case 2:
                return this.add(manager, 3, (rows) => invoices.insert(rows as Invoice[]))
            case 3:
                return this.add(manager, 3, (rows) =>
                    Promise.all(rows.map((row) => invoices.save(row))),
                )
            case 4: {
                // The second time it finds the row that is stored.
                const note = `${this.name} upserted ${this.below(6)}`
                const all = [...this.committed.flat(), ...this.rows]
                const known = all.find((row) => row.note === note)
                const customer = known?.customer ?? this.customer()
                const entity = { customer, note, reference: note }
                await invoices.upsert(entity, ["reference"])
                if (!known) this.rows.push({ note, customer, entity })
                return
            }
            case 5: {
                const row = this.told()
                if (!row) return
                this.rows.splice(this.rows.indexOf(row), 1)
                this.lost.push(row.entity)
                return invoices.delete({ id: row.entity.id })
            }
            case 6: {
                const row = this.told()
                if (!row) return
                row.customer = this.customer()
                return invoices.update({ id: row.entity.id }, { customer: row.customer })
            }
            case 7: {
                const { id } = this.committed.flat()[0]?.entity ?? {}
                const stored = id === undefined ? null : await invoices.findOneBy({ id })
                return stored && invoices.save(Object.assign(stored, { reference: stored.note }))
            }
            default:
                return depth < 3 && this.savepoint(manager, depth + 1)
        }
    }

    private async add(
        manager: EntityManager,
        most: number,
        write: (rows: Partial<Invoice>[]) => Promise<unknown>,
    ): Promise<void> {
        const rows = upTo(1 + this.below(most)).map((): Row => {
            const customer = this.customer()
            const note = `${this.name} ${(this.notes += 1)}`
            return { note, customer, entity: { customer, note } }
        })
        await write(rows.map(({ entity }) => entity))
        // Of several rows at once TypeORM tells the key of the last one where sql.js is the driver.
        for (const { entity, note } of rows)
            entity.id = (await manager.findOneByOrFail(Invoice, { note })).id
        this.rows.push(...rows)
    }

    private async savepoint(manager: EntityManager, depth: number): Promise<void> {
        const before = this.rows.map((row) => ({ ...row }))
        const lost = this.lost.length
        try {
            await manager.transaction(async (inner) => {
                await this.steps(inner, 4, depth)
                if (this.below(2) === 0) throw GIVEN_UP
            })
        } catch (error) {
            if (error !== GIVEN_UP) throw error
            const isKept = ({ entity }: Row) => before.some((row) => row.entity === entity)
            const deleted = this.lost.splice(lost)
            const kept = before.map(({ entity }) => entity)
            this.lost.push(...deleted.filter((entity) => !kept.includes(entity)))
            this.lose(this.rows.filter((row) => !isKept(row)))
            this.rows = before
        }
    }

    /** One of the rows whose primary key is known. */
    private told(): Row | undefined {
        const rows = this.rows.filter(({ entity }) => entity.id !== undefined)
        return rows[this.below(rows.length)]
    }

    private lose(rows: readonly Row[]): void {
        this.lost.push(...rows.map(({ entity }) => entity))
    }

    private customer(): Customer {
        return this.customers[this.below(this.customers.length)] as Customer
    }

    private below(limit: number): number {
        this.seed = (Math.imul(this.seed, 1_103_515_245) + 12_345) & 0x7fffffff
        return Math.floor((this.seed / 0x80000000) * limit)
    }
}

onCounters("Random transactions whose numbers are made at COMMIT", ({ tables, can }) => {
    const dataSource = tables(ENTITIES)

    it("number each scope from 1 to N, each transaction in the order of its rows", async () => {
        const customers = await dataSource()
            .getRepository(Customer)
            .save(["Ada", "Bob", "Cy"].map((name) => ({ name })))
        for (const customer of customers)
            await dataSource().getRepository(Invoice).save({ customer, note: "first" })
        const writers = Array.from(
            { length: can.parallel ? WRITERS : 1 },
            (_, at) => new Writer(at, customers, seed + at),
        )
        await Promise.all(
            writers.map(async (writer) => {
                for (let left = can.parallel ? 25 : 120; left > 0; left -= 1)
                    await writer.run(dataSource())
            }),
        )
        const stored = await dataSource()
            .getRepository(Invoice)
            .find({ relations: { customer: true } })
        const byNote = new Map(stored.map((row) => [row.note, row]))
        const committed = writers.flatMap((writer) => writer.committed)
        expect(stored).to.have.length(committed.flat().length + customers.length)
        for (const rows of committed)
            for (const { id } of customers) {
                const own = rows.filter(({ customer }) => customer.id === id)
                const numbers = own.map(({ note, entity }) => {
                    const found = byNote.get(note)
                    expect(found?.customer.id, note).to.equal(id)
                    expect(entity.number, note).to.equal(found?.number)
                    return found?.number ?? 0
                })
                const [first = 0] = numbers
                expect(numbers).to.eql(numbers.map((_, at) => first + at))
            }
        for (const { id, name } of customers) {
            const numbers = stored.flatMap((row) => (row.customer.id === id ? [row.number] : []))
            numbers.sort((a, b) => Number(a) - Number(b))
            expect(numbers, name).to.eql(upTo(numbers.length))
        }
        for (const row of writers.flatMap(({ lost }) => lost))
            expect(row.number ?? null, row.note).to.equal(null)
        expect(await resyncCounters(dataSource())).to.eql([])
    }).timeout(120_000)
})

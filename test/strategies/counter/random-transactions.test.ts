import { expect } from "chai"
import type { DataSource, EntityManager } from "typeorm"
import {
    connectFast,
    COUNTING,
    type Counting,
    type Customer,
    customers,
    customersIn,
    insertBySql,
    type Invoice,
    invoicesIn,
    lastOfCounters,
    numbersOf,
    worksWith,
} from "../../support/counted-invoices"
import { onEveryDatabase } from "../../support/databases"
import { isDeadlock } from "../../support/errors"
import { seed } from "../../support/seed"
import { upTo } from "../../support/invoices"

const WORKERS = 10
const GIVEN_UP = new Error("given up on purpose")

type Place = readonly [customer: string, number: number]

/** What a transaction, or a part of it, has made of the table if it is not rolled back. */
class Changes {
    readonly inserted: Place[] = []
    readonly deleted: Place[] = []

    add({ inserted, deleted }: Changes): void {
        this.inserted.push(...inserted)
        this.deleted.push(...deleted)
    }
}

/** Whether the database has refused a row, or a transaction that stood in the way of another. */
function isRefusal(error: unknown, what: "row" | "transaction"): boolean {
    const { code, errno } = error as { code?: string; errno?: number }
    return what === "row"
        ? ["23505", "23502", "23514", "NUMBER_TAKEN"].includes(String(code)) ||
              [1062, 1048, 4025].includes(Number(errno)) ||
              /^SQLITE_CONSTRAINT/.test(String(code)) ||
              /constraint failed/.test(String(error))
        : isDeadlock(error)
}

/** Transactions made of whatever the library has to get right, in an order nobody has thought of. */
class RandomWork {
    /** Of all transactions that were committed. */
    readonly committed = new Changes()
    readonly ends = { committed: 0, "given up": 0, deadlocked: 0 }
    private names = 0

    constructor(
        private readonly strategy: Counting,
        private readonly customers: readonly Customer[],
        /** Whose numbers are set by hand, now and then. */
        private readonly typed: Customer,
        private readonly canGoOn: boolean,
        private seed: number,
    ) {}

    async run(dataSource: DataSource): Promise<void> {
        const changes = new Changes()
        // A trigger needs no transaction.
        const isAlone = this.strategy === "trigger" && this.below(4) === 0
        try {
            if (isAlone) await this.statement(dataSource.manager, changes)
            else
                await dataSource.transaction(async (manager) => {
                    await this.steps(manager, changes, 4, 0)
                    if (this.below(3) === 0) throw GIVEN_UP
                })
            this.committed.add(changes)
            this.ends.committed += 1
        } catch (error) {
            if (error === GIVEN_UP) this.ends["given up"] += 1
            else if (isRefusal(error, "transaction")) this.ends.deadlocked += 1
            else throw error
        }
    }

    private async steps(
        manager: EntityManager,
        changes: Changes,
        most: number,
        depth: number,
    ): Promise<void> {
        for (let left = this.below(most); left >= 0; left -= 1)
            await this.step(manager, changes, depth)
    }

    private async step(manager: EntityManager, changes: Changes, depth: number): Promise<unknown> {
        const invoices = invoicesIn(manager)
        const rows = (most: number) => this.rows(manager, most)
        const inserted = (list: readonly Invoice[]) =>
            list.map(({ customer, number }) => changes.inserted.push([customer.name, number]))
        switch (this.below(this.strategy === "trigger" ? 12 : 11)) {
            case 0:
                return inserted([await invoices.save(rows(1)[0]!)])
            case 1:
                return inserted(await invoices.save(rows(5)))
            case 2:
                return inserted(await Promise.all(rows(4).map((row) => invoices.save(row))))
            case 3: {
                const list = rows(3)
                await invoices.insert(list)
                return inserted(list)
            }
            case 4:
            case 5: {
                // The second time it is an update, and nobody tells.
                const customer = this.customer()
                const reference = `${customer.name} ${this.below(8)}`
                return invoices.upsert({ customer, reference }, ["reference"])
            }
            case 6: {
                const name = `family ${++this.names}`
                const family = { name, invoices: upTo(this.below(4)).map(() => ({})) }
                const saved = await customersIn(manager).save(family)
                for (const { number } of saved.invoices as Invoice[])
                    changes.inserted.push([name, number])
                return
            }
            case 7:
                return this.delete(manager, changes)
            case 8:
                return depth < 3 && this.savepoint(manager, changes, depth + 1)
            case 9:
                return this.typeNumber(manager, changes)
            case 10:
                return this.strategy === "trigger" && this.statement(manager, changes)
            default:
                return this.failing(manager)
        }
    }

    /** What works with triggers alone: without a transaction, or without TypeORM. */
    private async statement(manager: EntityManager, changes: Changes): Promise<unknown> {
        switch (this.below(3)) {
            case 0: {
                const rows = this.rows(manager, 4)
                await invoicesIn(manager).insert(rows)
                for (const { customer, number } of rows)
                    changes.inserted.push([customer.name, number])
                return
            }
            case 1: {
                // Some of them are updates.
                const rows = this.customers.map((customer) => ({
                    customer,
                    reference: `${customer.name} ${this.below(8)}`,
                }))
                return invoicesIn(manager).upsert(
                    [...rows, ...this.rows(manager, 2)],
                    ["reference"],
                )
            }
            default:
                return insertBySql(manager, this.customer(), [undefined, undefined])
        }
    }

    /** A number that another row has is refused; without one set it goes on after the highest. */
    private async typeNumber(manager: EntityManager, changes: Changes): Promise<void> {
        const number = this.below(3) === 0 ? undefined : 1 + this.below(500)
        try {
            const row = await manager.transaction((inner) =>
                invoicesIn(inner).save({ customer: this.typed, number }),
            )
            changes.inserted.push([this.typed.name, row.number])
        } catch (error) {
            if (!isRefusal(error, "row")) throw error
        }
    }

    private rows(manager: EntityManager, most: number): Invoice[] {
        return upTo(1 + this.below(most)).map(() =>
            invoicesIn(manager).create({ customer: this.customer() }),
        )
    }

    private async delete(manager: EntityManager, changes: Changes): Promise<void> {
        const customer = this.customer()
        const row = await invoicesIn(manager).findOne({
            where: { customer: { id: customer.id } },
            order: { number: "DESC" },
        })
        if (!row) return
        const { affected } = await invoicesIn(manager).delete({ id: row.id })
        // Another transaction may have deleted it; not every driver tells.
        if (affected !== 0) changes.deleted.push([customer.name, row.number])
    }

    private async savepoint(
        manager: EntityManager,
        changes: Changes,
        depth: number,
    ): Promise<void> {
        const within = new Changes()
        try {
            await manager.transaction(async (inner) => {
                await this.steps(inner, within, 3, depth)
                if (this.below(2) === 0) throw GIVEN_UP
            })
            changes.add(within)
        } catch (error) {
            if (error !== GIVEN_UP) throw error
        }
    }

    private async failing(manager: EntityManager): Promise<void> {
        const customer = this.customer()
        const bad: Partial<Invoice>[] = [
            { reference: "taken" },
            { amount: null as never },
            { amount: -1 },
        ]
        const row = { customer, ...bad[this.below(3)] }
        const isWithinSavepoint = !this.canGoOn || this.below(2) === 0
        try {
            if (isWithinSavepoint)
                await manager.transaction(async (inner) => {
                    await invoicesIn(inner).save([{ customer }, { customer }])
                    await invoicesIn(inner).save(row)
                })
            else await invoicesIn(manager).save(row)
        } catch (error) {
            if (isRefusal(error, "row")) return
            throw error
        }
        expect.fail("The row should have been refused.")
    }

    private customer(): Customer {
        return this.customers[this.below(this.customers.length)]!
    }

    private below(limit: number): number {
        this.seed = (Math.imul(this.seed, 1_103_515_245) + 12_345) & 0x7fffffff
        return Math.floor((this.seed / 0x80000000) * limit)
    }
}

function perCustomer(places: readonly Place[]): Map<string, number[]> {
    const numbers = new Map<string, number[]>()
    for (const [name, number] of places) numbers.set(name, [...(numbers.get(name) ?? []), number])
    return numbers
}

for (const strategy of COUNTING)
    onEveryDatabase(
        `Random transactions of strategy "${strategy}"`,
        (database) => {
            it("never give a number twice, and leave out none", async () => {
                const dataSource = await connectFast(database(), WORKERS, strategy)
                if (database().kind === "mariadb")
                    await database().query("ALTER TABLE invoice ADD CHECK (amount >= 0)")
                const all = await customers(dataSource, "Ada", "Bob", "Cy", "Dot", "Eve", "Typed")
                const [eve, typed] = [all[4]!, all[5]!]
                const taken = await invoicesIn(dataSource.manager).save({
                    customer: eve,
                    reference: "taken",
                })
                const canGoOn = !["postgres", "pglite"].includes(database().kind)
                const work = new RandomWork(strategy, all.slice(0, 4), typed, canGoOn, seed)
                const isParallel = database().can.parallel
                await Promise.all(
                    upTo(isParallel ? WORKERS : 1).map(async () => {
                        for (let left = isParallel ? 40 : 150; left > 0; left -= 1)
                            await work.run(dataSource)
                    }),
                )
                expect(work.ends.committed).to.be.greaterThan(60)

                const { inserted, deleted } = work.committed
                const stored = await numbersOf(dataSource)
                const rows = Object.entries(stored).flatMap(([name, numbers]) =>
                    numbers.map((number): Place => [name, number]),
                )
                const saved = perCustomer([...inserted, [taken.customer.name, taken.number]])
                for (const [name, numbers] of saved)
                    expect(new Set(numbers).size, name).to.equal(numbers.length)
                const gone = perCustomer(deleted)
                for (const [name, numbers] of gone) {
                    expect(new Set(numbers).size, `deleted of ${name}`).to.equal(numbers.length)
                    expect(stored[name] ?? [], name).not.to.include.members(numbers)
                }
                // Whoever got a number, by whatever way, and has it still or not.
                const ever = perCustomer([...rows, ...inserted, ...deleted])
                const last = new Map<string, number>()
                for (const [name, numbers] of ever) {
                    const distinct = [...new Set(numbers)].sort((a, b) => a - b)
                    if (name !== typed.name)
                        expect(distinct, name).to.deep.equal(upTo(distinct.length))
                    last.set(name, distinct.at(-1)!)
                }
                const names = new Map(
                    (await customersIn(dataSource.manager).find()).map(({ id, name }) => [
                        `v1:"${id}"`,
                        name,
                    ]),
                )
                const counters = (await lastOfCounters(dataSource, "Invoice")).map(
                    ([scope, number]) => [names.get(scope), number] as const,
                )
                expect(new Map(counters.filter(([, number]) => number !== 0))).to.deep.equal(last)
            })
        },
        worksWith(strategy),
    )

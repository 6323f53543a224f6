import { expect } from "chai"
import type { DataSource, EntityManager } from "typeorm"
import { onEachDatabase } from "../../support/databases"
import { seed } from "../../support/seed"
import { sqlState } from "../../support/errors"
import {
    customer,
    Customer,
    Invoice,
    invoiceEntities,
    storedNumbers,
    upTo,
} from "../../support/invoices"
import { isThorough } from "../../support/thoroughness"

const WORKERS = 10
const TRANSACTIONS_EACH = isThorough ? 60 : 20
const GIVEN_UP = new Error("given up on purpose")

/** Transactions made of whatever the library has to get right, in an order nobody has thought of. */
class RandomWork {
    private families = 0

    constructor(
        private readonly customers: readonly Customer[],
        private seed: number,
    ) {}

    async run(dataSource: DataSource): Promise<void> {
        await this.unlessGivenUp(
            dataSource.transaction(async (manager) => {
                await this.steps(manager, 4, 0)
                if (this.below(3) === 0) throw GIVEN_UP
            }),
        )
    }

    private async steps(manager: EntityManager, most: number, depth: number): Promise<void> {
        for (let left = this.below(most); left >= 0; left -= 1) await this.step(manager, depth)
    }

    private async step(manager: EntityManager, depth: number): Promise<unknown> {
        const invoices = manager.getRepository(Invoice)
        const rows = (most: number) =>
            upTo(1 + this.below(most)).map(() => ({ customer: this.customer() }))
        const customer = this.customer()
        switch (this.below(8)) {
            case 0:
                return invoices.save({ customer })
            case 1:
                return invoices.save(rows(5))
            case 2:
                return Promise.all(rows(4).map((row) => invoices.save(row)))
            case 3:
                return manager.insert(Invoice, rows(3))
            case 4:
                // The second time it is an update.
                return manager.upsert(
                    Invoice,
                    { customer, reference: `${customer.name} ${this.below(8)}` },
                    ["reference"],
                )
            case 5:
                return manager.getRepository(Customer).save({
                    name: `family ${++this.families}`,
                    invoices: upTo(this.below(4)).map(() => ({})),
                })
            case 6:
                return depth < 3 && this.savepoint(manager, depth + 1)
            default:
                return sqlState(
                    manager.transaction(async (inner) => {
                        await inner.getRepository(Invoice).save({ customer })
                        const twice = upTo(2).map(() => ({ customer, reference: "twice" }))
                        await inner.getRepository(Invoice).save(twice)
                    }),
                )
        }
    }

    private savepoint(manager: EntityManager, depth: number): Promise<void> {
        return this.unlessGivenUp(
            manager.transaction(async (inner) => {
                await this.steps(inner, 3, depth)
                if (this.below(2) === 0) throw GIVEN_UP
            }),
        )
    }

    private async unlessGivenUp(work: Promise<void>): Promise<void> {
        await work.catch((error: unknown) => {
            if (error !== GIVEN_UP) throw error
        })
    }

    private customer(): Customer {
        return this.customers[this.below(this.customers.length)] as Customer
    }

    private below(limit: number): number {
        this.seed = (Math.imul(this.seed, 1_103_515_245) + 12_345) & 0x7fffffff
        return Math.floor((this.seed / 0x80000000) * limit)
    }
}

onEachDatabase("Random transactions", (database) => {
    it("leave every scope numbered exactly 1..N", async () => {
        const dataSource = await database().connect(invoiceEntities, {
            extra: { max: WORKERS, options: "-c synchronous_commit=off" },
        })
        const customers: Customer[] = []
        for (const name of ["Ada", "Bob", "Cy", "Dot"])
            customers.push(await customer(dataSource, name))
        const work = new RandomWork(customers, seed)
        await Promise.all(
            upTo(WORKERS).map(async () => {
                for (let left = TRANSACTIONS_EACH; left > 0; left -= 1) await work.run(dataSource)
            }),
        )

        const stored = await storedNumbers(dataSource)
        expect(stored).to.include.keys("Ada", "Bob", "Cy", "Dot")
        for (const [name, numbers] of Object.entries(stored))
            expect(numbers, name).to.deep.equal(upTo(numbers.length))
        expect(Object.values(stored).flat().length).to.be.greaterThan(8 * TRANSACTIONS_EACH)
    })
})

import { expect } from "chai"
import type { DataSource, EntityManager } from "typeorm"
import { transactionWithRetry } from "../../src"
import {
    connectFast,
    countedEntities,
    Customer,
    customers,
    expectGapless,
    Invoice,
    lastOfCounters,
    Parcel,
    Ticket,
    ticketsOf,
} from "../support/counted-invoices"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { upTo } from "../support/invoices"
import { Signal } from "../support/waiting"

const ROLLED_BACK = new Error("rolled back on purpose")
const WORKERS = 32
const TURNS = 100

const ignore = (expected: Error) => (error: unknown) => {
    if (error !== expected) throw error
}

/** What the database calls it when one of several transactions that wait for each other must go. */
function isDeadlock(error: unknown): boolean {
    const { code, errno } = error as { code?: string; errno?: number }
    return code === "40P01" || errno === 1213
}

/** Does the work again where the database has picked it to be the victim of a deadlock. */
async function unlessDeadlocked(work: () => Promise<unknown>): Promise<void> {
    for (;;)
        try {
            await work()
            return
        } catch (error) {
            if (!isDeadlock(error)) throw error
        }
}

/** Every worker inserts one row after the other, and rolls back a third of them. */
async function insertAll(
    dataSource: DataSource,
    scopes: readonly Customer[],
    workers: number,
): Promise<Record<string, number>> {
    const committed: Record<string, number> = {}
    const insert = async (worker: number, turn: number) => {
        const customer = scopes[(worker * TURNS + turn) % scopes.length]!
        const isRolledBack = (worker + turn) % 3 === 0
        // The first number of a scope is where InnoDB can find a deadlock.
        await unlessDeadlocked(() =>
            dataSource
                .transaction(async (manager) => {
                    await manager.getRepository(Invoice).save({ customer })
                    if (isRolledBack) throw ROLLED_BACK
                })
                .catch(ignore(ROLLED_BACK)),
        )
        if (!isRolledBack) committed[customer.name] = (committed[customer.name] ?? 0) + 1
    }
    await Promise.all(
        upTo(workers).map(async (worker) => {
            for (const turn of upTo(TURNS)) await insert(worker, turn)
        }),
    )
    return committed
}

onEveryDatabase(
    "Counters under concurrency",
    (database) => {
        for (const scopes of [1, 10, 1000])
            it(`${WORKERS} connections x ${TURNS} inserts, a third rolled back, over ${scopes} scopes: exactly 1..N`, async () => {
                const dataSource = await connectFast(database(), WORKERS)
                const all = await customers(dataSource, ...upTo(scopes).map(String))
                const committed = await insertAll(dataSource, all, WORKERS)
                expect(await expectGapless(dataSource)).to.deep.equal(committed)
            })

        it("100 parallel requests get 1..100, over fewer connections than that", async () => {
            const dataSource = await connectFast(database(), 20)
            const [customer] = await customers(dataSource, "Ada")
            const saved = await Promise.all(
                upTo(100).map(() => dataSource.getRepository(Invoice).save({ customer })),
            )
            const numbers = saved.map(({ number }) => number)
            expect(numbers.sort((a, b) => a - b)).to.deep.equal(upTo(100))
            expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 100 })
        })

        for (const existing of [0, 7])
            it(`two connections racing for the first number of a scope with ${existing} rows: both succeed`, async () => {
                const dataSource = await connectFast(database(), 2)
                const all = await customers(dataSource, ...upTo(30).map(String))
                for (const { id } of existing ? all : [])
                    await insertRows(dataSource, id, upTo(existing))
                for (const customer of all) {
                    let begun = 0
                    const bothBegan = new Signal()
                    const saved = await Promise.all(
                        upTo(2).map(() =>
                            dataSource.transaction(async (manager) => {
                                await manager.query("SELECT 1")
                                if (++begun === 2) bothBegan.send()
                                await bothBegan.promise
                                return manager.getRepository(Invoice).save({ customer })
                            }),
                        ),
                    )
                    expect(saved.map(({ number }) => number)).to.have.members([
                        existing + 1,
                        existing + 2,
                    ])
                }
                expect(await expectGapless(dataSource)).to.deep.equal(
                    Object.fromEntries(all.map(({ name }) => [name, existing + 2])),
                )
            })

        it("flushes of many rows over all scopes, in any order: no deadlock, each in a row", async () => {
            const dataSource = await connectFast(database(), 8)
            const all = await customers(dataSource, ...upTo(20).map(String))
            // All counters exist, so that nothing but their order matters.
            await dataSource.getRepository(Invoice).save(all.map((customer) => ({ customer })))
            await Promise.all(
                upTo(8).map(async (worker) => {
                    for (const turn of upTo(10)) {
                        const rotated = [
                            ...all.slice(turn + worker),
                            ...all.slice(0, turn + worker),
                        ]
                        const ordered = worker % 2 ? rotated : rotated.reverse()
                        const rows = await dataSource
                            .getRepository(Invoice)
                            .save([...ordered, ...ordered].map((customer) => ({ customer })))
                        // The two rows of a scope follow each other.
                        for (const [at, { number }] of rows.slice(0, 20).entries())
                            expect(rows[at + 20]!.number).to.equal(number + 1)
                    }
                }),
            )
            expect(await expectGapless(dataSource)).to.deep.equal(
                Object.fromEntries(all.map(({ name }) => [name, 161])),
            )
        })

        for (const use of ["first", "later"] as const)
            it(`two flushes that touch scopes in opposite order, ${use} use: no deadlock`, async () => {
                const dataSource = await database().connect(countedEntities)
                const all = await customers(dataSource, ...upTo(100).map(String))
                const rows = () => all.map((customer) => ({ customer }))
                const invoices = dataSource.getRepository(Invoice)
                if (use === "later") await invoices.save(rows())
                for (let turn = 0; turn < 5; turn += 1)
                    await Promise.all([invoices.save(rows()), invoices.save(rows().reverse())])
                expect(await expectGapless(dataSource)).to.deep.equal(
                    Object.fromEntries(all.map(({ name }) => [name, use === "later" ? 11 : 10])),
                )
            })

        it("single inserts in opposite order: the database refuses one, and nothing is wrong after", async () => {
            const dataSource = await connectFast(database(), 2)
            const { results } = await opposite(dataSource, (work) => dataSource.transaction(work))
            const errors = results.flatMap((result) =>
                result.status === "rejected" ? [result.reason as Error] : [],
            )
            expect(errors).to.have.length(1)
            expect(errors.map(isDeadlock)).to.deep.equal([true])
            expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 2, Bob: 2 })
            await dataSource.transaction(async (manager) => {
                for (const customer of await manager.find(Customer))
                    expect(
                        (await manager.getRepository(Invoice).save({ customer })).number,
                    ).to.equal(3)
            })
        })

        it("single inserts in opposite order: both succeed when the work is done again", async () => {
            const dataSource = await connectFast(database(), 2)
            const { results, attempts } = await opposite(dataSource, (work) =>
                transactionWithRetry(dataSource, work),
            )
            expect(results.map(({ status }) => status)).to.deep.equal(["fulfilled", "fulfilled"])
            expect(attempts).to.equal(3)
            expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 3, Bob: 3 })
        })

        it("counters of two series are locked in one order, whatever order the rows are in", async () => {
            const dataSource = await connectFast(database(), 8)
            const [customer] = await customers(dataSource, "Ada")
            await dataSource.manager.save([
                dataSource.getRepository(Invoice).create({ customer }),
                dataSource.getRepository(Ticket).create({}),
            ])
            await Promise.all(
                upTo(40).map((i) => {
                    const rows = [
                        dataSource.getRepository(Invoice).create({ customer }),
                        dataSource.getRepository(Ticket).create({}),
                    ]
                    return dataSource.manager.save(i % 2 ? rows : rows.reverse())
                }),
            )
            expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 41 })
            expect(await ticketsOf(dataSource)).to.deep.equal(upTo(41))
        })
    },
    ({ parallel }) => parallel,
)

onEveryDatabase(
    "Counters of a database with one connection",
    (database) => {
        for (const scopes of [1, 10, 100])
            it(`${TURNS} inserts one after the other, a third rolled back, over ${scopes} scopes: exactly 1..N`, async () => {
                const dataSource = await database().connect(countedEntities)
                const all = await customers(dataSource, ...upTo(scopes).map(String))
                const committed = await insertAll(dataSource, all, 1)
                expect(await expectGapless(dataSource)).to.deep.equal(committed)
            })

        it("parallel saves within one transaction get 1..N", async () => {
            const dataSource = await database().connect(countedEntities)
            const [customer] = await customers(dataSource, "Ada")
            await dataSource.transaction((manager) =>
                Promise.all(upTo(50).map(() => manager.getRepository(Invoice).save({ customer }))),
            )
            expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 50 })
        })

        it("numbers with and without gaps in one transaction are rolled back together", async () => {
            const dataSource = await database().connect(countedEntities)
            const [customer] = await customers(dataSource, "Ada")
            const work = async (manager: EntityManager) => {
                await manager.getRepository(Invoice).save({ customer })
                await manager.getRepository(Parcel).save({ depot: "Oslo" })
            }
            await dataSource.transaction(work)
            await rejection(
                dataSource.transaction(async (manager) => {
                    await work(manager)
                    throw ROLLED_BACK
                }),
            )
            await dataSource.transaction(work)
            expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 2 })
            expect(await lastOfCounters(dataSource, Parcel)).to.deep.equal([['v1:"Oslo"', 2]])
        })
    },
    ({ parallel }) => !parallel,
)

/** Two transactions that insert for the same two customers, each beginning with another. */
async function opposite(
    dataSource: DataSource,
    transaction: (work: (manager: EntityManager) => Promise<void>) => Promise<void>,
): Promise<{ results: PromiseSettledResult<void>[]; attempts: number }> {
    const [ada, bob] = await customers(dataSource, "Ada", "Bob")
    const both = [ada, bob!]
    await dataSource.getRepository(Invoice).save(both.map((customer) => ({ customer })))
    let attempts = 0
    const bothHold = new Signal()
    const results = await Promise.allSettled(
        [both, [...both].reverse()].map(([first, second]) =>
            transaction(async (manager) => {
                await manager.getRepository(Invoice).save({ customer: first })
                if (++attempts === 2) bothHold.send()
                await bothHold.promise
                await manager.getRepository(Invoice).save({ customer: second })
            }),
        ),
    )
    return { results, attempts }
}

async function insertRows(
    dataSource: DataSource,
    customer: number,
    numbers: readonly number[],
): Promise<void> {
    const { tablePath } = dataSource.getMetadata(Invoice)
    const escape = (name: string) => dataSource.driver.escape(name)
    await dataSource.query(
        `INSERT INTO ${tablePath.split(".").map(escape).join(".")} (customer_id, ${escape("number")}) ` +
            `VALUES ${numbers.map((number) => `(${customer}, ${number})`).join(", ")}`,
    )
}

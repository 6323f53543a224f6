import { expect } from "chai"
import { type DataSource, type EntityManager, QueryFailedError } from "typeorm"
import { installAutoSequence, transactionWithRetry } from "../../../src"
import {
    connectFast,
    connectCounted,
    COUNTING,
    type Counting,
    type Customer,
    customers,
    customersIn,
    expectGapless,
    insertBySql,
    insertWithoutCounter,
    type Invoice,
    invoicesIn,
    lastOfCounters,
    numbersOf,
    Parcel,
    ticketsIn,
    ticketsOf,
    worksWith,
} from "../../support/counted-invoices"
import { onEveryDatabase } from "../../support/databases"
import { isDeadlock, rejection } from "../../support/errors"
import { upTo } from "../../support/invoices"
import { isThorough } from "../../support/thoroughness"
import { sessionOf, Signal, waitForLocks } from "../../support/waiting"
import { tableName } from "../../support/typeorm"

const ROLLED_BACK = new Error("rolled back on purpose")
const WORKERS: Record<Counting, number> = isThorough
    ? { counter: 32, trigger: 16 }
    : { counter: 12, trigger: 12 }
const TURNS: Record<Counting, number> = isThorough
    ? { counter: 100, trigger: 40 }
    : { counter: 6, trigger: 6 }
/** How often two race for the first number of a scope. */
const RACES = isThorough ? 30 : 10

const ignore = (expected: Error) => (error: unknown) => {
    if (error !== expected) throw error
}

/** Does the work again where the database has picked it to be the victim of a deadlock. */
async function unlessDeadlocked<T>(work: () => Promise<T>): Promise<T> {
    for (;;)
        try {
            return await work()
        } catch (error) {
            if (!isDeadlock(error)) throw error
        }
}

/** Inserts a row in a way that fails, or doesn't; resolves to its number. */
type Attempt = (dataSource: DataSource, customer: Customer, fails: boolean) => Promise<number>

const saveOrRollBack: Attempt = async (dataSource, customer, fails) => {
    const row: Partial<Invoice> = { customer }
    await dataSource
        .transaction(async (manager) => {
            await invoicesIn(manager).save(row)
            if (fails) throw ROLLED_BACK
        })
        .catch(ignore(ROLLED_BACK))
    return row.number!
}

/** A statement on its own; the one that fails is refused by a unique index. */
const insertOutside: Attempt = async ({ manager }, customer, fails) => {
    const row: Partial<Invoice> = { customer, reference: fails ? "taken" : null }
    const inserted = invoicesIn(manager).insert(row)
    if (!fails) await inserted
    else {
        const error = await rejection(inserted)
        if (isDeadlock(error)) throw error
        expect(error).to.be.instanceOf(QueryFailedError)
    }
    return row.number!
}

/** Only so many that writers meet: a statement on its own holds a scope for a moment only. */
const scopesOf = (attempt: Attempt) =>
    isThorough ? [1, 10, 1000] : attempt === insertOutside ? [1] : [1, 10]

/** Every worker inserts one row after the other, a third of which fail: the others' numbers. */
async function insertAll(
    dataSource: DataSource,
    attempt: Attempt,
    scopes: readonly Customer[],
    { workers, turns }: { workers: number; turns: number },
): Promise<Record<string, number[]>> {
    const [first] = scopes
    await invoicesIn(dataSource.manager).save({ customer: first, reference: "taken" })
    const committed: Record<string, number[]> = { [first!.name]: [1] }
    const insert = async (worker: number, turn: number) => {
        const customer = scopes[(worker * turns + turn) % scopes.length]!
        const fails = (worker + turn) % 3 === 0
        // The first number of a scope is where InnoDB can find a deadlock.
        const number = await unlessDeadlocked(() => attempt(dataSource, customer, fails))
        if (!fails) (committed[customer.name] ??= []).push(number)
    }
    await Promise.all(
        upTo(workers).map(async (worker) => {
            for (const turn of upTo(turns)) await insert(worker, turn)
        }),
    )
    for (const numbers of Object.values(committed)) numbers.sort((a, b) => a - b)
    return committed
}

/** Does work that may be ended by a deadlock until it isn't. */
function repeat<T>(
    dataSource: DataSource,
    work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
    return transactionWithRetry(dataSource, work, { attempts: 100, minDelay: 1, maxDelay: 50 })
}

for (const strategy of COUNTING) {
    // A trigger locks the scopes of a flush in the order of its rows.
    const locksInOrder = strategy === "counter"
    const outcome = locksInOrder ? "no deadlock" : "complete when what is refused is done again"
    const flush = <T>(dataSource: DataSource, work: (manager: EntityManager) => Promise<T>) =>
        locksInOrder ? work(dataSource.manager) : repeat(dataSource, work)
    // A trigger needs no transaction.
    const attempts = {
        "save() in a transaction": saveOrRollBack,
        ...(strategy === "trigger" && { "insert() outside of a transaction": insertOutside }),
    }
    const workers = WORKERS[strategy]
    const turns = TURNS[strategy]

    onEveryDatabase(
        `Strategy "${strategy}" under concurrency`,
        (database) => {
            for (const [way, attempt] of Object.entries(attempts))
                for (const scopes of scopesOf(attempt))
                    it(`${workers} connections x ${turns} ${way}, a third of which fail, over ${scopes} scopes: exactly 1..N`, async () => {
                        const dataSource = await connectFast(database(), workers, strategy)
                        const all = await customers(dataSource, ...upTo(scopes).map(String))
                        const committed = await insertAll(dataSource, attempt, all, {
                            workers,
                            turns,
                        })
                        await expectGapless(dataSource)
                        expect(await numbersOf(dataSource)).to.deep.equal(committed)
                    })

            it("40 parallel requests get 1..40, over fewer connections than that", async () => {
                const dataSource = await connectFast(database(), 8, strategy)
                const [customer] = await customers(dataSource, "Ada")
                const saved = await Promise.all(
                    upTo(40).map(() => invoicesIn(dataSource.manager).save({ customer })),
                )
                const numbers = saved.map(({ number }) => number)
                expect(numbers.sort((a, b) => a - b)).to.deep.equal(upTo(40))
                expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 40 })
            })

            for (const existing of [0, 7])
                it(`two connections racing for the first number of a scope with ${existing} rows: both succeed`, async () => {
                    const dataSource = await connectFast(database(), 2, strategy)
                    const all = await customers(dataSource, ...upTo(RACES).map(String))
                    for (const customer of existing ? all : [])
                        await insertWithoutCounter(dataSource, customer, upTo(existing))
                    // Its triggers look at no rows, which they would lock.
                    if (strategy === "trigger" && database().kind === "mariadb")
                        await installAutoSequence(dataSource)
                    for (const customer of all) {
                        let begun = 0
                        const bothBegan = new Signal()
                        const saved = await Promise.all(
                            upTo(2).map(() =>
                                dataSource.transaction(async (manager) => {
                                    await manager.query("SELECT 1")
                                    if (++begun === 2) bothBegan.send()
                                    await bothBegan.promise
                                    return invoicesIn(manager).save({ customer })
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

            it(`flushes of many rows over all scopes, in any order: ${outcome}, each in a row`, async () => {
                const [workers, turns] = isThorough ? [8, 10] : [4, 4]
                const dataSource = await connectFast(database(), workers, strategy)
                const all = await customers(dataSource, ...upTo(20).map(String))
                // All counters exist, so that nothing but their order matters.
                await invoicesIn(dataSource.manager).save(all.map((customer) => ({ customer })))
                await Promise.all(
                    upTo(workers).map(async (worker) => {
                        for (const turn of upTo(turns)) {
                            const rotated = [
                                ...all.slice(turn + worker),
                                ...all.slice(0, turn + worker),
                            ]
                            const ordered = worker % 2 ? rotated : rotated.reverse()
                            const rows = await flush(dataSource, (manager) =>
                                invoicesIn(manager).save(
                                    [...ordered, ...ordered].map((customer) => ({ customer })),
                                ),
                            )
                            // The two rows of a scope follow each other.
                            for (const [at, { number }] of rows.slice(0, 20).entries())
                                expect(rows[at + 20]!.number).to.equal(number + 1)
                        }
                    }),
                )
                expect(await expectGapless(dataSource)).to.deep.equal(
                    Object.fromEntries(all.map(({ name }) => [name, 1 + 2 * workers * turns])),
                )
            })

            // What triggers do where two INSERTs meet is below.
            for (const use of locksInOrder ? (["first", "later"] as const) : [])
                it(`two flushes that meet in opposite order, ${use} use: ${outcome}`, async () => {
                    const dataSource = await connectFast(database(), 5, strategy)
                    const all = await customers(dataSource, "Ada", "Bob", "Cy")
                    const save = (manager: EntityManager, list: readonly Customer[]) =>
                        invoicesIn(manager).save(list.map((customer) => ({ customer })))
                    if (use === "later") await save(dataSource.manager, all)
                    const before = use === "later" ? 1 : 0
                    const alone = [all, [...all].reverse()].map((order) => ({
                        order,
                        runner: dataSource.createQueryRunner(),
                    }))
                    const sessions = await Promise.all(
                        alone.map(({ runner }) => sessionOf(runner.manager)),
                    )
                    const results = await meetAt(dataSource, all[1]!, () => ({
                        results: Promise.allSettled(
                            alone.map(({ order, runner }) => save(runner.manager, order)),
                        ),
                        sessions: Promise.resolve(sessions),
                    }))
                    for (const { runner } of alone) await runner.release()
                    expect(results.map(({ status }) => status)).to.eql(["fulfilled", "fulfilled"])
                    expect(await expectGapless(dataSource)).to.deep.equal({
                        Ada: before + 2,
                        Bob: before + 3,
                        Cy: before + 2,
                    })
                })

            it("single inserts in opposite order: the database refuses one, and nothing is wrong after", async () => {
                const dataSource = await connectFast(database(), 2, strategy)
                const { results } = await opposite(dataSource, (work) =>
                    dataSource.transaction(work),
                )
                const errors = results.flatMap((result) =>
                    result.status === "rejected" ? [result.reason as Error] : [],
                )
                expect(errors).to.have.length(1)
                expect(errors.map(isDeadlock)).to.deep.equal([true])
                expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 2, Bob: 2 })
                await dataSource.transaction(async (manager) => {
                    for (const customer of await customersIn(manager).find())
                        expect((await invoicesIn(manager).save({ customer })).number).to.equal(3)
                })
            })

            it("single inserts in opposite order: both succeed when the work is done again", async () => {
                const dataSource = await connectFast(database(), 2, strategy)
                const { results, attempts } = await opposite(dataSource, (work) =>
                    transactionWithRetry(dataSource, work),
                )
                expect(results.map(({ status }) => status)).to.deep.equal([
                    "fulfilled",
                    "fulfilled",
                ])
                expect(attempts).to.equal(3)
                expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 3, Bob: 3 })
            })

            it(`counters of two series, whatever order the rows are in: ${outcome}`, async () => {
                const dataSource = await connectFast(database(), 6, strategy)
                const [customer] = await customers(dataSource, "Ada")
                const save = (isReversed: boolean) =>
                    flush(dataSource, (manager) => {
                        const rows = [
                            invoicesIn(manager).create({ customer }),
                            ticketsIn(manager).create({}),
                        ]
                        return manager.save(isReversed ? rows.reverse() : rows)
                    })
                await save(false)
                await Promise.all(upTo(24).map((i) => save(i % 2 === 0)))
                expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 25 })
                expect(await ticketsOf(dataSource)).to.deep.equal(upTo(25))
            })
        },
        ({ parallel }) => parallel,
    )

    onEveryDatabase(
        `Strategy "${strategy}" on a database with one connection`,
        (database) => {
            for (const [way, attempt] of Object.entries(attempts))
                for (const scopes of [1, 10, 100])
                    it(`${turns} ${way} one after the other, a third of which fail, over ${scopes} scopes: exactly 1..N`, async () => {
                        const dataSource = await connectCounted(database(), strategy)
                        const all = await customers(dataSource, ...upTo(scopes).map(String))
                        const committed = await insertAll(dataSource, attempt, all, {
                            workers: 1,
                            turns,
                        })
                        await expectGapless(dataSource)
                        expect(await numbersOf(dataSource)).to.deep.equal(committed)
                    })

            it("parallel saves within one transaction get 1..N", async () => {
                const dataSource = await connectCounted(database(), strategy)
                const [customer] = await customers(dataSource, "Ada")
                await dataSource.transaction((manager) =>
                    Promise.all(upTo(50).map(() => invoicesIn(manager).save({ customer }))),
                )
                expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 50 })
            })

            it("numbers with and without gaps in one transaction are rolled back together", async () => {
                const dataSource = await connectCounted(database(), strategy)
                const [customer] = await customers(dataSource, "Ada")
                const work = async (manager: EntityManager) => {
                    await invoicesIn(manager).save({ customer })
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
        (can) => !can.parallel && worksWith(strategy)(can),
    )
}

onEveryDatabase(
    "Triggers and whoever else writes",
    (database) => {
        it("8 connections at once use scopes for the first time, in transactions and without: exactly 1..8", async () => {
            const dataSource = await connectFast(database(), 8, "trigger")
            const all = await customers(dataSource, ...upTo(RACES / 2).map(String))
            for (const customer of all) {
                const numbers = await Promise.all(
                    upTo(8).map((i) =>
                        unlessDeadlocked(() =>
                            (i % 2 ? saveOrRollBack : insertOutside)(dataSource, customer, false),
                        ),
                    ),
                )
                expect(numbers.sort((a, b) => a - b)).to.deep.equal(upTo(8))
            }
            expect(await expectGapless(dataSource)).to.deep.equal(
                Object.fromEntries(all.map(({ name }) => [name, 8])),
            )
        })

        for (const scopes of [1, isThorough ? 50 : 5])
            it(`SQL of other programs beside save(), insert() and query builders, over ${scopes} scopes: exactly 1..N`, async () => {
                const [workers, turns] = isThorough ? [16, 15] : [10, 5]
                const dataSource = await connectFast(database(), workers, "trigger")
                const all = await customers(dataSource, ...upTo(scopes).map(String))
                const ways: ((customer: Customer) => Promise<unknown>)[] = [
                    (customer) => insertBySql(dataSource.manager, customer, [undefined, undefined]),
                    (customer) => insertSelected(dataSource, customer, 2),
                    (customer) => invoicesIn(dataSource.manager).save([{ customer }, { customer }]),
                    (customer) =>
                        invoicesIn(dataSource.manager).insert([{ customer }, { customer }]),
                    (customer) =>
                        dataSource
                            .createQueryBuilder()
                            .insert()
                            .into("Invoice")
                            .values([{ customer }, { customer }])
                            .execute(),
                ]
                const committed: Record<string, number> = {}
                await Promise.all(
                    upTo(workers).map(async (worker) => {
                        for (const turn of upTo(turns)) {
                            const customer = all[(worker + turn * 2) % scopes]!
                            const insert = ways[(worker + turn) % ways.length]!
                            await unlessDeadlocked(() => insert(customer))
                            committed[customer.name] = (committed[customer.name] ?? 0) + 2
                        }
                    }),
                )
                expect(await expectGapless(dataSource)).to.deep.equal(committed)
            })

        it("two INSERTs that meet in opposite order: one is refused as a whole, and stored when it is done again", async () => {
            const dataSource = await connectFast(database(), 5, "trigger")
            const all = await customers(dataSource, "Ada", "Bob", "Cy")
            const insert = (manager: EntityManager, list: readonly Customer[]) =>
                invoicesIn(manager).insert(list.map((customer) => ({ customer })))
            await insert(dataSource.manager, all)
            const orders = [all, [...all].reverse()]

            const alone = orders.map(() => dataSource.createQueryRunner())
            const sessions = await Promise.all(alone.map(({ manager }) => sessionOf(manager)))
            const results = await meetAt(dataSource, all[1]!, () => ({
                results: Promise.allSettled(
                    alone.map(({ manager }, at) => insert(manager, orders[at]!)),
                ),
                sessions: Promise.resolve(sessions),
            }))
            for (const runner of alone) await runner.release()
            const errors = results.flatMap((one) =>
                one.status === "rejected" ? [one.reason as Error] : [],
            )
            expect(errors.map(isDeadlock)).to.deep.equal([true])
            expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 2, Bob: 3, Cy: 2 })

            let attempts = 0
            const known: string[] = []
            const bothKnown = new Signal()
            const repeated = await meetAt(dataSource, all[1]!, () => ({
                results: Promise.allSettled(
                    orders.map((order) =>
                        transactionWithRetry(dataSource, async (manager) => {
                            attempts += 1
                            known.push(await sessionOf(manager))
                            if (known.length === 2) bothKnown.send()
                            await insert(manager, order)
                        }),
                    ),
                ),
                sessions: bothKnown.promise.then(() => known.slice(0, 2)),
            }))
            expect(repeated.map(({ status }) => status)).to.deep.equal(["fulfilled", "fulfilled"])
            expect(attempts).to.equal(3)
            expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 4, Bob: 6, Cy: 4 })
        })

        it("programs that still count by themselves, before, while and after the triggers are made and used: exactly 1..N", async () => {
            const before = await connectFast(database(), 5, "counter")
            const after = await connectFast(database(), 5, "trigger", {
                sameAs: before,
                synchronize: false,
            })
            const all = await customers(before, ...upTo(20).map(String))
            const [hot] = all
            const committed: Record<string, number> = {}
            const count = (customer: Customer, rows: number) => {
                committed[customer.name] = (committed[customer.name] ?? 0) + rows
            }
            const counting = async (worker: number, turn: number) => {
                const customer = turn % 2 ? hot! : all[(worker * 7 + turn) % all.length]!
                const fails = turn % 5 === 0
                await unlessDeadlocked(() => saveOrRollBack(before, customer, fails))
                if (!fails) count(customer, 1)
                await unlessDeadlocked(() =>
                    invoicesIn(before.manager).save([{ customer }, { customer }]),
                )
                count(customer, 2)
            }
            const triggered = async (worker: number, turn: number) => {
                const customer = turn % 2 ? hot! : all[(worker * 7 + turn) % all.length]!
                const fails = turn % 5 === 0
                await unlessDeadlocked(() => saveOrRollBack(after, customer, fails))
                if (!fails) count(customer, 1)
                const rows = () => [{ customer }, { customer }]
                await unlessDeadlocked(() => invoicesIn(after.manager).insert(rows()))
                await unlessDeadlocked(() =>
                    insertBySql(after.manager, customer, [undefined, undefined]),
                )
                count(customer, 4)
            }
            /** Works until it is told to stop, and for so many turns at least. */
            const start = (work: (worker: number, turn: number) => Promise<void>) => {
                let mayStop = false
                const finished = Promise.all(
                    upTo(4).map(async (worker) => {
                        for (let turn = 1; !mayStop || turn <= 5; turn += 1)
                            await work(worker, turn)
                    }),
                )
                return async () => {
                    mayStop = true
                    await finished
                }
            }

            const stopFirst = start(counting)
            await installAutoSequence(after)
            const stopTriggered = start(triggered)
            await stopFirst()
            const stopSecond = start(counting)
            await stopTriggered()
            // And back again.
            await installAutoSequence(before)
            await stopSecond()
            await counting(1, 1)
            expect(await expectGapless(before)).to.deep.equal(committed)
        })
    },
    ({ parallel }) => parallel,
)

/** Work that waits for the counter of a scope, until a transaction ends that holds it. */
async function meetAt<T>(
    dataSource: DataSource,
    customer: Customer,
    work: () => { results: Promise<T>; sessions: Promise<string[]> },
): Promise<T> {
    const holder = dataSource.createQueryRunner()
    await holder.startTransaction()
    await invoicesIn(holder.manager).save({ customer })
    const { results, sessions } = work()
    await waitForLocks(dataSource, ...(await sessions))
    await holder.commitTransaction()
    await holder.release()
    return results
}

/** Two transactions that insert for the same two customers, each beginning with another. */
async function opposite(
    dataSource: DataSource,
    transaction: (work: (manager: EntityManager) => Promise<void>) => Promise<void>,
): Promise<{ results: PromiseSettledResult<void>[]; attempts: number }> {
    const [ada, bob] = await customers(dataSource, "Ada", "Bob")
    const both = [ada, bob!]
    await invoicesIn(dataSource.manager).save(both.map((customer) => ({ customer })))
    let attempts = 0
    const bothHold = new Signal()
    const results = await Promise.allSettled(
        [both, [...both].reverse()].map(([first, second]) =>
            transaction(async (manager) => {
                await invoicesIn(manager).save({ customer: first })
                if (++attempts === 2) bothHold.send()
                await bothHold.promise
                await invoicesIn(manager).save({ customer: second })
            }),
        ),
    )
    return { results, attempts }
}

/** `INSERT … SELECT` of rows for a customer. MariaDB refuses a column that it doesn't name. */
async function insertSelected(
    dataSource: DataSource,
    { id }: Customer,
    rows: number,
): Promise<void> {
    const invoice = tableName(dataSource.getMetadata("Invoice"))
    const selected = upTo(rows).map((amount) => `SELECT ${id} AS c, ${amount} AS a`)
    await dataSource.query(
        `INSERT INTO ${invoice} (customer_id, number, amount) SELECT c, NULL, a FROM (${selected.join(" UNION ALL ")}) s`,
    )
}

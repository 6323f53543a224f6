import { expect } from "chai"
import type { DataSource, EntityManager } from "typeorm"
import { TransactionAbortedError, transactionWithRetry } from "../../../src"
import {
    connectFast,
    connectCounted,
    COUNTING,
    type Customer,
    customers,
    customersIn,
    expectGapless,
    type Invoice,
    invoicesIn,
    numbersOf,
    Parcel,
    ticketsIn,
    ticketsOf,
    worksWith,
} from "../../support/counted-invoices"
import { onEveryDatabase } from "../../support/databases"
import { rejection } from "../../support/errors"
import { upTo } from "../../support/invoices"
import { isThorough } from "../../support/thoroughness"
import { tableName } from "../../support/typeorm"
import { sessionOf, waitForLocks } from "../../support/waiting"
import type { Place } from "../processes/insert-until-killed"
import { runProgram } from "../processes/run-program"

const save = async (manager: EntityManager, customer: Customer, row: Partial<Invoice> = {}) =>
    (await invoicesIn(manager).save({ customer, ...row })).number

/** Ends the connection of another session. */
async function kill(observer: DataSource, session: string): Promise<void> {
    await observer
        .query(
            observer.options.type === "mariadb"
                ? `KILL ${session}`
                : `SELECT pg_terminate_backend(${session})`,
        )
        .catch(() => {})
}

for (const strategy of COUNTING)
    onEveryDatabase(
        `Strategy "${strategy}" and connections that are killed`,
        (database) => {
            it("a transaction whose connection is killed gives its numbers back to the one that waits", async () => {
                const dataSource = await connectCounted(database(), strategy)
                const [ada] = await customers(dataSource, "Ada")
                await save(dataSource.manager, ada)
                const other = dataSource.createQueryRunner()
                const session = await sessionOf(other.manager)
                let waiting: Promise<number> | undefined
                const work = dataSource.transaction(async (manager) => {
                    expect(await save(manager, ada)).to.equal(2)
                    waiting = save(other.manager, ada)
                    await waitForLocks(dataSource, session)
                    await kill(dataSource, await sessionOf(manager))
                    await save(manager, ada)
                })
                expect((await rejection(work)).name).not.to.equal("AssertionError")
                expect(await waiting).to.equal(2)
                await other.release()
                expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 2 })
                expect(await save(dataSource.manager, ada)).to.equal(3)
            })

            it("whatever connections are killed in whatever moment, what is stored is 1..N", async () => {
                const [workers, turns] = isThorough ? [10, 20] : [6, 8]
                const dataSource = await connectFast(database(), workers + 2, strategy)
                const all = await customers(dataSource, "Ada", "Bob", "Cy")
                const sessions = new Set<string>()
                let [resolved, killed] = [0, 0]
                const work = async (worker: number, turn: number) => {
                    try {
                        await dataSource.transaction(async (manager) => {
                            const session = await sessionOf(manager)
                            sessions.add(session)
                            const customer = all[(worker + turn) % 3]!
                            await save(manager, customer)
                            await invoicesIn(manager).save([{ customer }, { customer }])
                            sessions.delete(session)
                        })
                        resolved += 3
                    } catch {
                        killed += 1
                    }
                }
                let isOver = false
                const killing = (async () => {
                    for (let turn = 0; !isOver; turn += 1) {
                        const session = [...sessions][turn % 5]
                        if (session === undefined)
                            await new Promise((resolve) => setImmediate(resolve))
                        else await kill(dataSource, session)
                        sessions.delete(session ?? "")
                    }
                })()
                await Promise.all(
                    upTo(workers).map(async (worker) => {
                        for (const turn of upTo(turns)) await work(worker, turn)
                    }),
                )
                isOver = true
                await killing
                expect(killed).to.be.greaterThan(5)
                const stored = await expectGapless(dataSource)
                const count = Object.values(stored).reduce((sum, n) => sum + n, 0)
                // One that is killed while it commits may be stored.
                expect(count).to.be.within(resolved, resolved + 3 * killed)
                // One that is killed while MariaDB reads the triggers leaves them unread, for everybody.
                if (database().kind === "mariadb")
                    await dataSource.query(
                        `FLUSH TABLES ${tableName(invoicesIn(dataSource.manager).metadata)}`,
                    )
                for (const customer of all)
                    expect(await save(dataSource.manager, customer)).to.equal(
                        (stored[customer.name] ?? 0) + 1,
                    )
            })
        },
        ({ parallel }) => parallel,
    )

onEveryDatabase("Processes that are killed", (database) => {
    it("by SIGKILL, in the middle of transactions of each strategy, leave exactly 1..N", async function () {
        // The database of sql.js is gone with the process, and PGlite is the process.
        if (["sqljs", "pglite"].includes(database().kind)) return this.skip()
        const { can } = database()
        const workers = can.parallel ? 4 : 1
        const places = []
        for (const strategy of COUNTING.filter((one) => worksWith(one)(can))) {
            const dataSource = await connectCounted(database(), strategy)
            const all = await customers(dataSource, "Ada", "Bob")
            const options = { ...dataSource.options, entities: [], subscribers: [] }
            places.push({ strategy, dataSource, all, options, workers })
        }
        const open = new Set<string>()
        const { signal, lines } = await runProgram(
            "insert-until-killed",
            [
                JSON.stringify(
                    places.map(({ strategy, options }): Place => {
                        return { strategy, options: { ...options, synchronize: false }, workers }
                    }),
                ),
            ],
            (line, kill) => {
                if (line.endsWith(" open")) open.add(line)
                if (open.size === places.length) kill()
            },
        )
        expect(signal).to.equal("SIGKILL")
        for (const { strategy, dataSource, all } of places) {
            const of = lines.flatMap((line) =>
                line.startsWith(strategy) ? line.split(" ")[1]! : [],
            )
            const committed = of.filter((line) => line !== "open").map(Number)
            expect(committed.length).to.be.at.least(4)

            // It waits until the server has noticed.
            for (const customer of all) await save(dataSource.manager, customer)
            const stored = await expectGapless(dataSource)
            const count = Object.values(stored).reduce((sum, n) => sum + n, 0) - 2
            const printed = committed.reduce((sum, n) => sum + n, 0)
            // What was committed and not printed yet: one transaction of each other worker.
            expect(count).to.be.within(printed, printed + 4 * (workers - 1))
        }
    })
})

for (const strategy of COUNTING)
    onEveryDatabase(
        `Strategy "${strategy}" and INSERTs that fail`,
        (database) => {
            const failures: Record<
                string,
                (manager: EntityManager, customer: Customer) => Promise<unknown>
            > = {
                "a unique index": (manager, customer) =>
                    save(manager, customer, { reference: "taken" }),
                "NOT NULL": (manager, customer) =>
                    save(manager, customer, { amount: null as never }),
                "a check": (manager, customer) => save(manager, customer, { amount: -1 }),
                "the last row of a list": (manager, customer) =>
                    invoicesIn(manager).save([
                        { customer },
                        { customer },
                        { customer, reference: "taken" },
                    ]),
            }

            /** TypeORM makes no checks on MariaDB. */
            const checked = new Set<string>()
            const begin = async () => {
                const dataSource = await connectCounted(database(), strategy)
                const [ada] = await customers(dataSource, "Ada")
                const tables = String(dataSource.driver.database)
                if (database().kind === "mariadb" && !checked.has(tables))
                    await database().query("ALTER TABLE invoice ADD CHECK (amount >= 0)")
                checked.add(tables)
                expect(await save(dataSource.manager, ada, { reference: "taken" })).to.equal(1)
                return { dataSource, ada }
            }

            for (const [what, fail] of Object.entries(failures)) {
                it(`because of ${what}: the number is given back, alone and in a transaction that ends with it`, async () => {
                    const { dataSource, ada } = await begin()
                    await rejection(fail(dataSource.manager, ada))
                    await rejection(
                        dataSource.transaction(async (manager) => {
                            await save(manager, ada)
                            await fail(manager, ada)
                        }),
                    )
                    expect(await save(dataSource.manager, ada)).to.equal(2)
                    expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 2 })
                })

                it(`because of ${what}: a savepoint around it gives the number to the next row`, async () => {
                    const { dataSource, ada } = await begin()
                    await dataSource.transaction(async (manager) => {
                        expect(await save(manager, ada)).to.equal(2)
                        await rejection(manager.transaction((inner) => fail(inner, ada)))
                        expect(await save(manager, ada)).to.equal(3)
                        await rejection(
                            manager.transaction(async (inner) => {
                                expect(await save(inner, ada)).to.equal(4)
                                await fail(inner, ada)
                            }),
                        )
                    })
                    expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 3 })
                    expect(await save(dataSource.manager, ada)).to.equal(4)
                })

                it(`because of ${what}: caught in the transaction, the next row gets the number, where there can be one`, async () => {
                    const { dataSource, ada } = await begin()
                    // SQLite is sent one row of a list at a time, and keeps those before.
                    const isSqlite = ["better-sqlite3", "sqljs"].includes(database().kind)
                    const kept = isSqlite && what === "the last row of a list" ? 2 : 0
                    const work = dataSource.transaction(async (manager) => {
                        expect(await save(manager, ada)).to.equal(2)
                        await rejection(fail(manager, ada))
                        expect(await save(manager, ada)).to.equal(3 + kept)
                        await rejection(fail(manager, ada))
                    })
                    const isPostgres = ["postgres", "pglite"].includes(database().kind)
                    // PostgreSQL refuses whatever follows a statement that has failed.
                    if (isPostgres) await rejection(work)
                    else await work
                    const count = isPostgres ? 1 : 3 + 2 * kept
                    expect(await expectGapless(dataSource)).to.deep.equal({ Ada: count })
                    expect(await save(dataSource.manager, ada)).to.equal(count + 1)
                })
            }

            it("whose number is given back in a savepoint that is rolled back: it is given back again", async function () {
                // PostgreSQL goes on after a failure in a savepoint only.
                if (["postgres", "pglite"].includes(database().kind)) return this.skip()
                const { dataSource, ada } = await begin()
                const [bob] = await customers(dataSource, "Bob")
                for (const next of [ada, bob]) {
                    await dataSource.transaction(async (manager) => {
                        const number = await save(manager, ada)
                        await rejection(save(manager, ada, { reference: "taken" }))
                        await rejection(
                            manager.transaction(async (outer) => {
                                await outer.transaction((inner) => save(inner, next))
                                throw new Error("rolled back on purpose")
                            }),
                        )
                        if (next === ada) expect(await save(manager, ada)).to.equal(number + 1)
                    })
                    await expectGapless(dataSource)
                }
                expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 4 })
            })
        },
        worksWith(strategy),
    )

for (const strategy of COUNTING)
    onEveryDatabase(
        `Strategy "${strategy}" and a deadlock whose error is caught`,
        (database) => {
            /** The work goes on in a transaction that the database has ended. */
            const deadlocked = async (
                after: (manager: EntityManager, ada: Customer) => Promise<unknown>,
                beside: (manager: EntityManager) => Promise<unknown> = async () => {},
            ) => {
                const dataSource = await connectFast(database(), 4, strategy)
                const [ada, bob] = await customers(dataSource, "Ada", "Bob")
                await invoicesIn(dataSource.manager).save([{ customer: ada }, { customer: bob! }])
                const other = dataSource.createQueryRunner()
                await other.startTransaction()
                // InnoDB ends the one that has written less.
                await ticketsIn(other.manager).save(upTo(50).map(() => ({})))
                await save(other.manager, bob!)
                const errors: unknown[] = []
                const work = dataSource.transaction(async (manager) => {
                    // The one that looks for a deadlock first is ended by PostgreSQL.
                    if (database().kind === "postgres")
                        await other.query("SET LOCAL deadlock_timeout = '1h'")
                    await save(manager, ada)
                    const session = await sessionOf(other.manager)
                    const waiting = save(other.manager, ada)
                    await waitForLocks(dataSource, session)
                    const failing = rejection(save(manager, bob!))
                    // By now it has been sent.
                    await new Promise((resolve) => setImmediate(resolve))
                    const [others] = await Promise.all([
                        Promise.allSettled([beside(manager)]),
                        failing,
                    ])
                    expect(others).to.have.length(1)
                    errors.push(await failing)
                    await waiting
                    await other.commitTransaction()
                    await after(manager, ada)
                })
                const [result] = await Promise.allSettled([work])
                await other.release()
                return { dataSource, ada, errors, result }
            }

            it("commit says that nothing is stored, and nothing is", async () => {
                const { dataSource, ada, errors, result } = await deadlocked(async () => {})
                const { code, errno } = errors[0] as { code?: string; errno?: number }
                expect(errno ?? code).to.equal(database().kind === "mariadb" ? 1213 : "40P01")
                expect(result).to.have.property("reason").instanceOf(TransactionAbortedError)
                expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 2, Bob: 2 })
                expect(await save(dataSource.manager, ada)).to.equal(3)
            })

            it("more saves are refused, so that none of them is stored alone", async () => {
                const refused: Error[] = []
                const { dataSource, result } = await deadlocked(async (manager, ada) => {
                    refused.push(await rejection(save(manager, ada)))
                    refused.push(await rejection(ticketsIn(manager).save([{}, {}])))
                    refused.push(await rejection(manager.insert(Parcel, { depot: "Oslo" })))
                })
                expect(refused).to.have.length(3)
                // PostgreSQL refuses them itself.
                if (database().kind === "mariadb")
                    for (const error of refused)
                        expect(error).to.be.instanceOf(TransactionAbortedError)
                expect(await dataSource.getRepository(Parcel).count()).to.equal(0)
                expect(result).to.have.property("reason").instanceOf(TransactionAbortedError)
                expect(await numbersOf(dataSource)).to.deep.equal({ Ada: [1, 2], Bob: [1, 2] })
                expect(await ticketsOf(dataSource)).to.deep.equal(upTo(50))
                expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 2, Bob: 2 })
            })

            it("a statement that waits behind the one that fails is not stored alone", async () => {
                const { dataSource, result } = await deadlocked(
                    async () => {},
                    (manager) => manager.insert("Customer", { name: "Zoe" }),
                )
                expect(result).to.have.property("reason").instanceOf(TransactionAbortedError)
                const stored = await customersIn(dataSource.manager).find({ order: { id: "ASC" } })
                expect(stored.map(({ name }) => name)).to.deep.equal(["Ada", "Bob"])
                expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 2, Bob: 2 })
            })

            if (strategy === "trigger")
                for (const isRepeated of [false, true])
                    it(`one that MariaDB calls a failure of AUTO_INCREMENT ${isRepeated ? "is repeated" : "ends the transaction as well"}`, async function () {
                        if (database().kind !== "mariadb") return this.skip()
                        const dataSource = await connectFast(database(), 4, strategy)
                        const [ada, bob] = await customers(dataSource, "Ada", "Bob")
                        await invoicesIn(dataSource.manager).save([
                            { customer: ada },
                            { customer: bob! },
                        ])
                        const other = dataSource.createQueryRunner()
                        await other.startTransaction()
                        await ticketsIn(other.manager).save(upTo(50).map(() => ({})))
                        const session = await sessionOf(other.manager)
                        const errors: { errno?: number }[] = []
                        let committed: Promise<void> | undefined
                        const work = async (manager: EntityManager) => {
                            await save(manager, ada)
                            if (!committed) {
                                // From its first row on, INSERT … SELECT holds InnoDB's lock of the ids.
                                committed = other
                                    .query(
                                        "INSERT INTO invoice (customer_id, number) " +
                                            "SELECT id, NULL FROM customer ORDER BY id DESC",
                                    )
                                    .then(() => other.commitTransaction())
                                await waitForLocks(dataSource, session)
                            }
                            try {
                                await save(manager, ada)
                            } catch (error) {
                                errors.push(error as { errno?: number })
                                if (isRepeated) throw error
                                await committed
                                await rejection(save(manager, ada))
                            }
                        }
                        const [result] = await Promise.allSettled([
                            isRepeated
                                ? transactionWithRetry(dataSource, work)
                                : dataSource.transaction(work),
                        ])
                        await committed
                        await other.release()
                        expect(errors.map(({ errno }) => errno)).to.deep.equal([1467])
                        if (isRepeated) expect(result).to.have.property("status", "fulfilled")
                        else
                            expect(result)
                                .to.have.property("reason")
                                .instanceOf(TransactionAbortedError)
                        expect(await expectGapless(dataSource)).to.deep.equal({
                            Ada: isRepeated ? 4 : 2,
                            Bob: 2,
                        })
                    })
        },
        ({ parallel }) => parallel,
    )

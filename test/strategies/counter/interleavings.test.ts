import { expect } from "chai"
import type { DataSource, EntityManager, QueryRunner } from "typeorm"
import { CounterBehindError, installAutoSequence } from "../../../src"
import {
    connectCounted,
    countedEntities,
    COUNTING,
    type Customer,
    customers,
    expectGapless,
    insertWithoutCounter,
    type Invoice,
    invoicesIn,
    lastOfCounters,
    numbersOf,
    Parcel,
} from "../../support/counted-invoices"
import { onEveryDatabase } from "../../support/databases"
import { rejection } from "../../support/errors"
import { mustWait, sessionOf, waitForLocks } from "../../support/waiting"

/** Inserts one row, and resolves to its number. */
type Insert = (manager: EntityManager) => Promise<number>

interface Interleaving {
    readonly first: Insert
    readonly second: Insert
    readonly end: "commit" | "rollback"
    /** Whether B inserts in a transaction that is open already, or on its own. */
    readonly isOpen: boolean
}

const invoiceOf =
    (customer: Customer, row: Partial<Invoice> = {}): Insert =>
    async (manager) =>
        (await invoicesIn(manager).save({ customer, ...row })).number

/** Without a transaction of its own. */
const insertedInvoiceOf =
    (customer: Customer): Insert =>
    async (manager) => {
        const row: Partial<Invoice> = { customer }
        await invoicesIn(manager).insert(row)
        return row.number!
    }

const parcelOf =
    (depot: string): Insert =>
    async (manager) =>
        (await manager.getRepository(Parcel).save({ depot })).number

/** B inserts while the transaction of A, which has inserted, is open. Tells what came after what. */
async function interleave(
    dataSource: DataSource,
    { first, second, end, isOpen }: Interleaving,
): Promise<string[]> {
    return withRunners(dataSource, 2, async ([a, b]) => {
        const log: string[] = []
        await a!.startTransaction()
        log.push(`A got ${await first(a!.manager)}`)
        if (isOpen) await b!.startTransaction()
        const session = await sessionOf(b!.manager)
        const asked = second(b!.manager).then((number) => log.push(`B got ${number}`))
        if (await mustWait(dataSource, session, asked)) log.push("B waits")
        log.push(`A: ${end}`)
        if (end === "commit") await a!.commitTransaction()
        else await a!.rollbackTransaction()
        await asked
        if (isOpen) await b!.commitTransaction()
        return log
    })
}

async function withRunners<T>(
    dataSource: DataSource,
    count: number,
    work: (runners: readonly QueryRunner[]) => Promise<T>,
): Promise<T> {
    const runners = Array.from({ length: count }, () => dataSource.createQueryRunner())
    try {
        return await work(runners)
    } finally {
        // One that waits for another ends when that has ended.
        await Promise.allSettled(
            runners.map(async (runner) => {
                if (runner.isTransactionActive) await runner.rollbackTransaction()
            }),
        )
        for (const runner of runners) await runner.release()
    }
}

for (const strategy of COUNTING)
    onEveryDatabase(
        `Two transactions of strategy "${strategy}", interleaved`,
        (database) => {
            for (const isOpen of strategy === "counter" ? [true, false] : [false])
                for (const end of ["commit", "rollback"] as const) {
                    // A trigger needs no transaction.
                    const alone = strategy === "trigger" ? "insert" : "save"
                    const title = `${end}, by ${isOpen ? "a transaction" : `${alone}() on its own`}`
                    const laterOf = isOpen || alone === "save" ? invoiceOf : insertedInvoiceOf

                    it(`first use, same scope, ${title}: the second waits for the end of the first`, async () => {
                        const dataSource = await connectCounted(database(), strategy)
                        const [ada] = await customers(dataSource, "Ada")
                        const [first, second] = [invoiceOf(ada), laterOf(ada)]
                        expect(
                            await interleave(dataSource, { first, second, end, isOpen }),
                        ).to.deep.equal([
                            "A got 1",
                            "B waits",
                            `A: ${end}`,
                            `B got ${end === "commit" ? 2 : 1}`,
                        ])
                        const count = end === "commit" ? 2 : 1
                        expect(await expectGapless(dataSource)).to.deep.equal({ Ada: count })
                    })

                    it(`later use, same scope, ${title}: the second waits for the end of the first`, async () => {
                        const dataSource = await connectCounted(database(), strategy)
                        const [ada] = await customers(dataSource, "Ada")
                        const [first, second] = [invoiceOf(ada), laterOf(ada)]
                        expect(await first(dataSource.manager)).to.equal(1)
                        expect(
                            await interleave(dataSource, { first, second, end, isOpen }),
                        ).to.deep.equal([
                            "A got 2",
                            "B waits",
                            `A: ${end}`,
                            `B got ${end === "commit" ? 3 : 2}`,
                        ])
                        const count = end === "commit" ? 3 : 2
                        expect(await expectGapless(dataSource)).to.deep.equal({ Ada: count })
                    })

                    it(`first use, other scope, ${title}: nobody waits`, async () => {
                        const dataSource = await connectCounted(database(), strategy)
                        const [ada, bob] = await customers(dataSource, "Ada", "Bob")
                        const [first, second] = [invoiceOf(ada), laterOf(bob!)]
                        expect(
                            await interleave(dataSource, { first, second, end, isOpen }),
                        ).to.deep.equal(["A got 1", "B got 1", `A: ${end}`])
                        expect(await expectGapless(dataSource)).to.deep.equal(
                            end === "commit" ? { Ada: 1, Bob: 1 } : { Bob: 1 },
                        )
                    })

                    it(`later use, other scope, ${title}: nobody waits`, async () => {
                        const dataSource = await connectCounted(database(), strategy)
                        const [ada, bob] = await customers(dataSource, "Ada", "Bob")
                        const [first, second] = [invoiceOf(ada), laterOf(bob!)]
                        await first(dataSource.manager)
                        await second(dataSource.manager)
                        expect(
                            await interleave(dataSource, { first, second, end, isOpen }),
                        ).to.deep.equal(["A got 2", "B got 2", `A: ${end}`])
                        expect(await expectGapless(dataSource)).to.deep.equal(
                            end === "commit" ? { Ada: 2, Bob: 2 } : { Ada: 1, Bob: 2 },
                        )
                    })

                    it(`first use of a scope with rows, ${title}: both go on after the rows`, async () => {
                        const dataSource = await connectCounted(database(), strategy)
                        const [ada] = await customers(dataSource, "Ada")
                        await insertWithoutCounter(dataSource, ada, [1, 2, 3])
                        const [first, second] = [invoiceOf(ada), laterOf(ada)]
                        if (strategy === "trigger" && database().kind === "mariadb") {
                            // Its triggers look at no rows, which they would lock.
                            const error = await rejection(first(dataSource.manager))
                            expect(error).to.be.instanceOf(CounterBehindError)
                            await installAutoSequence(dataSource)
                        }
                        expect(
                            await interleave(dataSource, { first, second, end, isOpen }),
                        ).to.deep.equal([
                            "A got 4",
                            "B waits",
                            `A: ${end}`,
                            `B got ${end === "commit" ? 5 : 4}`,
                        ])
                        const count = end === "commit" ? 5 : 4
                        expect(await expectGapless(dataSource)).to.deep.equal({ Ada: count })
                    })

                    it(`a number set by A, ${title}: the second waits, and follows what is stored`, async () => {
                        const dataSource = await connectCounted(database(), strategy)
                        const [ada] = await customers(dataSource, "Ada")
                        const [first, second] = [invoiceOf(ada, { number: 100 }), laterOf(ada)]
                        expect(
                            await interleave(dataSource, { first, second, end, isOpen }),
                        ).to.deep.equal([
                            "A got 100",
                            "B waits",
                            `A: ${end}`,
                            `B got ${end === "commit" ? 101 : 1}`,
                        ])
                    })

                    for (const use of strategy === "counter" ? (["first", "later"] as const) : [])
                        it(`${use} use of numbers that may be lost, same scope, ${title}: nobody waits`, async () => {
                            // InnoDB would wait at what is left of deleted rows.
                            const dataSource = await database().connect(countedEntities[strategy])
                            const used = use === "first" ? 0 : 1
                            const first = parcelOf("Oslo")
                            if (used) await first(dataSource.manager)
                            expect(
                                await interleave(dataSource, { first, second: first, end, isOpen }),
                            ).to.deep.equal([`A got ${1 + used}`, `B got ${2 + used}`, `A: ${end}`])
                            const parcels = await dataSource
                                .getRepository(Parcel)
                                .find({ order: { number: "ASC" } })
                            expect(parcels.map(({ number }) => number)).to.deep.equal([
                                ...(used ? [1] : []),
                                ...(end === "commit" ? [1 + used] : []),
                                2 + used,
                            ])
                        })
                }

            for (const level of ["READ COMMITTED", "REPEATABLE READ"] as const)
                for (const use of ["first", "later"] as const)
                    it(`${level}: ${use} use of scopes whose keys are next to each other, in turns: nobody waits`, async () => {
                        const dataSource = await connectCounted(database(), strategy)
                        const all = await customers(dataSource, ..."ABCDEFGHIJKLMNOPQRSTUVW")
                        // Every other scope has a counter, so that the new ones go into the gaps.
                        const save = (manager: EntityManager, group: readonly Customer[]) =>
                            invoicesIn(manager).save(group.map((customer) => ({ customer })))
                        await save(
                            dataSource.manager,
                            all.filter((_, at) => use === "later" || at % 4 === 0),
                        )
                        await withRunners(dataSource, 2, async (runners) => {
                            for (const runner of runners) await runner.startTransaction(level)
                            for (const [at, customer] of all.entries()) {
                                const { manager } = runners[at % 2]!
                                const session = await sessionOf(manager)
                                const saved = save(manager, [customer])
                                expect(await mustWait(dataSource, session, saved)).to.equal(false)
                                await saved
                            }
                            for (const runner of runners) await runner.commitTransaction()
                        })
                        const expected = all.map(({ name }, at) => [
                            name,
                            use === "later" || at % 4 === 0 ? 2 : 1,
                        ])
                        expect(await expectGapless(dataSource)).to.deep.equal(
                            Object.fromEntries(expected),
                        )
                    })

            it("first use by three, the first of which rolls back: whoever isn't refused is numbered from 1", async () => {
                const dataSource = await connectCounted(database(), strategy)
                const [ada] = await customers(dataSource, "Ada")
                const results = await withRunners(dataSource, 3, async ([a, ...others]) => {
                    await a!.startTransaction()
                    await invoiceOf(ada)(a!.manager)
                    const asked: Promise<number>[] = []
                    for (const { manager } of others) {
                        const session = await sessionOf(manager)
                        asked.push(invoiceOf(ada)(manager))
                        await waitForLocks(dataSource, session)
                    }
                    await a!.rollbackTransaction()
                    return Promise.allSettled(asked)
                })
                const given = results
                    .flatMap((one) => (one.status === "fulfilled" ? [one.value] : []))
                    .sort()
                const errors = results.flatMap((one) =>
                    one.status === "rejected" ? [(one.reason as { errno?: number }).errno] : [],
                )
                // InnoDB turns the locks of those who wait into locks of the gap, where neither can insert.
                const isRefused = database().kind === "mariadb"
                expect({ given, errors }).to.deep.equal(
                    isRefused ? { given: [1], errors: [1213] } : { given: [1, 2], errors: [] },
                )
                const stored = given.length
                expect(await expectGapless(dataSource)).to.deep.equal({ Ada: stored })
                expect(await invoiceOf(ada)(dataSource.manager)).to.equal(stored + 1)
            })

            it("two that set numbers below the last one, and go on without: nobody is refused", async () => {
                const dataSource = await connectCounted(database(), strategy)
                const [ada] = await customers(dataSource, "Ada")
                await invoiceOf(ada, { number: 10 })(dataSource.manager)
                const given = await withRunners(dataSource, 2, async ([a, b]) => {
                    await a!.startTransaction()
                    await b!.startTransaction()
                    await invoiceOf(ada, { number: 3 })(a!.manager)
                    const session = await sessionOf(b!.manager)
                    const set = invoiceOf(ada, { number: 4 })(b!.manager)
                    await mustWait(dataSource, session, set)
                    const next = async (runner: QueryRunner) => {
                        const number = await invoiceOf(ada)(runner.manager)
                        await runner.commitTransaction()
                        return number
                    }
                    return Promise.all([next(a!), set.then(() => next(b!))])
                })
                expect(given.sort()).to.deep.equal([11, 12])
                expect(await numbersOf(dataSource)).to.deep.equal({ Ada: [3, 4, 10, 11, 12] })
            })

            it("a counter moves on when its row was deleted, and the number does not come back", async () => {
                const dataSource = await connectCounted(database(), strategy)
                const [ada] = await customers(dataSource, "Ada")
                const { id } = await invoicesIn(dataSource.manager).save({ customer: ada })
                const log = await withRunners(dataSource, 2, async ([a, b]) => {
                    await a!.startTransaction()
                    await b!.startTransaction()
                    await invoicesIn(a!.manager).delete({ id })
                    const session = await sessionOf(b!.manager)
                    const asked = invoiceOf(ada)(b!.manager)
                    const waits = await mustWait(dataSource, session, asked)
                    const number = await asked
                    await a!.commitTransaction()
                    await b!.commitTransaction()
                    return { waits, number }
                })
                expect(log).to.deep.equal({ waits: false, number: 2 })
                expect(await lastOfCounters(dataSource, "Invoice")).to.deep.equal([
                    [`v1:"${ada.id}"`, 2],
                ])
            })
        },
        ({ parallel }) => parallel,
    )

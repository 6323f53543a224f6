import { expect } from "chai"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DataSource, type EntityManager, type QueryFailedError } from "typeorm"
import {
    CounterLockedError,
    InvalidOptionError,
    Sequence,
    transactionWithRetry,
    UnsupportedError,
    withAutoSequence,
} from "../src"
import { onEachDatabase, onEveryDatabase } from "./support/databases"
import { expectRejects, rejection } from "./support/errors"
import { Signal } from "./support/waiting"

const one = new Sequence("one")
const two = new Sequence("two")
const quick = { minDelay: 0, maxDelay: 0 }

const codeOf = (error: unknown) => {
    const { driverError } = error as QueryFailedError<Error & { code?: string; errno?: number }>
    return driverError.errno ?? driverError.code
}

onEveryDatabase("transactionWithRetry", (database) => {
    it("resolves to what the work resolves to, in one transaction", async () => {
        const dataSource = await database().connect([])
        const numbers = await transactionWithRetry(dataSource, async (manager) => {
            expect(manager.queryRunner?.isTransactionActive).to.be.true
            return [await one.next(manager), await two.nextMany(manager, 2)]
        })
        expect(numbers).to.eql([1, [1, 2]])
        expect(await two.last(dataSource)).to.equal(2)
    })

    it("passes other errors on at once, as they are", async () => {
        const dataSource = await database().connect([])
        for (const error of [
            new Error("Never mind."),
            Object.assign(new Error("a deadlock, it says"), { code: "23505", errno: 1062 }),
            new CounterLockedError("locked", { cause: transientError() }),
            new Error("wrapped", {
                cause: new CounterLockedError("locked", { cause: transientError() }),
            }),
            "a text",
            null,
        ]) {
            let runs = 0
            const attempt = transactionWithRetry(dataSource, async (manager) => {
                runs += 1
                await one.next(manager)
                return Promise.reject(error as Error)
            })
            const [outcome] = await Promise.allSettled([attempt])
            expect((outcome as PromiseRejectedResult).reason).to.equal(error)
            expect(runs).to.equal(1)
        }
        expect(await one.last(dataSource)).to.equal(null)
    })

    it("passes on an error of a statement that would come again", async () => {
        const dataSource = await database().connect([])
        let runs = 0
        const attempt = transactionWithRetry(dataSource, async (manager) => {
            runs += 1
            await manager.query("SELECT 1 FROM nowhere")
        })
        expect((await rejection(attempt)).message).to.match(/nowhere/)
        expect(runs).to.equal(1)
    })

    /** What the drivers throw, all in one. */
    function transientError(): Error {
        return Object.assign(new Error("again"), {
            code: database().kind === "better-sqlite3" ? "SQLITE_BUSY" : "40001",
            errno: 1213,
        })
    }
})

onEveryDatabase(
    "transactionWithRetry with parallel transactions",
    (database) => {
        it("repeats the whole work after a deadlock", async () => {
            const dataSource = await database().connect([])
            await one.next(dataSource)
            await two.next(dataSource)
            const both = barrier(2)
            const runs: string[] = []
            const errors: unknown[] = []
            const swap = (name: string, sequences: readonly [Sequence, Sequence]) =>
                transactionWithRetry(dataSource, async (manager) => {
                    runs.push(name)
                    const first = await sequences[0].next(manager)
                    await both()
                    const second = await sequences[1].next(manager).catch((error: unknown) => {
                        errors.push(codeOf(error))
                        throw error
                    })
                    return [first, second]
                })
            const [a, b] = await Promise.all([swap("a", [one, two]), swap("b", [two, one])])
            // Who is repeated may come before the one that waits, and meet it once more.
            expect(runs).to.have.lengthOf(2 + errors.length)
            expect([...new Set(errors)]).to.eql([database().can.tableLock ? "40P01" : 1213])
            // One of them came first, with both of its numbers.
            expect([a, b].sort()).to.eql([
                [2, 2],
                [3, 3],
            ])
            expect([await one.last(dataSource), await two.last(dataSource)]).to.eql([3, 3])
        })

        it("repeats 20 transfers at once to the exact outcome", async () => {
            const dataSource = await database().connect([])
            const sequences = [0, 1, 2].map((scope) => new Sequence("s", { scope: [scope] }))
            const numbers = await Promise.all(
                Array.from({ length: 20 }, (_, at) =>
                    transactionWithRetry(
                        dataSource,
                        async (manager) => {
                            if (database().can.failOnce)
                                await manager.query("SET LOCAL deadlock_timeout = '5ms'")
                            const order = [at % 3, (at + 1 + (at % 2)) % 3]
                            const got: [number, number][] = []
                            for (const of of order)
                                got.push([of, await sequences[of]!.next(manager)])
                            return got
                        },
                        { attempts: 100, minDelay: 1, maxDelay: 50 },
                    ),
                ),
            )
            for (const scope of [0, 1, 2]) {
                const given = numbers.flat().filter(([of]) => of === scope)
                expect(given.map(([, number]) => number).sort((a, b) => a - b)).to.eql(
                    given.map((_, at) => at + 1),
                )
                expect(await sequences[scope]!.last(dataSource)).to.equal(given.length)
            }
        })
    },
    (can) => can.parallel,
)

onEachDatabase("transactionWithRetry and serialization failures", (database) => {
    for (const isolationLevel of ["REPEATABLE READ", "SERIALIZABLE"] as const)
        it(`repeats the work when a statement fails, ${isolationLevel}`, async () => {
            const dataSource = await database().connect([])
            await one.next(dataSource)
            let runs = 0
            const number = await transactionWithRetry(
                dataSource,
                async (manager) => {
                    runs += 1
                    expect(await one.last(manager)).to.equal(runs)
                    if (runs === 1) await one.next(dataSource)
                    return one.next(manager)
                },
                { ...quick, isolationLevel },
            )
            expect([number, runs]).to.eql([3, 2])
        })

    it("repeats the work when COMMIT fails", async () => {
        const dataSource = await database().connect([])
        await one.next(dataSource)
        await two.next(dataSource)
        let runs = 0
        let finished = 0
        const isolationLevel = "SERIALIZABLE"
        const last = await transactionWithRetry(
            dataSource,
            async (manager) => {
                runs += 1
                const other = dataSource.createQueryRunner()
                // Each reads what the other writes, so one can't be before the other.
                if (runs === 1) {
                    await other.startTransaction(isolationLevel)
                    await one.last(other.manager)
                }
                const read = await two.last(manager)
                if (runs === 1) await two.next(other.manager)
                await one.next(manager)
                if (runs === 1) await other.commitTransaction()
                await other.release()
                finished += 1
                return read
            },
            { ...quick, isolationLevel },
        )
        expect([runs, finished, last]).to.eql([2, 2, 2])
        expect([await one.last(dataSource), await two.last(dataSource)]).to.eql([2, 2])
    })

    it("throws the last error when no attempt is left", async () => {
        const dataSource = await database().connect([])
        await one.next(dataSource)
        const errors: unknown[] = []
        const attempt = transactionWithRetry(
            dataSource,
            async (manager) => {
                await two.next(manager)
                errors.push(await rejection(conflict(dataSource, manager)))
                throw errors.at(-1)
            },
            { ...quick, attempts: 3, isolationLevel: "REPEATABLE READ" },
        )
        const error = await rejection(attempt)
        expect(errors.map(codeOf)).to.eql(["40001", "40001", "40001"])
        expect(error).to.equal(errors[2])
        expect(await two.last(dataSource)).to.equal(null)
        const once = transactionWithRetry(dataSource, (manager) => conflict(dataSource, manager), {
            attempts: 1,
            isolationLevel: "SERIALIZABLE",
        })
        expect(codeOf(await rejection(once))).to.equal("40001")
    })

    it("waits for no other attempt once the signal is given", async () => {
        const dataSource = await database().connect([])
        await one.next(dataSource)
        const stop = new AbortController()
        const longest = 2 ** 31 - 1
        const attempt = transactionWithRetry(
            dataSource,
            (manager) =>
                conflict(dataSource, manager).finally(() => {
                    stop.abort(new Error("Enough."))
                }),
            {
                isolationLevel: "REPEATABLE READ",
                minDelay: longest,
                maxDelay: longest,
                signal: stop.signal,
            },
        )
        const error = await rejection(attempt)
        expect(error.name).to.equal("AbortError")
        expect((error.cause as Error).message).to.equal("Enough.")
    })

    it("looks for the code in the causes of an error", async () => {
        const dataSource = await database().connect([])
        await one.next(dataSource)
        let runs = 0
        const wrap = (error: unknown) =>
            new Error("It failed.", { cause: new Error("Why?", { cause: error }) })
        const number = await transactionWithRetry(
            dataSource,
            async (manager) => {
                runs += 1
                if (runs === 2) return one.next(manager)
                throw wrap(await rejection(conflict(dataSource, manager)))
            },
            { ...quick, isolationLevel: "REPEATABLE READ" },
        )
        expect([number, runs]).to.eql([3, 2])

        const loop = new Error("round and round")
        loop.cause = new Error("and round", { cause: loop })
        expect(
            await rejection(transactionWithRetry(dataSource, () => Promise.reject(loop))),
        ).to.equal(loop)
    })
})

onEveryDatabase(
    "transactionWithRetry and lock waits",
    (database) => {
        it("repeats the work after one that took too long", async () => {
            const dataSource = await database().connect([])
            const runner = dataSource.createQueryRunner()
            await runner.startTransaction()
            expect(await one.next(runner.manager)).to.equal(1)
            const errors: unknown[] = []
            const number = await transactionWithRetry(
                dataSource,
                async (manager) => {
                    await manager.query("SET SESSION innodb_lock_wait_timeout = 0")
                    return one.next(manager).catch(async (error: unknown) => {
                        errors.push(codeOf(error))
                        await runner.commitTransaction()
                        throw error
                    })
                },
                quick,
            )
            await runner.release()
            expect([number, errors]).to.eql([2, [1205]])
        })
    },
    (can) => !can.tableLock,
)

describe("transactionWithRetry and two connections to one SQLite file", () => {
    let directory: string
    const dataSources: DataSource[] = []

    before(async () => {
        directory = await mkdtemp(join(tmpdir(), "autosequence-retry-"))
    })
    afterEach(async () => {
        for (const dataSource of dataSources.splice(0)) await dataSource.destroy()
    })
    after(() => rm(directory, { recursive: true, force: true }))

    async function connectTwice(name: string, timeout: number) {
        for (let at = 0; at < 2; at++)
            dataSources.push(
                await new DataSource(
                    withAutoSequence({
                        type: "better-sqlite3",
                        database: join(directory, name),
                        timeout,
                        synchronize: at === 0,
                    }),
                ).initialize(),
            )
        return dataSources as [DataSource, DataSource]
    }

    it("repeats the work while the file is locked", async () => {
        const [a, b] = await connectTwice("busy.db", 1)
        const holder = a.createQueryRunner()
        await holder.startTransaction()
        expect(await one.next(holder.manager)).to.equal(1)
        const errors: unknown[] = []
        const number = await transactionWithRetry(
            b,
            (manager) =>
                one.next(manager).catch(async (error: unknown) => {
                    errors.push(codeOf(error))
                    if (errors.length === 2) await holder.commitTransaction()
                    throw error
                }),
            quick,
        )
        expect([number, errors]).to.eql([2, ["SQLITE_BUSY", "SQLITE_BUSY"]])
        expect(await one.last(a)).to.equal(2)
    })

    it("is not waited for by a Sequence with nowait", async () => {
        const [a, b] = await connectTwice("nowait.db", 60_000)
        const holder = a.createQueryRunner()
        await holder.startTransaction()
        expect(await one.next(holder.manager)).to.equal(1)
        // Waiting would block this very process, the holder included.
        await expectLocked(one.next(b, { nowait: true }))
        const reader = b.createQueryRunner()
        await reader.startTransaction()
        expect(await one.last(reader.manager)).to.equal(null)
        await expectLocked(one.nextMany(reader.manager, 3, { nowait: true }))
        expect(await b.query("PRAGMA busy_timeout")).to.eql([{ timeout: 60_000 }])
        await reader.rollbackTransaction()
        await holder.commitTransaction()
        expect(await one.next(b, { nowait: true })).to.equal(2)
        expect(await b.query("PRAGMA busy_timeout")).to.eql([{ timeout: 60_000 }])
    })
})

describe("transactionWithRetry", () => {
    const never = () => Promise.reject(new Error("This was not to be done."))

    it("refuses a database whose codes are not known", async () => {
        const dataSource = new DataSource({ type: "sqljs" })
        const options = { ...dataSource.options, type: "mssql" }
        Object.assign(dataSource, { options })
        await expectRejects(transactionWithRetry(dataSource, never), UnsupportedError, '"mssql"')
    })

    const refused = [
        { attempts: 0 },
        { attempts: 1.5 },
        { attempts: NaN },
        { minDelay: -1 },
        { minDelay: NaN },
        { minDelay: 10, maxDelay: 9 },
        { maxDelay: 2 ** 31 },
        { maxDelay: Infinity },
    ]
    for (const options of refused)
        it(`refuses ${Object.entries(options).join(" ")}`, async () => {
            const dataSource = new DataSource({ type: "sqljs" })
            const [[name] = [""]] = Object.entries(options)
            await expectRejects(
                transactionWithRetry(dataSource, never, options),
                InvalidOptionError,
                name,
            )
        })
})

async function expectLocked(attempt: Promise<unknown>): Promise<void> {
    expect(await rejection(attempt)).to.be.instanceOf(CounterLockedError)
}

/** Resolves once it was called so many times, and at once from then on. */
function barrier(count: number): () => Promise<void> {
    const signal = new Signal()
    return () => {
        if (--count === 0) signal.send()
        return signal.promise
    }
}

/** Fails, as another connection moves the counter that this transaction has seen. */
async function conflict(dataSource: DataSource, manager: EntityManager): Promise<never> {
    await one.last(manager)
    await one.next(dataSource)
    throw await rejection(one.next(manager))
}

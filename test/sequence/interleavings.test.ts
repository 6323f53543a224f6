import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    type EntityManager,
    PrimaryGeneratedColumn,
} from "typeorm"
import { CounterLockedError, Sequence } from "../../src"
import { select } from "../../src/typeorm/statement"
import { dialectOf } from "../../src/dialects"
import { onEveryDatabase, StatementLog } from "../support/databases"
import { rejection } from "../support/errors"
import { mustWait, sessionOf, waitForLocks } from "../support/waiting"

@Entity()
class Note {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    text!: string
}

const sequence = new Sequence("interleaved")
const other = new Sequence("interleaved", { scope: ["other"] })

interface Interleaving {
    /** Whether both sequences have given a number before. */
    readonly use: "first" | "later"
    readonly end: "commit" | "rollback"
    readonly asked: "same" | "different"
    /** Whether B asks in a transaction that is open already. */
    readonly isInTransaction: boolean
}

const INTERLEAVINGS = (["first", "later"] as const).flatMap((use) =>
    (["commit", "rollback"] as const).flatMap((end) =>
        (["same", "different"] as const).flatMap((asked) =>
            [false, true].map((isInTransaction): Interleaving => ({
                use,
                end,
                asked,
                isInTransaction,
            })),
        ),
    ),
)

const titleOf = ({ use, end, asked, isInTransaction }: Interleaving) =>
    `${use} use, ${asked} sequence, ${end}, ${isInTransaction ? "in a transaction" : "in autocommit"}`

onEveryDatabase(
    "Two connections that ask a Sequence",
    (database) => {
        for (const interleaving of INTERLEAVINGS)
            it(`get what they should: ${titleOf(interleaving)}`, async () => {
                const { use, end, asked, isInTransaction } = interleaving
                const dataSource = await prepare(await database().connect([]), interleaving)
                const before = use === "first" ? 0 : 1
                const log = await withTwo(dataSource, async (a, b) => {
                    const log: string[] = []
                    await a.begin()
                    log.push(`A got ${await sequence.next(a.manager)}`)
                    if (isInTransaction) await b.begin()
                    const session = await sessionOf(b.manager)
                    const turn = (asked === "same" ? sequence : other)
                        .next(b.manager)
                        .then((number) => log.push(`B got ${number}`))
                    if (await mustWait(dataSource, session, turn)) log.push("B waits")
                    log.push(`A: ${end}`)
                    await a.end(end)
                    await turn
                    if (isInTransaction) await b.end("commit")
                    return log
                })
                const next = end === "commit" ? before + 2 : before + 1
                expect(log).to.eql(
                    asked === "same"
                        ? [`A got ${before + 1}`, "B waits", `A: ${end}`, `B got ${next}`]
                        : [`A got ${before + 1}`, `B got ${before + 1}`, `A: ${end}`],
                )
                expect(await sequence.last(dataSource)).to.equal(
                    asked === "same" ? next : next - 1 || null,
                )
            })

        for (const interleaving of INTERLEAVINGS.filter(({ asked }) => asked === "same"))
            it(`don't wait with nowait: ${titleOf(interleaving)}`, async () => {
                const { use, end, isInTransaction } = interleaving
                const dataSource = await prepare(await database().connect([]), interleaving)
                const before = use === "first" ? 0 : 1
                const mine = new Sequence("mine")
                await withTwo(dataSource, async (a, b) => {
                    await a.begin()
                    expect(await sequence.next(a.manager)).to.equal(before + 1)
                    if (isInTransaction) await b.begin()
                    expect(await mine.next(b.manager)).to.equal(1)

                    // Nobody but A ends its transaction, so what comes back here has not waited for it.
                    await expectLocked(sequence.next(b.manager, { nowait: true }))
                    await expectLocked(sequence.nextMany(b.manager, 2, { nowait: true }))
                    await expectLocked(sequence.next(dataSource, { nowait: true }))
                    expect(await mine.next(b.manager)).to.equal(2)

                    await a.end(end)
                    const next = end === "commit" ? before + 2 : before + 1
                    expect(await sequence.next(b.manager, { nowait: true })).to.equal(next)
                    expect(await mine.next(b.manager, { nowait: true })).to.equal(3)
                    if (isInTransaction) await b.end("commit")
                    expect(await mine.last(dataSource)).to.equal(3)
                    expect(await sequence.last(dataSource)).to.equal(next)
                })
            })

        for (const isInTransaction of [true, false])
            it(`get numbers of another sequence with nowait, ${isInTransaction ? "in a transaction" : "in autocommit"}`, async () => {
                const dataSource = await database().connect([])
                await withTwo(dataSource, async (a, b) => {
                    await a.begin()
                    expect(await sequence.next(a.manager)).to.equal(1)
                    if (isInTransaction) await b.begin()
                    expect(await other.next(b.manager, { nowait: true })).to.equal(1)
                    expect(await other.nextMany(b.manager, 2, { nowait: true })).to.eql([2, 3])
                    if (isInTransaction) await b.end("rollback")
                    await a.end("commit")
                })
                expect(await other.last(dataSource)).to.equal(isInTransaction ? null : 3)
            })

        it("undo nothing with nowait that is saved beside them", async () => {
            const dataSource = await database().connect([Note])
            await withTwo(dataSource, async (a, b) => {
                await a.begin()
                await sequence.next(a.manager)
                await b.begin()
                const notes = b.manager.getRepository(Note)
                await Promise.all([
                    notes.insert({ text: "before" }),
                    expectLocked(sequence.next(b.manager, { nowait: true })),
                    notes.insert({ text: "beside" }),
                ])
                await b.end("commit")
                await a.end("commit")
            })
            const notes = await dataSource.getRepository(Note).find()
            expect(notes.map(({ text }) => text).sort()).to.eql(["before", "beside"])
        })

        it("wait as long as before, when nowait is over", async () => {
            const dataSource = await database().connect([])
            const { read, set } = dialectOf(dataSource)!.counter.lockWait
            await withTwo(dataSource, async (a, b) => {
                const wait = async () =>
                    (await select<{ value: unknown }>(b.runner, read))[0]!.value
                await a.begin()
                await sequence.next(a.manager)
                await b.begin()
                const { sql, parameters } = set("7")
                await b.runner.query(sql, parameters)
                const before = await wait()
                expect(String(before)).to.match(/^7/)
                await expectLocked(sequence.next(b.manager, { nowait: true }))
                expect(await wait()).to.equal(before)
                await other.next(b.manager, { nowait: true })
                expect(await wait()).to.equal(before)
                await b.end("commit")
                await a.end("commit")
            })
        })
    },
    (can) => can.parallel,
)

onEveryDatabase(
    "A Sequence that is not told where the counter is",
    (database) => {
        it("asks for it in the same transaction", async () => {
            const log = new StatementLog()
            const dataSource = await database().connect([], { logger: log })
            // MySQL has no RETURNING; its driver says so.
            Object.assign(dataSource.driver, { isReturningSqlSupported: () => false })
            const loop = new Sequence("loop", { resetAt: 4 })
            log.statements.length = 0
            expect(await loop.nextMany(dataSource, 4)).to.eql([1, 2, 3, 1])
            const verbs = log.statements.map((sql) => sql.split(" ", 1)[0])
            expect(verbs).to.eql(["START", "INSERT", "SELECT", "UPDATE", "COMMIT"])
            const numbers = await Promise.all(
                Array.from({ length: 200 }, (_, at) =>
                    at % 2
                        ? sequence.next(dataSource)
                        : dataSource.transaction((manager) => sequence.next(manager)),
                ),
            )
            expect(numbers.sort((a, b) => a - b)).to.eql(numbers.map((_, at) => at + 1))
            await withTwo(dataSource, async (a, b) => {
                await a.begin()
                expect(await sequence.next(a.manager)).to.equal(201)
                await expectLocked(sequence.next(b.manager, { nowait: true }))
                await a.end("rollback")
                expect(await sequence.next(b.manager, { nowait: true })).to.equal(201)
            })
        })
    },
    (can) => !can.tableLock,
)

onEveryDatabase(
    "Processes that wait for the first number of a Sequence",
    (database) => {
        it("get the next ones when the first one is given back", async () => {
            const first = await database().connect([])
            const others: DataSource[] = []
            for (let at = 0; at < 5; at += 1)
                others.push(await database().connect([], { sameAs: first, connections: 1 }))
            const sessions = await Promise.all(others.map(({ manager }) => sessionOf(manager)))
            const taken: Promise<number>[] = []
            await rejection(
                first.transaction(async (manager) => {
                    expect(await sequence.next(manager)).to.equal(1)
                    taken.push(...others.map((one) => sequence.next(one)))
                    await waitForLocks(first, ...sessions)
                    throw new Error("given back")
                }),
            )
            const numbers = await Promise.all(taken)
            expect(numbers.sort()).to.eql([1, 2, 3, 4, 5])
            expect(await sequence.next(first)).to.equal(6)
        })
    },
    ({ parallel }) => parallel,
)

async function expectLocked(attempt: Promise<unknown>): Promise<void> {
    const error = (await rejection(attempt)) as CounterLockedError
    expect(error).to.be.instanceOf(CounterLockedError)
    expect(error.code).to.equal("COUNTER_LOCKED")
    expect(error.message).to.include("interleaved").and.to.include("nowait")
    expect(error.cause).to.be.instanceOf(Error)
}

async function prepare(dataSource: DataSource, { use }: Interleaving): Promise<DataSource> {
    if (use === "later") {
        await sequence.next(dataSource)
        await other.next(dataSource)
    }
    return dataSource
}

/** A connection, and its manager. */
class Session {
    readonly manager: EntityManager

    constructor(readonly runner: ReturnType<DataSource["createQueryRunner"]>) {
        this.manager = runner.manager
    }

    begin(): Promise<void> {
        return this.runner.startTransaction()
    }

    end(how: "commit" | "rollback"): Promise<void> {
        return how === "commit"
            ? this.runner.commitTransaction()
            : this.runner.rollbackTransaction()
    }
}

async function withTwo<T>(
    dataSource: DataSource,
    work: (a: Session, b: Session) => Promise<T>,
): Promise<T> {
    const runners = [dataSource.createQueryRunner(), dataSource.createQueryRunner()] as const
    try {
        return await work(new Session(runners[0]), new Session(runners[1]))
    } finally {
        for (const runner of runners) {
            if (runner.isTransactionActive) await runner.rollbackTransaction()
            await runner.release()
        }
    }
}

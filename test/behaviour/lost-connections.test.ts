import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    type EntitySubscriberInterface,
    EventSubscriber,
    PrimaryGeneratedColumn,
} from "typeorm"
import { AutoSequenceColumn, PseudoKey, Sequence, TransactionAbortedError } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { waitsForBeforeQuery } from "../support/typeorm-version"
import { sessionOf } from "../support/waiting"

@Entity({ name: "parcel" })
class Parcel {
    @PrimaryGeneratedColumn()
    id!: number

    @Column({ type: "varchar", length: 50 })
    name!: string

    @AutoSequenceColumn({ strategy: "counter" })
    number!: number

    @PseudoKey({ case: "keep", derive: ({ name }: Parcel) => name })
    key!: string
}

let refused = 0

/** What an application may do, or a node of a cluster that answers nothing but errors. */
@EventSubscriber()
class RefusedRollbacks implements EntitySubscriberInterface {
    beforeQuery({ query }: { query: string }): Promise<void> | undefined {
        if (query !== "ROLLBACK") return undefined
        refused += 1
        return Promise.reject(new Error("No ROLLBACK now."))
    }
}

/** The same before anything of it is sent. */
@EventSubscriber()
class RefusedEvents implements EntitySubscriberInterface {
    beforeTransactionRollback(): Promise<void> {
        refused += 1
        return Promise.reject(new Error("No ROLLBACK now."))
    }
}

/** A statement that somebody cancels. */
@EventSubscriber()
class RefusedNestedRollbacks implements EntitySubscriberInterface {
    beforeQuery({ query }: { query: string }): Promise<void> | undefined {
        if (!query.startsWith("ROLLBACK TO SAVEPOINT")) return undefined
        return Promise.reject(new Error("No ROLLBACK now."))
    }
}

/** The same where a nested transaction is meant, which the listener is not told. */
@EventSubscriber()
class RefusedNestedEvents implements EntitySubscriberInterface {
    beforeTransactionRollback(): Promise<void> {
        return Promise.reject(new Error("No ROLLBACK now."))
    }
}

/** One that throws, so that listeners behind it are not called. */
@EventSubscriber()
class ThrownNestedEvents implements EntitySubscriberInterface {
    beforeTransactionRollback(): void {
        throw new Error("No ROLLBACK now.")
    }
}

/** A nested transaction that can't be begun; TypeORM takes the one around it for ended. */
@EventSubscriber()
class RefusedNestedStarts implements EntitySubscriberInterface {
    beforeTransactionStart({ queryRunner }: { queryRunner: { isTransactionActive: boolean } }) {
        const { transactionDepth } = queryRunner as unknown as { transactionDepth: number }
        return transactionDepth > 0 ? Promise.reject(new Error("on purpose")) : undefined
    }
}

/** The first statement behind COMMIT on MariaDB: the lock of a key is given up. */
@EventSubscriber()
class RefusedUnlocking implements EntitySubscriberInterface {
    beforeQuery({ query }: { query: string }): Promise<void> | undefined {
        if (!query.includes("RELEASE_LOCK")) return undefined
        return Promise.reject(new Error("No RELEASE_LOCK now."))
    }
}

const stored = async (dataSource: DataSource) =>
    (await dataSource.getRepository(Parcel).find({ order: { number: "ASC" } })).map(
        ({ name, number, key }) => [name, number, key],
    )

onEveryDatabase(
    "A transaction whose connection is lost",
    (database) => {
        for (const subscriber of [RefusedRollbacks, RefusedEvents])
            it(`is not committed with the next one, where its ROLLBACK is refused (${subscriber.name})`, async () => {
                const dataSource = await database().connect([Parcel], {
                    connections: 1,
                    subscribers: [subscriber],
                })
                refused = 0
                const parcels = dataSource.getRepository(Parcel)
                const lost = parcels.create({ name: "lost" })
                const attempt = dataSource.transaction(async (manager) => {
                    await manager.save(lost)
                    expect([lost.number, lost.key]).to.eql([1, "lost"])
                    throw new Error("on purpose")
                })
                expect((await rejection(attempt)).message).to.equal("on purpose")
                expect(refused).to.equal(1)
                expect([lost.number, lost.key]).to.eql([undefined, undefined])

                await parcels.save({ name: "next" })
                expect(await stored(dataSource)).to.eql([["next", 1, "next"]])
                await parcels.save(Object.assign(lost, { id: undefined }))
                expect(await stored(dataSource)).to.eql([
                    ["next", 1, "next"],
                    ["lost", 2, "lost"],
                ])
            })

        const refusals = [
            [RefusedNestedRollbacks, "nothing more is done"],
            [RefusedNestedRollbacks, "more is saved"],
            [RefusedNestedRollbacks, "a number is taken"],
            [RefusedNestedEvents, "nothing more is done"],
            [ThrownNestedEvents, "more is saved"],
        ] as const
        for (const [subscriber, then] of waitsForBeforeQuery ? refusals : [])
            it(`is not committed where a nested one could not be rolled back (${subscriber.name}), and ${then}`, async () => {
                const dataSource = await database().connect([Parcel], {
                    connections: 1,
                    subscribers: [subscriber],
                })
                const parcels = dataSource.getRepository(Parcel)
                const rows = ["outer", "nested", "later"].map((name) => parcels.create({ name }))
                const [outer, nested, later] = rows
                const sequence = new Sequence("taken")
                const attempt = dataSource.transaction(async (manager) => {
                    await manager.save(outer)
                    const inner = manager.transaction(async (innerManager) => {
                        await innerManager.save(nested)
                        throw new Error("on purpose")
                    })
                    expect((await rejection(inner)).message).to.equal("on purpose")
                    expect(nested?.number).to.equal(undefined)
                    if (then === "more is saved") await manager.save(later)
                    if (then === "a number is taken") await sequence.next(manager)
                })
                expect(await rejection(attempt)).to.be.instanceOf(TransactionAbortedError)
                for (const row of rows) expect([row.number, row.key]).to.eql([undefined, undefined])

                await parcels.save({ name: "next" })
                expect(await stored(dataSource)).to.eql([["next", 1, "next"]])
                expect(await sequence.next(dataSource)).to.equal(1)
            })

        it("is not committed with the next one, where a nested one could not be begun", async () => {
            const dataSource = await database().connect([Parcel], {
                connections: 1,
                subscribers: [RefusedNestedStarts],
            })
            const parcels = dataSource.getRepository(Parcel)
            const lost = parcels.create({ name: "lost" })
            const attempt = dataSource.transaction(async (manager) => {
                await manager.save(lost)
                await manager.transaction(() => Promise.resolve())
            })
            expect((await rejection(attempt)).message).to.equal("on purpose")
            expect([lost.number, lost.key]).to.eql([undefined, undefined])
            await dataSource.transaction((manager) => manager.save(Parcel, { name: "next" }))
            expect(await stored(dataSource)).to.eql([["next", 1, "next"]])
        })

        it("is not committed where the database has ended it, and a number is taken", async () => {
            const dataSource = await database().connect([Parcel], { connections: 3 })
            const sequences = ["one", "other"].map((name) => new Sequence(name))
            for (const sequence of sequences) await sequence.next(dataSource)
            const taken = new Sequence("taken")
            const reached = [deferred(), deferred()]
            const attempts = [0, 1].map((at) =>
                dataSource.transaction(async (manager) => {
                    await sequences[at]!.next(manager)
                    reached[at]!.resolve()
                    await reached[1 - at]!.promise
                    try {
                        await sequences[1 - at]!.next(manager)
                    } catch {
                        // It was the victim of a deadlock.
                        await taken.next(manager)
                    }
                }),
            )
            const ended = await Promise.allSettled(attempts)
            expect(ended.map(({ status }) => status)).to.have.members(["fulfilled", "rejected"])
            expect(await taken.next(dataSource)).to.equal(1)
        })

        it("leaves no number on its entities, where that happens in a nested one", async () => {
            const dataSource = await database().connect([Parcel], { connections: 2 })
            const parcels = dataSource.getRepository(Parcel)
            const rows = ["outer", "nested"].map((name) => parcels.create({ name }))
            const [outer, nested] = rows
            const attempt = dataSource.transaction(async (manager) => {
                const session = await sessionOf(manager)
                await manager.save(outer)
                await manager.transaction(async (inner) => {
                    await inner.save(nested)
                    await endSession(dataSource, session)
                })
            })
            await rejection(attempt)
            for (const row of rows) expect([row.number, row.key]).to.eql([undefined, undefined])
            await parcels.save({ name: "next" })
            expect(await stored(dataSource)).to.eql([["next", 1, "next"]])
        })

        it("is committed where that happens behind COMMIT, and keeps no key locked", async () => {
            const dataSource = await database().connect([Parcel], {
                connections: 1,
                subscribers: [RefusedUnlocking],
            })
            const used = () => dataSource.transaction(sessionOf)
            const before = await used()
            const row = await dataSource.getRepository(Parcel).save({ name: "kept" })
            expect([row.number, row.key]).to.eql([1, "kept"])
            const isMaria = dataSource.options.type === "mariadb"
            expect((await used()) === before, "connection goes on").to.equal(!isMaria)
            expect(await stored(dataSource)).to.eql([["kept", 1, "kept"]])
        })

        it("leaves no number and no key on its entities, where that happens before COMMIT", async () => {
            const dataSource = await database().connect([Parcel], { connections: 2 })
            const parcels = dataSource.getRepository(Parcel)
            const lost = parcels.create({ name: "lost" })
            const attempt = dataSource.transaction(async (manager) => {
                const session = await sessionOf(manager)
                await manager.save(lost)
                expect([lost.number, lost.key]).to.eql([1, "lost"])
                await endSession(dataSource, session)
            })
            await rejection(attempt)
            expect([lost.number, lost.key]).to.eql([undefined, undefined])
            // Somebody else has both by now.
            await parcels.save({ name: "lost" })
            await parcels.save(Object.assign(lost, { id: undefined }))
            expect(await stored(dataSource)).to.eql([
                ["lost", 1, "lost"],
                ["lost", 2, "lost-2"],
            ])
        })

        it("leaves none there either, where a query runner is released with it", async () => {
            const dataSource = await database().connect([Parcel], { connections: 1 })
            const parcels = dataSource.getRepository(Parcel)
            const lost = parcels.create({ name: "lost" })
            const runner = dataSource.createQueryRunner()
            await runner.startTransaction()
            await runner.manager.save(lost)
            await runner.release()
            expect([lost.number, lost.key]).to.eql([undefined, undefined])
            await parcels.save({ name: "next" })
            expect(await stored(dataSource)).to.eql([["next", 1, "next"]])
        })
    },
    ({ parallel }) => parallel,
)

function deferred(): { promise: Promise<void>; resolve: () => void } {
    let resolve!: () => void
    const promise = new Promise<void>((done) => (resolve = done))
    return { promise, resolve }
}

async function endSession(dataSource: DataSource, session: string): Promise<void> {
    const isMaria = dataSource.options.type === "mariadb"
    await dataSource.query(
        isMaria ? `KILL CONNECTION ${session}` : `SELECT pg_terminate_backend(${session}, 5000)`,
    )
}

import { AsyncLocalStorage } from "node:async_hooks"
import { expect } from "chai"
import { type DataSource, Entity, type EntityManager, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    CounterLockedError,
    Sequence,
    TransactionRequiredError,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { upTo } from "../support/invoices"

@Entity({ name: "ambient_note" })
class Note {
    @PrimaryGeneratedColumn()
    id!: number

    @AutoSequenceColumn({ strategy: "counter", series: "notes" })
    number!: number
}

/** Lets a data source show the manager of the transaction that the calling code runs in. */
class AmbientTransactions {
    private readonly current = new AsyncLocalStorage<EntityManager>()
    private readonly outside: EntityManager

    constructor(dataSource: DataSource) {
        this.outside = dataSource.manager
        Object.defineProperty(dataSource, "manager", {
            get: () => this.current.getStore() ?? this.outside,
        })
    }

    run<T>(work: () => Promise<T>): Promise<T> {
        return this.outside.transaction((manager) => this.current.run(manager, work))
    }

    /** In the middle of a transaction, what is not part of it. */
    suspend<T>(work: () => Promise<T>): Promise<T> {
        return this.current.run(this.outside, work)
    }

    /** As a library does that holds a connection for a whole request. */
    with<T>(manager: EntityManager, work: () => Promise<T>): Promise<T> {
        return this.current.run(manager, work)
    }
}

const refused = new Error("Never mind.")
const refuse = async () => {
    throw refused
}

onEveryDatabase(
    "A Sequence of a data source that shows the manager of a transaction",
    (database) => {
        let dataSource: DataSource
        let transactions: AmbientTransactions
        let sequence: Sequence

        beforeEach(async () => {
            dataSource = await database().connect([Note])
            transactions = new AmbientTransactions(dataSource)
            sequence = new Sequence("a", { dataSource })
        })

        it("takes part in the transaction", async () => {
            await sequence.next()
            const attempt = transactions.run(async () => {
                expect(await sequence.next()).to.equal(2)
                expect(await sequence.nextMany(dataSource, 2)).to.eql([3, 4])
                expect(await sequence.next({ nowait: true })).to.equal(5)
                expect(await sequence.last()).to.equal(5)
                for await (const number of sequence) if (number === 7) break
                expect(await sequence.delete(dataSource)).to.equal(true)
                expect(await sequence.last(dataSource)).to.equal(null)
                expect(await sequence.next()).to.equal(1)
                await refuse()
            })
            expect(await rejection(attempt)).to.equal(refused)
            expect(await sequence.last()).to.equal(1)
            expect(await transactions.run(() => sequence.next())).to.equal(2)
            expect(await sequence.last()).to.equal(2)
        })

        it("counts with the rows that are saved in it", async () => {
            const notes = new Sequence("notes", { dataSource })
            await rejection(
                transactions.run(async () => {
                    expect(await dataSource.getRepository(Note).save({})).to.include({ number: 1 })
                    expect(await notes.next()).to.equal(2)
                    expect(await dataSource.manager.save(Note, {})).to.include({ number: 3 })
                    await refuse()
                }),
            )
            expect(await dataSource.getRepository(Note).count()).to.equal(0)
            expect(await notes.next()).to.equal(1)
            expect(await dataSource.getRepository(Note).save({})).to.include({ number: 2 })
        })

        it("gives numbers back with the savepoint that they were taken in", async () => {
            await transactions.run(async () => {
                await sequence.next()
                const attempt = dataSource.transaction(async () => {
                    expect(await sequence.next()).to.equal(2)
                    await refuse()
                })
                expect(await rejection(attempt)).to.equal(refused)
                expect(await sequence.next()).to.equal(2)
            })
            expect(await sequence.last()).to.equal(2)
        })

        it("gives its numbers one after the other to parallel calls, and to saves beside them", async () => {
            const notes = new Sequence("notes", { dataSource })
            await transactions.run(async () => {
                const save = async () => (await dataSource.getRepository(Note).save({})).number
                const calls = upTo(10).map((at) => (at % 2 ? notes.next() : save()))
                expect((await Promise.all(calls)).sort((a, b) => a - b)).to.eql(upTo(10))
            })
            expect(await notes.last()).to.equal(10)
        })

        it("refuses a call whose turn comes when the transaction has ended", async () => {
            let late: Promise<unknown> | undefined
            await rejection(
                transactions.run(async () => {
                    const two = sequence.next().then(() => sequence.next())
                    late = Promise.allSettled([two]).then(([ended]) => ended)
                    await refuse()
                }),
            )
            expect(await late)
                .to.have.property("reason")
                .that.is.instanceOf(TransactionRequiredError)
            expect(await sequence.last()).to.equal(null)
        })

        it("works by itself in code that goes on behind the transaction", async () => {
            let end!: () => void
            const isOver = new Promise<void>((resolve) => (end = resolve))
            let late!: Promise<number[]>
            await transactions.run(async () => {
                await sequence.next()
                late = isOver.then(() => Promise.all([sequence.next(), sequence.next()]))
            })
            end()
            expect(await late).to.eql([2, 3])
            expect(await sequence.last()).to.equal(3)
        })

        it("works by itself where the manager's connection is in no transaction", async () => {
            const runner = dataSource.createQueryRunner()
            await runner.connect()
            const released = transactions.with(runner.manager, async () => {
                await runner.release()
                return sequence.next()
            })
            expect(await released).to.equal(1)
        })
    },
)

onEveryDatabase(
    "Calls of a Sequence inside and outside of such transactions",
    (database) => {
        const start = async (connections = 10) => {
            const dataSource = await database().connect([Note], { connections })
            const transactions = new AmbientTransactions(dataSource)
            return { transactions, sequence: new Sequence("a", { dataSource }) }
        }

        for (const order of ["outside first", "inside first"] as const)
            it(`share no statement, ${order}`, async () => {
                const { transactions, sequence } = await start()
                await sequence.next()
                let outside!: Promise<number[]>
                const attempt = transactions.run(async () => {
                    const take = () => Promise.all([sequence.next(), sequence.next()])
                    const takeOutside = () => {
                        outside = transactions.suspend(take)
                    }
                    if (order === "outside first") takeOutside()
                    const inside = take()
                    if (order === "inside first") takeOutside()
                    await inside
                    await refuse()
                })
                expect(await rejection(attempt)).to.equal(refused)
                expect(await outside).to.eql([2, 3])
                expect(await sequence.last()).to.equal(3)
            })

        it("give exactly 1 to N to those that stay", async () => {
            const { transactions, sequence } = await start()
            // The first number is where InnoDB can find a deadlock, if the transaction that takes it rolls back.
            const first = await sequence.next()
            const calls = upTo(60).map((at) => {
                if (at % 3 === 0) return sequence.next()
                return transactions.run(async () => {
                    const number = await sequence.next()
                    if (at % 3 === 1) await refuse()
                    return number
                })
            })
            const taken = (await Promise.allSettled(calls)).flatMap((one) =>
                one.status === "fulfilled" ? [one.value] : [],
            )
            expect([first, ...taken].sort((a, b) => a - b)).to.eql(upTo(41))
            expect(await sequence.last()).to.equal(41)
        })

        it("need one connection", async () => {
            const { transactions, sequence } = await start(1)
            const calls = upTo(20).map((at) =>
                at % 2 ? sequence.next() : transactions.run(() => sequence.next()),
            )
            expect((await Promise.all(calls)).sort((a, b) => a - b)).to.eql(upTo(20))
        })

        it("take no notice of the transaction of another data source", async () => {
            const { transactions, sequence } = await start()
            const { sequence: elsewhere } = await start()
            await rejection(
                transactions.run(async () => {
                    await elsewhere.next()
                    await sequence.next()
                    await refuse()
                }),
            )
            expect([await sequence.last(), await elsewhere.last()]).to.eql([null, 1])
        })

        it("wait for each other, but for nowait", async () => {
            const { transactions, sequence } = await start()
            await transactions.run(async () => {
                expect(await sequence.next()).to.equal(1)
                const take = () => sequence.next({ nowait: true })
                for (const apart of [
                    () => transactions.suspend(take),
                    () => transactions.run(take),
                ])
                    expect(await rejection(apart())).to.be.instanceOf(CounterLockedError)
                expect(await sequence.next()).to.equal(2)
            })
        })
    },
    (can) => can.parallel,
)

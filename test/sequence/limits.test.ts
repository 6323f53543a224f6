import { COUNTER_ENTITY } from "../../src/declared/own-tables"
import { expect } from "chai"
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    InvalidOptionError,
    NotInstalledError,
    NumberOverflowError,
    Sequence,
    type SequenceOptions,
    type SequenceType,
    TransactionAbortedError,
    UnsupportedError,
    withAutoSequence,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { expectRejects, expectThrows, rejection } from "../support/errors"

const SAFE = Number.MAX_SAFE_INTEGER
const MAX = 2n ** 63n - 1n

@Entity({ name: "big_ticket" })
class BigTicket {
    @PrimaryGeneratedColumn()
    id!: number

    @Column({ default: "" })
    title!: string

    @AutoSequenceColumn({ strategy: "counter", series: "big", type: "bigint" })
    number!: string
}

onEveryDatabase("The largest numbers of a Sequence", (database) => {
    it("are safe integers, and the sequence stays where it is", async () => {
        const dataSource = await database().connect([])
        const sequence = new Sequence("a", { startAt: SAFE - 2, dataSource })
        await expectRejects(sequence.nextMany(4), NumberOverflowError, `"a" would pass ${SAFE}`)
        expect(await sequence.last()).to.equal(null)
        expect(await sequence.nextMany(2)).to.eql([SAFE - 2, SAFE - 1])
        await expectRejects(sequence.nextMany(2), NumberOverflowError, 'type "bigint"')
        await expectRejects(sequence.nextMany(2, { nowait: true }), NumberOverflowError)
        expect(await sequence.last()).to.equal(SAFE - 1)
        expect(await sequence.next()).to.equal(SAFE)
        await expectRejects(sequence.next(), NumberOverflowError)
        expect(await sequence.last()).to.equal(SAFE)
    })

    it("are refused in a transaction that goes on", async () => {
        const dataSource = await database().connect([])
        const sequence = new Sequence("a", { startAt: SAFE })
        const big = new Sequence("b", { startAt: MAX, type: "bigint" })
        const numbers = await dataSource.transaction(async (manager) => {
            const first = [await sequence.next(manager), await big.next(manager)]
            await expectRejects(sequence.next(manager), NumberOverflowError)
            await expectRejects(sequence.next(manager, { nowait: true }), NumberOverflowError)
            await expectRejects(big.nextMany(manager, 3), NumberOverflowError, "of a counter")
            return [...first, await sequence.last(manager), await big.last(manager)]
        })
        expect(numbers).to.eql([SAFE, MAX, SAFE, MAX])
        expect([await sequence.last(dataSource), await big.last(dataSource)]).to.eql([SAFE, MAX])
    })

    it("are bigints past them, exact up to 2^63 - 1", async () => {
        const dataSource = await database().connect([])
        const first = 2n ** 53n + 1n
        const sequence = new Sequence("a", { startAt: first, type: "bigint", dataSource })
        expect(await sequence.nextMany(3)).to.eql([first, first + 1n, first + 2n])
        expect(await sequence.last()).to.equal(first + 2n)
        await expectRejects(new Sequence("a").next(dataSource), NumberOverflowError)
        await expectRejects(new Sequence("a").last(dataSource), NumberOverflowError)
        expect(await sequence.next()).to.equal(first + 3n)

        const last = new Sequence("a", { startAt: MAX - 1n, type: "bigint", dataSource })
        expect(await last.nextMany(2)).to.eql([MAX - 1n, MAX])
        await expectRejects(last.next(), NumberOverflowError, `would pass ${MAX}`)
        expect(await last.last()).to.equal(MAX)
    })

    it("are no obstacle to one that starts over", async () => {
        const dataSource = await database().connect([])
        const options = { startAt: SAFE - 2, resetAt: SAFE }
        const loop = new Sequence("loop", { ...options, dataSource })
        expect(await loop.nextMany(5)).to.eql([SAFE - 2, SAFE - 1, SAFE - 2, SAFE - 1, SAFE - 2])
        const wide = { startAt: MAX - 5n, incrementBy: 2n, resetAt: MAX - 2n }
        const big = new Sequence("wide", { ...wide, type: "bigint", dataSource })
        expect(await big.nextMany(3)).to.eql([MAX - 5n, MAX - 3n, MAX - 5n])
        expect(await new Sequence("wide", { resetAt: 3, dataSource }).nextMany(2)).to.eql([1, 2])
    })

    it("are refused where columns share the series", async () => {
        const dataSource = await database().connect([BigTicket])
        const sequence = new Sequence("big", { dataSource })
        const big = new Sequence("big", { type: "bigint", dataSource })
        await dataSource.transaction(async (manager) => {
            const ticket = manager.getRepository(BigTicket)
            await ticket.insert({ number: String(SAFE - 1) })
        })
        expect(await sequence.next()).to.equal(SAFE)
        await expectRejects(sequence.next(), NumberOverflowError)
        await dataSource.transaction(async (manager) => {
            await expectRejects(sequence.next(manager), NumberOverflowError)
            expect(await big.next(manager)).to.equal(BigInt(SAFE) + 1n)
        })
        expect(await big.next()).to.equal(BigInt(SAFE) + 2n)
    })

    it("leave no counter behind that did not get to its first number", async () => {
        const dataSource = await database().connect([BigTicket])
        await dataSource.transaction((manager) =>
            manager.getRepository(BigTicket).insert({ number: String(SAFE) }),
        )
        const sequence = new Sequence("big", { dataSource })
        expect(await sequence.delete()).to.be.true
        await expectRejects(sequence.next(), NumberOverflowError)
        await expectRejects(
            new Sequence("b", { startAt: SAFE }).nextMany(dataSource, 2),
            NumberOverflowError,
        )
        const counters = dataSource.getRepository(COUNTER_ENTITY)
        // That of the column is at its last row again.
        expect((await counters.find()).map(({ series, last }) => `${series} ${last}`)).to.eql([
            `big ${SAFE}`,
        ])
    })
})

onEveryDatabase("A Sequence", (database) => {
    it("says what to do where there is no counter table", async () => {
        const dataSource = await database().connect([], { synchronize: false })
        const sequence = new Sequence("a", { dataSource })
        const remedy = "installAutoSequence"
        await expectRejects(sequence.next(), NotInstalledError, remedy)
        await expectRejects(sequence.next({ nowait: true }), NotInstalledError, remedy)
        await expectRejects(sequence.last(), NotInstalledError, remedy)
        await expectRejects(sequence.delete(), NotInstalledError, remedy)
    })

    it("uses a counter table of another name", async () => {
        const dataSource = await database().connect([], { counterTable: { name: "my counters" } })
        const sequence = new Sequence("a", { dataSource })
        expect(await sequence.next()).to.equal(1)
        expect(await sequence.last()).to.equal(1)
        expect(await sequence.delete()).to.be.true
    })

    it("says so where the data source does not know the counter table, or is not initialized", async () => {
        const plain = await database().connect([])
        const { options } = plain
        const dataSource = new DataSource({ ...options, entities: [], subscribers: [] })
        await expectRejects(new Sequence("a").next(dataSource), NotInstalledError, "initialize()")
        await dataSource.initialize()
        try {
            await expectRejects(
                new Sequence("a").next(dataSource),
                NotInstalledError,
                "withAutoSequence(options)",
            )
        } finally {
            await dataSource.destroy()
        }
    })

    it("passes on what the database says otherwise", async () => {
        const dataSource = await database().connect([])
        const runner = dataSource.createQueryRunner()
        await runner.release()
        const attempt = dataSource.transaction(async (manager) => {
            await manager.query("SELECT 1 FROM nowhere").catch(() => {})
            return new Sequence("a").next(manager)
        })
        if (!database().can.failOnce) return expect(await attempt).to.equal(1)
        expect((await rejection(attempt)).message).to.include("current transaction is aborted")
    })

    it("does not let a transaction pass for committed that the database has rolled back", async () => {
        const dataSource = await database().connect([])
        const sequence = new Sequence("a")
        const attempt = dataSource.transaction(async (manager) => {
            const number = await sequence.next(manager)
            await manager.query("SELECT 1 FROM nowhere").catch(() => {})
            return number
        })
        if (!database().can.failOnce) return expect(await attempt).to.equal(1)
        expect(await rejection(attempt)).to.be.instanceOf(TransactionAbortedError)
        expect(await sequence.last(dataSource)).to.equal(null)
    })
})

describe("The options of a Sequence", () => {
    const refused: [SequenceOptions<SequenceType>, string][] = [
        [{ startAt: 0 }, "startAt is 0"],
        [{ startAt: 1.5 }, "startAt is 1.5"],
        [{ startAt: NaN }, "startAt is NaN"],
        [{ startAt: "1" as never }, 'startAt is "1"'],
        [{ startAt: 2n ** 53n }, `from 1 to ${SAFE}`],
        [{ startAt: 2 ** 53, type: "bigint" }, "startAt is 9007199254740992"],
        [{ startAt: 2n ** 63n, type: "bigint" }, `from 1 to ${MAX}`],
        [{ incrementBy: 0 }, "incrementBy is 0"],
        [{ incrementBy: -1n }, "incrementBy is -1"],
        [{ resetAt: 1 }, "resetAt is 1, give an integer above startAt (1)"],
        [{ startAt: 5, resetAt: 3 }, "above startAt (5)"],
        [{ resetAt: MAX, type: "bigint" }, "resetAt and incrementBy"],
        [{ type: "string" as never }, 'type is "string"'],
        [{ start: 1 } as never, 'no option "start"'],
        [null as never, "the options are null"],
    ]
    for (const [options, text] of refused)
        it(`are refused: ${text}`, () => {
            expectThrows(() => new Sequence("a", options), InvalidOptionError, 'Sequence "a"', text)
        })

    for (const name of ["", " ", "a ", "x".repeat(256), 7 as never])
        it(`are refused with the name ${JSON.stringify(name).slice(0, 10)}`, () => {
            expectThrows(() => new Sequence(name), InvalidOptionError, "name of a sequence")
        })

    it("of a call are looked at before anything is sent", async () => {
        const dataSource = await new DataSource(
            withAutoSequence({ type: "sqljs", synchronize: true }),
        ).initialize()
        const sequence = new Sequence("a", { dataSource })
        const wrong: [Promise<unknown>, string][] = [
            [sequence.nextMany(1.5), "1.5 numbers"],
            [sequence.nextMany(-1), "-1 numbers"],
            [sequence.nextMany(10_000_001), "from 0 to 10000000"],
            [sequence.nextMany(dataSource as never), "undefined numbers"],
            [sequence.nextMany(dataSource, "3" as never), '"3" numbers'],
            [sequence.next({ nowait: "yes" as never }), "nowait"],
            [sequence.next({ wait: false } as never), "nowait"],
            [sequence.next(dataSource.createQueryRunner() as never), "other than a DataSource"],
            [sequence.next("dataSource" as never), "other than a DataSource"],
            [new Sequence("a").next(), "option dataSource"],
            [new Sequence("a").nextMany(3), "option dataSource"],
            [new Sequence("a").last(), "option dataSource"],
            [new Sequence("a").delete(), "option dataSource"],
            [new Sequence("a")[Symbol.asyncIterator]().next(), "option dataSource"],
        ]
        for (const [attempt, text] of wrong) await expectRejects(attempt, InvalidOptionError, text)
        expect(await sequence.last()).to.equal(null)
        await dataSource.destroy()
    })

    it("are refused on a database that counters don't work on", async () => {
        const dataSource = new DataSource({
            type: "cockroachdb",
            host: "nowhere.invalid",
            timeTravelQueries: false,
        })
        Object.assign(dataSource, { isInitialized: true })
        await expectRejects(
            new Sequence("a").next(dataSource),
            UnsupportedError,
            '"cockroachdb"',
            '"postgres"',
        )
    })

    it("tell the type of the numbers", () => {
        const number: Sequence = new Sequence("a")
        const bigint: Sequence<"bigint"> = new Sequence("a", { type: "bigint" })
        const take = (sequence: Sequence): Promise<number> => sequence.next()
        const takeBigint = (sequence: Sequence<"bigint">): Promise<bigint> => sequence.next()
        expect([number.name, bigint.name, take.length, takeBigint.length]).to.eql(["a", "a", 1, 1])
    })
})

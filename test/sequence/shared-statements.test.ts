import { expect } from "chai"
import type { DataSource, EntityManager } from "typeorm"
import { NumberOverflowError, Sequence, TransactionRequiredError } from "../../src"
import { onEveryDatabase, StatementLog } from "../support/databases"
import { upTo } from "../support/invoices"
import { isThorough } from "../support/thoroughness"

const CALLS_EACH = isThorough ? 50 : 15

const list = <T>(length: number, make: (at: number) => T) =>
    Array.from({ length }, (_, at) => make(at))

onEveryDatabase("Calls of a Sequence that arrive together", (database) => {
    let log: StatementLog
    let dataSource: DataSource

    beforeEach(async () => {
        log = new StatementLog()
        dataSource = await database().connect([], { logger: log })
        await new Sequence("warm").next(dataSource)
        log.statements.length = 0
    })

    const moves = () => log.statements.filter((sql) => sql.startsWith("INSERT INTO"))

    it("share one statement, each getting its own number in the order of the calls", async () => {
        const numbers = await Promise.all(list(100, () => new Sequence("a").next(dataSource)))
        expect(numbers).to.eql(upTo(100))
        expect(log.statements).to.have.lengthOf(1)
    })

    it("share the next statement where one is under way", async () => {
        const sequence = new Sequence("a")
        const chains = list(20, async () => {
            const numbers: number[] = []
            while (numbers.length < 5) numbers.push(await sequence.next(dataSource))
            return numbers
        })
        const numbers = (await Promise.all(chains)).flat()
        expect(numbers.sort((a, b) => a - b)).to.eql(upTo(100))
        expect(log.statements.length).to.be.at.most(10)
    })

    it("share it whatever they ask for", async () => {
        const loop = () => new Sequence("loop", { resetAt: 6, dataSource })
        const numbers = await Promise.all([
            loop().next(),
            loop().nextMany(3),
            loop().next(),
            loop().nextMany(7),
            loop().next(),
        ])
        expect(numbers).to.eql([1, [2, 3, 4], 5, [1, 2, 3, 4, 5, 1, 2], 3])
        // The counter is locked by one statement and set by another, in one transaction.
        const verbs = log.statements.map((sql) => sql.split(" ", 1)[0])
        expect(verbs.slice(1)).to.eql(["INSERT", "UPDATE", "COMMIT"])
    })

    it("send nothing where no number is asked for", async () => {
        const sequence = new Sequence("a")
        expect(await sequence.nextMany(dataSource, 0)).to.eql([])
        expect(await sequence.nextMany(dataSource, 0, { nowait: true })).to.eql([])
        expect(log.statements).to.eql([])
        expect(await sequence.last(dataSource)).to.equal(null)
    })

    it("don't share it with another sequence, scope, or way of counting", async () => {
        const numbers = await Promise.all([
            new Sequence("a").next(dataSource),
            new Sequence("b").next(dataSource),
            new Sequence("a", { scope: [1] }).next(dataSource),
            new Sequence("a", { scope: { of: 1 } }).next(dataSource),
            new Sequence("a", { scope: [null] }).next(dataSource),
            new Sequence("a", { scope: ["null"] }).next(dataSource),
        ])
        expect(numbers).to.eql([1, 1, 1, 1, 1, 1])
        expect(moves()).to.have.lengthOf(6)
        const others = await Promise.all([
            new Sequence("a", { incrementBy: 100 }).next(dataSource),
            new Sequence("a", { resetAt: 2 }).next(dataSource),
            new Sequence("a", { type: "bigint" }).next(dataSource),
        ])
        expect(others.map(typeof_)).to.eql(["number", "number", "bigint"])
        expect(moves()).to.have.lengthOf(9)
    })

    it("are rejected together when the statement fails, and later ones are not", async () => {
        const sequence = new Sequence("a", { dataSource })
        const name = await hideCounters(dataSource)
        const attempts = await Promise.allSettled(list(3, () => sequence.next()))
        expect(attempts.map(({ status }) => status)).to.eql(["rejected", "rejected", "rejected"])
        await name.restore()
        expect(await Promise.all([sequence.next(), sequence.next()])).to.eql([1, 2])
    })

    it("don't fail with one that asks for too many", async () => {
        const last = Number.MAX_SAFE_INTEGER
        const sequence = new Sequence("a", { startAt: last - 2, dataSource })
        const [one, tooMany, two] = await Promise.allSettled([
            sequence.next(),
            sequence.nextMany(3),
            sequence.nextMany(2),
        ])
        expect([one, two]).to.eql([
            { status: "fulfilled", value: last - 2 },
            { status: "fulfilled", value: [last - 1, last] },
        ])
        expect((tooMany as PromiseRejectedResult).reason).to.be.instanceOf(NumberOverflowError)
    })

    it("go one after the other in a transaction, each by its statement", async () => {
        const sequence = new Sequence("a")
        const numbers = await dataSource.transaction((manager) =>
            Promise.all(list(10, () => sequence.next(manager))),
        )
        expect(numbers).to.eql(upTo(10))
        expect(moves()).to.have.lengthOf(10)
    })

    it("are of a transaction that nobody has waited in, and are rolled back with it", async () => {
        const sequence = new Sequence("a")
        let late: Promise<number[]> | undefined
        const attempt = dataSource.transaction(async (manager: EntityManager) => {
            late = Promise.all(list(3, () => sequence.next(manager)))
            throw new Error("Never mind.")
        })
        await expect(attempt).to.be.rejectedWith("Never mind.")
        expect(await late).to.eql([1, 2, 3])
        expect(await sequence.last(dataSource)).to.equal(null)
    })

    it("are refused where the transaction ends before their turn", async () => {
        const sequence = new Sequence("a")
        let late: Promise<PromiseSettledResult<number>> | undefined
        const attempt = dataSource.transaction(async (manager: EntityManager) => {
            const two = sequence.next(manager).then(() => sequence.next(manager))
            late = Promise.allSettled([two]).then(([ended]) => ended)
            throw new Error("Never mind.")
        })
        await expect(attempt).to.be.rejectedWith("Never mind.")
        expect(((await late) as PromiseRejectedResult).reason).to.be.instanceOf(
            TransactionRequiredError,
        )
        expect(await sequence.last(dataSource)).to.equal(null)
    })

    it("are of the transaction on a query runner, and autocommit without one", async () => {
        const sequence = new Sequence("a")
        const runner = dataSource.createQueryRunner()
        try {
            expect(await sequence.next(runner.manager)).to.equal(1)
            await runner.startTransaction()
            expect(await sequence.next(runner.manager)).to.equal(2)
            await runner.rollbackTransaction()
            expect(await sequence.last(runner.manager)).to.equal(1)
        } finally {
            await runner.release()
        }
    })
})

onEveryDatabase(
    "Parallel callers of a Sequence",
    (database) => {
        for (const isInTransaction of [true, false])
            it(`get 1 to ${20 * CALLS_EACH}, ${isInTransaction ? "in transactions" : "in autocommit"}`, async () => {
                const a = await database().connect([])
                const b = await database().connect([], { sameAs: a })
                const sequence = new Sequence("shared")
                const caller = async (at: number) => {
                    const numbers: number[] = []
                    const dataSource = at % 2 ? a : b
                    while (numbers.length < CALLS_EACH)
                        numbers.push(
                            isInTransaction
                                ? await dataSource.transaction((manager) => sequence.next(manager))
                                : await sequence.next(dataSource),
                        )
                    expect(numbers).to.eql([...numbers].sort((one, two) => one - two))
                    return numbers
                }
                const numbers = (await Promise.all(list(20, caller))).flat()
                expect(numbers.sort((one, two) => one - two)).to.eql(upTo(20 * CALLS_EACH))
                expect(await sequence.last(a)).to.equal(20 * CALLS_EACH)
            })

        it("get the first numbers of many scopes at once", async () => {
            const a = await database().connect([])
            const b = await database().connect([], { sameAs: a })
            const calls = list(200, (at) =>
                new Sequence("scoped", { scope: [at % 10] }).next(at % 2 ? a : b),
            )
            const numbers = await Promise.all(calls)
            for (const scope of upTo(10))
                expect(
                    numbers.filter((_, at) => at % 10 === scope - 1).sort((x, y) => x - y),
                ).to.eql(upTo(20))
        })

        it("need one connection", async () => {
            const dataSource = await database().connect([], { connections: 1 })
            const sequence = new Sequence("one")
            const numbers = await Promise.all(list(50, () => sequence.next(dataSource)))
            expect(numbers).to.eql(upTo(50))
            await dataSource.transaction(async (manager) => {
                expect(await sequence.next(manager)).to.equal(51)
                expect(await sequence.next(manager, { nowait: true })).to.equal(52)
            })
        })
    },
    (can) => can.parallel,
)

async function hideCounters(dataSource: DataSource): Promise<{ restore(): Promise<void> }> {
    const runner = dataSource.createQueryRunner()
    const { tablePath } = dataSource.getMetadata("AutoSequenceCounter")
    const hidden = tablePath.replace(/\w+$/, "hidden")
    await runner.renameTable(tablePath, "hidden")
    await runner.release()
    return {
        async restore() {
            const other = dataSource.createQueryRunner()
            await other.renameTable(hidden, tablePath.split(".").at(-1)!)
            await other.release()
        },
    }
}

function typeof_(value: unknown): string {
    return typeof value
}

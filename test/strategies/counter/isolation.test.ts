import { expect } from "chai"
import type { DataSource, EntityManager, QueryRunner } from "typeorm"
import { transactionWithRetry } from "../../../src"
import {
    connectFast,
    connectCounted,
    countedEntities,
    COUNTING,
    type Customer,
    customers,
    customersIn,
    expectGapless,
    invoicesIn,
    Parcel,
} from "../../support/counted-invoices"
import { onEveryDatabase } from "../../support/databases"
import { rejection } from "../../support/errors"
import { upTo } from "../../support/invoices"
import type { TestDatabase } from "../../support/test-database"
import { sessionOf, waitForLocks } from "../../support/waiting"

const LEVELS = ["READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"] as const
type Level = (typeof LEVELS)[number]

const CONCURRENT_UPDATE = {
    code: "40001",
    text: "could not serialize access due to concurrent update",
}
const RECORD_HAS_CHANGED = {
    code: 1020,
    text: "Record has changed since last read in table 'autosequence_counter'; try restarting transaction",
}
const DEADLOCK = {
    code: 1213,
    text: "Deadlock found when trying to get lock; try restarting transaction",
}
const SNAPSHOT_IS_OLD = { code: "SQLITE_BUSY_SNAPSHOT", text: "database is locked" }
const BUSY = { code: "SQLITE_BUSY", text: "database is locked" }

const save = async (manager: EntityManager, customer: Customer) =>
    (await invoicesIn(manager).save({ customer })).number

/** What the database answers a transaction whose snapshot is older than the counter. */
function refusal({ kind }: TestDatabase, level: Level): typeof CONCURRENT_UPDATE | undefined {
    const keepsSnapshot = level === "REPEATABLE READ" || level === "SERIALIZABLE"
    return kind === "postgres" && keepsSnapshot ? CONCURRENT_UPDATE : undefined
}

async function expectDriverError(
    attempt: Promise<unknown>,
    expected: { code: string | number; text: string },
): Promise<void> {
    const error = await rejection(attempt)
    const { code, errno, message } = (
        error as Error & { driverError: Error & { code: string; errno?: number } }
    ).driverError
    expect(typeof expected.code === "number" ? errno : code).to.equal(expected.code)
    expect(message).to.equal(expected.text)
}

/** A transaction that has taken its snapshot, and is rolled back where the test fails. */
async function withSnapshot<T>(
    dataSource: DataSource,
    level: Level,
    work: (runner: QueryRunner) => Promise<T>,
    settings: readonly string[] = [],
): Promise<T> {
    const runner = dataSource.createQueryRunner()
    try {
        for (const setting of settings) await runner.query(setting)
        await runner.startTransaction(level)
        await customersIn(runner.manager).find()
        return await work(runner)
    } finally {
        if (runner.isTransactionActive) await runner.rollbackTransaction()
        await runner.release()
    }
}

for (const strategy of COUNTING)
    onEveryDatabase(
        `Strategy "${strategy}" and isolation levels`,
        (database) => {
            for (const level of LEVELS) {
                for (const use of ["first", "later"] as const)
                    it(`${level}: ${use} use by another since the snapshot goes on rightly, or is refused by the database`, async () => {
                        const dataSource = await connectCounted(database(), strategy)
                        const [ada] = await customers(dataSource, "Ada")
                        const before = use === "first" ? 0 : 1
                        if (before) await save(dataSource.manager, ada)
                        const expected = refusal(database(), level)
                        await withSnapshot(dataSource, level, async (runner) => {
                            expect(await save(dataSource.manager, ada)).to.equal(before + 1)
                            if (expected)
                                return expectDriverError(save(runner.manager, ada), expected)
                            expect(await save(runner.manager, ada)).to.equal(before + 2)
                            await runner.commitTransaction()
                        })
                        const count = before + (expected ? 1 : 2)
                        expect(await expectGapless(dataSource)).to.deep.equal({ Ada: count })
                        expect(await save(dataSource.manager, ada)).to.equal(count + 1)
                    })

                it(`${level}: without anybody in between all is as always`, async () => {
                    const dataSource = await connectCounted(database(), strategy)
                    const [ada, bob] = await customers(dataSource, "Ada", "Bob")
                    await save(dataSource.manager, ada)
                    await withSnapshot(dataSource, level, async (runner) => {
                        expect(await save(runner.manager, ada)).to.equal(2)
                        expect(await save(runner.manager, bob!)).to.equal(1)
                        expect(await save(runner.manager, ada)).to.equal(3)
                        await runner.commitTransaction()
                    })
                    expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 3, Bob: 1 })
                })

                it(`${level}: 10 writers of 2 scopes are all stored when what is refused is done again`, async () => {
                    const dataSource = await connectFast(database(), 10, strategy)
                    const all = await customers(dataSource, "Ada", "Bob")
                    await Promise.all(
                        upTo(10).map((i) =>
                            transactionWithRetry(
                                dataSource,
                                async (manager) => {
                                    for (const customer of i % 2 ? all : [...all].reverse())
                                        await save(manager, customer)
                                },
                                { isolationLevel: level, attempts: 100, minDelay: 5, maxDelay: 50 },
                            ),
                        ),
                    )
                    expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 10, Bob: 10 })
                })

                if (strategy === "counter")
                    it(`${level}: numbers that may be lost do not care who else has moved the counter`, async () => {
                        const dataSource = await connectCounted(database(), strategy)
                        // The tables were emptied: where a deleted row had the same number, InnoDB locks the gap
                        // behind it until the transaction ends, if it has not purged that yet.
                        const depot = `Oslo ${level}`
                        const take = async (manager: EntityManager) =>
                            (await manager.getRepository(Parcel).save({ depot })).number
                        await take(dataSource.manager)
                        await withSnapshot(dataSource, level, async (runner) => {
                            for (const number of upTo(24).slice(1))
                                expect(
                                    await take(number % 2 ? runner.manager : dataSource.manager),
                                ).to.equal(number)
                            await runner.commitTransaction()
                        })
                        expect(await dataSource.getRepository(Parcel).count()).to.equal(24)
                    })
            }

            it("MariaDB with innodb_snapshot_isolation refuses the old snapshot", async function () {
                if (database().kind !== "mariadb") return this.skip()
                const dataSource = await connectCounted(database(), strategy)
                const [ada] = await customers(dataSource, "Ada")
                await save(dataSource.manager, ada)
                await withSnapshot(
                    dataSource,
                    "REPEATABLE READ",
                    async ({ manager }) => {
                        await save(dataSource.manager, ada)
                        await expectDriverError(save(manager, ada), RECORD_HAS_CHANGED)
                    },
                    ["SET SESSION innodb_snapshot_isolation = ON"],
                )
                expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 2 })
            })

            it("MariaDB at SERIALIZABLE finds a deadlock where the table itself was read", async function () {
                if (database().kind !== "mariadb") return this.skip()
                const dataSource = await connectCounted(database(), strategy)
                const [ada] = await customers(dataSource, "Ada")
                await save(dataSource.manager, ada)
                const other = dataSource.createQueryRunner()
                const results = await withSnapshot(dataSource, "SERIALIZABLE", async (runner) => {
                    expect(await invoicesIn(runner.manager).find()).to.have.length(1)
                    const waiting = Promise.allSettled([save(other.manager, ada)])
                    await waitForLocks(dataSource, await sessionOf(other.manager))
                    const [own] = await Promise.allSettled([save(runner.manager, ada)])
                    if (own.status === "fulfilled") await runner.commitTransaction()
                    else await runner.rollbackTransaction()
                    return [own, ...(await waiting)]
                })
                await other.release()
                const refused = results.flatMap((one) =>
                    one.status === "rejected" ? [one.reason] : [],
                )
                expect(refused).to.have.length(1)
                await expectDriverError(Promise.reject(refused[0] as Error), DEADLOCK)
                expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 2 })
            })

            it("a refused transaction that is committed nevertheless stores nothing", async () => {
                const dataSource = await connectCounted(database(), strategy)
                const [ada] = await customers(dataSource, "Ada")
                await save(dataSource.manager, ada)
                const work = withSnapshot(
                    dataSource,
                    "REPEATABLE READ",
                    async (runner) => {
                        await save(dataSource.manager, ada)
                        await rejection(save(runner.manager, ada))
                        await runner.commitTransaction()
                    },
                    database().kind === "mariadb"
                        ? ["SET SESSION innodb_snapshot_isolation = ON"]
                        : [],
                )
                expect((await rejection(work)).name).to.equal("TransactionAbortedError")
                expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 2 })
            })
        },
        ({ parallel }) => parallel,
    )

onEveryDatabase(
    "Counters and other connections to a file",
    (database) => {
        for (const [journal, enableWAL] of [
            ["a rollback journal", false],
            ["a write-ahead log", true],
        ] as const)
            it(`better-sqlite3 with ${journal} refuses a snapshot that is not the latest, or the writer that would make it so`, async function () {
                if (database().kind !== "better-sqlite3") return this.skip()
                const options = { enableWAL, timeout: 0 } as object
                const dataSource = await database().connect(countedEntities.counter, options)
                const [ada] = await customers(dataSource, "Ada")
                const other = await database().connect(countedEntities.counter, {
                    ...options,
                    sameAs: dataSource,
                    synchronize: false,
                })
                const work = dataSource.transaction(async (manager) => {
                    await customersIn(manager).find()
                    if (enableWAL) expect(await save(other.manager, ada)).to.equal(1)
                    else await expectDriverError(save(other.manager, ada), BUSY)
                    return save(manager, ada)
                })
                if (enableWAL) await expectDriverError(work, SNAPSHOT_IS_OLD)
                else expect(await work).to.equal(1)
                expect(await expectGapless(dataSource)).to.deep.equal({ Ada: 1 })
                expect(await save(other.manager, ada)).to.equal(2)
                expect(await save(dataSource.manager, ada)).to.equal(3)
            })
    },
    ({ parallel, bigints }) => !parallel && !bigints,
)

import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    JoinColumn,
    ManyToOne,
    OneToMany,
    PrimaryGeneratedColumn,
} from "typeorm"
import { AutoSequenceColumn, CounterBehindError, resyncCounters, seriesOf } from "../../../src"
import { lastOfCounters } from "../../support/counted-invoices"
import { onEveryDatabase, onOnePostgres, StatementLog } from "../../support/databases"
import { rejection } from "../../support/errors"
import { upTo } from "../../support/invoices"
import type { TestDatabase } from "../../support/test-database"
import { sessionOf, Signal, waitingSessions } from "../../support/waiting"
import { runProgram } from "../processes/run-program"

@Entity({ name: "project" })
class Project {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    name!: string

    @OneToMany(() => Task, (task) => task.project, { cascade: true })
    tasks!: Task[]
}

@Entity({ name: "task" })
class Task {
    @PrimaryGeneratedColumn()
    id!: number

    @ManyToOne(() => Project, (project) => project.tasks, { nullable: false })
    @JoinColumn({ name: "project_id" })
    project!: Project

    @AutoSequenceColumn({ uniqueWith: "project", strategy: "counter", gapless: false, cache: 5 })
    number!: number

    @Column({ type: "varchar", length: 100, nullable: true, unique: true })
    reference!: string | null
}

/** One scope, one number for each statement. */
@Entity({ name: "visit" })
class Visit {
    @PrimaryGeneratedColumn()
    id!: number

    @AutoSequenceColumn({ strategy: "counter", gapless: false })
    number!: number
}

/** Many numbers for each statement. */
@Entity({ name: "event" })
class Event {
    @PrimaryGeneratedColumn()
    id!: number

    @AutoSequenceColumn({ strategy: "counter", gapless: false, cache: 50 })
    number!: number
}

@Entity({ name: "big" })
class Big {
    @PrimaryGeneratedColumn()
    id!: number

    @AutoSequenceColumn({
        type: "bigint",
        strategy: "counter",
        gapless: false,
        cache: 3,
        startAt: Number.MAX_SAFE_INTEGER,
        incrementBy: 10,
    })
    number!: string
}

/** Many scopes. */
@Entity({ name: "parcel" })
class Parcel {
    @PrimaryGeneratedColumn()
    id!: number

    @Column()
    customer!: number

    @AutoSequenceColumn({ uniqueWith: "customer", strategy: "counter", gapless: false, cache: 3 })
    number!: number
}

const entities = [Project, Task, Visit, Event, Big]
const ON_PURPOSE = new Error("on purpose")

const take = async (manager: Pick<DataSource, "getRepository">, entity = Event) =>
    (await manager.getRepository(entity).save({})).number

const stored = async (dataSource: DataSource, entity: typeof Event | typeof Task = Event) => {
    const rows = await dataSource
        .getRepository<{ number: number }>(entity)
        .find({ order: { number: "ASC" } })
    return rows.map(({ number }) => number)
}

const project = (dataSource: DataSource, name = "Apollo") =>
    dataSource.getRepository(Project).save({ name })

const ofCounterTable = (sql: string) => /^(INSERT INTO|UPDATE) \S*autosequence_counter/.test(sql)

onEveryDatabase("Numbers that may be lost", (database) => {
    it("are there after save(), insert() and upsert(), with and without a transaction", async () => {
        const dataSource = await database().connect(entities, { emptied: true })
        const { id } = await project(dataSource)
        const row = (reference: string) => ({ project: { id }, reference }) as Task
        const [saved, single, inserted] = [row("saved"), row("single"), row("inserted")]
        const repository = dataSource.getRepository(Task)
        await repository.save(saved)
        await repository.save(single, { transaction: false })
        await repository.insert(inserted)
        await repository.upsert(row("upserted"), ["reference"])
        const within = row("within")
        await dataSource.transaction((manager) => manager.insert(Task, within))
        expect([saved, single, inserted].map(({ number }) => number)).to.deep.equal([1, 2, 3])
        expect(within.number).to.equal(5)
        expect(await stored(dataSource, Task)).to.deep.equal([1, 2, 3, 4, 5])
    })

    it("of one flush are in the order of its rows, past the end of what was taken ahead", async () => {
        const dataSource = await database().connect(entities, { emptied: true })
        const { id } = await project(dataSource)
        const save = async (count: number) => {
            const rows = upTo(count).map(() => ({ project: { id } }))
            return (await dataSource.getRepository(Task).save(rows)).map(({ number }) => number)
        }
        expect(await save(3)).to.deep.equal([1, 2, 3])
        expect(await save(14)).to.deep.equal(upTo(17).slice(3))
        expect(await save(1)).to.deep.equal([18])
    })

    it("of rows that the caller has numbered raise the counter, also from far away", async () => {
        const dataSource = await database().connect(entities, { emptied: true })
        expect(await take(dataSource)).to.equal(1)
        await dataSource.getRepository(Event).save({ number: 30 })
        expect(await take(dataSource)).to.equal(31)
        await dataSource.getRepository(Event).save({ number: 2_000_000_000 })
        expect(await take(dataSource)).to.equal(2_000_000_001)
        // One that is lower changes nothing.
        await dataSource.getRepository(Event).save({ number: 40 })
        expect(await take(dataSource)).to.equal(2_000_000_002)
        const mixed = await dataSource
            .getRepository(Event)
            .save([{}, { number: 2_000_000_100 }, {}])
        // Taken ahead, all of them follow the one that was set; otherwise those behind it do.
        expect(mixed.map(({ number }) => number)).to.deep.equal(
            database().can.parallel
                ? [2_000_000_101, 2_000_000_100, 2_000_000_102]
                : [2_000_000_003, 2_000_000_100, 2_000_000_101],
        )
    })

    it("past 2^53 are exact", async () => {
        const dataSource = await database().connect(entities, { emptied: true })
        const rows = []
        for (let left = 5; left > 0; left -= 1)
            rows.push(await dataSource.getRepository(Big).save({}))
        expect(rows.map(({ number }) => number)).to.deep.equal(
            upTo(5).map((i) => String(BigInt(Number.MAX_SAFE_INTEGER) + 10n * BigInt(i - 1))),
        )
        const text = database().kind === "mariadb" ? "CHAR" : "TEXT"
        const table = dataSource.driver.buildTableName(
            "big",
            (dataSource.options as { schema?: string }).schema,
        )
        const inTable = await dataSource.query<{ n: string }[]>(
            `SELECT CAST(${dataSource.driver.escape("number")} AS ${text}) AS n FROM ${table} ORDER BY id`,
        )
        expect(inTable.map(({ n }) => n)).to.deep.equal(rows.map(({ number }) => number))
    })

    it("of a parent of the same flush begin at the start, and go on in the same transaction", async () => {
        const dataSource = await database().connect(entities, { emptied: true })
        await dataSource.transaction(async (manager) => {
            const parent = manager
                .getRepository(Project)
                .create({ name: "Gemini", tasks: [{}, {}, {}] })
            await manager.save(parent)
            expect(parent.tasks.map(({ number }) => number)).to.deep.equal([1, 2, 3])
            const more = await manager
                .getRepository(Task)
                .save([{ project: parent }, { project: parent }])
            expect(more.map(({ number }) => number)).to.deep.equal([4, 5])
            const { number } = await manager
                .getRepository(Task)
                .save({ project: { id: parent.id } })
            expect(number).to.equal(6)
        })
        expect(await stored(dataSource, Task)).to.deep.equal(upTo(6))
    })
})

onEveryDatabase(
    "Numbers that may be lost, on several connections",
    (database) => {
        for (const connections of [1, 2])
            it(`a pool of ${connections}: transactions that hold all of it while they insert do not hang`, async function () {
                this.timeout(20_000)
                const dataSource = await database().connect(entities, {
                    connections,
                })
                let holding = 0
                const allHold = new Signal()
                await Promise.all(
                    upTo(12).map((i) =>
                        dataSource.transaction(async (manager) => {
                            await manager.query("SELECT 1")
                            if (++holding === connections) allHold.send()
                            await allHold.promise
                            await take(manager, i % 2 ? Event : Visit)
                        }),
                    ),
                )
                expect(await stored(dataSource, Event)).to.deep.equal(upTo(6))
                expect(await stored(dataSource, Visit)).to.deep.equal(upTo(6))
            })

        it("a lease does not wait for a transaction that has the rows, the parent and the number open", async () => {
            const dataSource = await database().connect(entities, { emptied: true })
            const { id } = await project(dataSource)
            await dataSource.transaction(async (manager) => {
                await manager.update(Project, { id }, { name: "changed" })
                const numbers = await Promise.all([
                    manager.getRepository(Task).save({ project: { id } }),
                    manager.getRepository(Task).save({ project: { id } }),
                    manager.getRepository(Task).save({ project: { id } }),
                ])
                expect(numbers.map(({ number }) => number)).to.have.members([1, 2, 3])
                // The row is open as well, and the next numbers are taken for it.
                for (const number of upTo(9).slice(3))
                    expect(
                        (await manager.getRepository(Task).save({ project: { id } })).number,
                    ).to.equal(number)
                await manager.getRepository(Task).save({ project: { id }, number: 20 })
                expect(
                    (await manager.getRepository(Task).save({ project: { id } })).number,
                ).to.equal(21)
            })
        })

        it("a number of a transaction that was rolled back is lost, and does not come back", async () => {
            const dataSource = await database().connect(entities, { emptied: true })
            for (const entity of [Visit, Event]) {
                expect(await take(dataSource, entity)).to.equal(1)
                const row = {} as Event
                await rejection(
                    dataSource.transaction(async (manager) => {
                        await manager.getRepository(entity).save(row)
                        expect(row.number).to.equal(2)
                        throw ON_PURPOSE
                    }),
                )
                expect(await take(dataSource, entity)).to.equal(3)
                // Another insert of the same row gets a new one.
                await dataSource.getRepository(entity).save(row)
                expect(row.number).to.equal(4)
                expect(await stored(dataSource, entity)).to.deep.equal([1, 3, 4])
            }
        })

        it("those of a row that the database refuses are lost, and the others are given on", async () => {
            const dataSource = await database().connect(entities, { emptied: true })
            const { id } = await project(dataSource)
            const tasks = dataSource.getRepository(Task)
            await tasks.save({ project: { id }, reference: "once" })
            await rejection(tasks.insert({ project: { id }, reference: "once" }))
            await rejection(tasks.save({ project: { id }, reference: "once" }))
            expect((await tasks.save({ project: { id } })).number).to.equal(4)
        })

        it("parallel saves of many and of one never share a number, whatever is left in the block", async () => {
            const dataSource = await database().connect(entities)
            const { id } = await project(dataSource)
            const tasks = dataSource.getRepository(Task)
            const rows = (count: number) => upTo(count).map(() => ({ project: { id } }))
            for (let turn = 0; turn < 5; turn += 1) {
                // What is left is counted for the twenty, and asked for by the single ones.
                await Promise.all([
                    tasks.insert(rows(20)),
                    tasks.insert(rows(1)),
                    tasks.insert(rows(1)),
                ])
            }
            const numbers = await stored(dataSource, Task)
            expect(numbers).to.have.length(110)
            expect(new Set(numbers).size).to.equal(110)
            expect(numbers[0]).to.equal(1)
            expect(numbers.at(-1)).to.be.at.most(110 + 5 * 5)
        })

        it("numbers set by callers while others are being taken are not given again", async () => {
            const dataSource = await database().connect(entities)
            const events = dataSource.getRepository(Event)
            await Promise.all([
                events.insert({}),
                events.insert({ number: 20 }),
                ...upTo(60).map(() => events.insert({})),
            ])
            const numbers = await stored(dataSource)
            expect(numbers).to.have.length(62)
            expect(new Set(numbers).size).to.equal(62)
            expect(numbers).to.include(20)
        })

        it("taken ahead are not tried one by one where rows of others have them, once the counter is raised", async () => {
            const dataSource = await database().connect(entities, { emptied: true })
            const events = dataSource.getRepository(Event)
            await events.save([{}, {}])
            const { tablePath } = dataSource.getMetadata(Event)
            const name = (path: string) => dataSource.driver.escape(path)
            const table = tablePath.split(".").map(name).join(".")
            for (const number of upTo(6).slice(2))
                await dataSource.query(
                    `INSERT INTO ${table} (${name("number")}) VALUES (${number})`,
                )
            expect(await rejection(events.save({}))).to.be.instanceOf(CounterBehindError)
            await resyncCounters(dataSource)
            const [one, other] = [await events.save({}), await events.save({})]
            expect(other.number).to.equal(one.number + 1)
            expect(await stored(dataSource)).to.eql([...upTo(6), one.number, other.number])
        })

        it("taken ahead are not given below that of setNext()", async () => {
            const dataSource = await database().connect(entities, { emptied: true })
            const events = dataSource.getRepository(Event)
            await events.save([{}, {}])
            await seriesOf(dataSource, Event, "number").setNext(dataSource.manager, {}, 100)
            await events.save([{}, {}])
            await events.insert({})
            expect(await stored(dataSource)).to.eql([1, 2, 100, 101, 102])
        })

        it("take one statement for each block: 3 for 150 rows with a cache of 50", async () => {
            const log = new StatementLog()
            const dataSource = await database().connect(entities, { emptied: true, logger: log })
            for (let left = 150; left > 0; left -= 1)
                await dataSource.getRepository(Event).insert({})
            expect(await stored(dataSource)).to.deep.equal(upTo(150))
            const moves = log.statements.filter(ofCounterTable)
            // The first statement on PostgreSQL finds no counter. On MariaDB a new counter is looked
            // up among the rows, and raised.
            expect(moves.length - 1).to.equal(3)
            expect(await lastOfCounters(dataSource, Event)).to.deep.equal([["v1:", 150]])
        })

        it("are forgotten of the scopes that were used the longest time ago", async () => {
            const dataSource = await database().connect([Parcel])
            const repository = dataSource.getRepository(Parcel)
            const save = (customers: number[]) =>
                repository.save(
                    customers.map((customer) => repository.create({ customer })),
                    { reload: false },
                )
            // Without entities, which so many rows take longest to make.
            const fill = (customers: number[]) =>
                repository
                    .createQueryBuilder()
                    .insert()
                    .values(customers.map((customer) => ({ customer })))
                    .updateEntity(false)
                    .execute()
            for (const at of upTo(5)) await fill(upTo(2000).map((i) => (at - 1) * 2000 + i))
            await fill([10_001])
            // The first one is gone; the second one is used once more, so that the third one is next.
            const again = [
                ...(await save([2, 10_001])),
                ...(await save([10_002])),
                ...(await save([2, 3, 1])),
            ]
            expect(again.map(({ customer, number }) => [customer, number])).to.deep.equal([
                [2, 2],
                [10_001, 2],
                [10_002, 1],
                [2, 3],
                [3, 4],
                [1, 4],
            ])
        })

        it("parallel callers share a statement", async () => {
            const log = new StatementLog()
            const dataSource = await database().connect(entities, {
                logger: log,
                connections: 10,
            })
            await take(dataSource, Visit)
            log.statements.length = 0
            await Promise.all(upTo(60).map(() => dataSource.getRepository(Visit).insert({})))
            expect(await stored(dataSource, Visit)).to.deep.equal(upTo(61))
            expect(log.statements.filter(ofCounterTable).length).to.be.below(30)
        })

        it("two data sources with different caches never give the same number", async () => {
            const dataSource = await database().connect(entities)
            // So small that both often take a block at once.
            const one = await connectWithCache(database(), dataSource, 2)
            const other = await connectWithCache(database(), dataSource, 3)
            const numbers: number[] = []
            await Promise.all(
                upTo(80).map(async (i) => {
                    numbers.push(await (i % 2 ? one : other).take())
                }),
            )
            expect(new Set(numbers).size).to.equal(80)
            expect(await stored(dataSource)).to.deep.equal([...numbers].sort((a, b) => a - b))
        })

        it("after a restart go on behind what was taken, and what was not used is lost", async () => {
            const dataSource = await database().connect(entities, { emptied: true })
            expect([await take(dataSource), await take(dataSource)]).to.deep.equal([1, 2])
            await dataSource.destroy()
            await dataSource.initialize()
            expect([await take(dataSource), await take(dataSource)]).to.deep.equal([51, 52])
            await dataSource.destroy()
            await dataSource.initialize()
            expect(await take(dataSource)).to.equal(101)
            expect(await stored(dataSource)).to.deep.equal([1, 2, 51, 52, 101])
        })

        it("destroy() closes the connection of the leases, also one that is being opened", async () => {
            const connections = ofThisTest(database())
            const dataSource = await database().connect(entities, { ...connections, emptied: true })
            const observer = await database().connect(entities, {
                ...connections,
                sameAs: dataSource,
                synchronize: false,
            })
            const before = await sessions(observer)
            await take(dataSource)
            expect(await sessions(observer)).to.equal(before + 1)
            await dataSource.destroy()
            await until(async () => (await sessions(observer)) === before - 1)

            await dataSource.initialize()
            await dataSource.query("SELECT 1")
            expect(await sessions(observer)).to.equal(before)
            const asked = Promise.allSettled([dataSource.getRepository(Event).insert({})])
            await new Promise((resolve) => setImmediate(resolve))
            await dataSource.destroy()
            await asked
            await until(async () => (await sessions(observer)) === before - 1)
        })

        it("go on when their connection was killed", async () => {
            const connections = ofThisTest(database())
            const dataSource = await database().connect(entities, { ...connections, emptied: true })
            const observer = await database().connect(entities, {
                ...connections,
                sameAs: dataSource,
                synchronize: false,
            })
            expect(await take(dataSource, Visit)).to.equal(1)
            await killAllBut(observer)
            await until(async () => (await sessions(observer)) === 1)
            expect(await take(dataSource, Visit)).to.equal(2)
        })

        it("wait for a transaction that moves the counter by plain SQL, not for the caller's", async () => {
            const dataSource = await database().connect(entities, { emptied: true })
            expect(await take(dataSource, Visit)).to.equal(1)
            const runner = dataSource.createQueryRunner()
            await runner.startTransaction()
            await runner.manager
                .createQueryBuilder()
                .update("AutoSequenceCounter")
                .set({ last: "10" })
                .execute()
            const taken = take(dataSource, Visit)
            await until(async () => (await waitingSessions(dataSource)).length > 0)
            await runner.commitTransaction()
            await runner.release()
            expect(await taken).to.equal(11)
        })

        it("of several processes with different caches are all distinct, also when one is killed", async () => {
            const dataSource = await database().connect(entities)
            const own = await connectWithCache(database(), dataSource, 2)
            const taken: Promise<number>[] = []
            const { signal, lines } = await takeInProcess(dataSource, [3, "killed"], () => {
                taken.push(own.take())
            })
            expect(signal).to.equal("SIGKILL")
            expect(lines).to.have.length(65)
            const numbers = [...lines.map(Number), ...(await Promise.all(taken))]
            expect(new Set(numbers).size).to.equal(numbers.length)
            const next = await take(dataSource)
            expect(next).to.be.greaterThan(Math.max(...numbers))
            expect(await stored(dataSource)).to.include.members(numbers)
        })
    },
    ({ parallel }) => parallel,
)

// What else would keep a process alive is the same everywhere; destroy() closes all connections.
onOnePostgres("Numbers that may be lost, in a process of their own", (database) => {
    it("let it end when its data source is destroyed", async () => {
        const dataSource = await database().connect(entities)
        const { code, lines, lingered } = await takeInProcess(dataSource, [7, 50])
        expect(code).to.equal(0)
        expect(lines.pop()).to.equal("destroyed")
        expect(lingered).to.be.below(5000)
        expect(await stored(dataSource)).to.have.members(lines.map(Number))
    })
})

onEveryDatabase(
    "Numbers that may be lost, on one connection",
    (database) => {
        it("are taken in the caller's transaction, so that a rollback gives them back", async () => {
            const log = new StatementLog()
            const dataSource = await database().connect(entities, { emptied: true, logger: log })
            expect(await take(dataSource)).to.equal(1)
            await rejection(
                dataSource.transaction(async (manager) => {
                    expect(await take(manager)).to.equal(2)
                    throw ON_PURPOSE
                }),
            )
            expect(await take(dataSource)).to.equal(2)
            expect(await stored(dataSource)).to.deep.equal([1, 2])
            expect(await lastOfCounters(dataSource, Event)).to.deep.equal([["v1:", 2]])
        })

        it("are lost where the insert has no transaction and fails", async () => {
            const dataSource = await database().connect(entities, { emptied: true })
            const { id } = await project(dataSource)
            const tasks = dataSource.getRepository(Task)
            await tasks.insert({ project: { id }, reference: "once" })
            await rejection(tasks.insert({ project: { id }, reference: "once" }))
            await tasks.insert({ project: { id } })
            expect(await stored(dataSource, Task)).to.deep.equal([1, 3])
        })

        it("are lost up to one that was set, where the insert has no transaction and fails", async () => {
            const dataSource = await database().connect(entities, { emptied: true })
            const { id } = await project(dataSource)
            const tasks = dataSource.getRepository(Task)
            await tasks.insert({ project: { id }, reference: "once" })
            const refused = [
                { project: { id }, reference: "once" },
                { project: { id }, number: 10 },
            ]
            await rejection(tasks.insert(refused))
            await tasks.insert({ project: { id } })
            expect(await stored(dataSource, Task)).to.deep.equal([1, 11])
        })

        it("are the same after a restart: there is nothing taken ahead", async () => {
            const dataSource = await database().connect(entities, { emptied: true })
            await take(dataSource)
            const other = await database().connect(entities, { sameAs: dataSource })
            expect(await take(other)).to.equal(2)
        })
    },
    ({ parallel }) => !parallel,
)

/** A process that takes so many numbers with such a cache, or until it is killed. */
function takeInProcess(
    { options }: DataSource,
    [cache, end]: readonly [cache: number, end: number | "killed"],
    onLine?: () => void,
) {
    const without = { entities: [], subscribers: [], synchronize: false, logger: undefined }
    const given = JSON.stringify({ ...options, ...without })
    return runProgram("take-numbers", [given, String(cache), String(end)], onLine)
}

/** The same table in a data source that takes another number of numbers ahead. */
async function connectWithCache(database: TestDatabase, sameAs: DataSource, cache: number) {
    @Entity({ name: "event" })
    class OtherEvent {
        @PrimaryGeneratedColumn()
        id!: number

        @AutoSequenceColumn({ strategy: "counter", gapless: false, cache })
        number!: number
    }
    const dataSource = await database.connect([OtherEvent], { sameAs, synchronize: false })
    return { take: async () => (await dataSource.getRepository(OtherEvent).save({})).number }
}

const NAME = "lease-sessions"

/** One connection, which is not that of another test. */
function ofThisTest({ kind }: TestDatabase): { connections?: number; extra?: object } {
    return kind === "postgres" ? { extra: { max: 1, application_name: NAME } } : { connections: 1 }
}

/** How many connections there are to the place of the data source. */
async function sessions(observer: DataSource): Promise<number> {
    return (await sessionIds(observer)).length
}

async function sessionIds(observer: DataSource): Promise<string[]> {
    const sql =
        observer.options.type === "mariadb"
            ? "SELECT id FROM information_schema.processlist WHERE db = DATABASE()"
            : `SELECT pid AS id FROM pg_stat_activity WHERE application_name = '${NAME}'`
    const rows = await observer.query<{ id: number | string }[]>(sql)
    return rows.map(({ id }) => String(id))
}

async function killAllBut(observer: DataSource): Promise<void> {
    const own = await sessionOf(observer.manager)
    for (const id of await sessionIds(observer))
        if (id !== own)
            await observer.query(
                observer.options.type === "mariadb"
                    ? `KILL ${id}`
                    : `SELECT pg_terminate_backend(${id})`,
            )
}

async function until(condition: () => Promise<boolean>): Promise<void> {
    while (!(await condition()));
}

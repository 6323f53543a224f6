import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    type EntityManager,
    type ObjectLiteral,
    PrimaryGeneratedColumn,
    type Repository,
} from "typeorm"
import {
    AutoSequenceColumn,
    AutoSequenceError,
    installAutoSequence,
    InvalidOptionError,
    NotInstalledError,
    NumberOverflowError,
    ReadOnlyNumberError,
    type Strategy,
    TransactionAbortedError,
    TransactionRequiredError,
    transactionWithRetry,
    UnknownScopeError,
    UnsupportedError,
} from "../../../src"
import { onEveryDatabase, StatementLog } from "../../support/databases"
import { rejection } from "../../support/errors"
import { upTo } from "../../support/invoices"
import { entitiesOf, MAX_INT } from "../../support/numbered-entities"
import { SnakeCase } from "../../support/snake-case"
import { counterTable, storedCounters, storedNumbers, storedTexts } from "../../support/stored"
import { COUNTING, SUPPORTED, WAYS, worksOn } from "../../support/strategies"
import { mustWait, sessionOf, Signal } from "../../support/waiting"
import { dataSourceOf, tableName } from "../../support/typeorm"

const numbersOf = (rows: readonly object[]) =>
    rows.map((row) => (row as { number?: unknown }).number)

/** Runs `work` in a transaction, or a savepoint of one, and rolls it back. */
async function rolledBack(
    outer: DataSource | EntityManager,
    work: (manager: EntityManager) => Promise<unknown>,
): Promise<void> {
    const rollback = new Error("roll back")
    const attempt = outer.transaction(async (manager) => {
        await work(manager)
        throw rollback
    })
    expect(await rejection(attempt)).to.equal(rollback)
}

async function expectUnwritten(
    repository: Repository<ObjectLiteral>,
    attempt: () => Promise<unknown>,
    expected: new (message: string) => Error,
    ...texts: string[]
): Promise<void> {
    const dataSource = dataSourceOf(repository.manager)
    const before = [await storedTexts(repository, "id"), await storedCounters(dataSource)]
    const error = await rejection(attempt())
    expect(error).to.be.instanceOf(expected)
    for (const text of texts) expect(error.message).to.contain(text)
    const after = [await storedTexts(repository, "id"), await storedCounters(dataSource)]
    expect(after).to.deep.equal(before)
}

for (const [title, way] of Object.entries(WAYS)) {
    const entities = entitiesOf(way)
    const { Customer, Invoice, Ticket, FromHundredByTen, Big, Draft, Bin } = entities
    const { Animal, Cat, Dog, TwoNumbers, Letter } = entities

    onEveryDatabase(
        `Strategy ${title}`,
        (database) => {
            async function connectTickets() {
                const dataSource = await database().connect([Ticket])
                return { dataSource, tickets: dataSource.getRepository(Ticket) }
            }

            async function connectInvoices() {
                const dataSource = await database().connect([Customer, Invoice])
                const customers = dataSource.getRepository(Customer)
                const [ada, bob] = await customers.save([{ name: "Ada" }, { name: "Bob" }])
                const invoices = dataSource.getRepository(Invoice)
                return { dataSource, customers, invoices, ada, bob }
            }

            async function numbersByCustomer(invoices: Repository<InstanceType<typeof Invoice>>) {
                const rows = await invoices.find({
                    relations: { customer: true },
                    order: { number: "ASC" },
                })
                const numbers: Record<string, number[]> = {}
                for (const { customer, number } of rows)
                    (numbers[customer.name] ??= []).push(number)
                return numbers
            }

            describe("saving", () => {
                it("numbers one row after the other, per scope", async () => {
                    const { invoices, ada, bob } = await connectInvoices()
                    for (const [customer, number] of [
                        [ada, 1],
                        [ada, 2],
                        [bob, 1],
                        [ada, 3],
                    ] as const)
                        expect((await invoices.save({ customer })).number).to.equal(number)
                    expect(await numbersByCustomer(invoices)).to.eql({ Ada: [1, 2, 3], Bob: [1] })
                })

                it("numbers an array in its order", async () => {
                    const { invoices, ada, bob } = await connectInvoices()
                    const rows = [ada, bob, ada, ada, bob].map((customer) => ({ customer }))
                    expect(numbersOf(await invoices.save(rows))).to.eql([1, 1, 2, 3, 2])
                })

                it("numbers 1000 rows in their order", async () => {
                    const { invoices, ada, bob } = await connectInvoices()
                    const rows = upTo(1000).map((i) => ({
                        customer: i % 2 === 1 ? ada : bob,
                        note: String(Math.ceil(i / 2)),
                    }))
                    await invoices.save(rows)
                    const found = await invoices.find()
                    expect(found).to.have.length(1000)
                    for (const { number, note } of found) expect(note).to.equal(String(number))
                    expect(await numbersByCustomer(invoices)).to.eql({
                        Ada: upTo(500),
                        Bob: upTo(500),
                    })
                })

                it("numbers chunks one after the other", async () => {
                    const { tickets } = await connectTickets()
                    const rows = upTo(100).map((i) => ({ title: String(i) }))
                    await tickets.save(rows, { chunk: 30 })
                    const found = await tickets.find({ order: { number: "ASC" } })
                    expect(found.map(({ title }) => title)).to.eql(upTo(100).map(String))
                    expect(numbersOf(found)).to.eql(upTo(100))
                })

                it("leaves the number alone when a row is saved again", async () => {
                    const { tickets } = await connectTickets()
                    const [first] = await tickets.save([{}, {}])
                    await tickets.save({ ...first, title: "changed" })
                    await tickets.save(tickets.create({ ...first, title: "again" }))
                    expect((await tickets.save({})).number).to.equal(3)
                    expect(await storedNumbers(tickets)).to.eql([1, 2, 3])
                    expect(await tickets.findOneByOrFail({ number: 1 })).to.include({
                        title: "again",
                    })
                })

                it("numbers what insert() and the query builder are given in a transaction", async () => {
                    const { dataSource, invoices, ada } = await connectInvoices()
                    const rows = [{ customer: ada }, { customer: { id: ada?.id } }]
                    const built = [{ customer: ada }, { customer: ada }]
                    await dataSource.transaction(async (manager) => {
                        await manager.insert(Invoice, rows)
                        await manager
                            .createQueryBuilder()
                            .insert()
                            .into(Invoice)
                            .values(built)
                            .execute()
                    })
                    expect(numbersOf([...rows, ...built])).to.eql([1, 2, 3, 4])
                    expect(await storedNumbers(invoices)).to.eql([1, 2, 3, 4])
                })

                it("numbers rows without reading them back", async () => {
                    const { tickets } = await connectTickets()
                    const rows = await tickets.save(tickets.create([{}, {}]), { reload: false })
                    const shown = way.isBeforeInsert ? [1, 2] : [undefined, undefined]
                    expect(numbersOf(rows)).to.eql(shown)
                    expect(await storedNumbers(tickets)).to.eql([1, 2])
                })
            })

            describe("outside a transaction", () => {
                type Row = Partial<InstanceType<typeof Ticket>>
                type Attempt = (tickets: Repository<ObjectLiteral>, row: Row) => Promise<unknown>
                const attempts: Record<string, Attempt> = {
                    "insert()": (tickets, row) => tickets.insert(row),
                    "the query builder": (tickets, row) =>
                        tickets.createQueryBuilder().insert().values(row).execute(),
                    "save() with { transaction: false }": (tickets, row) =>
                        tickets.save(row, { transaction: false }),
                }
                for (const [name, attempt] of Object.entries(attempts))
                    if (way.needsTransaction)
                        it(`${name} is refused`, async () => {
                            const { tickets } = await connectTickets()
                            const attempted = () => attempt(tickets, { title: "A" })
                            await expectUnwritten(tickets, attempted, TransactionRequiredError)
                            expect((await tickets.save({})).number).to.equal(1)
                        })
                    else
                        it(`${name} works`, async () => {
                            const { tickets } = await connectTickets()
                            const row: Row = { title: "A" }
                            await attempt(tickets, row)
                            expect(row.number).to.equal(1)
                            const wrong = attempt(tickets, { title: null as unknown as string })
                            expect(await rejection(wrong)).to.have.property(
                                "name",
                                "QueryFailedError",
                            )
                            const next = await tickets.save({})
                            expect(next.number).to.equal(way.isGapless ? 2 : 3)
                        })

                if (!way.isBeforeInsert)
                    it("an insert of several rows is one statement, which brings their numbers", async () => {
                        const logger = new StatementLog()
                        const dataSource = await database().connect([Ticket], { logger })
                        logger.statements.length = 0
                        const rows = [{ title: "A" }, { title: "B" }]
                        await dataSource.getRepository(Ticket).insert(rows)
                        expect(numbersOf(rows)).to.eql([1, 2])
                        expect(logger.statements).to.have.length(1)
                    })
            })

            describe("cascades", () => {
                it("number children that name a saved parent", async () => {
                    const { customers, invoices, ada } = await connectInvoices()
                    await invoices.save({ customer: ada })
                    const customer = await customers.findOneByOrFail({ name: "Ada" })
                    const rows = await invoices.save([{ customer }, { customer }])
                    expect(numbersOf(rows)).to.eql([2, 3])
                })

                it("number children that name a parent saved by the same call", async () => {
                    const { invoices } = await connectInvoices()
                    const [cy, dan] = [{ name: "Cy" }, { name: "Dan" }]
                    const rows = await invoices.save(
                        [cy, dan, cy, cy, dan].map((customer) => ({ customer })),
                    )
                    expect(numbersOf(rows)).to.eql([1, 1, 2, 3, 2])
                    const more = await invoices.save(rows.map(({ customer }) => ({ customer })))
                    expect(numbersOf(more)).to.eql([4, 3, 5, 6, 4])
                    expect(await numbersByCustomer(invoices)).to.eql({
                        Cy: upTo(6),
                        Dan: upTo(4),
                    })
                })

                it("number children in the array of a new parent, and go on after them", async () => {
                    const { customers, invoices } = await connectInvoices()
                    const cy = await customers.save({ name: "Cy", invoices: [{}, {}, {}] })
                    expect(numbersOf(cy.invoices)).to.eql([1, 2, 3])
                    const customer = { id: cy.id }
                    await invoices.delete({ customer, number: 3 })
                    const next = way.isReusing ? 3 : 4
                    expect((await invoices.save({ customer })).number).to.equal(next)
                    await invoices.delete({ customer })
                    expect((await invoices.save({ customer })).number).to.equal(
                        way.isReusing ? 1 : 5,
                    )
                })

                const isRefused = false
                it(`${isRefused ? "refuse" : "number"} a child pushed to the array of a saved parent`, async () => {
                    const { customers, invoices, ada } = await connectInvoices()
                    await invoices.save({ customer: ada })
                    const parent = await customers.findOneOrFail({
                        where: { name: "Ada" },
                        relations: { invoices: true },
                    })
                    const pushed = invoices.create()
                    parent.invoices.push(pushed)
                    if (isRefused) {
                        await expectUnwritten(
                            invoices,
                            () => customers.save(parent),
                            UnknownScopeError,
                            "Set customer.",
                        )
                        pushed.customer = parent
                    }
                    await customers.save(parent)
                    expect(pushed.number).to.equal(2)
                    expect(await numbersByCustomer(invoices)).to.eql({ Ada: [1, 2] })
                })
            })

            describe("in one transaction", () => {
                it("parallel saves get distinct numbers, without a gap", async () => {
                    const { dataSource, invoices, ada, bob } = await connectInvoices()
                    await dataSource.transaction(async (manager) => {
                        const own = manager.getRepository(Invoice)
                        await Promise.all([
                            ...upTo(10).map(() => own.save({ customer: ada })),
                            own.save([{ customer: ada }, { customer: bob }, { customer: ada }]),
                            own.insert({ customer: bob }),
                            own.count(),
                        ])
                    })
                    expect(await numbersByCustomer(invoices)).to.eql({
                        Ada: upTo(12),
                        Bob: [1, 2],
                    })
                })

                if (way.isGapless) {
                    it("a savepoint that is rolled back gives its numbers back", async () => {
                        const { dataSource, tickets } = await connectTickets()
                        await dataSource.transaction(async (outer) => {
                            await outer.save(Ticket, {})
                            await rolledBack(outer, async (inner) => {
                                expect(numbersOf(await inner.save(Ticket, [{}, {}]))).to.eql([2, 3])
                            })
                            expect(numbersOf([await outer.save(Ticket, {})])).to.eql([2])
                            await outer.transaction((inner) => inner.save(Ticket, {}))
                        })
                        expect((await tickets.save({})).number).to.equal(4)
                        expect(await storedNumbers(tickets)).to.eql(upTo(4))
                    })

                    it("that is rolled back gives its numbers back", async () => {
                        const { dataSource, tickets } = await connectTickets()
                        await rolledBack(dataSource, (manager) => manager.save(Ticket, [{}, {}]))
                        await tickets.save({})
                        await rolledBack(dataSource, (manager) => manager.save(Ticket, [{}, {}]))
                        expect((await tickets.save({})).number).to.equal(2)
                        expect(await storedNumbers(tickets)).to.eql([1, 2])
                    })
                } else
                    it("that is rolled back leaves no number to two rows", async () => {
                        const { dataSource, tickets } = await connectTickets()
                        await tickets.save([{}, {}])
                        await rolledBack(dataSource, (manager) => manager.save(Ticket, [{}, {}]))
                        const { number } = await tickets.save({})
                        expect(number).to.be.within(3, 5)
                        expect(await storedNumbers(tickets)).to.eql([1, 2, number])
                    })

                it("an entity that was rolled back is numbered anew", async () => {
                    const { dataSource, tickets } = await connectTickets()
                    const row = tickets.create()
                    await rolledBack(dataSource, (manager) => manager.save(row))
                    const other = await tickets.save({})
                    // SQLite gives its key to another row as well.
                    await tickets.save(Object.assign(row, { id: undefined }))
                    expect(row.number).to.equal(other.number + 1)
                    expect(await storedNumbers(tickets)).to.eql([other.number, row.number])
                })
            })

            describe("an INSERT that fails, and whose error is caught", () => {
                const failures = {
                    "by a unique index": { reference: "A" },
                    "by NOT NULL": { note: null },
                    "by a check": { total: 0 },
                }
                for (const [name, wrong] of Object.entries(failures))
                    it(name, async () => {
                        const { dataSource, invoices, ada } = await connectInvoices()
                        if (database().kind === "mariadb")
                            // TypeORM makes no checks there.
                            await dataSource.query("ALTER TABLE invoice ADD CHECK (total > 0)")
                        await invoices.save({ customer: ada, reference: "A" })
                        const work = dataSource.transaction(async (manager) => {
                            const own = manager.getRepository(Invoice)
                            await own.save({ customer: ada })
                            for (const rows of [[wrong], [{}, wrong, {}]]) {
                                const attempt = own.save(
                                    rows.map((row) =>
                                        own.create({ ...row, customer: ada } as object),
                                    ),
                                )
                                const error = await rejection(attempt)
                                expect(error.name).to.equal("QueryFailedError")
                                if (database().can.failOnce) return
                                await own.save([{ customer: ada }, { customer: ada }])
                            }
                        })
                        if (database().can.failOnce && way.isGapless)
                            expect(await rejection(work)).to.be.instanceOf(TransactionAbortedError)
                        else if (database().can.failOnce) await Promise.allSettled([work])
                        else await work

                        await invoices.save({ customer: ada })
                        const numbers = await storedNumbers(invoices)
                        // Where rows are inserted one by one, the one before the wrong one is there.
                        const rows = numbers.length
                        expect(rows).to.be.oneOf(database().can.failOnce ? [2] : [7, 8])
                        if (way.isGapless) expect(numbers).to.eql(upTo(rows))
                        else expect(new Set(numbers)).to.have.property("size", rows)
                        expect(numbers).to.have.length(await invoices.count())
                    })
            })

            it(`an INSERT that fails alone in its transaction ${way.isGapless ? "leaves no trace" : "may leave a gap"}, when that is caught`, async () => {
                const { dataSource, invoices, ada } = await connectInvoices()
                const work = dataSource.transaction(async (manager) => {
                    const attempt = manager.insert(Invoice, {
                        customer: ada,
                        note: null as unknown as string,
                    })
                    expect((await rejection(attempt)).name).to.equal("QueryFailedError")
                })
                // What the transaction has written besides must not be taken for stored.
                if (database().can.failOnce && way.isGapless)
                    expect(await rejection(work)).to.be.instanceOf(TransactionAbortedError)
                else await work
                const { number } = await invoices.save({ customer: ada })
                expect(number).to.be.oneOf(way.isGapless ? [1] : [1, 2])
                expect(await storedNumbers(invoices)).to.eql([number])
            })

            it("rows that are saved beside one that is refused leave no gap when that is caught", async () => {
                const { dataSource, invoices, ada } = await connectInvoices()
                await dataSource.transaction(async (manager) => {
                    const own = manager.getRepository(Invoice)
                    await own.save({ customer: ada })
                    const wrong = { customer: ada, number: "one" as unknown as number }
                    const error = await rejection(
                        own.save([{ customer: ada }, wrong, {} as object]),
                    )
                    expect(error).to.be.instanceOf(AutoSequenceError)
                    await own.save([{ customer: ada }, { customer: ada }])
                })
                const numbers = await storedNumbers(invoices)
                if (way.isGapless) expect(numbers).to.eql([1, 2, 3])
                else expect(new Set(numbers)).to.have.property("size", 3)
            })

            describe("numbers set by the caller", () => {
                it("are kept, and later ones go on after them", async () => {
                    const { tickets } = await connectTickets()
                    expect((await tickets.save({ number: 40 })).number).to.equal(40)
                    expect((await tickets.save({})).number).to.equal(41)
                    expect(numbersOf(await tickets.save([{ number: 50 }, {}]))).to.eql([50, 51])
                })

                it("are kept between others", async () => {
                    const { tickets } = await connectTickets()
                    const rows = await tickets.save([{}, { number: 10 }, {}, { number: 5 }, {}])
                    // Numbers that are taken ahead are higher than all that were set.
                    const isAhead = !way.isGapless && database().can.parallel
                    const expected = isAhead ? [11, 10, 12, 5, 13] : [1, 10, 11, 5, 12]
                    expect(numbersOf(rows)).to.eql(expected)
                    const next = await tickets.save({})
                    expect(next.number).to.equal(isAhead ? 14 : 13)
                })

                it("below the last do not set it back", async () => {
                    const { tickets } = await connectTickets()
                    await tickets.save({ number: 10 })
                    for (const number of [3, 0, -5]) await tickets.save({ number })
                    expect((await tickets.save({})).number).to.equal(11)
                })

                it("count in their scope only", async () => {
                    const { invoices, ada, bob } = await connectInvoices()
                    const rows = await invoices.save([
                        { customer: ada, number: 7 },
                        { customer: bob },
                        { customer: ada },
                        { customer: bob },
                    ])
                    expect(numbersOf(rows)).to.eql([7, 1, 8, 2])
                })

                it("can't be changed", async () => {
                    const { tickets } = await connectTickets()
                    const [row] = await tickets.save([{}, {}])
                    const changed = tickets.create({ ...row, number: 20 })
                    const save = () => tickets.save(changed)
                    await expectUnwritten(tickets, save, ReadOnlyNumberError)
                    expect(await storedNumbers(tickets)).to.eql([1, 2])
                })
            })

            describe("startAt, incrementBy", () => {
                it("are the first number and the step", async () => {
                    const dataSource = await database().connect([FromHundredByTen])
                    const rows = dataSource.getRepository(FromHundredByTen)
                    await rows.save({ number: 5 })
                    expect(numbersOf(await rows.save([{}, {}]))).to.eql([100, 110])
                    expect((await rows.save({})).number).to.equal(120)
                    await rows.save({ number: 124 })
                    expect((await rows.save({})).number).to.equal(134)
                })
            })

            describe("numbers that are large", () => {
                it("are refused where they don't fit an int, and leave no gap", async () => {
                    const { dataSource, tickets } = await connectTickets()
                    await tickets.save({ number: MAX_INT - 2 })
                    const attempt = () => tickets.save([{}, {}, {}])
                    const before = await storedNumbers(tickets)
                    expect(await rejection(attempt())).to.be.instanceOf(NumberOverflowError)
                    expect(await storedNumbers(tickets)).to.eql(before)
                    if (!way.isGapless) return

                    const overflow = async (own: Repository<InstanceType<typeof Ticket>>) =>
                        expect(await rejection(own.save([{}, {}, {}]))).to.be.instanceOf(
                            NumberOverflowError,
                        )
                    const work = () =>
                        dataSource.transaction(async (manager) => {
                            const own = manager.getRepository(Ticket)
                            expect((await own.save({})).number).to.equal(MAX_INT - 1)
                            await overflow(own)
                            expect((await own.save({})).number).to.equal(MAX_INT)
                            await overflow(own)
                        })
                    if (database().can.failOnce && !way.refusesOverflowFirst) {
                        expect((await rejection(work())).message).to.contain("aborted")
                        const caught = dataSource.transaction(async (manager) => {
                            const own = manager.getRepository(Ticket)
                            await own.save({})
                            await overflow(own)
                        })
                        expect(await rejection(caught)).to.be.instanceOf(TransactionAbortedError)
                        expect(await storedNumbers(tickets)).to.eql(before)
                        expect(numbersOf(await tickets.save([{}, {}]))).to.eql([
                            MAX_INT - 1,
                            MAX_INT,
                        ])
                    } else await work()
                    expect(await rejection(tickets.save({}))).to.be.instanceOf(NumberOverflowError)
                    expect(await storedNumbers(tickets)).to.eql([MAX_INT - 2, MAX_INT - 1, MAX_INT])
                })

                it("are refused by one error, and none is left that nobody handles", async () => {
                    const { tickets } = await connectTickets()
                    await tickets.save({ number: MAX_INT })
                    const unhandled: unknown[] = []
                    const note = (reason: unknown) => unhandled.push(reason)
                    process.on("unhandledRejection", note)
                    try {
                        expect(await rejection(tickets.save({}))).to.be.instanceOf(
                            NumberOverflowError,
                        )
                        await new Promise((resolve) => setImmediate(resolve))
                    } finally {
                        process.off("unhandledRejection", note)
                    }
                    expect(unhandled).to.eql([])
                })

                it("are exact past 2^53", async () => {
                    const dataSource = await database().connect([Big])
                    const rows = dataSource.getRepository(Big)
                    const expected = ["9007199254740991", "9007199254740993", "9007199254740995"]
                    const saved = await rows.save([{}, {}])
                    saved.push(await rows.save({}))
                    expect(numbersOf(saved)).to.eql(expected)
                    expect(await storedTexts(rows)).to.eql(expected)
                    await rows.save({ number: "9223372036854775804" })
                    expect((await rows.save({})).number).to.equal("9223372036854775806")
                    expect(await storedTexts(rows)).to.eql([
                        ...expected,
                        "9223372036854775804",
                        "9223372036854775806",
                    ])
                })

                it("are refused where they don't fit a bigint", async () => {
                    const dataSource = await database().connect([Big])
                    const rows = dataSource.getRepository(Big)
                    await rows.save({ number: "9223372036854775804" })
                    for (const save of [() => rows.save([{}, {}]), () => rows.save([{}, {}])])
                        expect(await rejection(save())).to.be.instanceOf(NumberOverflowError)
                    expect((await rows.save({})).number).to.equal("9223372036854775806")
                    expect(await rejection(rows.save({}))).to.be.instanceOf(NumberOverflowError)
                    expect(await storedTexts(rows)).to.eql([
                        "9223372036854775804",
                        "9223372036854775806",
                    ])
                })
            })

            describe("rows", () => {
                if (way.hasDrafts)
                    it("that are drafts have no number and take none", async () => {
                        const dataSource = await database().connect([Draft])
                        const drafts = dataSource.getRepository(Draft)
                        const rows = await drafts.save([{}, { number: null }, {}, { number: null }])
                        expect(numbersOf(rows)).to.eql([1, null, 2, null])
                        expect((await drafts.save({})).number).to.equal(3)
                        expect(await storedNumbers(drafts)).to.eql([1, 2, 3])
                    })
                else
                    it("have a number each: drafts are refused, and NULL is no number", async () => {
                        const options = { ...way.options, nullable: true }
                        expect(() => AutoSequenceColumn(options)(new Draft(), "other")).to.throw(
                            InvalidOptionError,
                            "nullable",
                        )
                        const dataSource = await database().connect([Draft])
                        const drafts = dataSource.getRepository(Draft)
                        const rows = await drafts.save([{}, { number: null }, {}, { number: null }])
                        expect(numbersOf(rows)).to.eql([1, 2, 3, 4])
                        expect(await storedNumbers(drafts)).to.eql([1, 2, 3, 4])
                    })

                it("that are soft-deleted count", async () => {
                    const dataSource = await database().connect([Bin])
                    const bins = dataSource.getRepository(Bin)
                    const [, last] = await bins.save([{}, {}])
                    await bins.softDelete({ id: last?.id })
                    expect((await bins.save({})).number).to.equal(3)
                    await bins.restore({ id: last?.id })
                    expect(await storedNumbers(bins)).to.eql([1, 2, 3])
                })

                it(`that are deleted ${way.isReusing ? "" : "don't "}give the last number back`, async () => {
                    const { tickets } = await connectTickets()
                    await tickets.save([{}, {}, {}])
                    await tickets.delete({ number: 2 })
                    await tickets.delete({ number: 3 })
                    expect((await tickets.save({})).number).to.equal(way.isReusing ? 2 : 4)
                    await tickets.createQueryBuilder().delete().execute()
                    expect((await tickets.save({})).number).to.equal(way.isReusing ? 1 : 5)
                })

                it("of a single-table inheritance share the root's series", async () => {
                    const dataSource = await database().connect([Animal, Cat, Dog])
                    const rows = await dataSource.manager.save([new Cat(), new Dog(), new Animal()])
                    rows.push(await dataSource.manager.save(new Dog()))
                    expect(numbersOf(rows)).to.eql([1, 2, 3, 4])
                    const dogs = await dataSource.getRepository(Dog).find({ order: { id: "ASC" } })
                    expect(dogs.map(({ licence }) => licence)).to.eql([1, 2])
                    expect(await storedNumbers(dataSource.getRepository(Animal))).to.eql(upTo(4))
                })

                it("may have two numbers, each in its own scope", async () => {
                    const dataSource = await database().connect([TwoNumbers])
                    const rows = dataSource.getRepository(TwoNumbers)
                    const years = ["2024", "2025", "2024", "2025", "2025"]
                    await rows.save(years.slice(0, 3).map((year) => ({ year })))
                    for (const year of years.slice(3)) await rows.save({ year })
                    const found = await rows.find({ order: { total: "ASC" } })
                    expect(found.map(({ total }) => total)).to.eql(upTo(5))
                    expect(found.map(({ ofYear }) => ofYear)).to.eql([1, 1, 2, 2, 3])
                })

                it("of an EntitySchema are numbered", async () => {
                    const dataSource = await database().connect([Letter])
                    const letters = dataSource.getRepository(Letter)
                    const rows = await letters.save([{ box: "a" }, { box: "b" }, { box: "a" }])
                    rows.push(await letters.save({ box: "a" }))
                    expect(numbersOf(rows)).to.eql([1, 1, 2, 3])
                })
            })

            describe("raw SQL", () => {
                const isNumbered = way.isInDatabase
                it(`that inserts rows ${isNumbered ? "numbers them" : "leaves none without a number"}`, async () => {
                    const { dataSource, tickets } = await connectTickets()
                    await tickets.save({})
                    const attempt = dataSource.query(
                        `INSERT INTO ${tableName(tickets.metadata)} (title) VALUES ('A'), ('B')`,
                    )
                    if (isNumbered) await attempt
                    else await rejection(attempt)
                    const next = isNumbered ? 4 : 2
                    expect((await tickets.save({})).number).to.equal(next)
                    expect(await storedNumbers(tickets)).to.eql(upTo(next))
                })

                it(`that changes a number ${isNumbered ? "is refused" : "is not seen"}`, async () => {
                    const { dataSource, tickets } = await connectTickets()
                    await tickets.save([{}, {}])
                    const number = dataSource.driver.escape("number")
                    const change = () =>
                        dataSource.query(
                            `UPDATE ${tableName(tickets.metadata)} SET ${number} = 9 WHERE ${number} = 1`,
                        )
                    if (isNumbered)
                        await expectUnwritten(
                            tickets,
                            change,
                            Error,
                            "number of a stored row",
                            "was to be changed",
                        )
                    else await change()
                    expect(await storedNumbers(tickets)).to.eql(isNumbered ? [1, 2] : [2, 9])
                })
            })

            it(`update() of a scope ${way.isInDatabase ? "is refused" : "keeps the number of the row"}`, async () => {
                const { invoices, ada, bob } = await connectInvoices()
                const [row] = await invoices.save([{ customer: ada }, { customer: ada }])
                const move = () => invoices.update({ id: row?.id }, { customer: bob })
                if (way.isInDatabase) await expectUnwritten(invoices, move, ReadOnlyNumberError)
                else await move()
                expect(await numbersByCustomer(invoices)).to.eql(
                    way.isInDatabase ? { Ada: [1, 2] } : { Ada: [2], Bob: [1] },
                )
                await invoices.update({ id: row?.id }, { note: "changed" })
                expect(await invoices.countBy({ note: "changed" })).to.equal(1)
            })

            it(`scopes in opposite orders ${way.locksInOrder ? "are no deadlock" : "may be a deadlock, which a second attempt ends"}`, async function () {
                if (!database().can.parallel) return this.skip()
                const { dataSource, customers, invoices, ada, bob } = await connectInvoices()
                const first = await customers.save({ name: "Cy" })
                await invoices.save([{ customer: first }, { customer: ada }, { customer: bob }])
                let attempts = 0
                /** Resolves when these are saved, or wait for others; with what is to be awaited then. */
                const start = async (...rows: (typeof ada)[]) => {
                    const started = new Signal()
                    let session = ""
                    const work = transactionWithRetry(dataSource, async (manager) => {
                        attempts += 1
                        session = await sessionOf(manager)
                        started.send()
                        await manager.save(
                            Invoice,
                            rows.map((customer) => ({ customer })),
                        )
                    })
                    await started.promise
                    await mustWait(dataSource, session, work)
                    return { work }
                }
                const works = await dataSource.transaction(async (manager) => {
                    await manager.save(Invoice, { customer: ada })
                    // The one waits in the middle of its rows, the other for its first one.
                    return [await start(first, ada, bob), await start(bob, first)]
                })
                await Promise.all(works.map(({ work }) => work))
                expect(attempts).to.equal(way.locksInOrder ? 2 : 3)
                expect(await numbersByCustomer(invoices)).to.eql({
                    Ada: upTo(3),
                    Bob: upTo(3),
                    Cy: upTo(3),
                })
            })

            describe("data sources", () => {
                it("number apart from each other", async () => {
                    const one = await connectTickets()
                    const other = await connectTickets()
                    expect(numbersOf(await one.tickets.save([{}, {}]))).to.eql([1, 2])
                    expect(numbersOf(await other.tickets.save([{}]))).to.eql([1])
                    expect(numbersOf(await one.tickets.save([{}]))).to.eql([3])
                })

                it("that are connected to the same database go on after each other", async () => {
                    const { dataSource, tickets } = await connectTickets()
                    await tickets.save([{}, {}])
                    const other = await database().connect([Ticket], {
                        sameAs: dataSource,
                        synchronize: false,
                    })
                    expect((await other.getRepository(Ticket).save({})).number).to.equal(3)
                    await other.getRepository(Ticket).delete({ number: 3 })
                    const next = await other.getRepository(Ticket).save({})
                    expect(next.number).to.equal(way.isReusing ? 3 : 4)
                })

                it("may name tables and columns by a strategy of their own", async () => {
                    const namingStrategy = new SnakeCase()
                    const dataSource = await database().connect([TwoNumbers], { namingStrategy })
                    const rows = dataSource.getRepository(TwoNumbers)
                    const saved = await rows.save([{ year: "a" }, { year: "b" }, { year: "a" }])
                    saved.push(await rows.save({ year: "b" }))
                    expect(saved.map(({ ofYear }) => ofYear)).to.eql([1, 1, 2, 2])
                    expect(rows.metadata.tableName).to.equal("two_numbers")
                    expect(await storedNumbers(rows, "total")).to.eql(upTo(4))
                })
            })
        },
        worksOn(way.options.strategy),
    )
}

/** What only series with counters have. */
for (const strategy of COUNTING)
    onEveryDatabase(
        `Counters of strategy ${strategy}`,
        (database) => {
            const shared = (series: string) => ({ strategy, series })

            @Entity()
            class Order {
                @PrimaryGeneratedColumn() id!: number
                @Column() year!: string
                @AutoSequenceColumn({ ...shared("papers"), uniqueWith: "year" }) number!: number
            }

            @Entity()
            class CreditNote {
                @PrimaryGeneratedColumn() id!: number
                @Column() period!: string
                @AutoSequenceColumn({ ...shared("papers"), uniqueWith: "period" }) number!: number
            }

            @Entity()
            class Match {
                @PrimaryGeneratedColumn() id!: number
                @AutoSequenceColumn(shared("sides")) home!: number
                @AutoSequenceColumn(shared("sides")) guest!: number
            }

            const disagreeing = {
                incrementBy: { incrementBy: 2 },
                startAt: { startAt: 5 },
                // No other strategy takes it.
                ...(strategy === "counter" && { gapless: { gapless: false } }),
                "number of columns in uniqueWith": { uniqueWith: "year" },
            }

            it("are shared by the entities of a series", async () => {
                const dataSource = await database().connect([Order, CreditNote])
                const orders = dataSource.getRepository(Order)
                const notes = dataSource.getRepository(CreditNote)
                await orders.save([{ year: "24" }, { year: "24" }, { year: "25" }])
                await notes.save([{ period: "24" }, { period: "25" }])
                await orders.save({ year: "24" })
                await dataSource.manager.save([
                    notes.create({ period: "25" }),
                    orders.create({ year: "25" }),
                    notes.create({ period: "26" }),
                ])
                expect(await storedNumbers(orders)).to.eql([1, 1, 2, 4, 4])
                expect(await storedNumbers(notes)).to.eql([1, 2, 3, 3])
                expect(await storedCounters(dataSource)).to.eql([
                    { series: "papers", scope: 'v1:"24"', last: "4" },
                    { series: "papers", scope: 'v1:"25"', last: "4" },
                    { series: "papers", scope: 'v1:"26"', last: "1" },
                ])
            })

            it("are shared by the columns of a series", async () => {
                const dataSource = await database().connect([Match])
                const matches = dataSource.getRepository(Match)
                const rows = await matches.save([{}, {}])
                rows.push(await matches.save({}))
                const numbers = rows.flatMap(({ home, guest }) => [home, guest])
                expect(numbers.sort()).to.eql(upTo(6))
                expect(await storedCounters(dataSource)).to.eql([
                    { series: "sides", scope: "v1:", last: "6" },
                ])
            })

            for (const [problem, options] of Object.entries(disagreeing))
                it(`of a series whose columns differ in ${problem} are refused`, async () => {
                    @Entity("one")
                    class One {
                        @PrimaryGeneratedColumn() id!: number
                        @AutoSequenceColumn(shared("differing")) number!: number
                    }
                    @Entity("other")
                    class Other {
                        @PrimaryGeneratedColumn() id!: number
                        @Column({ default: "" }) year!: string
                        @AutoSequenceColumn({ ...shared("differing"), ...options }) number!: number
                    }
                    const dataSource = await database().connect([One, Other], {
                        synchronize: false,
                    })
                    await dataSource.synchronize()
                    const rows = dataSource.getRepository(One)
                    const save = () => rows.save([{}, {}])
                    await expectUnwritten(
                        rows,
                        save,
                        InvalidOptionError,
                        "One.number",
                        "Other.number",
                        problem,
                    )
                })

            it("are in the table that is named", async () => {
                const postgres = ["postgres", "pglite"].includes(database().kind)
                const other = await database().connect([])
                const schema = postgres ? (other.options as { schema?: string }).schema : undefined
                const dataSource = await database().connect([Order], {
                    counterTable: { name: "number series", schema },
                })
                const { metadata } = dataSource.getRepository("AutoSequenceCounter")
                expect(metadata.tableName).to.equal("number series")
                if (postgres) expect(metadata.schema).to.equal(schema)
                await dataSource.getRepository(Order).save([{ year: "24" }, { year: "24" }])
                expect(await storedCounters(dataSource)).to.eql([
                    { series: "papers", scope: 'v1:"24"', last: "2" },
                ])
                await dataSource.getRepository(Order).save({ year: "24" })
                expect(await storedNumbers(dataSource.getRepository(Order))).to.eql([1, 2, 3])
            })

            it("are refused where the data source doesn't know their table, or it is not there", async () => {
                const dataSource = await database().connect([Order])
                const orders = dataSource.getRepository(Order)
                await dataSource.query("DROP TABLE " + counterTable(dataSource))
                const error = await rejection(orders.save({ year: "24" }))
                expect(error).to.be.instanceOf(NotInstalledError)
                expect(error.message).to.contain("migration:generate")
                expect(await orders.count()).to.equal(0)
            })
        },
        worksOn(strategy),
    )

onEveryDatabase("Each strategy", (database) => {
    for (const strategy of Object.keys(SUPPORTED) as Strategy[])
        it(`${strategy} works, or is refused before anything is written`, async () => {
            const { Ticket } = entitiesOf(WAYS[strategy])
            const { can, kind } = database()
            const supported = SUPPORTED[strategy][kind]
            expect(worksOn(strategy)(can)).to.equal(supported === true)
            if (supported === true) {
                const dataSource = await database().connect([Ticket])
                const rows = await dataSource.getRepository(Ticket).save([{}, {}])
                expect(numbersOf(rows)).to.eql([1, 2])
                return
            }
            const dataSource = await database().connect([Ticket], { synchronize: false })
            await dataSource.synchronize()
            const tickets = dataSource.getRepository(Ticket)
            const save = () => tickets.save([{}, {}])
            await expectUnwritten(tickets, save, UnsupportedError, strategy, supported)
            // A row that brings its number along as well: the next one could not go on after it.
            const given = () => tickets.save({ number: 4 })
            await expectUnwritten(tickets, given, UnsupportedError, strategy, supported)
            const install = () => installAutoSequence(dataSource)
            await expectUnwritten(tickets, install, UnsupportedError, strategy, supported)
        })
})

import { expect } from "chai"
import { UnknownScopeError } from "../../src"
import { rejection } from "../support/errors"
import { numbersOf, rolledBack } from "../support/rows"
import { upTo } from "../support/invoices"
import { onEachCell } from "../support/matrix"
import { entitiesOf } from "../support/numbered-entities"
import { expectNext, storedNumbers } from "../support/stored"

const shownOn = (rows: readonly object[]) =>
    rows.map((row) => {
        const { id, number } = row as { id?: number; number?: number }
        return [id, number]
    })

onEachCell("Numbers of one scope", ({ way, tables }) => {
    const { Customer, Invoice, Ticket, FromHundredByTen, TwoNumbers, Letter } = entitiesOf(way)
    const dataSource = tables([Customer, Invoice, Ticket, FromHundredByTen, TwoNumbers, Letter])
    const invoicesOf = () => dataSource().getRepository(Invoice)
    const ticketsOf = () => dataSource().getRepository(Ticket)

    async function customers() {
        const [ada, bob] = await dataSource()
            .getRepository(Customer)
            .save([{ name: "Ada" }, { name: "Bob" }])
        return { ada: { customer: ada }, bob: { customer: bob } }
    }

    it("follow each other, row by row", async () => {
        const { ada, bob } = await customers()
        const invoices = invoicesOf()
        const numbers: number[] = []
        for (const row of [ada, ada, bob, ada])
            numbers.push((await invoices.save({ ...row })).number)
        expect(numbers).to.eql([1, 2, 1, 3])
        await expectNext(invoices, ada, upTo(4))
        await expectNext(invoices, bob, upTo(2))
    })

    it("follow the order of an array", async () => {
        const { ada, bob } = await customers()
        const rows = await invoicesOf().save([ada, bob, ada, ada, bob].map((row) => ({ ...row })))
        expect(numbersOf(rows)).to.eql([1, 1, 2, 3, 2])
        await expectNext(invoicesOf(), ada, upTo(4))
        await expectNext(invoicesOf(), bob, upTo(3))
    })

    it("follow the order of 1000 rows", async () => {
        const { ada, bob } = await customers()
        const rows = upTo(1000).map((i) => ({
            ...(i % 2 === 1 ? ada : bob),
            note: String(Math.ceil(i / 2)),
        }))
        const saved = await invoicesOf().save(rows)
        for (const { number, note } of saved) expect(note).to.equal(String(number))
        const found = await invoicesOf().find()
        expect(found).to.have.length(1000)
        for (const { number, note } of found) expect(note).to.equal(String(number))
        await expectNext(invoicesOf(), ada, upTo(501))
        await expectNext(invoicesOf(), bob, upTo(501))
    })

    it("go on from chunk to chunk", async () => {
        const rows = upTo(100).map((i) => ({ title: String(i) }))
        expect(numbersOf(await ticketsOf().save(rows, { chunk: 30 }))).to.eql(upTo(100))
        const found = await ticketsOf().find({ order: { number: "ASC" } })
        expect(found.map(({ title }) => title)).to.eql(upTo(100).map(String))
        await expectNext(ticketsOf(), {}, upTo(101))
    })

    it("are as many as the rows that TypeORM makes of an entity that a list has twice", async () => {
        const tickets = ticketsOf()
        const [one, other] = [tickets.create(), tickets.create()]
        await tickets.save([one, other, one, other])
        const found = await tickets.find({ order: { number: "ASC" } })
        expect(numbersOf(found)).to.eql(upTo(4))
        for (const entity of [one, other])
            expect(found.find(({ id }) => id === entity.id)?.number).to.equal(entity.number)
        await expectNext(tickets, {}, upTo(5))
    })

    it("stay when a row is saved again, as it is or as a copy", async () => {
        const tickets = ticketsOf()
        const [first, second] = await tickets.save([{}, {}])
        await tickets.save({ ...first, title: "changed" })
        await tickets.save(tickets.create({ ...first, title: "again" }))
        await tickets.save(Object.assign(second as object, { title: "second" }))
        await expectNext(tickets, {}, [1, 2, 3])
        expect(await tickets.findOneByOrFail({ number: 1 })).to.include({ title: "again" })
        expect(await tickets.findOneByOrFail({ number: 2 })).to.include({ title: "second" })
    })

    if (way.isGapless && !way.isInDatabase)
        it("leave no gap where a row of the call is refused for another of its numbers", async () => {
            const rows = dataSource().getRepository(TwoNumbers)
            await dataSource().transaction(async (manager) => {
                const mistaken = ["2026"] as unknown as string
                const saving = manager.save(TwoNumbers, [{ year: "2026" }, { year: mistaken }])
                expect(await rejection(saving)).to.be.instanceOf(UnknownScopeError)
            })
            await rolledBack(dataSource(), (manager) => manager.save(TwoNumbers, { year: "2026" }))
            await rows.save({ year: "2026" })
            const stored = await rows.find({ order: { id: "ASC" } })
            expect(stored.map(({ total }) => total)).to.eql(upTo(stored.length))
            expect(stored.map(({ ofYear }) => ofYear)).to.eql(upTo(stored.length))
        })

    it("are given by insert() and by query builders", async () => {
        const { ada } = await customers()
        const given = [{ ...ada }, { customer: { id: ada.customer?.id } }]
        const built = [{ ...ada }, { ...ada }]
        await dataSource().transaction(async (manager) => {
            await manager.insert(Invoice, given)
            await manager.createQueryBuilder().insert().into(Invoice).values(built).execute()
        })
        expect(numbersOf([...given, ...built])).to.eql([1, 2, 3, 4])
        const own = dataSource().createQueryBuilder().insert().into(Ticket).values([{}, {}])
        await own.useTransaction(true).execute()
        await expectNext(invoicesOf(), ada, upTo(5))
        await expectNext(ticketsOf(), {}, upTo(3))
    })

    it("are given where the query builder names the columns, and not that of the number", async () => {
        await dataSource().transaction(async (manager) => {
            const insert = () => manager.createQueryBuilder().insert()
            await insert().into(Letter, ["box"]).values({ box: "a" }).execute()
            await insert()
                .into(Letter, ["box"])
                .values([{ box: "a" }, { box: "b" }])
                .execute()
            await insert().into(Letter, ["box", "number"]).values({ box: "a" }).execute()
        })
        await expectNext(dataSource().getRepository(Letter), { box: "a" }, upTo(4))
        await expectNext(dataSource().getRepository(Letter), { box: "b" }, upTo(2))
    })

    it("are shown where query builders that name the columns insert at once", async () => {
        const { ada, bob } = await customers()
        await invoicesOf().save({ ...bob })
        const given = [{ ...ada }, { ...bob }]
        await dataSource().transaction((manager) =>
            Promise.all(
                given.map((row) => {
                    const insert = manager.createQueryBuilder().insert()
                    return insert.into(Invoice, ["customer.id"]).values(row).execute()
                }),
            ),
        )
        expect(numbersOf(given)).to.eql([1, 2])
        await expectNext(invoicesOf(), ada, [1, 2])
        await expectNext(invoicesOf(), bob, [1, 2, 3])
    })

    it("are shown on the rows that have them where query builders insert the same at once", async () => {
        const { ada } = await customers()
        const lists = [1, 2, 1].map((count) => Array.from({ length: count }, () => ({ ...ada })))
        await dataSource().transaction((manager) =>
            Promise.all(
                lists.map((rows) => {
                    const insert = manager.createQueryBuilder().insert()
                    return insert.into(Invoice, ["customer.id"]).values(rows).execute()
                }),
            ),
        )
        const stored = await invoicesOf().find({ order: { id: "ASC" } })
        expect(shownOn(lists.flat())).to.eql(shownOn(stored))
        await expectNext(invoicesOf(), ada, upTo(5))
    })

    it("are shown on the rows that have them where others of the same are announced while they wait", async () => {
        const { ada } = await customers()
        const given = [1, 2, 3].map(() => ({ ...ada }))
        await dataSource().transaction(async (manager) => {
            const inserts = [manager.find(Invoice) as Promise<unknown>]
            for (const row of given) {
                const insert = manager.createQueryBuilder().insert()
                inserts.push(insert.into(Invoice, ["customer.id"]).values(row).execute())
                for (let tick = 0; tick < 9; tick++) await Promise.resolve()
            }
            await Promise.all(inserts)
        })
        const stored = await invoicesOf().find({ order: { id: "ASC" } })
        expect(shownOn(given)).to.eql(shownOn(stored))
        await expectNext(invoicesOf(), ada, upTo(4))
    })

    it("are shown on the rows that have them where the first attempt was never sent", async () => {
        const { ada } = await customers()
        const given = [{ ...ada }, { ...ada }]
        await dataSource().transaction(async (manager) => {
            for (const row of given) {
                const subscriber = {
                    beforeInsert: () =>
                        row === given[0] ? Promise.reject(new Error("no")) : undefined,
                }
                dataSource().subscribers.push(subscriber)
                try {
                    const insert = manager.createQueryBuilder().insert()
                    await insert.into(Invoice, ["customer.id"]).values(row).execute()
                } catch (error) {
                    expect((error as Error).message).to.equal("no")
                } finally {
                    dataSource().subscribers.pop()
                }
            }
        })
        expect(numbersOf(given)).to.eql([undefined, 1])
        await expectNext(invoicesOf(), ada, upTo(2))
    })

    it("are shown on the rows that have them where others of the same columns are not set", async () => {
        const { ada } = await customers()
        const given = ["a", "b", null].map((reference) => ({ ...ada, reference }))
        await dataSource().transaction((manager) =>
            Promise.all(
                given.map((row) => {
                    const insert = manager.createQueryBuilder().insert()
                    return insert.into(Invoice, ["customer.id", "reference"]).values(row).execute()
                }),
            ),
        )
        const stored = await invoicesOf().find({ order: { number: "ASC" } })
        expect(stored.map(({ reference }) => reference)).to.eql(["a", "b", null])
        expect(numbersOf(given)).to.eql(numbersOf(stored))
        await expectNext(invoicesOf(), ada, upTo(4))
    })

    it("are given to rows that are not read back", async () => {
        const rows = await ticketsOf().save(ticketsOf().create([{}, {}]), { reload: false })
        expect(numbersOf(rows)).to.eql([1, 2])
        await expectNext(ticketsOf(), {}, [1, 2, 3])
    })

    it("begin with startAt, and rise by incrementBy", async () => {
        const rows = dataSource().getRepository(FromHundredByTen)
        await rows.save({ number: 5 })
        expect(numbersOf(await rows.save([{}, {}]))).to.eql([100, 110])
        await expectNext(rows, {}, [5, 100, 110, 120])
        await rows.save({ number: 124 })
        await expectNext(rows, {}, [5, 100, 110, 120, 124, 134])
    })

    it("of one row may be two, each in its own scope", async () => {
        const rows = dataSource().getRepository(TwoNumbers)
        const years = ["2024", "2025", "2024", "2025", "2025"]
        await rows.save(years.slice(0, 3).map((year) => ({ year })))
        for (const year of years.slice(3)) await rows.save({ year })
        const found = await rows.find({ order: { total: "ASC" } })
        expect(found.map(({ total, ofYear }) => [total, ofYear])).to.eql([
            [1, 1],
            [2, 1],
            [3, 2],
            [4, 2],
            [5, 3],
        ])
    })

    it("are given to rows of an EntitySchema", async () => {
        const letters = dataSource().getRepository(Letter)
        const rows = await letters.save([{ box: "a" }, { box: "b" }, { box: "a" }])
        expect(numbersOf(rows)).to.eql([1, 1, 2])
        await expectNext(letters, { box: "a" }, [1, 2, 3])
        await expectNext(letters, { box: "b" }, [1, 2])
    })

    it("of many scopes in one save follow the order in each", async () => {
        const letters = dataSource().getRepository(Letter)
        const boxes = Array.from({ length: 200 }, (_, i) => `b${(i * i) % 7}`)
        const seen = new Map<string, number>()
        const expected = boxes.map((box) => {
            const number = (seen.get(box) ?? 0) + 1
            seen.set(box, number)
            return number
        })
        const rows = await letters.save(boxes.map((box) => ({ box })))
        expect(numbersOf(rows)).to.eql(expected)
        const found = await letters.find({ order: { id: "ASC" } })
        expect(found.map(({ box, number }) => [box, number])).to.eql(
            boxes.map((box, i) => [box, expected[i]]),
        )
        await expectNext(letters, { box: "b0" }, upTo((seen.get("b0") ?? 0) + 1))
    })

    it("go on after the rows, not after what an entity says of itself", async () => {
        const tickets = ticketsOf()
        await tickets.save([{}, {}])
        const other = tickets.create({ title: "never saved" })
        await tickets.save({ title: "saved" })
        expect(other.number).to.equal(undefined)
        await expectNext(tickets, {}, upTo(4))
        expect(await storedNumbers(tickets)).to.eql(upTo(4))
    })
})

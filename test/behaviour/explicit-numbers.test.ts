import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    InvalidNumberError,
    InvalidOptionError,
    NumberOverflowError,
    ReadOnlyNumberError,
    TransactionRequiredError,
} from "../../src"
import { expectRefuses, rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { entitiesOf, MAX_INT } from "../support/numbered-entities"
import { numbersOf } from "../support/rows"
import { expectNext, storedNumbers } from "../support/stored"
import { showsUnselected } from "../support/typeorm-version"

onEachCell("Explicit numbers", ({ way, can, tables }) => {
    const { Customer, Invoice, Ticket, Draft } = entitiesOf(way)
    const { options } = way

    @Entity()
    class Hidden {
        @PrimaryGeneratedColumn() id!: number
        @Column({ default: "" }) note!: string
        @AutoSequenceColumn({ ...options, select: false }) number!: number
    }

    @Entity()
    class Prefixed {
        @PrimaryGeneratedColumn() id!: number
        @Column({ default: "" }) note!: string
        @AutoSequenceColumn({
            ...options,
            transformer: {
                to: (value?: string) => value && Number(value.slice(2)),
                from: (value: number) => `R-${value}`,
            },
        })
        number!: string
    }

    @Entity()
    class Named {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn({ ...options, name: "invoice_no" }) number!: number
    }

    @Entity()
    class Sealed {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn({ ...options, explicit: "refuse", nullable: way.hasDrafts })
        number!: number | null
    }

    @Entity()
    class Counted {
        @PrimaryGeneratedColumn() id!: number
        @AutoSequenceColumn({ ...options }) number!: number
        @AutoSequenceColumn({ ...options }) other!: number
    }

    const dataSource = tables([
        Customer,
        Invoice,
        Ticket,
        Draft,
        Hidden,
        Prefixed,
        Named,
        Sealed,
        Counted,
    ])
    const ticketsOf = () => dataSource().getRepository(Ticket)
    // Numbers that are taken ahead are higher than all that were set.
    const isAhead = !way.isGapless && can.parallel

    it("are kept, and later ones go on after them", async () => {
        const tickets = ticketsOf()
        expect((await tickets.save({ number: 40 })).number).to.equal(40)
        await expectNext(tickets, {}, [40, 41])
        expect(numbersOf(await tickets.save([{ number: 50 }, {}]))).to.eql([50, 51])
        await expectNext(tickets, {}, [40, 41, 50, 51, 52])
    })

    it("are kept between others of one save, which go on after them", async () => {
        const tickets = ticketsOf()
        const rows = await tickets.save([{}, { number: 10 }, {}, { number: 5 }, {}])
        const expected = isAhead ? [11, 10, 12, 5, 13] : [1, 10, 11, 5, 12]
        expect(numbersOf(rows)).to.eql(expected)
        const stored = await tickets.find({ order: { id: "ASC" } })
        expect(numbersOf(stored)).to.eql(expected)
        const next = (expected.at(-1) ?? 0) + 1
        await expectNext(
            tickets,
            {},
            [...expected, next].sort((a, b) => a - b),
        )
    })

    it("of one of two columns are kept between others of one save as well", async () => {
        const rows = await dataSource()
            .getRepository(Counted)
            .save([{}, { number: 10 }, {}, { other: 20 }, {}])
        expect(rows.map(({ number, other }) => [number, other])).to.eql(
            isAhead
                ? [
                      [11, 21],
                      [10, 22],
                      [12, 23],
                      [13, 20],
                      [14, 24],
                  ]
                : [
                      [1, 1],
                      [10, 2],
                      [11, 3],
                      [12, 20],
                      [13, 21],
                  ],
        )
    })

    it("below the last do not set it back", async () => {
        const tickets = ticketsOf()
        await tickets.save({ number: 10 })
        for (const number of [3, 0, -5])
            expect((await tickets.save({ number })).number).to.equal(number)
        await expectNext(tickets, {}, [-5, 0, 3, 10, 11])
    })

    it("below the first are kept, and the first is given", async () => {
        const rows = await ticketsOf().save([{ number: -5 }, { number: 0 }])
        expect(numbersOf(rows)).to.eql([-5, 0])
        await expectNext(ticketsOf(), {}, [-5, 0, 1])
    })

    it("count in their scope only", async () => {
        const [ada, bob] = await dataSource()
            .getRepository(Customer)
            .save([{ name: "Ada" }, { name: "Bob" }])
        const invoices = dataSource().getRepository(Invoice)
        const rows = await invoices.save([
            { customer: ada, number: 7 },
            { customer: bob },
            { customer: ada },
            { customer: bob },
        ])
        expect(numbersOf(rows)).to.eql([7, 1, 8, 2])
        await expectNext(invoices, { customer: ada }, [7, 8, 9])
        await expectNext(invoices, { customer: bob }, [1, 2, 3])
    })

    it(`on every row need ${way.movesCounter ? "the transaction in which they move the counter" : "no transaction"}`, async () => {
        const rows = [{ number: 7 }, { number: 9 }]
        if (way.movesCounter) {
            const insert = () => ticketsOf().insert(rows)
            await expectRefuses(ticketsOf(), insert, TransactionRequiredError)
            await dataSource().transaction((manager) => manager.insert(Ticket, rows))
        } else await ticketsOf().insert(rows)
        await expectNext(ticketsOf(), {}, [7, 9, 10])
    })

    for (const [title, number] of [
        ["1.5", 1.5],
        ["NaN", NaN],
        ["Infinity", Infinity],
        ["2^53, which may have been rounded", 2 ** 53],
        ["text", "abc"],
        ["text that begins with digits", "12a"],
        ["text with a fraction", "1.5"],
        ["no text", ""],
        ["a boolean", true],
        ["an object", {}],
    ] as const)
        it(`can't be ${title}`, async () => {
            const tickets = ticketsOf()
            const wrong = () => Object.assign(tickets.create(), { number })
            for (const attempt of [
                () => tickets.save(wrong()),
                () => tickets.save([tickets.create(), wrong()]),
            ])
                await expectRefuses(tickets, attempt, InvalidNumberError, "Ticket.number")
            await expectNext(tickets, {}, [1], way)
        })

    it("can't be an SQL expression", async () => {
        const insert = () =>
            dataSource().transaction((manager) =>
                manager
                    .createQueryBuilder()
                    .insert()
                    .into(Ticket)
                    .values({ number: () => "1 + 1" })
                    .execute(),
            )
        await expectRefuses(ticketsOf(), insert, InvalidNumberError, "function")
        await expectNext(ticketsOf(), {}, [1], way)
    })

    it("are made beside texts in SQL, however those are quoted", async () => {
        const { options } = dataSource()
        const quote = options.type === "mariadb" ? "\\'" : "''"
        const texts = [`'a${quote}), (b'`, `'${quote}'`]
        await dataSource().transaction((manager) =>
            manager.insert(
                Ticket,
                texts.map((text) => ({ title: () => text })),
            ),
        )
        const stored = await ticketsOf().find({ order: { number: "ASC" } })
        expect(stored.map(({ number, title }) => [number, title])).to.eql([
            [1, "a'), (b"],
            [2, "'"],
        ])
    })

    it("that don't fit an int are refused", async () => {
        for (const number of [MAX_INT + 1, -MAX_INT - 2])
            await expectRefuses(
                ticketsOf(),
                () => ticketsOf().save({ number }),
                NumberOverflowError,
            )
        await expectNext(ticketsOf(), {}, [1], way)
    })

    describe("of stored rows", () => {
        async function threeTickets() {
            const tickets = ticketsOf()
            await tickets.save([{}, {}, {}])
            return { tickets, row: await tickets.findOneByOrFail({ number: 2 }) }
        }

        it("stay where they are left out", async () => {
            const { tickets, row } = await threeTickets()
            await tickets.save({ id: row.id, title: "changed" })
            expect(await tickets.findOneByOrFail({ id: row.id })).to.include({
                title: "changed",
                number: 2,
            })
            await tickets.update(row.id, { title: "again" })
            expect(await tickets.findOneByOrFail({ id: row.id })).to.include({
                title: "again",
                number: 2,
            })
            await expectNext(tickets, {}, [1, 2, 3, 4])
        })

        it("may be given unchanged, as text as well", async () => {
            const { tickets, row } = await threeTickets()
            await tickets.save({ id: row.id, number: 2, title: "a" })
            const asText = Object.assign(tickets.create({ id: row.id }), {
                number: "2",
                title: "b",
            })
            await tickets.save(asText)
            expect(await tickets.findOneByOrFail({ id: row.id })).to.include({
                number: 2,
                title: "b",
            })
            await expectNext(tickets, {}, [1, 2, 3, 4])
        })

        type Ticket = InstanceType<typeof Ticket>
        type Attempt = (tickets: ReturnType<typeof ticketsOf>, row: Ticket) => Promise<unknown>
        const changes: Record<string, Attempt> = {
            "changed by save()": (tickets, row) => tickets.save(Object.assign(row, { number: 20 })),
            "changed by save() of a copy": (tickets, row) =>
                tickets.save(tickets.create({ ...row, number: 20 })),
            "set to null by save()": (tickets, row) =>
                tickets.save(Object.assign(row, { number: null, title: "changed" })),
            "changed by a save() that inserts as well": (tickets, row) =>
                tickets.save([{}, Object.assign(row, { number: 20 }), {}]),
            "changed by update()": (tickets, { id }) => tickets.update({ id }, { number: 20 }),
            "changed by a query builder": (tickets, { id }) =>
                tickets
                    .createQueryBuilder()
                    .update()
                    .set({ number: () => "number + 100" })
                    .where({ id })
                    .execute(),
        }
        for (const [what, change] of Object.entries(changes))
            it(`can't be ${what}`, async () => {
                const { tickets, row } = await threeTickets()
                await expectRefuses(tickets, () => change(tickets, row), ReadOnlyNumberError)
                await expectNext(tickets, {}, [1, 2, 3, 4], way)
            })
    })

    describe('of a column with explicit: "refuse"', () => {
        const sealed = () => dataSource().getRepository(Sealed)

        it("are refused, those of copies too, and all others are given", async () => {
            const rows = sealed()
            const first = await rows.save({})
            const insert = (row: object) =>
                dataSource().transaction((manager) => manager.insert(Sealed, row))
            for (const attempt of [
                () => rows.save({ number: MAX_INT }),
                () => rows.save([{}, { number: 2 }]),
                () => rows.save({ ...first, id: undefined }),
                () => insert({ number: 2 }),
                () => insert({ number: () => "2" }),
            ])
                await expectRefuses(rows, attempt, InvalidNumberError, "Sealed.number", "copy")
            await rows.save(rows.create(first))
            await expectNext(rows, {}, [1, 2], way)
        })

        it("are given anew to an entity whose insert was rolled back", async () => {
            const rows = sealed()
            const row = rows.create()
            const failed = dataSource().transaction(async (manager) => {
                await manager.save(row)
                throw new Error("roll back")
            })
            await rejection(failed)
            await rows.save(row)
            await expectNext(rows, {}, [1, 2], way)
        })

        if (way.hasDrafts)
            it("are refused for drafts", async () => {
                const rows = sealed()
                const draft = await rows.save({ number: null })
                await expectRefuses(
                    rows,
                    () => rows.save({ ...draft, number: 1 }),
                    InvalidNumberError,
                )
                await rows.delete(draft.id)
                await expectNext(rows, {}, [1], way)
            })
    })

    describe("in a column that is not selected", () => {
        it("are on the saved entity and counted on, and stay when the row is saved again", async () => {
            const rows = dataSource().getRepository(Hidden)
            const saved = await rows.save([{}, {}])
            if (showsUnselected) expect(numbersOf(saved)).to.eql([1, 2])
            const loaded = await rows.findOneByOrFail({ id: saved[0]?.id })
            expect(loaded.number).to.equal(undefined)
            await rows.save(Object.assign(loaded, { note: "loaded" }))
            await rows.save(Object.assign(saved[1] as object, { note: "saved" }))
            const last = await rows.save({})
            if (showsUnselected) expect(last.number).to.equal(3)
            expect(await storedNumbers(rows)).to.eql([1, 2, 3])
            expect(await rows.countBy({ note: "" })).to.equal(1)
        })

        it("can't be changed", async () => {
            const rows = dataSource().getRepository(Hidden)
            const row = await rows.save({})
            row.number = 20
            await expectRefuses(rows, () => rows.save(row), ReadOnlyNumberError)
            await rows.save({})
            expect(await storedNumbers(rows)).to.eql([1, 2])
        })
    })

    it("go through a transformer, and stay when the row is saved again", async () => {
        const rows = dataSource().getRepository(Prefixed)
        const saved = await rows.save([{}, { number: "R-7" }])
        saved.push(await rows.save({}))
        expect(numbersOf(saved)).to.eql([isAhead ? "R-8" : "R-1", "R-7", isAhead ? "R-9" : "R-8"])
        await rows.save(Object.assign(saved[2] as object, { note: "changed" }))
        expect(await storedNumbers(rows)).to.eql(isAhead ? [7, 8, 9] : [1, 7, 8])
    })

    it("are in the column that `name` names", async () => {
        const rows = dataSource().getRepository(Named)
        expect(numbersOf(await rows.save([{}, {}]))).to.eql([1, 2])
        expect(rows.metadata.findColumnWithPropertyName("number")?.databaseName).to.equal(
            "invoice_no",
        )
        await expectNext(rows, {}, [1, 2, 3])
        expect(await storedNumbers(rows)).to.eql([1, 2, 3])
    })

    if (way.hasDrafts)
        describe("of drafts", () => {
            it("are none, and none is taken", async () => {
                const drafts = dataSource().getRepository(Draft)
                const rows = await drafts.save([{}, { number: null }, {}, { number: null }])
                expect(numbersOf(rows)).to.eql([1, null, 2, null])
                const stored = await drafts.find({ order: { id: "ASC" } })
                expect(numbersOf(stored)).to.eql([1, null, 2, null])
                expect((await drafts.save({})).number).to.equal(3)
                expect(await storedNumbers(drafts)).to.eql([1, 2, 3])
            })
        })
    else
        it("each row has one: drafts are refused, and NULL is no number", async () => {
            expect(() =>
                AutoSequenceColumn({ ...options, nullable: true })(new Draft(), "other"),
            ).to.throw(InvalidOptionError, "nullable")
            const drafts = dataSource().getRepository(Draft)
            const rows = await drafts.save([{}, { number: null }, {}, { number: null }])
            expect(numbersOf(rows)).to.eql([1, 2, 3, 4])
            expect((await drafts.save({})).number).to.equal(5)
            expect(await storedNumbers(drafts)).to.eql([1, 2, 3, 4, 5])
        })
})

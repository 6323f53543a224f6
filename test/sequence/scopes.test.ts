import { expect } from "chai"
import * as fc from "fast-check"
import {
    Column,
    type DataSource,
    Entity,
    type EntityManager,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    AutoSequenceColumn,
    InvalidOptionError,
    Sequence,
    type SequenceScope,
    type SequenceScopeValue,
} from "../../src"
import { sequenceKeyOf, plainKey } from "../../src/sequence/scope"
import { dialectOf } from "../../src/dialects"
import { onEveryDatabase } from "../support/databases"
import { expectRejects, expectThrows } from "../support/errors"
import { upTo } from "../support/invoices"

const SERIES = "documents"

@Entity({ name: "invoice" })
class Invoice {
    @PrimaryGeneratedColumn()
    id!: number

    @Column({ type: "varchar", length: 300, nullable: true })
    branch!: string | null

    @Column({ type: "int" })
    year!: number

    @AutoSequenceColumn({ strategy: "counter", series: SERIES, uniqueWith: ["branch", "year"] })
    number!: number
}

@Entity({ name: "credit_note" })
class CreditNote {
    @PrimaryGeneratedColumn()
    id!: number

    @Column({ type: "varchar", length: 300, nullable: true })
    branch!: string | null

    @Column({ type: "int" })
    year!: number

    @AutoSequenceColumn({ strategy: "counter", series: SERIES, uniqueWith: ["branch", "year"] })
    number!: number
}

@Entity({ name: "day_report" })
class DayReport {
    @PrimaryGeneratedColumn()
    id!: number

    @Column({ type: "date" })
    day!: string

    @Column()
    isFinal!: boolean

    @AutoSequenceColumn({ strategy: "counter", series: "reports", uniqueWith: ["day", "isFinal"] })
    number!: number
}

@Entity({ name: "ticket" })
class Ticket {
    @PrimaryGeneratedColumn()
    id!: number

    @AutoSequenceColumn({ strategy: "counter", startAt: 100, incrementBy: 5 })
    number!: number
}

@Entity({ name: "leased" })
class Leased {
    @PrimaryGeneratedColumn()
    id!: number

    @AutoSequenceColumn({ strategy: "counter", series: "leased", gapless: false, cache: 10 })
    number!: number
}

@Entity({ name: "single" })
class Single {
    @PrimaryGeneratedColumn()
    id!: number

    @AutoSequenceColumn({ strategy: "counter", series: "single", gapless: false })
    number!: number
}

const nextOf = (dataSource: DataSource, scope?: SequenceScope) =>
    new Sequence("scoped", { scope }).next(dataSource)

onEveryDatabase("The scope of a Sequence", (database) => {
    it("is the same for values of the same text, in objects whatever their order", async () => {
        const dataSource = await database().connect([])
        const date = new Date("2030-01-02T03:04:05.678Z")
        const groups: SequenceScope[][] = [
            [[1], ["1"], [1n]],
            [[1.5], ["1.5"]],
            [[0], [-0], ["0"], [0n]],
            [[true], ["true"]],
            [[date], [date.toISOString()]],
            [
                { a: 1, b: null },
                { b: null, a: "1" },
            ],
        ]
        for (const group of groups) {
            const numbers = []
            for (const scope of group) numbers.push(await nextOf(dataSource, scope))
            expect(numbers).to.eql(upTo(group.length))
        }
    })

    it("is another one for other values", async () => {
        const dataSource = await database().connect([])
        const long = "x".repeat(300)
        const scopes: (SequenceScope | undefined)[] = [
            undefined,
            [null],
            ["null"],
            ["NULL"],
            [""],
            [" "],
            ["a"],
            ["A"],
            ["a "],
            ["ä"],
            ["a,b", "c"],
            ["a", "b,c"],
            ['a","b'],
            ["a", "b"],
            ["b", "a"],
            [null, null],
            { a: "b" },
            { a: null },
            { a: "NULL" },
            { A: "b" },
            { 'a"="b': "c" },
            { a: 'b","c' },
            { a: "b", c: "d" },
            ["a", "b", "c", "d"],
            ["a=b"],
            [long],
            [`${long}x`],
            [`${long} `],
            { long },
            { [long]: long },
            ["\u{1F600}".repeat(200)],
            ["\u{1F600}".repeat(201)],
        ]
        for (const scope of scopes) expect(await nextOf(dataSource, scope)).to.equal(1)
        for (const scope of scopes) expect(await nextOf(dataSource, scope)).to.equal(2)
    })

    it("that is empty is none", async () => {
        const dataSource = await database().connect([])
        expect(await nextOf(dataSource)).to.equal(1)
        expect(await nextOf(dataSource, [])).to.equal(2)
        expect(await nextOf(dataSource, {})).to.equal(3)
    })

    it("has its own last number", async () => {
        const dataSource = await database().connect([])
        const of = (year: number) => new Sequence("numbers", { scope: { year }, dataSource })
        await of(2030).nextMany(3)
        await of(2031).nextMany(2)
        expect([await of(2030).last(), await of(2031).last(), await of(2032).last()]).to.eql([
            3,
            2,
            null,
        ])
    })

    it("has a key that no other scope has", async () => {
        const dataSource = await database().connect([])
        const { expressions } = dialectOf(dataSource)!
        const value = fc.oneof(
            fc.string({ unit: fc.constantFrom(..."aA1 ,\"'=:N\\".split("")), maxLength: 6 }),
            fc.string({ minLength: 240, maxLength: 260 }),
            fc.integer(),
            fc.constant(null),
        )
        const scope = fc.oneof(
            fc.array(value, { minLength: 1, maxLength: 3 }),
            fc.dictionary(fc.string({ maxLength: 3 }), value, { minKeys: 1, maxKeys: 3 }),
        )
        const isStorable = (scope_: SequenceScope) => !/\0/.test(JSON.stringify(scope_))
        const keyOf = (scope_: SequenceScope) => plainKey(sequenceKeyOf("a", scope_), expressions)
        const identity = (scope_: SequenceScope) => {
            const text = (v: SequenceScopeValue | undefined) => (v === null ? null : String(v))
            return Array.isArray(scope_)
                ? JSON.stringify(scope_.map(text))
                : JSON.stringify({
                      entries: Object.entries(scope_)
                          .sort(([a], [b]) => (a < b ? -1 : 1))
                          .map(([k, v]) => [k, text(v)]),
                  })
        }
        fc.assert(
            fc.property(fc.array(scope, { minLength: 2, maxLength: 20 }), (scopes) => {
                const storable = scopes.filter(isStorable)
                expect(new Set(storable.map(keyOf)).size).to.equal(
                    new Set(storable.map(identity)).size,
                )
            }),
            { numRuns: 300 },
        )
    })
})

onEveryDatabase("A Sequence and columns that share a series", (database) => {
    it("count together, each scope on its own", async () => {
        const dataSource = await database().connect([Invoice, CreditNote])
        const save = async (entity: typeof Invoice, branch: string | null, year: number) =>
            (await dataSource.getRepository(entity).save({ branch, year })).number
        const next = (branch: string | null, year: number | string) =>
            new Sequence(SERIES, { scope: { branch, year } }).next(dataSource)
        expect(await save(Invoice, "north", 2030)).to.equal(1)
        expect(await next("north", 2030)).to.equal(2)
        expect(await save(CreditNote, "north", 2030)).to.equal(3)
        expect(await next("north", "2030")).to.equal(4)
        expect(await next("south", 2030)).to.equal(1)
        expect(await save(Invoice, "south", 2030)).to.equal(2)
        expect(await next(null, 2030)).to.equal(1)
        expect(await save(CreditNote, null, 2030)).to.equal(2)
        const long = "ö".repeat(290)
        expect(await next(long, 2030)).to.equal(1)
        expect(await save(Invoice, long, 2030)).to.equal(2)
        expect(await next(long, 2030)).to.equal(3)
    })

    it("go on after the rows that were there before the counter", async () => {
        const dataSource = await database().connect([Invoice, CreditNote])
        await storeRows(dataSource, Invoice, "north", 5)
        await storeRows(dataSource, CreditNote, "north", 7)
        const north = new Sequence(SERIES, { scope: { branch: "north", year: 2030 }, dataSource })
        expect(await north.last()).to.equal(7)
        expect(await north.next()).to.equal(8)
        expect(await north.last()).to.equal(8)
        expect(
            await new Sequence(SERIES, { scope: { year: 2030, branch: "south" } }).next(dataSource),
        ).to.equal(1)
        expect(await north.delete()).to.be.true
        const numbers = await dataSource.transaction((manager) => north.nextMany(manager, 2))
        expect(numbers).to.eql([8, 9])
    })

    it("have the same scope whatever the types of its columns", async () => {
        const dataSource = await database().connect([DayReport])
        const reports = dataSource.getRepository(DayReport)
        const save = async () => (await reports.save({ day: "2030-05-06", isFinal: true })).number
        const next = (day: string) =>
            new Sequence("reports", { scope: { isFinal: true, day }, dataSource }).next()
        expect(await save()).to.equal(1)
        expect(await next("2030-05-06")).to.equal(2)
        expect(await save()).to.equal(3)
        expect(await next("2030-05-07")).to.equal(1)
    })

    it("count alike, or the Sequence is refused", async () => {
        const dataSource = await database().connect([Ticket, Invoice])
        const name = `${dataSource.getMetadata(Ticket).tableName}.number`
        const tickets = new Sequence(name, { startAt: 100, incrementBy: 5, dataSource })
        expect(await tickets.next()).to.equal(100)
        expect((await dataSource.getRepository(Ticket).save({})).number).to.equal(105)
        expect(await tickets.nextMany(2)).to.eql([110, 115])

        const refuse = (sequence: Sequence, ...texts: string[]) =>
            expectRejects(sequence.next(dataSource), InvalidOptionError, ...texts)
        await refuse(new Sequence(name), "Ticket.number", "startAt")
        await refuse(new Sequence(name, { startAt: 100 }), "incrementBy")
        await refuse(new Sequence(name, { startAt: 100, incrementBy: 5, resetAt: 200 }), "resetAt")
        await refuse(
            new Sequence(name, { startAt: 100, incrementBy: 5, scope: ["x"] }),
            "leave scope out",
        )
        await refuse(new Sequence(SERIES), "{ branch, year }")
        await refuse(new Sequence(SERIES, { scope: ["x", 1] }), "{ branch, year }")
        await refuse(
            new Sequence(SERIES, { scope: { branch: "x" } }),
            "undefined is not a valid year",
        )
        expect(await tickets.last()).to.equal(115)
    })

    it("go on after the rows when the Sequence is deleted, whoever numbers next", async () => {
        for (const strategy of ["counter", "trigger"] as const) {
            if (strategy === "trigger" && !database().can.bigints) continue
            @Entity({ name: `deleted_${strategy}` })
            class Deleted {
                @PrimaryGeneratedColumn() id!: number
                @Column() year!: number
                @AutoSequenceColumn({ strategy, series: "deleted", uniqueWith: "year" })
                number!: number
            }
            const dataSource = await database().connect([Deleted])
            const save = async (year: number) =>
                (await dataSource.getRepository(Deleted).save({ year })).number
            const of2030 = new Sequence("deleted", { scope: { year: 2030 }, dataSource })
            expect([await save(2030), await save(2030), await save(2031)]).to.eql([1, 2, 1])
            await of2030.nextMany(5)
            expect(await of2030.delete()).to.be.true
            expect(await of2030.last()).to.equal(2)
            expect([await save(2030), await save(2031), await of2030.next()]).to.eql([3, 2, 4])
            const attempt = dataSource.transaction(async (manager) => {
                expect(await of2030.delete(manager)).to.be.true
                expect(await of2030.next(manager)).to.equal(4)
                throw new Error("Never mind.")
            })
            await expect(attempt).to.be.rejectedWith("Never mind.")
            expect([await save(2030), await save(2031)]).to.eql([5, 3])
        }
    })

    it("never wait for themselves, where columns take numbers on a connection of their own", async () => {
        const dataSource = await database().connect([Single])
        const single = new Sequence("single")
        const save = async (manager: EntityManager) =>
            (await manager.getRepository(Single).save({})).number
        expect(await save(dataSource.manager)).to.equal(1)
        const numbers = await dataSource.transaction(async (manager) => {
            const taken = [await single.next(manager), await save(manager)]
            await manager.insert(Single, { number: 10 })
            return [...taken, await save(manager)]
        })
        expect(numbers).to.eql([2, 3, 11])
        // The lock of a savepoint that was rolled back may last as long as the transaction.
        const after = await dataSource.transaction(async (manager) => {
            expect(await save(manager)).to.equal(12)
            const inner = manager.transaction(async (nested) => {
                expect(await single.next(nested)).to.equal(13)
                throw new Error("Never mind.")
            })
            await expect(inner).to.be.rejectedWith("Never mind.")
            return save(manager)
        })
        expect(after).to.equal(13)
        expect(await save(dataSource.manager)).to.equal(14)
    })

    it("give a number once, also where columns take them ahead", async () => {
        const dataSource = await database().connect([Leased])
        const leased = new Sequence("leased", { dataSource })
        const rows = dataSource.getRepository(Leased)
        const numbers: number[] = []
        for (let turn = 0; turn < 15; turn++)
            numbers.push(await leased.next(), (await rows.save({})).number)
        expect(new Set(numbers).size).to.equal(30)
    })

    it("give back what a save of the same transaction has not used", async () => {
        const dataSource = await database().connect([Invoice, CreditNote])
        const north = new Sequence(SERIES, { scope: { branch: "north", year: 2030 }, dataSource })
        const attempt = dataSource.transaction(async (manager) => {
            expect(await north.next(manager)).to.equal(1)
            await manager.getRepository(Invoice).save({ branch: "north", year: 2030 })
            throw new Error("Never mind.")
        })
        await expect(attempt).to.be.rejectedWith("Never mind.")
        expect(await north.last()).to.equal(null)
        expect(await north.next()).to.equal(1)
    })
})

describe("The scope of a Sequence", () => {
    const refused: [string, unknown, string][] = [
        ["a string", "north", '"north"'],
        ["null", null, "null"],
        ["a date", new Date(), "scope is"],
        ["NaN", [NaN], "NaN at 0"],
        ["an infinite number", [1, Infinity], "Infinity at 1"],
        ["an integer that is not safe", { year: 2 ** 53 }, "9007199254740992 at year"],
        ["undefined", { year: undefined }, "undefined at year"],
        ["a hole", [, 1], "undefined at 0"],
        ["an object", [{}], "[object Object] at 0"],
        ["a function", [() => 1], "at 0"],
        ["a symbol", [Symbol("x")], "Symbol(x) at 0"],
        ["an invalid date", [new Date(NaN)], "Invalid Date at 0"],
        ["half a surrogate pair", ["\ud800"], "surrogates"],
        ["NUL", ["a\0"], "NUL"],
        ["half a surrogate pair in a name", { "\udc00": 1 }, "surrogates"],
    ]
    for (const [what, scope, text] of refused)
        it(`is refused where it holds ${what}`, () => {
            expectThrows(
                () => new Sequence("a", { scope: scope as SequenceScope }),
                InvalidOptionError,
                'Sequence "a"',
                text,
            )
        })
})

/** Rows as they are after another way of numbering, whose numbers no counter knows. */
async function storeRows(
    dataSource: DataSource,
    entity: typeof Invoice,
    branch: string,
    count: number,
): Promise<void> {
    const { driver } = dataSource
    const { tableName, schema } = dataSource.getMetadata(entity)
    const table = [schema, tableName]
        .flatMap((part) => (part ? [driver.escape(part)] : []))
        .join(".")
    for (const number of upTo(count))
        await dataSource.query(
            `INSERT INTO ${table} (branch, ${driver.escape("year")}, ${driver.escape("number")}) ` +
                `VALUES ('${branch}', 2030, ${number})`,
        )
}

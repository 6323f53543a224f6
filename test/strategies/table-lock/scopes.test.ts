import { randomBytes } from "node:crypto"
import { expect } from "chai"
import { defaults } from "pg"
import {
    ChildEntity,
    Column,
    type ColumnOptions,
    type DataSource,
    Entity,
    JoinColumn,
    ManyToOne,
    OneToMany,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    TableInheritance,
} from "typeorm"
import { AutoSequenceColumn, InvalidOptionError, UnknownScopeError } from "../../../src"
import { onEachDatabase } from "../../support/databases"
import { expectRefuses, expectRejects, expectSqlState, storedRows } from "../../support/errors"

@Entity()
class Customer {
    @PrimaryGeneratedColumn() id!: number
    @Column({ default: "" }) name!: string
}

@Entity()
class Letter {
    @PrimaryGeneratedColumn() id!: number
    @Column("text") year!: string
    @AutoSequenceColumn({ uniqueWith: "year" }) number!: number
}

@Entity()
class Invoice {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Customer, { nullable: false }) customer!: Customer
    @AutoSequenceColumn({ uniqueWith: "customer" }) number!: number
}

@Entity()
class Order {
    @PrimaryGeneratedColumn() id!: number
    @Column() customerId!: number
    @ManyToOne(() => Customer) @JoinColumn({ name: "customerId" }) customer!: Customer
    @AutoSequenceColumn({ uniqueWith: "customerId" }) number!: number
}

@Entity()
class Quote {
    @PrimaryGeneratedColumn() id!: number
    @Column() customerId!: number
    @ManyToOne(() => Customer) @JoinColumn({ name: "customerId" }) customer!: Customer
    @AutoSequenceColumn({ uniqueWith: "customer" }) number!: number
}

class Address {
    @Column() country!: string
}

@Entity()
class Shop {
    @PrimaryGeneratedColumn() id!: number
    @Column(() => Address) address!: Address
    @AutoSequenceColumn({ uniqueWith: "address.country" }) number!: number
}

@Entity()
class Parcel {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Customer, { nullable: false }) customer!: Customer
    @Column(() => Address) address!: Address
    @AutoSequenceColumn({ uniqueWith: ["customer", "address.country"] }) number!: number
}

class Billing {
    @ManyToOne(() => Customer, { nullable: false }) payer!: Customer
}

@Entity()
class Bill {
    @PrimaryGeneratedColumn() id!: number
    @Column(() => Billing) billing!: Billing
    @AutoSequenceColumn({ uniqueWith: "billing.payer" }) number!: number
}

@Entity()
class Branch {
    @PrimaryColumn() country!: string
    @PrimaryColumn() city!: string
}

@Entity()
class Receipt {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Branch, { nullable: false }) branch!: Branch
    @AutoSequenceColumn({ uniqueWith: "branch" }) number!: number
}

@Entity()
class Note {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "text", nullable: true }) area?: string | null
    @AutoSequenceColumn({ uniqueWith: "area" }) number!: number
}

@Entity()
class Seat {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "text", nullable: true }) hall?: string | null
    @Column({ type: "int", nullable: true }) row?: number | null
    @AutoSequenceColumn({ uniqueWith: ["hall", "row"] }) number!: number
}

@Entity()
class Task {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Customer, { nullable: true }) customer?: Customer | null
    @AutoSequenceColumn({ uniqueWith: "customer" }) number!: number
}

@Entity()
class Box {
    @PrimaryGeneratedColumn() id!: number
    @OneToMany(() => Item, (item) => item.box) items!: Item[]
}

@Entity()
class Item {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Box, (box) => box.items, { nullable: true }) box?: Box | null
    @AutoSequenceColumn({ uniqueWith: "box" }) number!: number
}

@Entity()
class WithDefault {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "text", default: "main", nullable: true }) series?: string | null
    @AutoSequenceColumn({ uniqueWith: "series" }) number!: number
}

@Entity()
class WithJson {
    @PrimaryGeneratedColumn() id!: number
    @Column("json") data!: object
    @AutoSequenceColumn({ uniqueWith: "data" }) number!: number
}

@Entity()
class WithArray {
    @PrimaryGeneratedColumn() id!: number
    @Column("text", { array: true }) tags!: string[]
    @AutoSequenceColumn({ uniqueWith: "tags" }) number!: number
}

@Entity()
@TableInheritance({ column: "kind" })
abstract class Document {
    @PrimaryGeneratedColumn() id!: number
    @Column() kind!: string
    @AutoSequenceColumn({ uniqueWith: "kind" }) number!: number
}
@ChildEntity("contract")
class Contract extends Document {}
@ChildEntity("offer")
class Offer extends Document {}

function scopedBy(column: ColumnOptions) {
    @Entity("scoped")
    class Scoped {
        @PrimaryGeneratedColumn() id!: number
        @Column(column) scope!: unknown
        @AutoSequenceColumn({ uniqueWith: "scope" }) number!: number
    }
    return Scoped
}
type ScopedEntity = ReturnType<typeof scopedBy>

const SCOPED_BY = {
    interval: scopedBy({ type: "interval" }),
    timestamp: scopedBy({ type: "timestamp" }),
    timestamptz: scopedBy({ type: "timestamptz" }),
    date: scopedBy({ type: "date" }),
    numeric: scopedBy({ type: "numeric" }),
    bytea: scopedBy({ type: "bytea" }),
}

const CASE_BLIND = "case_blind"
const at = (time: string) => new Date(time)
const codeOf = { to: (value: { code: string }) => value.code, from: (code: string) => ({ code }) }

/** Values of a column in groups: those of one group are one scope to the database. */
const TYPES: readonly { title: string; column: ColumnOptions; groups: unknown[][]; tz?: string }[] =
    [
        {
            title: "quotes, backslashes and what looks like SQL or JSON",
            column: { type: "text" },
            groups: [
                "it's",
                '"x"',
                "a\\b",
                "\\",
                "'; --",
                "$1",
                "",
                " ",
                "null",
                '{"a":1}',
                "a,b",
            ].map((scope) => [scope, scope]),
        },
        {
            title: "line breaks and control characters",
            column: { type: "text" },
            groups: [["a\nb"], ["a\r\nb"], ["a\tb"], ["\u0001"], ["\u2028"]],
        },
        {
            title: "unicode and emoji, composed and decomposed apart",
            column: { type: "text" },
            groups: [["Zürich", "Zürich"], ["Zu\u0308rich"], ["🧾", "🧾"], ["日本"], ["é"]],
        },
        {
            title: "lone surrogates, which are all stored as U+FFFD",
            column: { type: "text" },
            groups: [["\ud800", "\udfff", "\ufffd"], ["\ud83e\uddfe"]],
        },
        {
            title: "10 kB of text that can be compressed",
            column: { type: "text" },
            groups: [["x".repeat(10_000), "x".repeat(10_000)], ["y".repeat(10_000)]],
        },
        {
            title: "varchar with a length",
            column: { type: "varchar", length: "3" },
            groups: [["abc", "abc"], ["ABC"], ["ab"]],
        },
        {
            title: "char, whose blanks at the end do not count",
            column: { type: "char", length: "3" },
            groups: [["a", "a  ", "a "], ["b"]],
        },
        {
            title: "dates given as strings",
            column: { type: "date" },
            groups: [["2024-01-31", "2024-01-31"], ["2024-02-29"]],
        },
        {
            title: "timestamps with time zone given as Date and as text",
            column: { type: "timestamptz" },
            groups: [
                [at("2024-06-01T12:00:00.123Z"), "2024-06-01 14:00:00.123+02"],
                [at("2024-06-01T12:00:00.124Z")],
            ],
            tz: "America/St_Johns",
        },
        {
            title: "timestamps without time zone given as Date",
            column: { type: "timestamp" },
            groups: [
                [at("2024-06-01T12:00:00.123Z"), at("2024-06-01T12:00:00.123Z")],
                [at("2024-01-01T12:00:00.000Z")],
            ],
            tz: "America/St_Johns",
        },
        {
            title: "the hour that comes twice, in a timestamp without time zone",
            column: { type: "timestamp" },
            groups: [
                [at("2024-11-03T05:30:00Z"), at("2024-11-03T06:30:00Z")],
                [at("2024-11-03T07:30:00Z")],
            ],
            tz: "America/New_York",
        },
        {
            title: "timestamps from before there were time zones",
            column: { type: "timestamptz" },
            groups: [[at("1800-01-01T00:00:00Z"), at("1800-01-01T00:00:00Z")]],
            tz: "America/New_York",
        },
        {
            title: "timestamps before the year 1 and after 9999",
            column: { type: "timestamp" },
            groups: [
                [at("-000043-03-15T12:00:00Z"), at("-000043-03-15T12:00:00Z")],
                [at("+012000-01-01T12:00:00Z"), at("+012000-01-01T12:00:00Z")],
                [at("0044-03-15T12:00:00Z")],
            ],
        },
        {
            title: "timestamps that are rounded to seconds",
            column: { type: "timestamptz", precision: 0 },
            groups: [
                [at("2024-06-01T12:00:00.100Z"), at("2024-06-01T12:00:00.400Z")],
                [at("2024-06-01T12:00:00.900Z")],
            ],
        },
        {
            title: "times of day",
            column: { type: "time" },
            groups: [["12:00", "12:00:00"], ["12:00:01"]],
        },
        {
            title: "intervals",
            column: { type: "interval" },
            groups: [["1 day", "24 hours"], ["2 days"]],
        },
        {
            title: "UUIDs in upper and lower case",
            column: { type: "uuid" },
            groups: [
                ["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
                ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12"],
            ],
        },
        {
            title: "bigints past 2^53",
            column: { type: "bigint" },
            groups: [["9007199254740993", "9007199254740993"], ["9007199254740992"], ["7", 7]],
        },
        {
            title: "enums",
            column: { type: "enum", enum: ["in", "out"] },
            groups: [["in", "in"], ["out"]],
        },
        {
            title: "booleans",
            column: { type: "boolean" },
            groups: [[true, true], [false]],
        },
        {
            title: "numerics that are rounded",
            column: { type: "numeric", precision: 10, scale: 2 },
            groups: [
                [1.001, "1.00", 1, "1.004"],
                [1.01, "1.005"],
            ],
        },
        {
            title: "numerics without a scale",
            column: { type: "numeric" },
            groups: [["1.0", "1", 1], ["1.001"]],
        },
        {
            title: "doubles",
            column: { type: "float8" },
            groups: [[0.1, 0.1], [0.1 + 0.2], [0.3], [0, -0]],
        },
        {
            title: "bytes",
            column: { type: "bytea" },
            groups: [[Buffer.from([0, 255, 92]), Buffer.from([0, 255, 92])], [Buffer.from([])]],
        },
        {
            title: "text of a collation that is blind to case",
            column: { type: "text", collation: CASE_BLIND },
            groups: [["Ada", "ADA", "ada"], ["Bob"]],
        },
        {
            title: "citext",
            column: { type: "citext" },
            groups: [["Ada", "ADA", "ada"], ["Bob"]],
        },
        {
            title: "values that a transformer makes",
            column: { type: "text", transformer: codeOf },
            groups: [[{ code: "EUR" }, { code: "EUR" }], [{ code: "USD" }]],
        },
    ]

onEachDatabase("scopes", (db) => {
    const customers = (ds: DataSource) => ds.getRepository(Customer).save([{}, {}])

    describe("counts on its own for each value of", () => {
        it("a column", async () => {
            const ds = await db().connect([Letter])
            const repo = ds.getRepository(Letter)
            const rows = await repo.save([{ year: "a" }, { year: "b" }, { year: "a" }])
            expect(rows.map((row) => row.number)).to.eql([1, 1, 2])
            expect((await repo.save({ year: "b" })).number).to.equal(2)
        })

        it("a relation", async () => {
            const ds = await db().connect([Customer, Invoice])
            const [a, b] = await customers(ds)
            const rows = await ds
                .getRepository(Invoice)
                .save([{ customer: a }, { customer: b }, { customer: a }])
            expect(rows.map((row) => row.number)).to.eql([1, 1, 2])
        })

        it("a relation given by its key alone", async () => {
            const ds = await db().connect([Customer, Invoice])
            const [a, b] = await customers(ds)
            const repo = ds.getRepository(Invoice)
            expect((await repo.save({ customer: a })).number).to.equal(1)
            expect((await repo.save({ customer: { id: a?.id } })).number).to.equal(2)
            expect((await repo.save({ customer: { id: b?.id } })).number).to.equal(1)
        })

        for (const [entity, path] of [
            [Order, "the foreign key's column"],
            [Quote, "the relation"],
        ] as const)
            describe(`${path}, where both are properties`, () => {
                it("given by the column", async () => {
                    const ds = await db().connect([Customer, entity])
                    const [a, b] = await customers(ds)
                    const rows = await ds
                        .getRepository<Order | Quote>(entity)
                        .save([{ customerId: a?.id }, { customerId: b?.id }, { customerId: a?.id }])
                    expect(rows.map((row) => row.number)).to.eql([1, 1, 2])
                })

                it("given by the relation", async () => {
                    const ds = await db().connect([Customer, entity])
                    const [a, b] = await customers(ds)
                    const rows = await ds
                        .getRepository<Order | Quote>(entity)
                        .save([{ customer: a }, { customer: b }, { customer: a }])
                    expect(rows.map((row) => row.number)).to.eql([1, 1, 2])
                })

                it("given by both", async () => {
                    const ds = await db().connect([Customer, entity])
                    const [a, b] = await customers(ds)
                    const rows = await ds
                        .getRepository<Order | Quote>(entity)
                        .save([
                            { customerId: a?.id },
                            { customer: a, customerId: a?.id },
                            { customer: b, customerId: b?.id },
                            { customer: a },
                        ])
                    expect(rows.map((row) => row.number)).to.eql([1, 2, 1, 3])
                })

                it("given by both that differ: the one that is stored", async () => {
                    const ds = await db().connect([Customer, entity])
                    const [a, b] = await customers(ds)
                    const repo = ds.getRepository<Order | Quote>(entity)
                    await repo.save([{ customer: a }, { customer: a }, { customer: b }])
                    const { id, number } = await repo.save({ customer: a, customerId: b?.id })
                    const stored = await repo.findOneByOrFail({ id })
                    expect(number).to.equal(stored.customerId === a?.id ? 3 : 2)
                })
            })

        it("an embedded column", async () => {
            const ds = await db().connect([Shop])
            const [de, fr] = [{ address: { country: "DE" } }, { address: { country: "FR" } }]
            const rows = await ds.getRepository(Shop).save([{ ...de }, { ...fr }, { ...de }])
            expect(rows.map((row) => row.number)).to.eql([1, 1, 2])
        })

        it("a relation and an embedded column together", async () => {
            const ds = await db().connect([Customer, Parcel])
            const [a, b] = await customers(ds)
            const [de, fr] = [{ country: "DE" }, { country: "FR" }]
            const rows = await ds.getRepository(Parcel).save([
                { customer: a, address: de },
                { customer: a, address: fr },
                { customer: b, address: de },
                { customer: a, address: de },
                { customer: b, address: de },
            ])
            expect(rows.map((row) => row.number)).to.eql([1, 1, 1, 2, 2])
        })

        it("a relation inside an embedded entity", async () => {
            const ds = await db().connect([Customer, Bill])
            const [a, b] = await customers(ds)
            const rows = await ds
                .getRepository(Bill)
                .save([a, b, a].map((payer) => ({ billing: { payer } })))
            expect(rows.map((row) => row.number)).to.eql([1, 1, 2])
        })

        it("a foreign key of two columns", async () => {
            const ds = await db().connect([Branch, Receipt])
            const branches = await ds.getRepository(Branch).save([
                { country: "DE", city: "Bonn" },
                { country: "DE", city: "Ulm" },
                { country: "FR", city: "Bonn" },
            ])
            const repo = ds.getRepository(Receipt)
            const rows = await repo.save([0, 1, 2, 0].map((i) => ({ branch: branches[i] })))
            expect(rows.map((row) => row.number)).to.eql([1, 1, 1, 2])
            const more = await repo.save({ branch: { country: "DE", city: "Ulm" } })
            expect(more.number).to.equal(2)
        })

        it("the discriminator of a single-table inheritance", async () => {
            const ds = await db().connect([Document, Contract, Offer])
            const contracts = await ds.getRepository(Contract).save([{}, {}])
            const offers = await ds.getRepository(Offer).save([{}, {}, {}])
            const more = await ds.getRepository(Contract).save({})
            expect(contracts.map((row) => row.number)).to.eql([1, 2])
            expect(offers.map((row) => row.number)).to.eql([1, 2, 3])
            expect(more.number).to.equal(3)
        })
    })

    describe("tells apart exactly what the database tells apart:", () => {
        for (const { title, column, groups, tz } of TYPES) {
            const entity: ScopedEntity = scopedBy(column)

            describe(title, () => {
                const { TZ } = process.env
                before(() => {
                    if (tz) process.env.TZ = tz
                })
                after(() => {
                    if (TZ === undefined) delete process.env.TZ
                    else process.env.TZ = TZ
                })

                const connect = async () => {
                    await db().query(
                        `CREATE COLLATION IF NOT EXISTS ${CASE_BLIND}
                            (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
                    )
                    return (await db().connect([entity])).getRepository(entity)
                }
                const values = groups.flat()

                it("in one save", async () => {
                    const repo = await connect()
                    const rows = await repo.save(values.map((scope) => ({ scope })))
                    const expected = groups.flatMap((group) => group.map((_, i) => i + 1))
                    expect(rows.map((row) => row.number)).to.eql(expected)
                })

                it("in a save each", async () => {
                    const repo = await connect()
                    const numbers: number[] = []
                    for (const scope of values) numbers.push((await repo.save({ scope })).number)
                    const expected = groups.flatMap((group) => group.map((_, i) => i + 1))
                    expect(numbers).to.eql(expected)
                })

                it("in one save after the rows of another", async () => {
                    const repo = await connect()
                    await repo.save(values.map((scope) => ({ scope })))
                    const rows = await repo.save(values.map((scope) => ({ scope })))
                    const expected = groups.flatMap((group) =>
                        group.map((_, i) => group.length + i + 1),
                    )
                    expect(rows.map((row) => row.number)).to.eql(expected)
                })
            })
        }
    })
    it("knows a value again in the form in which it was read", async () => {
        for (const [type, value] of [
            ["interval", "1 day 02:03:04"],
            ["timestamptz", "2024-06-01 12:00:00.123456+00"],
            ["date", "2024-06-01"],
            ["numeric", "1.50"],
            ["bytea", "\\x00ff"],
        ] as const) {
            const ds = await db().connect([SCOPED_BY[type]])
            const repo = ds.getRepository(SCOPED_BY[type])
            const { tablePath } = repo.metadata
            await ds.query(`INSERT INTO ${tablePath} (scope, number) VALUES ($1, 7)`, [value])
            const [{ scope }] = (await repo.find()) as [InstanceType<ScopedEntity>]
            const isExact = type !== "timestamptz" // A Date has no microseconds.
            expect((await repo.save({ scope })).number, type).to.equal(isExact ? 8 : 1)
            expect((await repo.save({ scope })).number, type).to.equal(isExact ? 9 : 2)
        }
    })

    it("takes dates as UTC where pg is told to", async () => {
        const { TZ } = process.env
        process.env.TZ = "America/New_York"
        defaults.parseInputDatesAsUTC = true
        try {
            const ds = await db().connect([SCOPED_BY.timestamp])
            const repo = ds.getRepository(SCOPED_BY.timestamp)
            const scope = at("2024-06-01T12:00:00Z")
            const rows = await repo.save([{ scope }, { scope }])
            expect(rows.map((row) => row.number)).to.eql([1, 2])
            expect((await repo.save({ scope })).number).to.equal(3)
            const times = ["2024-06-01T12:00:00", "2024-06-01T12:00:00", "2024-06-01T12:00:00"]
            const { tablePath } = repo.metadata
            const stored = await ds.query(
                `SELECT to_char(scope, 'YYYY-MM-DD"T"HH24:MI:SS') AS scope FROM ${tablePath}`,
            )
            expect(stored).to.eql(times.map((time) => ({ scope: time })))
        } finally {
            defaults.parseInputDatesAsUTC = false
            if (TZ === undefined) delete process.env.TZ
            else process.env.TZ = TZ
        }
    })

    it("numbers the rows of many scopes in one save in the order given", async () => {
        const ds = await db().connect([Letter])
        const repo = ds.getRepository(Letter)
        const years = Array.from({ length: 200 }, (_, i) => `y${(i * i) % 7}`)
        const seen = new Map<string, number>()
        const expected = years.map((year) => {
            seen.set(year, (seen.get(year) ?? 0) + 1)
            return seen.get(year)
        })
        const rows = await repo.save(years.map((year) => ({ year })))
        expect(rows.map((row) => row.number)).to.eql(expected)
        expect(rows.map((row) => row.id)).to.eql(years.map((_, i) => i + 1))
    })

    describe("NULL is a scope of its own", () => {
        it("for a column that is null or undefined", async () => {
            const ds = await db().connect([Note])
            const rows = await ds
                .getRepository(Note)
                .save([{ area: null }, { area: "a" }, {}, { area: undefined }, { area: "null" }])
            expect(rows.map((row) => row.number)).to.eql([1, 1, 2, 3, 1])
        })

        it("for one column of two", async () => {
            const ds = await db().connect([Seat])
            const seats = [
                { hall: "a", row: null },
                { hall: null, row: 1 },
                { hall: null, row: null },
                { hall: "a", row: 1 },
            ]
            const repo = ds.getRepository(Seat)
            const rows = await repo.save([...seats, ...seats].map((seat) => ({ ...seat })))
            expect(rows.map((row) => row.number)).to.eql([1, 1, 1, 1, 2, 2, 2, 2])
            const numbers: number[] = []
            for (const seat of seats) numbers.push((await repo.save({ ...seat })).number)
            expect(numbers).to.eql([3, 3, 3, 3])
        })

        it("for a relation that is null", async () => {
            const ds = await db().connect([Customer, Task])
            const [a] = await customers(ds)
            const repo = ds.getRepository(Task)
            const rows = await repo.save([{ customer: null }, { customer: a }, { customer: null }])
            expect(rows.map((row) => row.number)).to.eql([1, 1, 2])
        })

        it("for a relation that is not set and that nothing else can set", async () => {
            const ds = await db().connect([Customer, Task])
            const repo = ds.getRepository(Task)
            expect((await repo.save({})).number).to.equal(1)
            expect((await repo.save({})).number).to.equal(2)
        })

        it("for a relation with an inverse side, where it is set to null", async () => {
            const ds = await db().connect([Box, Item])
            const repo = ds.getRepository(Item)
            const rows = await repo.save([{ box: null }, { box: null }])
            expect(rows.map((row) => row.number)).to.eql([1, 2])
        })

        it("for a relation with an inverse side that is not set", async () => {
            const ds = await db().connect([Box, Item])
            const repo = ds.getRepository(Item)
            expect((await repo.save({})).number).to.equal(1)
            const rows = await repo.save([{ box: null }, {}])
            expect(rows.map((row) => row.number)).to.eql([2, 3])
        })

        it("and the database itself keeps its numbers unique", async () => {
            const ds = await db().connect([Note, Seat])
            const notes = ds.getRepository(Note)
            await notes.save([{}, {}])
            const note = `INSERT INTO ${notes.metadata.tablePath} (area, number) VALUES`
            await expectSqlState(ds.query(`${note} (NULL, 2)`), "23505")
            await ds.query(`${note} (NULL, 3)`)
            expect(await notes.count()).to.equal(3)

            const seats = ds.getRepository(Seat)
            await seats.save([{ hall: "a", row: null }, { hall: null, row: 1 }, {}])
            const seat = `INSERT INTO ${seats.metadata.tablePath} (hall, "row", number) VALUES`
            await expectSqlState(ds.query(`${seat} ('a', NULL, 1)`), "23505")
            await expectSqlState(ds.query(`${seat} (NULL, 1, 1)`), "23505")
            await expectSqlState(ds.query(`${seat} (NULL, NULL, 1)`), "23505")
            await ds.query(`${seat} ('b', NULL, 1), (NULL, 2, 1)`)
            expect(await seats.count()).to.equal(5)
        })
    })

    it("a column that is left to its literal default is in the scope of that", async () => {
        const ds = await db().connect([WithDefault])
        const repo = ds.getRepository(WithDefault)
        expect((await repo.save({})).number).to.equal(1)
        expect((await repo.save({ series: "main" })).number).to.equal(2)
        expect((await repo.save({ series: null })).number).to.equal(1)
        expect((await repo.save({})).number).to.equal(3)
    })

    describe("refuses", () => {
        it("a value that is an SQL expression", async () => {
            const ds = await db().connect([Letter])
            const repo = ds.getRepository(Letter)
            const insert = (year: string | (() => string)) =>
                ds.transaction((manager) =>
                    manager
                        .createQueryBuilder()
                        .insert()
                        .into(Letter)
                        .values([{ year: "a" }, { year }])
                        .execute(),
                )
            await expectRefuses(repo, () => insert(() => "lower('A')"), UnknownScopeError, "year")
            await insert("a")
            expect(await storedRows(repo)).to.have.length(2)
            expect((await repo.save({ year: "a" })).number).to.equal(3)
        })

        it("a column that is not set and can't be NULL", async () => {
            const ds = await db().connect([Letter])
            const repo = ds.getRepository(Letter)
            await expectRefuses(repo, () => repo.save({}), UnknownScopeError, "year", "Set year.")
            expect((await repo.save({ year: "a" })).number).to.equal(1)
        })

        it("a parent without a key that is not inserted with the row", async () => {
            const ds = await db().connect([Customer, Invoice])
            const repo = ds.getRepository(Invoice)
            await expectRefuses(
                repo,
                () => repo.save({ customer: { name: "new" } }),
                UnknownScopeError,
                "customer",
            )
            expect(await ds.getRepository(Customer).count()).to.equal(0)
        })

        it("json and array columns, when the data source is initialised", async () => {
            await expectRejects(db().connect([WithJson]), InvalidOptionError, '"data"', "json")
            await expectRejects(db().connect([WithArray]), InvalidOptionError, '"tags"')
        })
    })

    it("leaves text that is too long for an index to PostgreSQL's own error", async () => {
        const ds = await db().connect([Letter])
        const repo = ds.getRepository(Letter)
        const year = randomBytes(10_000).toString("base64")
        await expectSqlState(repo.save({ year }), "54000")
        expect(await repo.count()).to.equal(0)
        expect((await repo.save({ year: "a" })).number).to.equal(1)
    })

    it("leaves text with a zero byte to PostgreSQL's own error", async () => {
        const ds = await db().connect([Letter])
        const repo = ds.getRepository(Letter)
        await expectSqlState(repo.save({ year: "a\u0000" }), "22021")
        expect(await repo.count()).to.equal(0)
        expect((await repo.save({ year: "a" })).number).to.equal(1)
    })
})

import { expect } from "chai"
import {
    Column,
    DataSource,
    Entity,
    EntitySchema,
    ManyToOne,
    OneToMany,
    PrimaryColumn,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    findByPseudoKey,
    InvalidOptionError,
    PseudoKey,
    type PseudoKeyOptions,
    resolvePseudoKey,
    UnsupportedError,
    withAutoSequence,
    withPseudoKeys,
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { expectRejects, expectThrows } from "../support/errors"

const secret = "of forty bytes, and no random ones, sure"
const seal = { column: "id", secret } as const

const decorate = (options: unknown) => () => {
    class Row {
        id!: number
        @PseudoKey(options as object) key!: string
    }
    return Row
}
const place = "@PseudoKey on Row.key: "

/** Fails for what can be seen in the entities alone. */
async function initialize(...entities: object[]): Promise<void> {
    const dataSource = new DataSource(
        withAutoSequence({
            type: "better-sqlite3",
            database: ":memory:",
            entities: entities as never[],
        }),
    )
    await dataSource.initialize()
    await dataSource.destroy()
}

const FORMS: [title: string, options: unknown, ...problem: string[]][] = [
    ["options that are a text", "inv", 'the options are "inv", give an object'],
    ["no options at all", null, "the options are null, give an object"],
    ["an option that there is none of", { prefx: "inv" }, '"prefx"', "prefix, seal"],
    ["an option of numbers", { startAt: 1 }, '"startAt"'],
    ["another type of column", { type: "text", generate: "uuid" }, 'type is "text"', '"uuid"'],
    ["the type of UUIDs for others", { type: "uuid" }, 'generate: "uuidv7"'],
    ["the type of UUIDs for a function", { type: "uuid", generate: () => "" }, "uuidv7"],
    ...(
        [
            [{ prefix: "inv" }, "no room for a prefix"],
            [{ formerPrefixes: ["inv"] }, "no room for a prefix"],
            [{ derive: () => "" }, "nothing but UUIDs"],
            [{ pattern: /x/ }, "nothing but UUIDs"],
            [{ letters: "unicode" }, "nothing but UUIDs"],
        ] as const
    ).map(([beside, problem]): [string, unknown, string] => [
        `the type of UUIDs beside ${Object.keys(beside).join("")}`,
        { type: "uuid", generate: "uuid", ...beside },
        problem,
    ]),
    ...["", "_", "1a", "inv_", "_inv", "in__v", "in-v", "in.v", "ä", "i v", "a".repeat(33)].map(
        (prefix): [string, unknown, string, string] => [
            `the prefix ${JSON.stringify(prefix)}`,
            { prefix },
            `prefix is ${JSON.stringify(prefix)}`,
            "letters and digits",
        ],
    ),
    ["a prefix that is a number", { prefix: 1 }, "prefix is 1"],
    ["a prefix that is null", { prefix: null }, "prefix is null"],
    ["an unknown format", { generate: "cuid" }, 'generate is "cuid"', "nanoid, uuid, uuidv7, ulid"],
    ["a format that is null", { generate: null }, "generate is null"],
    ["derive that is a text", { derive: "name" }, 'derive is "name", give a function'],
    ["a suffix that is a text", { derive: () => "", suffix: "-2" }, 'suffix is "-2"'],
    ["a suffix without derive", { suffix: false }, "suffix needs derive"],
    [
        "a length of derived keys that leaves no room for a suffix",
        { derive: () => "", length: 7 },
        "length is 7",
        "from 8 to 255",
    ],
    ["a wrong history", { history: "always" }, 'history is "always"', '"forever"'],
    ["a history that is a number", { history: 1 }, "history is 1"],
    ...[0, -1, 1.5, NaN, Infinity, 256, "21", null].map(
        (length): [string, unknown, string, string] => [
            `the length ${JSON.stringify(length)}`,
            { length },
            `length is ${typeof length === "string" ? `"${length}"` : String(length)}`,
            "from 1 to 255",
        ],
    ),
    [
        "a length that leaves no room for the prefix",
        { length: 252, prefix: "inv" },
        "length is 252",
        "from 1 to 251",
    ],
    ...["", "a", "aa", "abca", "ab ", "äb", "a.b", "a".repeat(65), 7].map(
        (alphabet): [string, unknown, string] => [
            `the alphabet ${JSON.stringify(alphabet)}`,
            { alphabet },
            `alphabet is ${JSON.stringify(alphabet)}`,
        ],
    ),
    ["a length of UUIDs", { length: 9, generate: "uuid" }, "length", 'needs generate: "nanoid"'],
    [
        "an alphabet of ULIDs",
        { alphabet: "ab", generate: "ulid" },
        "alphabet",
        'needs generate: "nanoid"',
    ],
    [
        "a length of a function",
        { length: 9, generate: () => "" },
        "length",
        'needs generate: "nanoid"',
    ],
    ["an empty uniqueWith", { uniqueWith: "" }, 'uniqueWith holds ""', "names of properties"],
    ["a number in uniqueWith", { uniqueWith: ["a", 1] }, "uniqueWith holds 1"],
    ["a property twice in uniqueWith", { uniqueWith: ["a", "a"] }, "names a property twice"],
    ["seal that is a text", { seal: secret }, "seal is not an object, give { column, secret }"],
    ["seal that is null", { seal: null }, "seal is not an object"],
    ["an option that seal has none of", { seal: { ...seal, key: 1 } }, '"key"', "secret, context"],
    ["seal without a column", { seal: { secret } }, "seal.column is undefined", "primary key"],
    ["an empty seal.column", { seal: { ...seal, column: "" } }, 'seal.column is ""'],
    ["seal without a secret", { seal: { column: "id" } }, "seal.secret", "give a string or bytes"],
    ["an empty seal.context", { seal: { ...seal, context: "" } }, 'seal.context is ""'],
    ...[
        { generate: "uuid" },
        { derive: () => "" },
        { length: 9 },
        { alphabet: "ab" },
        { uniqueWith: "tenant" },
        { history: true },
        { history: false },
        { name: "key" },
        { comment: "a key" },
        { nullable: true },
        { select: false },
    ].map((option): [string, unknown, string, string] => [
        `seal with ${JSON.stringify(option)} ${Object.keys(option)[0]}`,
        { seal, ...option },
        `${Object.keys(option)[0]} can't be used with seal`,
        "seal",
    ]),
]

describe("@PseudoKey", () => {
    it("refuses a property that TypeScript has declared as something else than a text", () => {
        for (const [declare, type] of [
            [
                () => {
                    class Row {
                        @PseudoKey() key!: number
                    }
                    return Row
                },
                "Number",
            ],
            [
                () => {
                    class Row {
                        @PseudoKey({ nullable: true }) key!: Date
                    }
                    return Row
                },
                "Date",
            ],
            [
                () => {
                    class Row {
                        id!: number
                        @PseudoKey({ seal }) key!: boolean
                    }
                    return Row
                },
                "Boolean",
            ],
        ] as const)
            expectThrows(
                declare,
                InvalidOptionError,
                `${place}the property is declared as ${type}, but will hold a string.`,
            )
    })

    describe("refuses, when the class is decorated,", () => {
        for (const [title, options, ...problem] of FORMS)
            it(title, () => {
                expectThrows(decorate(options), InvalidOptionError, place, ...problem)
                const schema = new EntitySchema<{ key: string }>({
                    name: "row",
                    columns: {} as never,
                })
                expectThrows(
                    () => withPseudoKeys(schema, { key: options as object }),
                    InvalidOptionError,
                    "withPseudoKeys for row.key: ",
                    ...problem,
                )
            })

        it("a column that another decorator has declared", () => {
            for (const options of [{}, { seal }])
                expectThrows(
                    () => {
                        class Row {
                            id!: number
                            @PseudoKey(options as object) @Column() key!: string
                        }
                        return Row
                    },
                    InvalidOptionError,
                    place,
                    "another decorator",
                    "Remove",
                )
            for (const options of [{}, { seal }])
                expectThrows(
                    () =>
                        withPseudoKeys(
                            new EntitySchema<{ id: number; key: string }>({
                                name: "row",
                                columns: {
                                    id: { type: "int", primary: true },
                                    key: { type: String },
                                },
                            }),
                            { key: options as object },
                        ),
                    InvalidOptionError,
                    "withPseudoKeys for row.key",
                    "already",
                )
        })

        it("a property that is static or named by a symbol", () => {
            expectThrows(
                () => PseudoKey()(class Row {} as never, "key"),
                UnsupportedError,
                "static",
                "experimentalDecorators",
            )
            expectThrows(
                () => PseudoKey()(new (class Row {})(), Symbol("key")),
                InvalidOptionError,
                "@PseudoKey on Row.Symbol(key): ",
            )
        })
    })

    it("takes what is right", () => {
        for (const options of [
            undefined,
            {},
            { prefix: "a" },
            { prefix: "Inv_Draft_2" },
            { prefix: "a".repeat(32) },
            { length: 1 },
            { length: 255 },
            { length: 251, prefix: "inv" },
            { alphabet: "01" },
            { alphabet: "-_" },
            { generate: () => "", derive: () => "" },
            { history: "forever" },
            { uniqueWith: [] },
            { seal: { ...seal, context: "Row" } },
        ])
            expect(decorate(options)).not.to.throw()
    })

    describe("refuses, when the data source is initialized,", () => {
        const refuses = (
            title: string,
            entities: object[],
            expected: typeof InvalidOptionError | typeof UnsupportedError,
            ...texts: string[]
        ) => it(title, () => expectRejects(initialize(...entities), expected, ...texts))

        const keyed = (name: string, options: PseudoKeyOptions, property = "publicId") => {
            const one = { [name]: class {} }[name] as new () => object
            Entity()(one)
            PrimaryGeneratedColumn({ type: "int" })(one.prototype as object, "id")
            PseudoKey(options as object)(one.prototype as object, property)
            return one
        }
        const both = (one: string, other: string) => [
            keyed("Invoice", { prefix: one }),
            keyed("Draft", { prefix: other, seal } as PseudoKeyOptions),
        ]
        for (const [one, other] of [
            ["inv", "inv"],
            ["inv", "inv_draft"],
            ["inv_draft", "inv"],
            ["a_b", "a_b_c_d"],
        ] as const)
            refuses(
                `the prefixes ${one} and ${other}`,
                both(one, other),
                InvalidOptionError,
                "Invoice.publicId",
                "Draft.publicId",
                `"${one}"`,
                `"${other}"`,
            )
        const twice = keyed("Invoice", { prefix: "inv" })
        PseudoKey({ prefix: "inv" })(twice.prototype as object, "other")
        refuses("a prefix twice in one entity", [twice], InvalidOptionError, "Invoice.other", "inv")

        for (const [one, other] of [
            ["inv", "invoice"],
            ["inv", "INV"],
            ["inv_a", "inv_b"],
        ] as const)
            it(`not the prefixes ${one} and ${other}`, () => initialize(...both(one, other)))

        refuses(
            "an unknown property in uniqueWith",
            [keyed("Row", { uniqueWith: "tenant" as never })],
            InvalidOptionError,
            "Row.publicId",
            "tenant",
        )
        refuses(
            "itself in uniqueWith",
            [keyed("Row", { uniqueWith: "publicId" as never })],
            InvalidOptionError,
            "Row.publicId",
        )

        @Entity()
        class MadeByTrigger {
            @PrimaryGeneratedColumn() id!: number
            @AutoSequenceColumn({ strategy: "trigger", assign: "commit" }) number!: number | null
            @PseudoKey({
                derive: (row: MadeByTrigger) => `N-${row.number}`,
                nullable: true,
                after: "insert",
            })
            key!: string | null
            @PseudoKey({ derive: () => "other", nullable: true }) other!: string | null
        }
        refuses(
            "a key of a number that a trigger makes at COMMIT",
            [MadeByTrigger],
            UnsupportedError,
            "MadeByTrigger.key",
            "counter",
        )

        const numbered = (numbers: AutoSequenceColumnOptions, history: true | "forever") => {
            class Numbered {
                number!: number
                key!: string
            }
            Entity()(Numbered)
            PrimaryGeneratedColumn({ type: "int" })(Numbered.prototype, "id")
            AutoSequenceColumn(numbers)(Numbered.prototype, "number")
            PseudoKey({ derive: (row: Numbered) => `N-${row.number}`, history })(
                Numbered.prototype,
                "key",
            )
            return Numbered
        }
        refuses(
            "a key that stays reserved, of a number that is given again",
            [numbered({ strategy: "table-lock" }, "forever")],
            UnsupportedError,
            "Numbered.key",
            "number",
            '"counter"',
        )
        it("not one whose row stays, or that goes with its row, or of a number that is given once", async () => {
            await initialize(numbered({ strategy: "table-lock" }, true))
            await initialize(numbered({ strategy: "table-lock", deletable: false }, "forever"))
            await initialize(numbered({ strategy: "counter" }, "forever"))
        })

        @Entity()
        class ColumnAbove {
            @PrimaryGeneratedColumn() id!: number
            @Column() @PseudoKey() key!: string
        }
        @Entity()
        class ColumnAboveSeal {
            @PrimaryGeneratedColumn() id!: number
            @Column() @PseudoKey({ seal }) key!: string
        }
        const Related = keyed("Related", {})
        @Entity()
        class RelationAboveSeal {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Related) @PseudoKey({ seal }) key!: object
        }
        @Entity()
        class Child {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => ListAboveSeal, (parent) => parent.key) parent!: unknown
        }
        @Entity()
        class ListAboveSeal {
            @PrimaryGeneratedColumn() id!: number
            @OneToMany(() => Child, (child) => child.parent) @PseudoKey({ seal }) key!: unknown
        }
        class Address {
            @Column() street!: string
        }
        @Entity()
        class EmbeddedAboveSeal {
            @PrimaryGeneratedColumn() id!: number
            @Column(() => Address) @PseudoKey({ seal }) key!: unknown
        }
        for (const [title, entity, ...others] of [
            ["a column", ColumnAbove],
            ["a column, on a sealed key", ColumnAboveSeal],
            ["a related row, on a sealed key", RelationAboveSeal, Related],
            ["a list of related rows, on a sealed key", ListAboveSeal, Child],
            ["an embedded entity, on a sealed key", EmbeddedAboveSeal],
        ] as const)
            refuses(
                `${title} that is declared above`,
                [entity, ...others],
                InvalidOptionError,
                `${entity.name}.key`,
                "Remove",
            )
        @Entity()
        class OfTwo {
            @PrimaryColumn({ type: "int" }) id!: number
            @PrimaryColumn({ type: "int" }) other!: number
            @PseudoKey({ seal }) key!: string
        }
        @Entity()
        class OfText {
            @PrimaryColumn({ type: "varchar" }) id!: string
            @PseudoKey({ seal }) key!: string
        }
        @Entity()
        class OfAnother {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "int" }) number!: number
            @PseudoKey({ seal: { column: "number", secret } }) key!: string
        }
        @Entity()
        class OfNone {
            @PrimaryGeneratedColumn() id!: number
            @PseudoKey({ seal: { column: "uuid" as "id", secret } }) key!: string
        }
        class Inner {
            id!: number
            @PseudoKey({ seal }) key!: string
        }
        @Entity()
        class Outer {
            @PrimaryGeneratedColumn() id!: number
            @Column(() => Inner) inner!: Inner
        }
        for (const [entity, expected, ...texts] of [
            [OfTwo, InvalidOptionError, "OfTwo.key", "id, other", "Name all"],
            [OfText, UnsupportedError, "OfText.key", "varchar", "integers and UUIDs"],
            [OfAnother, InvalidOptionError, "OfAnother.key", '"number"', "primary key is id"],
            [OfNone, InvalidOptionError, "OfNone.key", '"uuid"', "primary key is id"],
            [Outer, UnsupportedError, "Outer", "inner", "entity itself"],
        ] as const)
            refuses(`a sealed key in ${entity.name}`, [entity], expected, ...texts)

        @Entity()
        class Timed {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "datetime" }) day!: Date
            @PseudoKey({ uniqueWith: "day", history: true }) key!: string
        }
        refuses(
            "a history in a scope of times",
            [Timed],
            UnsupportedError,
            "Timed.key",
            "day",
            "datetime",
        )
    })
})

@Entity()
class Invoice {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ prefix: "inv", history: true }) publicId!: string
}

let current = secret
@Entity()
class Ticket {
    @PrimaryGeneratedColumn() id!: number
    @PseudoKey({ prefix: "tck", seal: { column: "id", secret: () => current } }) publicId!: string
}

onEveryDatabase("Entities with pseudo keys", (database) => {
    it("are those of a data source that is initialized again", async () => {
        if (database().kind === "sqljs") return
        const dataSource = await database().connect([Invoice, Ticket])
        const invoice = await dataSource.manager.getRepository(Invoice).save({})
        const ticket = await dataSource.manager.getRepository(Ticket).save({})
        await dataSource.destroy()
        current = `another ${secret}`
        await dataSource.initialize().finally(() => (current = secret))
        const { manager } = dataSource
        expect(await findByPseudoKey(manager, Invoice, invoice.publicId)).to.eql(invoice)
        expect((await resolvePseudoKey(dataSource, invoice.publicId))?.row).to.eql(invoice)
        expect(await resolvePseudoKey(dataSource, ticket.publicId)).to.equal(null)
        const { publicId } = await manager.findOneByOrFail(Ticket, { id: ticket.id })
        expect(publicId).not.to.equal(ticket.publicId)
        expect((await resolvePseudoKey(dataSource, publicId))?.row).to.include({ id: ticket.id })
        expect((await manager.getRepository(Invoice).save({})).publicId).to.match(/^inv_/)
    })

    it("can be those of two data sources, of which each finds its own rows", async () => {
        const one = await database().connect([Invoice, Ticket])
        const other = await database().connect([Invoice, Ticket])
        for (const [here, there] of [
            [one, other],
            [other, one],
        ] as const) {
            const { publicId } = await here.manager.getRepository(Invoice).save({})
            expect((await resolvePseudoKey(here, publicId))?.key).to.equal(publicId)
            expect(await resolvePseudoKey(there, publicId)).to.equal(null)
            expect(await findByPseudoKey(there.manager, Invoice, publicId)).to.equal(null)
        }
    })
})

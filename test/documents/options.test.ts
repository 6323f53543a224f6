import { expect } from "chai"
import { Column, DataSource, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    DocumentNumber,
    type DocumentNumberOptions,
    InvalidOptionError,
    seriesOf,
    withAutoSequence,
} from "../../src"
import { expectRejects, expectThrows } from "../support/errors"

type Options = Omit<DocumentNumberOptions, "of">

describe("The options of a text", () => {
    describe("are refused, when the class is decorated:", () => {
        const decorate = (options: unknown) => () => {
            class Row {
                @DocumentNumber({ of: "sequence", ...(options as Options) }) number!: string
            }
            return Row
        }
        for (const [title, options, problem] of [
            ["no format", {}, "format is undefined"],
            ["an empty format", { format: "" }, "format is"],
            ["a number", { format: 5 }, "format is 5"],
            ["no number in it", { format: "INV" }, '"INV" has no number'],
            ["the number twice", { format: "{0}-{0}" }, "the number more than once"],
            ["an open brace", { format: "{0" }, "has a { that belongs to no token"],
            ["a closing brace", { format: "{0}}" }, "has a } that belongs to no token"],
            ["an unknown token", { format: "{0}-{a b}" }, "has the unknown token {a b}"],
            ["several without by", { format: { a: "{0}" } }, "by is missing"],
            ["none of several", { format: {}, by: "a" }, "without formats"],
            ["by with one", { format: "{0}", by: "a" }, "by needs several formats"],
            ["another option", { format: "{0}", pad: 4 }, 'no option "pad"'],
            ["a length of 0", { format: "{0}", maxLength: 0 }, "maxLength is 0"],
            ["no largest number", { format: "{0}", largest: 1.5 }, "largest is 1.5"],
            ["no characters", { format: "{0}", characters: "" }, "characters is"],
            ["an empty range", { format: "{0}", characters: "9-0" }, "the range 9-0"],
            ["other characters", { format: "a-{0}", characters: "A-Z 0-9 -" }, 'format has "a"'],
            ["no digits", { format: "A{0}", characters: "A-Z" }, 'format has "0"'],
        ] as const)
            it(title, () => expectThrows(decorate(options), InvalidOptionError, problem))
    })

    it("list characters in any order, and more than once", () => {
        for (const format of ["A-{0}", "/]{0}", "\\^[{0}", "9 {0}".replace(" ", "")]) {
            class Row {
                @DocumentNumber({ of: "a", format, characters: "- / A-Z ^ ] [ 0-9 \\" })
                number!: string
            }
            expect(new Row()).to.not.equal(undefined)
        }
        class Twice {
            @DocumentNumber({ of: "a", format: ";-{0}", characters: "'; -- 0-9 0-9" })
            number!: string
        }
        expect(new Twice()).to.not.equal(undefined)
    })

    const initialize = async (
        text: Options,
        number: AutoSequenceColumnOptions = {},
        of = "sequence",
    ) => {
        @Entity()
        class Company {
            @PrimaryGeneratedColumn() id!: number
            @Column({ length: 5 }) code!: string
            @Column({ type: "text" }) name!: string
        }
        @Entity()
        class Row {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Company) company!: Company
            @Column({ length: 3 }) kind!: string
            @Column({ type: "date" }) issuedOn!: string
            @Column({ type: "simple-array" }) list!: string[]
            @AutoSequenceColumn({ strategy: "counter", ...number }) sequence!: number
            @DocumentNumber({ of, ...text }) number!: string
        }
        const options = withAutoSequence({
            type: "better-sqlite3",
            database: ":memory:",
            entities: [Company, Row],
        })
        const dataSource = new DataSource(options)
        try {
            await dataSource.initialize()
            return seriesOf(dataSource, Row, "sequence")
        } finally {
            if (dataSource.isInitialized) await dataSource.destroy()
        }
    }
    const byYear = { period: { of: "issuedOn", by: "year" } } as const
    const of = (by: "month" | "quarter" | "day" | "fiscalYear") =>
        ({ period: { of: "issuedOn", by, ...(by === "fiscalYear" && { startsIn: 4 }) } }) as const
    const perKind = { uniqueWith: "kind" }

    describe("are refused, when the data source is initialized:", () => {
        for (const [title, text, number, problem] of [
            ["a date without a period", { format: "{YYYY}-{0}" }, {}, "sequence has no period"],
            ["no period", { format: "{0}" }, byYear, "does not show the period"],
            ["no month", { format: "{YYYY}-{0}" }, of("month"), "Add {YYYY} and {MM}"],
            ["no quarter", { format: "{YYYY}-{0}" }, of("quarter"), "Add {YYYY} and {Q}"],
            ["no day", { format: "{YYYY}{MM}-{0}" }, of("day"), "Add {YYYY} and {MM} and {DD}"],
            ["a year for a fiscal one", { format: "{YYYY}-{0}" }, of("fiscalYear"), "Add {FY}"],
            ["a fiscal year for another", { format: "{FY}-{0}" }, byYear, 'is by "year"'],
            ["no scope", { format: "{0}", uniqueWith: [] }, perKind, "does not show kind"],
            ["an unknown property", { format: "{what}-{0}" }, {}, 'no property "what"'],
            ["a property of nothing", { format: "{kind.a}-{0}" }, {}, 'no property "kind.a"'],
            ["a relation", { format: "{company}-{0}" }, {}, 'no property "company"'],
            ["a date as it is", { format: "{issuedOn}-{0}" }, {}, "is of type date"],
            ["a list", { format: "{list}-{0}" }, {}, "only strings, integers and enums"],
            [
                "a value before it",
                { format: "{kind}{0}" },
                {},
                "has {kind} directly beside the number",
            ],
            [
                "a value behind it",
                { format: "{0}{kind}" },
                {},
                "has {kind} directly beside the number",
            ],
            [
                "a digit between",
                { format: "{kind}7{0}" },
                {},
                "has {kind} directly beside the number",
            ],
            [
                "values on both sides",
                { format: "{kind}-{0}-{company.code}" },
                {},
                "has {kind} before the number and {company.code} after it",
            ],
            ["too long", { format: "INV-{0}", maxLength: 13 }, {}, "makes a text of 14 characters"],
            [
                "a value of any length",
                { format: "{company.name}-{0}", maxLength: 20 },
                {},
                "may have any length",
            ],
            [
                "formats that overlap",
                { by: "kind", format: { a: "{0}", b: "1{0}" } },
                {},
                'the formats for "a" and "b"',
            ],
            [
                "formats that a value makes equal",
                { by: "kind", format: { a: "A-{0}", b: "{company.code}-{0}" } },
                {},
                'the formats for "a" and "b"',
            ],
            ["an unknown by", { by: "what", format: { a: "{0}" } }, {}, 'no property "what"'],
            ["by its own scope", { format: "{0}", uniqueWith: "what" }, {}, 'names "what"'],
        ] as const)
            it(title, () =>
                expectRejects(initialize(text as Options, number), InvalidOptionError, problem),
            )

        it("another property's", () =>
            expectRejects(
                initialize({ format: "{0}" }, {}, "kind"),
                InvalidOptionError,
                'of names "kind", which is not a numbered column of the entity',
            ))
    })

    describe("are taken:", () => {
        for (const [title, text, number] of [
            ["the year in two digits", { format: "{YY}-{0}" }, byYear],
            ["a month for a quarter", { format: "{YYYY}{MM}{0}" }, of("quarter")],
            ["a day", { format: "{YYYY}{MM}{DD}{0}" }, of("day")],
            ["the fiscal year that ends", { format: "{FY+1:2}/{0}" }, of("fiscalYear")],
            ["the scope", { format: "{kind}-{0}", uniqueWith: [] }, perKind],
            ["the scope beside it", { format: "{kind}{0}" }, perKind],
            [
                "16 characters",
                {
                    format: "INV/{FY}-{FY+1:2}/{0000}",
                    maxLength: 16,
                    largest: 9999,
                    characters: "A-Z 0-9 / -",
                },
                of("fiscalYear"),
            ],
            ["a known length", { format: "{company.code}-{0}", maxLength: 16 }, {}],
            ["formats that begin otherwise", { by: "kind", format: { a: "A{0}", b: "B{0}" } }, {}],
            ["one format for two kinds", { by: "kind", format: { a: "A{0}", b: "A{0}" } }, {}],
            [
                "kinds with numbers of their own",
                { by: "kind", format: { a: "{0}", b: "1{0}" } },
                perKind,
            ],
            ["a function", { format: () => "{0}" }, byYear],
        ] as const)
            it(title, async () => {
                await initialize(text as Options, number)
            })
    })

    it("refuse one format for two kinds that count on their own, in one table", () =>
        expectRejects(
            initialize({ by: "kind", uniqueWith: [], format: { a: "A{0}", b: "A{0}" } }, perKind),
            InvalidOptionError,
            'the formats for "a" and "b"',
        ))

    it("say what a text is made of", async () => {
        const series = await initialize(
            {
                by: "kind",
                format: {
                    inv: "INV/{FY}-{FY+1:2}/{0000}",
                    cn: "CN+{company.code}.{FY:2}.{MM}.{DD}.{Q}.{YYYY}: {00}",
                },
            },
            { ...of("fiscalYear"), uniqueWith: "kind" },
        )
        const parse = (text: string) => series.parse(text)
        expect(parse("INV/2026-27/0007")).to.eql({
            number: 7,
            period: "2026",
            values: { kind: "inv" },
        })
        expect(parse("INV/2026-27/12345")?.number).to.equal(12345)
        expect(parse("CN+A.B.26.01.31.4.2027: 07")).to.eql({
            number: 7,
            period: "2026",
            values: { kind: "cn", "company.code": "A.B" },
        })
        for (const other of [
            "",
            "INV/2026-27/007",
            "INV/2026-27/00007",
            "INV/2026-28/0007",
            "INV/2026-27/0007 ",
            "inv/2026-27/0007",
            "INV/2026-27/9999999999",
            "CN+A.26.13.31.4.2027: 07",
        ])
            expect(parse(other)).to.equal(null)
    })
})

import { expect } from "chai"
import {
    Between,
    Column,
    DataSource,
    Entity,
    In,
    IsNull,
    ManyToMany,
    Not,
    PrimaryGeneratedColumn,
    UpdateDateColumn,
} from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    DocumentNumber,
    InvalidOptionError,
    PseudoKey,
    withAutoSequence,
} from "../../src"
import { expectRejects, expectThrows } from "../support/errors"

describe("The option when", () => {
    describe("is refused, when the class is decorated,", () => {
        const decorate = (options: unknown) => () => {
            class Row {
                @AutoSequenceColumn(options as AutoSequenceColumnOptions) number!: number | null
            }
            return Row
        }
        for (const [title, options, problem] of [
            ["as no object", { when: "final" }, 'when is "final", give an object'],
            ["as null", { when: null }, "when is null, give an object"],
            ["as a list", { when: [] }, "when is , give an object"],
            ["without a property", { when: {} }, "when names no property"],
            ["with undefined", { when: { a: undefined } }, "when.a is undefined, give a string"],
            ["with null", { when: { a: null } }, "when.a is null, and nothing equals NULL"],
            [
                "with an object of properties",
                { when: { life: { status: "final" } } },
                'when.life is an object. Name a property of it by its path: "life.status".',
            ],
            ["with an empty object", { when: { life: {} } }, 'by its path: "life.…".'],
            ["with NaN", { when: { a: NaN } }, "when.a is NaN"],
            ["with a date", { when: { a: new Date(0) } }, "when.a is "],
            ["with another operator", { when: { a: Between(1, 2) } }, 'the operator "between"'],
            ["with In() of nothing", { when: { a: In([]) } }, "when.a is In() with an empty list"],
            ["with In() of null", { when: { a: In([null]) } }, "when.a is null"],
            ["with Not() of a date", { when: { a: Not(new Date(0)) } }, "when.a is "],
            ["with NOT NULL", { when: { a: 1 }, nullable: false }, "nullable is false"],
            ["in a primary key", { when: { a: 1 }, primary: true }, "primary is true"],
        ] as const)
            it(title, () => expectThrows(decorate(options), InvalidOptionError, problem))
    })

    describe("is refused, when the data source is initialized,", () => {
        const refuse = async (when: AutoSequenceColumnOptions["when"], problem: string) => {
            @Entity()
            class Tag {
                @PrimaryGeneratedColumn() id!: number
            }
            @Entity()
            class Row {
                @PrimaryGeneratedColumn() id!: number
                @Column({ type: "simple-array" }) list!: string[]
                @UpdateDateColumn() changedAt!: Date
                @ManyToMany(() => Tag) tags!: Tag[]
                @AutoSequenceColumn({ strategy: "counter", when }) number!: number | null
            }
            const dataSource = new DataSource(
                withAutoSequence({
                    type: "better-sqlite3",
                    database: ":memory:",
                    entities: [Row, Tag],
                }),
            )
            await expectRejects(dataSource.initialize(), InvalidOptionError, problem)
        }

        it("with a property that there is not", () =>
            refuse({ status: 1 }, 'when of Row.number names "status", which the entity does not'))
        it("with a column that the database sets", () =>
            refuse({ changedAt: "a" }, 'names "changedAt", whose values'))
        it("with a relation that has no foreign key", () =>
            refuse({ tags: IsNull() }, 'names "tags", which is a relation without a foreign key'))
    })

    describe("is refused, where it names what this library sets:", () => {
        const initialize = async (
            first: AutoSequenceColumnOptions,
            when: AutoSequenceColumnOptions["when"],
        ) => {
            @Entity()
            class Row {
                @PrimaryGeneratedColumn() id!: number
                @Column({ type: "date", nullable: true }) day!: string | null
                @Column({ type: "int" }) state!: number
                @PseudoKey() key!: string
                @AutoSequenceColumn({
                    strategy: "counter",
                    period: { of: "day", by: "year" },
                    ...first,
                })
                first!: number | null
                @DocumentNumber({ of: "first", format: "A{YYYY}-{0}" }) text!: string | null
                @AutoSequenceColumn({ strategy: "counter", when }) number!: number | null
            }
            const dataSource = new DataSource(
                withAutoSequence({
                    type: "better-sqlite3",
                    database: ":memory:",
                    entities: [Row],
                    synchronize: true,
                }),
            )
            return dataSource.initialize()
        }
        const HAS_DATE = { day: Not(IsNull()) }

        for (const column of ["number", "first", "firstPeriod", "text", "key"])
            it(column, () =>
                expectRejects(
                    initialize({}, { [column]: Not(IsNull()) }),
                    InvalidOptionError,
                    `when of Row.number names "${column}", which this library sets`,
                ),
            )
        for (const [title, first] of [
            ["the date of another number", {}],
            ["that of one by another condition", { when: { state: 1 } }],
            ["that of one without a date", { when: { day: IsNull() } }],
        ] as const)
            it(title, () =>
                expectRejects(
                    initialize(first, HAS_DATE),
                    InvalidOptionError,
                    'names "day", which first sets to today where a row has no date',
                    "when: { day: Not(IsNull()) }",
                ),
            )

        it("but not a date without which the other number is not made", async () => {
            const dataSource = await initialize({ when: HAS_DATE }, { ...HAS_DATE, state: 1 })
            const rows = dataSource.getRepository<Record<string, unknown>>("Row")
            expect(await rows.save({ state: 1 })).to.include({ first: null, number: null })
            for (const at of [1, 2]) {
                const row = await rows.save({ state: 1, day: "2026-05-05" })
                expect(row).to.include({ first: at, number: at })
            }
            await dataSource.destroy()
        })
    })

    it("makes a column that can be NULL", async () => {
        @Entity()
        class Row {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "int" }) state!: number
            @AutoSequenceColumn({ strategy: "counter", when: { state: Not(In([1, 2])) } })
            number!: number | null
        }
        const dataSource = new DataSource(
            withAutoSequence({ type: "better-sqlite3", database: ":memory:", entities: [Row] }),
        )
        await dataSource.initialize()
        const { metadata } = dataSource.getRepository(Row)
        expect(metadata.findColumnWithPropertyName("number")?.isNullable).to.equal(true)
        expect(metadata.checks.map(({ expression }) => expression)).to.eql([
            'NOT ((NOT ("state" IN (1, 2)))) OR "number" IS NOT NULL',
        ])
        await dataSource.destroy()
    })
})

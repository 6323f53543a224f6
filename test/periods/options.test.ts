import { expect } from "chai"
import {
    Column,
    CreateDateColumn,
    DataSource,
    Entity,
    EntitySchema,
    ManyToOne,
    PrimaryGeneratedColumn,
    UpdateDateColumn,
} from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    InvalidOptionError,
    withAutoSequence,
    withAutoSequenceColumns,
} from "../../src"
import { expectRejects, expectThrows } from "../support/errors"

const RIGHT = { of: "issuedOn", by: "year", timeZone: "UTC" }

describe("The option period", () => {
    describe("is refused, when the class is decorated,", () => {
        const decorate = (period: unknown) => () => {
            class Row {
                @AutoSequenceColumn({ period } as AutoSequenceColumnOptions) number!: number
            }
            return Row
        }

        for (const [title, period, problem] of [
            ["as no object", "year", 'period is "year", give an object.'],
            ["as null", null, "period is null, give an object."],
            [
                "with an option that there is not",
                { ...RIGHT, zone: "UTC" },
                'period has no option "zone". Its options are of, by, timeZone, startsIn, property.',
            ],
            [
                "without a date",
                { ...RIGHT, of: undefined },
                "period.of is undefined, give the name",
            ],
            [
                "with an empty zone",
                { ...RIGHT, timeZone: "" },
                'period.timeZone is "", give a time zone',
            ],
            ["with no property", { ...RIGHT, property: 5 }, "period.property is 5, give the name"],
            [
                "by another unit",
                { ...RIGHT, by: "week" },
                'period.by is "week", give one of year, quarter, month, day, fiscalYear.',
            ],
            [
                "by a fiscal year that never begins",
                { ...RIGHT, by: "fiscalYear" },
                "period.startsIn is undefined, give the month in which a fiscal year begins: 1 to 12.",
            ],
            [
                "by one that begins in no month",
                { ...RIGHT, by: "fiscalYear", startsIn: 13 },
                "period.startsIn is 13, give the month",
            ],
            [
                "with the month of a year",
                { ...RIGHT, startsIn: 4 },
                'period.startsIn needs by: "fiscalYear", and by is "year".',
            ],
        ] as const)
            it(title, () =>
                expectThrows(
                    decorate(period),
                    InvalidOptionError,
                    `@AutoSequenceColumn on Row.number: ${problem}`,
                ),
            )

        it("where its property is declared before it", () =>
            expectThrows(
                () => {
                    class Row {
                        @Column() numberPeriod!: string
                        @AutoSequenceColumn({ period: RIGHT } as AutoSequenceColumnOptions)
                        number!: number
                    }
                    return Row
                },
                InvalidOptionError,
                "its period is stored in numberPeriod, which another decorator declares as well",
                'period: { property: "numberPeriod" }',
            ))

        it("where a schema has its property already", () =>
            expectThrows(
                () =>
                    withAutoSequenceColumns(
                        new EntitySchema<{ number: number }>({
                            name: "row",
                            columns: { numberPeriod: { type: "varchar" } } as object,
                        }),
                        { number: { period: RIGHT } as AutoSequenceColumnOptions },
                    ),
                InvalidOptionError,
                "the schema declares numberPeriod already",
            ))
    })

    describe("is refused, when the data source is initialised,", () => {
        function entities(period: object, options: AutoSequenceColumnOptions = {}) {
            @Entity()
            class Company {
                @PrimaryGeneratedColumn() id!: number
                @Column() timeZone!: string
            }
            @Entity()
            class Row {
                @PrimaryGeneratedColumn() id!: number
                @Column({ type: "date" }) issuedOn!: string
                @CreateDateColumn() createdAt!: Date
                @UpdateDateColumn() updatedAt!: Date
                @Column() text!: string
                @Column({ type: "varchar", length: 4 }) short!: string
                @Column({ type: "varchar", nullable: true }) optional!: string | null
                @Column({ type: "int" }) amount!: number
                @ManyToOne(() => Company) company!: Company
                @AutoSequenceColumn({
                    strategy: "counter",
                    ...options,
                    period: { ...RIGHT, ...period },
                } as AutoSequenceColumnOptions)
                number!: number
            }
            return [Company, Row]
        }
        const initialize = async (period: object, options?: AutoSequenceColumnOptions) => {
            const dataSource = new DataSource(
                withAutoSequence({
                    type: "better-sqlite3",
                    database: ":memory:",
                    entities: entities(period, options),
                }),
            )
            await dataSource.initialize()
            await dataSource.destroy()
        }

        for (const [title, period, problem] of [
            [
                "with a date that there is not",
                { of: "date" },
                'names "date", which is not a column',
            ],
            [
                "with the date of another row",
                { of: "company" },
                'names "company", which is not a column',
            ],
            ["with a date that is a text", { of: "text" }, 'names "text" of type varchar'],
            [
                "with one that is a number",
                { of: "amount" },
                "of type integer. Name a date or timestamp column",
            ],
            [
                "with a date that changes",
                { of: "updatedAt" },
                'names "updatedAt", which TypeORM or the database changes',
            ],
            [
                "with no zone",
                { timeZone: "Mars/Phobos" },
                'has the time zone "Mars/Phobos", which is neither',
            ],
            [
                "with an abbreviation",
                { timeZone: "CET" },
                'has the time zone "CET", which is neither',
            ],
            ["with an offset", { timeZone: "+02:00" }, "which is neither an IANA time zone"],
            [
                "with the zone of no relation",
                { timeZone: "branch.zone" },
                "which is neither an IANA time zone",
            ],
            [
                "with a zone that the relation lacks",
                { timeZone: "company.zone" },
                "which is neither",
            ],
            [
                "with a property that there is not",
                { property: "year" },
                'names the property "year"',
            ],
            [
                "with a property too short",
                { by: "day", property: "short" },
                "varchar of 10 characters",
            ],
            [
                "with a property that is a number",
                { property: "amount" },
                "varchar of 10 characters",
            ],
            [
                "with one that can be NULL alone",
                { property: "optional" },
                "Declare both the same way",
            ],
        ] as const)
            it(title, () =>
                expectRejects(
                    initialize(period),
                    InvalidOptionError,
                    "period of Row.number",
                    problem,
                ),
            )

        it("with the scope naming its property as well", () =>
            expectRejects(
                initialize({ property: "text" }, { uniqueWith: "text" }),
                InvalidOptionError,
                "Row.number: uniqueWith names text, which holds the period",
            ))

        it("and is taken where all of it is right", async () => {
            await initialize({})
            await initialize({ of: "createdAt", timeZone: "company.timeZone", by: "day" })
            await initialize({ timeZone: "text", property: "text" })
            await initialize({ of: "createdAt", timeZone: undefined })
        })

        it("where columns of one series differ in it", async () => {
            const [Company, Row] = entities({}, { series: "papers" })
            @Entity()
            class Other {
                @PrimaryGeneratedColumn() id!: number
                @Column({ type: "date" }) issuedOn!: string
                @AutoSequenceColumn({
                    strategy: "counter",
                    series: "papers",
                    period: { of: "issuedOn", by: "month", timeZone: "UTC" },
                })
                number!: number
            }
            const dataSource = new DataSource(
                withAutoSequence({
                    type: "better-sqlite3",
                    database: ":memory:",
                    entities: [Company!, Row!, Other],
                    synchronize: true,
                }),
            )
            await dataSource.initialize()
            const error = await dataSource
                .getRepository(Other)
                .save({ issuedOn: "2026-05-05" })
                .catch((caught: unknown) => caught)
            expect(error).to.be.instanceOf(InvalidOptionError)
            expect((error as Error).message).to.include(
                'share the series "papers" and differ in period',
            )
            await dataSource.destroy()
        })
    })
})

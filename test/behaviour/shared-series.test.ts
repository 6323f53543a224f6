import { expect } from "chai"
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, InvalidOptionError, NotInstalledError } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { expectUnwritten, rejection } from "../support/errors"
import { upTo } from "../support/invoices"
import { counterTable, readKey, storedCounters, storedNumbers } from "../support/stored"
import { COUNTING, worksOn } from "../support/strategies"

/** What only series with counters have. */
for (const strategy of COUNTING)
    onEveryDatabase(
        `Counters of strategy ${strategy}`,
        (database) => {
            const shared = (series: string) => ({ strategy, series })
            const countersByYear = async (dataSource: DataSource) =>
                (await storedCounters(dataSource)).map(({ scope, ...counter }) => ({
                    ...counter,
                    scope: readKey(dataSource, scope, ["24", "25", "26"]),
                }))

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
                expect(await countersByYear(dataSource)).to.eql([
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
                expect(await countersByYear(dataSource)).to.eql([
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

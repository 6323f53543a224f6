import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    type EntityManager,
    type EntityMetadata,
    PrimaryGeneratedColumn,
    type Repository,
} from "typeorm"
import { AutoSequenceColumn, CounterBehindError } from "../../../src"
import { onEachDatabase, onEveryDatabase, StatementLog } from "../../support/databases"
import { rejection } from "../../support/errors"
import { upTo } from "../../support/invoices"
import { counterTable, storedCounters, storedTexts } from "../../support/stored"
import { COUNTING, type Counting, worksOn } from "../../support/strategies"

interface Paper {
    id: number
    year: number | null
    number: number
}

function paperOf(strategy: Counting) {
    @Entity("paper")
    class Paper {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "int", nullable: true }) year!: number | null
        @AutoSequenceColumn({ strategy, uniqueWith: "year", startAt: 10 }) number!: number
    }
    return Paper
}

/** The same table as it is before it has counters. */
@Entity("paper")
class LockedPaper {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int", nullable: true }) year!: number | null
    @AutoSequenceColumn({ uniqueWith: "year" }) number!: number
}

/** The same where nothing numbers it. */
@Entity("paper")
class PlainPaper {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int", nullable: true }) year!: number | null
    @Column({ type: "int" }) number!: number
}

/** Statements with their parameters. */
class Capture extends StatementLog {
    readonly captured: { query: string; parameters: unknown[] }[] = []
    override logQuery(query: string, parameters: unknown[] = []): void {
        super.logQuery(query)
        this.captured.push({ query, parameters })
    }
    clear(): void {
        this.statements.length = 0
        this.captured.length = 0
    }
    /** Those that have to do with a table. */
    of(table: string): string[] {
        return this.statements.filter((sql) => sql.includes(table))
    }
    /** Those that read, but for the one of sql.js that reads the key of the last row. */
    get reads(): string[] {
        return this.statements.filter((sql) => /^(?!.*last_insert_rowid).*\bselect\b/is.test(sql))
    }
}

const COUNTER = "autosequence_counter"

const papersOf = (source: DataSource | EntityManager): Repository<Paper> =>
    source.getRepository<Paper>("Paper")

const save = async (source: DataSource | EntityManager, years: readonly (number | null)[]) => {
    const rows = await papersOf(source).save(years.map((year) => ({ year })))
    return rows.map(({ number }) => number)
}

/** To install triggers makes counters, too; these are as if rows had come without triggers since. */
const forgetCounters = async (dataSource: DataSource) => {
    await dataSource.query(`DELETE FROM ${counterTable(dataSource)}`)
}

for (const strategy of COUNTING) {
    const entity = paperOf(strategy)
    // Those that TypeORM sends; a trigger moves the counter inside the INSERT.
    const statementsForCounters = strategy === "counter" ? 1 : 0

    onEveryDatabase(
        `First numbers of strategy ${strategy}`,
        (database) => {
            it("go on after the rows that were numbered in another way", async () => {
                const before = database().can.tableLock ? LockedPaper : PlainPaper
                const old = await database().connect([before])
                const years = [1, 1, 1, 2, null, null, 4]
                const numbers = [1, 2, 30, 7, 11, 12, 5]
                for (const [at, year] of years.entries())
                    await old.getRepository(before).save({ year, number: numbers[at] })

                const dataSource = await database().connect([entity], { sameAs: old })
                expect(await save(dataSource, [1, 2, null, 3, 1, null, 4, 2])).to.eql([
                    31, 10, 13, 10, 32, 14, 10, 11,
                ])
                expect(await save(dataSource, [2])).to.eql([12])
                expect(await save(dataSource, [null])).to.eql([15])
                expect(await storedCounters(dataSource)).to.eql(
                    [
                        { scope: 'v1:"1"', last: "32" },
                        { scope: 'v1:"2"', last: "12" },
                        { scope: 'v1:"3"', last: "10" },
                        { scope: 'v1:"4"', last: "10" },
                        { scope: "v1:NULL", last: "15" },
                    ].map((counter) => ({ series: seriesName(dataSource), ...counter })),
                )
            })

            it("go on after the rows for a single save and for a number that is set", async () => {
                const old = await database().connect([PlainPaper])
                await old.getRepository(PlainPaper).save([
                    { year: 1, number: 50 },
                    { year: 2, number: 60 },
                ])
                const dataSource = await database().connect([entity], { sameAs: old })
                expect(await save(dataSource, [1])).to.eql([51])
                const papers = papersOf(dataSource)
                await papers.save({ year: 2, number: 40 })
                expect(await save(dataSource, [2, 1, 2])).to.eql([61, 52, 62])
                expect(await storedTexts(papers)).to.eql([
                    ...["40", "50", "51", "52"],
                    ...["60", "61", "62"],
                ])
            })

            it("go on after rows whose counters are missing, or are refused if they are taken", async () => {
                const old = await database().connect([PlainPaper])
                const rows = [...upTo(5).map(() => 1), null].map((year, at) => ({
                    year,
                    number: 10 + at,
                }))
                await old.getRepository(PlainPaper).save(rows)
                const dataSource = await database().connect([entity], { sameAs: old })
                await forgetCounters(dataSource)
                expect(await save(dataSource, [null])).to.eql([16])
                if (strategy === "trigger" && database().kind === "mariadb") {
                    // To look would lock others out; NULLs alone are not guarded by the index.
                    expect(await rejection(save(dataSource, [1]))).to.be.instanceOf(
                        CounterBehindError,
                    )
                    expect(await papersOf(dataSource).countBy({ year: 1 })).to.equal(5)
                } else expect(await save(dataSource, [1])).to.eql([15])
            })

            it(`take ${statementsForCounters} statements afterwards, and none looks at the rows`, async () => {
                const logger = new Capture()
                const dataSource = await database().connect([entity], { logger })
                for (const years of [[1], [1, 1], [1, null, 2]]) {
                    await save(dataSource, years)
                    logger.clear()
                    await save(dataSource, years)
                    expectStatements(logger, years.join())
                }
            })

            it(`of 10 000 rows over 50 scopes take ${statementsForCounters} statements`, async () => {
                const logger = new Capture()
                const dataSource = await database().connect([entity], { logger })
                const scopes = upTo(50)
                // Where a new counter takes more than one, it has it before.
                if (database().kind === "mariadb") await save(dataSource, scopes)
                const first = database().kind === "mariadb" ? 11 : 10
                logger.clear()
                const years = upTo(10_000).map((i) => i % 50)
                const numbers = await save(
                    dataSource,
                    years.map((year) => year + 1),
                )
                expect(numbers).to.eql(years.map((_, at) => first + Math.floor(at / 50)))
                expectStatements(logger)
            })

            function expectStatements(logger: Capture, message?: string): void {
                expect(logger.of(COUNTER), message).to.have.length(statementsForCounters)
                expect(logger.reads.filter((sql) => !sql.includes(COUNTER))).to.eql([])
            }

            function seriesName(dataSource: DataSource): string {
                return `${papersOf(dataSource).metadata.tableName}.number`
            }
        },
        worksOn(strategy),
    )
}

const ROWS = 100_000
const YEARS = 100

onEachDatabase("The plan of first numbers among 100 000 rows", (database) => {
    interface Plan {
        "Node Type": string
        "Relation Name"?: string
        "Scan Direction"?: string
        "Actual Loops": number
        "Actual Rows": number
        "Rows Removed by Filter"?: number
        Plans?: Plan[]
    }

    const scans = (plan: Plan): Plan[] => [
        ...(plan["Relation Name"] === "paper" && plan["Actual Loops"] > 0 ? [plan] : []),
        ...(plan.Plans ?? []).flatMap(scans),
    ]

    it("is one step down the index for each new counter", async () => {
        const logger = new Capture()
        const dataSource = await database().connect([paperOf("counter")], { logger })
        await fill(dataSource, papersOf(dataSource).metadata)
        const explain = async (years: (number | null)[], next: number) => {
            logger.clear()
            expect(await save(dataSource, years)).to.eql(years.map(() => next))
            const moves = logger.captured.filter(({ query }) => /^INSERT.* AS c /.test(query))
            expect(moves).to.have.length(1)
            const runner = dataSource.createQueryRunner()
            await runner.startTransaction()
            if (next === ROWS / YEARS + 1)
                await runner.query(`DELETE FROM ${counterTable(dataSource)}`)
            const [plan] = (await runner.query(
                `EXPLAIN (ANALYZE, FORMAT JSON) ${moves[0]?.query}`,
                moves[0]?.parameters,
            )) as [{ "QUERY PLAN": [{ Plan: Plan }] }]
            await runner.rollbackTransaction()
            await runner.release()
            return scans(plan["QUERY PLAN"][0].Plan)
        }
        const years = [null, ...upTo(50)]
        const found = await explain(years, ROWS / YEARS + 1)
        for (const scan of found) {
            expect(scan["Node Type"]).to.be.oneOf(["Index Scan", "Index Only Scan"])
            expect(scan["Scan Direction"]).to.equal("Backward")
            expect(scan["Actual Rows"]).to.be.at.most(1)
            expect(scan["Rows Removed by Filter"] ?? 0).to.equal(0)
        }
        expect(found.reduce((sum, scan) => sum + scan["Actual Loops"], 0)).to.equal(51)
        // A counter that is there is enough.
        expect(await explain(years, ROWS / YEARS + 2)).to.eql([])
    })

    it("is that step in a trigger as well", async () => {
        const plain = await database().connect([PlainPaper])
        const { metadata } = plain.getRepository(PlainPaper)
        await fill(plain, metadata)
        const dataSource = await database().connect([paperOf("trigger")], { sameAs: plain })
        await forgetCounters(dataSource)
        const years = [null, ...upTo(50)]
        const readsOf = async (manager: EntityManager) => {
            const [row] = (await manager.query(
                `SELECT pg_stat_get_xact_numscans($1::regclass)::int AS "scans",
                        sum(pg_stat_get_xact_tuples_returned(indexrelid))::int AS "entries"
                 FROM pg_index WHERE indrelid = $1::regclass`,
                [metadata.tablePath],
            )) as [{ scans: number; entries: number }]
            return row
        }
        const expectReads = (next: number, entries: number) =>
            dataSource.transaction(async (manager) => {
                const before = await readsOf(manager)
                expect(await save(manager, years)).to.eql(years.map(() => next))
                const after = await readsOf(manager)
                expect(after.scans - before.scans).to.equal(0)
                expect(after.entries - before.entries).to.equal(entries)
            })
        await expectReads(ROWS / YEARS + 1, years.length)
        await expectReads(ROWS / YEARS + 2, 0)
    })

    async function fill(dataSource: DataSource, { tablePath }: EntityMetadata): Promise<void> {
        await dataSource.query(
            `INSERT INTO ${tablePath} (year, number) SELECT nullif(i % ${YEARS}, 0), i / ${YEARS} + 1
             FROM generate_series(0, ${ROWS - 1}) i`,
        )
        await dataSource.query(`ANALYZE ${tablePath}`)
    }
})

onEachDatabase("A counter", (database) => {
    for (const strategy of COUNTING)
        it(`of strategy ${strategy} stays where it is in the page, as nothing but its key is indexed`, async () => {
            const dataSource = await database().connect([paperOf(strategy)])
            const name = counterTable(dataSource)
            await dataSource.query(`ALTER TABLE ${name} SET (fillfactor = 50)`)
            await save(dataSource, upTo(5))
            const updates = { all: 0, inPlace: 0 }
            for (const i of upTo(200))
                await dataSource.transaction(async (manager) => {
                    const count = async () => {
                        const [row] = (await manager.query(
                            `SELECT pg_stat_get_xact_tuples_updated($1::regclass)::int AS "all",
                                pg_stat_get_xact_tuples_hot_updated($1::regclass)::int AS "inPlace"`,
                            [name],
                        )) as [typeof updates]
                        return row
                    }
                    const before = await count()
                    await save(manager, [(i % 5) + 1])
                    const after = await count()
                    updates.all += after.all - before.all
                    updates.inPlace += after.inPlace - before.inPlace
                })
            expect(updates.all).to.equal(200)
            // Somebody who still sees old versions of a row keeps the page full.
            expect(updates.inPlace).to.be.at.least(190)
        })
})

onEveryDatabase(
    "The reads for first numbers",
    (database) => {
        for (const strategy of COUNTING)
            it(`walk over no rows, by strategy ${strategy}`, async () => {
                const plain = await database().connect([PlainPaper])
                await plain.query(
                    `INSERT INTO paper (year, number)
                     SELECT nullif(seq % ${YEARS}, 0), seq DIV ${YEARS} + 1 FROM seq_0_to_${ROWS - 1}`,
                )
                await plain.query("ANALYZE TABLE paper")
                const dataSource = await database().connect([paperOf(strategy)], { sameAs: plain })
                const readsOf = async (manager: EntityManager) => {
                    const rows = await manager.query<{ Value: string }[]>(
                        `SHOW SESSION STATUS WHERE Variable_name IN (
                         'Handler_read_next', 'Handler_read_prev', 'Handler_read_rnd_next')`,
                    )
                    return rows.reduce((sum, { Value }) => sum + Number(Value), 0)
                }
                const years = [null, ...upTo(50)]
                await dataSource.transaction(async (manager) => {
                    const before = await readsOf(manager)
                    expect(await save(manager, years)).to.eql(years.map(() => ROWS / YEARS + 1))
                    expect(await readsOf(manager)).to.equal(before)
                    // Rows that are walked over do count.
                    await manager.query("SELECT COUNT(year) FROM paper")
                    expect((await readsOf(manager)) - before).to.be.at.least(ROWS)
                })
            })
    },
    ({ parallel, tableLock }) => parallel && !tableLock,
)

onEveryDatabase(
    "The plan of first numbers",
    (database) => {
        it("is one step down the index for each new counter", async () => {
            const logger = new Capture()
            const dataSource = await database().connect([paperOf("counter")], { logger })
            await dataSource.query(
                `INSERT INTO paper (year, number)
                 WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < ${ROWS - 1})
                 SELECT nullif(i % ${YEARS}, 0), i / ${YEARS} + 1 FROM s`,
            )
            await dataSource.query("ANALYZE")
            logger.clear()
            const years = [null, ...upTo(50)]
            expect(await save(dataSource, years)).to.eql(years.map(() => ROWS / YEARS + 1))
            const moves = logger.captured.filter(({ query }) => /^INSERT.* AS c /.test(query))
            expect(moves).to.have.length(1)
            const plan = (
                (await dataSource.query(
                    `EXPLAIN QUERY PLAN ${moves[0]?.query}`,
                    moves[0]?.parameters,
                )) as { detail: string }[]
            ).map(({ detail }) => detail)
            const steps = plan.filter((detail) => /^(SEARCH|SCAN) t\b/.test(detail))
            expect(steps).to.have.length(1)
            expect(steps[0]).to.match(/^SEARCH t USING COVERING INDEX \S+ \(year=\?/)
            expect(plan.join("\n")).to.not.contain("ORDER BY")
        })
    },
    (can) => !can.bigints,
)

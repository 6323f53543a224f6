import { expect } from "chai"
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn } from "../../src"
import { counterTableOf } from "../../src/allocation/counter-table"
import { onEachDatabase, onEveryDatabase, StatementLog } from "../support/databases"
import { upTo } from "../support/invoices"
import { storedCounters, storedTexts } from "../support/stored"

@Entity("paper")
class Paper {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int", nullable: true }) year!: number | null
    @AutoSequenceColumn({ strategy: "counter", uniqueWith: "year", startAt: 10 }) number!: number
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

const save = async (dataSource: DataSource, years: (number | null)[]) => {
    const rows = await dataSource.getRepository(Paper).save(years.map((year) => ({ year })))
    return rows.map(({ number }) => number)
}

onEveryDatabase("First numbers", (database) => {
    it("go on after the rows that were numbered in another way", async () => {
        const before = database().can.tableLock ? LockedPaper : PlainPaper
        const old = await database().connect([before])
        const years = [1, 1, 1, 2, null, null, 4]
        const numbers = [1, 2, 30, 7, 11, 12, 5]
        for (const [at, year] of years.entries())
            await old.getRepository(before).save({ year, number: numbers[at] })

        const dataSource = await database().connect([Paper], { sameAs: old })
        expect(await save(dataSource, [1, 2, null, 3, 1, null, 4, 2])).to.eql([
            31, 10, 13, 10, 32, 14, 10, 11,
        ])
        expect(await save(dataSource, [2])).to.eql([12])
        expect(await save(dataSource, [null])).to.eql([15])
        expect(await storedCounters(dataSource)).to.eql(
            [
                { series: "paper.number", scope: 'v1:"1"', last: "32" },
                { series: "paper.number", scope: 'v1:"2"', last: "12" },
                { series: "paper.number", scope: 'v1:"3"', last: "10" },
                { series: "paper.number", scope: 'v1:"4"', last: "10" },
                { series: "paper.number", scope: "v1:NULL", last: "15" },
            ].map((counter) => ({ ...counter, series: seriesName(dataSource) })),
        )
    })

    it("go on after the rows for a single save and for a number that is set", async () => {
        const old = await database().connect([PlainPaper])
        await old.getRepository(PlainPaper).save([
            { year: 1, number: 50 },
            { year: 2, number: 60 },
        ])
        const dataSource = await database().connect([Paper], { sameAs: old })
        expect(await save(dataSource, [1])).to.eql([51])
        const papers = dataSource.getRepository(Paper)
        await papers.save({ year: 2, number: 40 })
        expect(await save(dataSource, [2, 1, 2])).to.eql([61, 52, 62])
        expect(await storedTexts(papers)).to.eql(["40", "50", "51", "52", "60", "61", "62"])
    })

    it("take one statement afterwards, which looks at the counter alone", async () => {
        const logger = new Capture()
        const dataSource = await database().connect([Paper], { logger })
        for (const years of [[1], [1, 1], [1, null, 2]]) {
            await save(dataSource, years)
            logger.clear()
            await save(dataSource, years)
            expect(logger.of(COUNTER), years.join()).to.have.length(1)
            expect(logger.reads.filter((sql) => !sql.includes(COUNTER))).to.eql([])
        }
    })

    it("of 10 000 rows over 50 scopes take one statement", async () => {
        const logger = new Capture()
        const dataSource = await database().connect([Paper], { logger })
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
        expect(logger.of(COUNTER)).to.have.length(1)
        expect(logger.reads.filter((sql) => !sql.includes(COUNTER))).to.eql([])
    })

    function seriesName(dataSource: DataSource): string {
        return `${dataSource.getRepository(Paper).metadata.tablePath}.number`
    }
})

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
        const dataSource = await database().connect([Paper], { logger })
        const { tablePath } = dataSource.getRepository(Paper).metadata
        await dataSource.query(
            `INSERT INTO ${tablePath} (year, number) SELECT nullif(i % ${YEARS}, 0), i / ${YEARS} + 1
             FROM generate_series(0, ${ROWS - 1}) i`,
        )
        await dataSource.query(`ANALYZE ${tablePath}`)
        const explain = async (years: (number | null)[], next: number) => {
            logger.clear()
            expect(await save(dataSource, years)).to.eql(years.map(() => next))
            const moves = logger.captured.filter(({ query }) => /^INSERT.* AS c /.test(query))
            expect(moves).to.have.length(1)
            const runner = dataSource.createQueryRunner()
            await runner.startTransaction()
            if (next === ROWS / YEARS + 1)
                await runner.query(`DELETE FROM ${counterTableOf(dataSource).name}`)
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

    it("leaves the counter where it is in the page, as nothing but its key is indexed", async () => {
        const dataSource = await database().connect([Paper])
        const { name } = counterTableOf(dataSource)
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
                await manager.save(Paper, { year: (i % 5) + 1 })
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
    "The plan of first numbers",
    (database) => {
        it("is one step down the index for each new counter", async () => {
            const logger = new Capture()
            const dataSource = await database().connect([Paper], { logger })
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

import { expect } from "chai"
import { Column, type DataSource, Entity, type Logger, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn } from "../../../src"
import { onEachDatabase } from "../../support/databases"
import { isThorough } from "../../support/thoroughness"

@Entity("big_table")
class Row {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int", nullable: true }) scope!: number | null
    @AutoSequenceColumn({ uniqueWith: "scope" }) number!: number
}

// The fifty and the others below are among them.
const SCOPES = isThorough ? 1000 : 360
const ROWS_PER_SCOPE = 999

interface Plan {
    "Node Type": string
    "Parent Relationship"?: string
    "Relation Name"?: string
    "Scan Direction"?: string
    "Actual Loops": number
    "Actual Rows": number
    "Rows Removed by Filter"?: number
    "Shared Hit Blocks": number
    "Shared Read Blocks": number
    Plans?: Plan[]
}

class Capture implements Logger {
    /** Also the INSERT of one row, which looks up its number itself. */
    readonly selects: { query: string; parameters: unknown[] }[] = []
    logQuery(query: string, parameters: unknown[] = []): void {
        if (/^\s*(SELECT|WITH)\b/i.test(query)) this.selects.push({ query, parameters })
    }
    logQueryError(): void {}
    logQuerySlow(): void {}
    logSchemaBuild(): void {}
    logMigration(): void {}
    log(): void {}
}

onEachDatabase("the plan of looking up last numbers among hundreds of thousands of rows", (db) => {
    /** Every scan of the table, with the node above it. */
    function scans(plan: Plan, parent?: Plan): { scan: Plan; parent?: Plan }[] {
        const below = (plan.Plans ?? []).flatMap((child) => scans(child, plan))
        const isScan = plan["Relation Name"] === "big_table" && plan["Node Type"] !== "ModifyTable"
        return isScan ? [{ scan: plan, parent }, ...below] : below
    }

    /** To be told what a statement does, it is run. */
    async function planOf(ds: DataSource, query: string, parameters: unknown[]): Promise<Plan> {
        const runner = ds.createQueryRunner()
        await runner.startTransaction()
        const explained = `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${query}`
        const rows = (await runner.query(explained, parameters)) as {
            "QUERY PLAN": [{ Plan: Plan }]
        }[]
        await runner.rollbackTransaction()
        await runner.release()
        return rows[0]!["QUERY PLAN"][0].Plan
    }

    async function expectStepsDownTheIndex(ds: DataSource, logger: Capture, scopes: number) {
        const looked = logger.selects.filter(({ query }) => query.includes("big_table"))
        expect(looked).to.have.length(1)
        let steps = 0
        for (const { query, parameters } of looked) {
            for (const { scan, parent } of scans(await planOf(ds, query, parameters))) {
                expect(scan["Node Type"]).to.be.oneOf(["Index Scan", "Index Only Scan"])
                expect(scan["Scan Direction"]).to.equal("Backward")
                expect(scan["Actual Rows"]).to.be.at.most(1)
                expect(scan["Rows Removed by Filter"] ?? 0).to.equal(0)
                expect(parent?.["Node Type"]).to.equal("Limit")
                expect(parent?.["Parent Relationship"]).to.be.oneOf(["SubPlan", "InitPlan"])
                const blocks = scan["Shared Hit Blocks"] + scan["Shared Read Blocks"]
                expect(blocks / scan["Actual Loops"]).to.be.at.most(8)
                steps += scan["Actual Loops"]
            }
        }
        expect(steps).to.equal(scopes)
    }

    it("is one step down the index for each scope", async () => {
        const logger = new Capture()
        const ds = await db().connect([Row], { logger })
        const repo = ds.getRepository(Row)
        const { tablePath } = repo.metadata
        await ds.query(`ALTER TABLE ${tablePath} SET UNLOGGED`)
        await ds.query(
            `INSERT INTO ${tablePath} (scope, number)
             SELECT nullif(s, 0), n
             FROM generate_series(0, ${SCOPES}) s, generate_series(1, ${ROWS_PER_SCOPE}) n`,
        )
        await ds.query(`ANALYZE ${tablePath}`)
        const save = async (scopes: (number | null)[]) => {
            logger.selects.length = 0
            const rows = await repo.save(scopes.map((scope) => ({ scope })))
            return rows.map(({ number }) => number)
        }
        const fifty = Array.from({ length: 50 }, (_, i) => 10 + i * 7)
        const next = ROWS_PER_SCOPE + 1

        // One scope.
        expect(await save([5])).to.eql([next])
        await expectStepsDownTheIndex(ds, logger, 1)

        // A scope without rows.
        expect(await save([SCOPES + 1])).to.eql([1])
        await expectStepsDownTheIndex(ds, logger, 1)

        // Fifty scopes.
        expect(await save(fifty)).to.eql(fifty.map(() => next))
        await expectStepsDownTheIndex(ds, logger, 50)

        // The NULL scope.
        expect(await save([null])).to.eql([next])
        await expectStepsDownTheIndex(ds, logger, 1)

        // The NULL scope and fifty others.
        expect(await save([null, ...fifty])).to.eql([null, ...fifty].map(() => next + 1))
        await expectStepsDownTheIndex(ds, logger, 51)
    })
})

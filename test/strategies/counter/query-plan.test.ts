import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, verifyAutoSequence } from "../../../src"
import { onEachDatabase, StatementLog } from "../../support/databases"
import { upTo } from "../../support/invoices"

@Entity("paper")
class Paper {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int" }) year!: number
    @AutoSequenceColumn({ strategy: "counter", uniqueWith: "year" }) number!: number
}

onEachDatabase("The check of counters", (database) => {
    it("finds that of each scope by the index, before the server has statistics of them", async () => {
        const logger = new StatementLog()
        const dataSource = await database().connect([Paper], { logger })
        await dataSource.getRepository(Paper).save(upTo(500).map((year) => ({ year })))
        logger.statements.length = 0
        await verifyAutoSequence(dataSource, { counters: true })
        const checks = logger.statements.filter((sql) => /^SELECT 1 AS found .*moved_by/.test(sql))
        expect(checks).to.have.length(1)
        const plan = await dataSource.query<{ "QUERY PLAN": string }[]>(`EXPLAIN ${checks[0]}`, [
            "paper.number",
        ])
        const conditions = plan
            .map((line) => line["QUERY PLAN"])
            .filter((l) => /Index Cond/.test(l))
        expect(conditions).to.have.length(1)
        expect(conditions[0]).to.match(/\(series\)::text = .* AND \(\(scope\)::text = /)
    })
})

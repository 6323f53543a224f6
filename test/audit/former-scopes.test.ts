import { expect } from "chai"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    auditSeries,
    listCounters,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { migrate } from "../migrations/migrate"

function bills(options: AutoSequenceColumnOptions) {
    @Entity("bill")
    class Bill {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "int" }) company!: number
        @Column({ type: "int" }) branch!: number
        @Column({ type: "date" }) issuedOn!: string
        number!: number
    }
    AutoSequenceColumn({ strategy: "counter", ...options })(Bill.prototype, "number")
    return [Bill]
}

onEveryDatabase("the audit of a series whose scope was another one", (db) => {
    const period = { of: "issuedOn", by: "year" } as const
    const changes: [AutoSequenceColumnOptions, AutoSequenceColumnOptions][] = [
        [{}, { uniqueWith: "company" }],
        [{ uniqueWith: "company" }, {}],
        [{ uniqueWith: "company" }, { uniqueWith: ["company", "branch"] }],
        [{ uniqueWith: "company" }, { uniqueWith: "company", period }],
    ]
    for (const [from, to] of changes)
        it(`misses no numbers of ${JSON.stringify(from)} by ${JSON.stringify(to)}`, async () => {
            const before = await db().connect(bills(from))
            const bill = { company: 1, branch: 1, issuedOn: "2026-01-01" }
            await before.getRepository("Bill").save([{ ...bill }, { ...bill }])
            const { dataSource } = await migrate(db(), before, bills(to))
            const rows = dataSource.getRepository("Bill")
            expect((await rows.save({ ...bill })).number).to.equal(3)
            const { problems, series } = await auditSeries(dataSource)
            expect(problems).to.equal(0)
            expect(series.map(({ scopeCount }) => scopeCount)).to.eql([1])
            const { counters } = await listCounters(dataSource)
            expect(counters.flatMap(({ scope }) => Object.values(scope))).to.not.include(null)
            await rows.delete({ number: 3 })
            expect((await auditSeries(dataSource)).problems).to.equal(1)
        })
})

import { expect } from "chai"
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    auditSeries,
    installAutoSequence,
    resyncCounters,
    type Strategy,
    verifyAutoSequence,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { changeEntities, migrate } from "./migrate"

function bills(strategy: Strategy, uniqueWith: string) {
    @Entity("bill")
    class Bill {
        @PrimaryGeneratedColumn() id!: number
        company!: number
        @Column({ type: "int" }) branch!: number
        number!: number
    }
    Column({ type: "int" })(Bill.prototype, uniqueWith === "firm" ? "firm" : "company")
    AutoSequenceColumn({ strategy, uniqueWith })(Bill.prototype, "number")
    return [Bill]
}

onEveryDatabase("counters of a scope whose column another one has taken the place of", (db) => {
    const save = async (dataSource: DataSource, company: number, branch: number) => {
        const [row] = await dataSource.getRepository("Bill").save([{ company, branch }])
        return row!.number as number
    }
    const ways: Record<
        string,
        (before: DataSource, to: ReturnType<typeof bills>) => Promise<DataSource>
    > = {
        "a migration": async (before, to) => (await migrate(db(), before, to)).dataSource,
        "an installation": async (before, to) => {
            const changed = await changeEntities(db(), before, to)
            await installAutoSequence(changed)
            return changed
        },
        "synchronize()": (before, to) => db().connect(to, { sameAs: before }),
    }
    for (const strategy of ["counter", "trigger"] as const)
        for (const [way, go] of Object.entries(ways))
            it(`don't count for the new one: ${strategy}, ${way}`, async function () {
                if (strategy === "trigger" && db().kind === "better-sqlite3") return this.skip()
                const before = await db().connect(bills(strategy, "company"))
                for (const branch of [5, 6, 7]) await save(before, 57, branch)
                const changed = await go(before, bills(strategy, "branch"))
                await verifyAutoSequence(changed)
                // Nothing has been numbered in branch 57.
                expect(await save(changed, 1, 57)).to.equal(1)
                expect(await save(changed, 57, 57)).to.equal(2)
                expect(await save(changed, 57, 7)).to.equal(4)
                expect((await auditSeries(changed)).problems).to.equal(2)
            })

    for (const strategy of ["counter", "trigger"] as const)
        it(`don't count any more after the way back either: ${strategy}`, async function () {
            if (strategy === "trigger" && db().kind === "better-sqlite3") return this.skip()
            const before = await db().connect(bills(strategy, "company"))
            for (const branch of [5, 6, 7]) await save(before, 57, branch)
            const { dataSource } = await migrate(db(), before, bills(strategy, "branch"))
            for (let at = 0; at < 5; at++) await save(dataSource, 60 + at, 57)
            await dataSource.undoLastMigration()
            const undone = await changeEntities(db(), dataSource, bills(strategy, "company"))
            // What a trigger of MariaDB does without a counter is not to look at the rows.
            await resyncCounters(undone)
            expect(await save(undone, 57, 1)).to.equal(4)
            expect(await save(undone, 64, 1)).to.equal(6)
        })

    it("count on where TypeORM renames the column", async () => {
        const before = await db().connect(bills("counter", "company"))
        for (const branch of [5, 6]) await save(before, 57, branch)
        await before.getRepository("Bill").delete({ branch: 6 })
        const { dataSource } = await migrate(db(), before, bills("counter", "firm"))
        const [row] = await dataSource.getRepository("Bill").save([{ firm: 57, branch: 7 }])
        expect(row!.number).to.equal(3)
    })
})

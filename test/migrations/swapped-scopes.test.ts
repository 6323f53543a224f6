import { expect } from "chai"
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    generateMigration,
    installAutoSequence,
    InvalidOptionError,
    NotInstalledError,
    resyncCounters,
    type Strategy,
    verifyAutoSequence,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { changeEntities } from "./migrate"

type Names = { branch?: string; number?: string }

function bills(strategy: Strategy, uniqueWith: string[], names: Names = {}) {
    @Entity("bill")
    class Bill {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "int" }) company!: number
        @Column({ type: "int", name: names.branch }) branch!: number
        number!: number
    }
    AutoSequenceColumn({ strategy, uniqueWith, name: names.number })(Bill.prototype, "number")
    return [Bill]
}

onEveryDatabase("counters of a scope whose columns are in another order", (db) => {
    const save = async (dataSource: DataSource, company: number, branch: number) => {
        const [row] = await dataSource.getRepository("Bill").save([{ company, branch }])
        return row!.number as number
    }
    const remove = (dataSource: DataSource, number: number) =>
        dataSource.getRepository("Bill").delete({ number })

    for (const strategy of ["counter", "trigger"] as const)
        // Each is the only scope, or the other one is there as well.
        for (const both of [false, true])
            it(`are not taken for others: ${strategy}, ${both ? "both" : "one"}`, async function () {
                if (strategy === "trigger" && db().kind === "better-sqlite3") return this.skip()
                const before = await db().connect(bills(strategy, ["company", "branch"]))
                for (let at = 0; at < 3; at++) await save(before, 1, 2)
                await remove(before, 3)
                if (both) await save(before, 2, 1)
                const swapped = bills(strategy, ["branch", "company"])
                const changed = await changeEntities(db(), before, swapped)
                for (const refused of [
                    () => generateMigration(changed),
                    () => installAutoSequence(changed),
                    () => db().connect(swapped, { sameAs: changed }),
                ])
                    expect(await rejection(refused()))
                        .to.be.instanceOf(InvalidOptionError)
                        .with.property("message")
                        .that.matches(
                            /Bill.number.* branch, company.* company, branch.*resyncCounters/s,
                        )
                expect(await rejection(verifyAutoSequence(changed)))
                    .to.be.instanceOf(NotInstalledError)
                    .with.property("message")
                    .that.matches(/Bill.number.* company, branch/)
                const undone = await changeEntities(
                    db(),
                    changed,
                    bills(strategy, ["company", "branch"]),
                )
                await verifyAutoSequence(undone)
                expect(await save(undone, 1, 2)).to.equal(4)
            })

    it("are not taken for others where TypeORM renames a column meanwhile", async () => {
        const before = await db().connect(bills("counter", ["company", "branch"]))
        await save(before, 1, 2)
        for (const names of [{ branch: "office" }, { number: "no" }]) {
            const renamed = bills("counter", ["branch", "company"], names)
            const changed = await changeEntities(db(), before, renamed)
            const refused = [
                () => generateMigration(changed),
                () => db().connect(renamed, { sameAs: changed }),
            ]
            for (const go of refused)
                expect(await rejection(go())).to.be.instanceOf(InvalidOptionError)
        }
    })

    it("may be deleted, and are made of the rows then", async () => {
        const before = await db().connect(bills("counter", ["company", "branch"]))
        for (const branch of [2, 2, 3]) await save(before, 1, branch)
        await save(before, 2, 1)
        const swapped = bills("counter", ["branch", "company"])
        const changed = await changeEntities(db(), before, swapped)
        await changed.getRepository("AutoSequenceCounter").clear()
        await resyncCounters(changed)
        await verifyAutoSequence(changed, { counters: true })
        await installAutoSequence(changed)
        expect(await generateMigration(changed)).to.equal(undefined)
        expect(await save(changed, 1, 2)).to.equal(3)
    })

    it("are not asked for where an index was there in another order before", async function () {
        if (db().kind === "mariadb") return this.skip()
        const before = await db().connect(bills("table-lock", ["company", "branch"]))
        for (const branch of [2, 2, 3]) await save(before, 1, branch)
        const swapped = bills("counter", ["branch", "company"])
        const changed = await changeEntities(db(), before, swapped)
        await installAutoSequence(changed)
        await verifyAutoSequence(changed, { counters: true })
        expect(await save(changed, 1, 2)).to.equal(3)
    })
})

import { expect } from "chai"
import { Column, type DataSource, Entity, Not, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    installAutoSequence,
    NotInstalledError,
    verifyAutoSequence,
} from "../../../src"
import { changeEntities, expectUpToDate, migrate } from "../../migrations/migrate"
import { rejection } from "../../support/errors"
import { upTo } from "../../support/invoices"
import { onTriggerDatabases } from "../trigger/statement-entities"
import { catalogueOf } from "../trigger/catalogue"

type Options = Omit<AutoSequenceColumnOptions, "strategy">

function papers(options: Options) {
    @Entity("paper")
    class Paper {
        @PrimaryGeneratedColumn() id!: number
        @Column({ length: 20, default: "final" }) status!: string
        @Column({ type: "date" }) day!: string
        number!: number | null
        numberPeriod!: string | null
    }
    AutoSequenceColumn({ strategy: "trigger", ...options })(Paper.prototype, "number")
    return Paper
}

const PLAIN: Options = {}
const YEARLY: Options = { period: { of: "day", by: "year" } }
const IS_FINAL = { status: Not("draft") }
const CHANGES: readonly [string, Options, Options][] = [
    ["a condition", PLAIN, { when: IS_FINAL }],
    ["another condition", { when: { status: "draft" } }, { when: IS_FINAL }],
    ["a condition, with periods", YEARLY, { ...YEARLY, when: IS_FINAL }],
    ["rows that stay", PLAIN, { deletable: false }],
    ["an order of dates", YEARLY, { ...YEARLY, dates: "ascending" }],
    ["all at once", PLAIN, { ...YEARLY, when: IS_FINAL, deletable: false, dates: "ascending" }],
]
const AT_COMMIT: typeof CHANGES = [
    ["numbers at COMMIT", PLAIN, { assign: "commit" }],
    ["numbers of drafts at COMMIT", { when: IS_FINAL }, { when: IS_FINAL, assign: "commit" }],
    ["numbers at COMMIT, by year", PLAIN, { ...YEARLY, assign: "commit", when: IS_FINAL }],
]

onTriggerDatabases("A migration of triggers that number later", (db) => {
    const papersOf = (dataSource: DataSource) => dataSource.getRepository("Paper")
    const numbersOf = async (dataSource: DataSource, status = "final") => {
        const rows = await papersOf(dataSource).find({ where: { status } })
        return rows
            .map(({ number }) => number as number | null)
            .sort((a, b) => Number(a) - Number(b))
    }
    const insert = (dataSource: DataSource, status = "final") =>
        papersOf(dataSource).insert({ status, day: "2026-05-05" })

    /** Rows are numbered, drafts as these options say, and the next number goes on. */
    async function expectNumbers(dataSource: DataSource, { when }: Options): Promise<void> {
        await expectUpToDate(dataSource)
        await verifyAutoSequence(dataSource)
        const before = await papersOf(dataSource).find()
        await insert(dataSource, "draft")
        await insert(dataSource)
        const drafts = await numbersOf(dataSource, "draft")
        const numbers = [...(await numbersOf(dataSource)), ...drafts.filter((one) => one !== null)]
        const highest = Math.max(...before.map(({ number }) => Number(number)))
        expect(new Set(numbers).size, "different numbers").to.equal(numbers.length)
        expect(Math.max(...numbers.map(Number))).to.be.within(highest + 1, highest + 2)
        if (!when) expect(numbers.map(Number).sort((a, b) => a - b)).to.eql(upTo(numbers.length))
    }

    for (const [name, from, to] of [...CHANGES, ...AT_COMMIT])
        for (const [way, before, after] of [
            ["to", from, to],
            ["from", to, from],
        ] as const)
            it(`goes ${way} ${name}`, async function () {
                if (!db().can.tableLock && to.assign) return this.skip()
                const first = await db().connect([papers(before)])
                for (const status of ["final", "draft", "final", "draft"])
                    await insert(first, status)
                const atFirst = await catalogueOf(first)
                const unchanged = await changeEntities(db(), first, [papers(after)])
                const missing = await rejection(verifyAutoSequence(unchanged))
                expect(missing).to.be.instanceOf(NotInstalledError)
                const { dataSource } = await migrate(db(), first, [papers(after)])
                await expectUpToDate(dataSource)
                await dataSource.undoLastMigration()
                const undone = await catalogueOf(dataSource)
                for (const part of ["triggers", "functions", "columns", "constraints"] as const)
                    expect(undone[part], part).to.eql(atFirst[part])
                await dataSource.runMigrations()
                await expectNumbers(dataSource, after)
            })

    it("is what the installation does as well", async () => {
        let dataSource = await db().connect([papers(PLAIN)])
        for (const status of ["final", "draft", "final"]) await insert(dataSource, status)
        for (const [, , options] of CHANGES) {
            dataSource = await changeEntities(db(), dataSource, [papers(options)])
            await dataSource.synchronize()
            await installAutoSequence(dataSource)
            await expectNumbers(dataSource, options)
        }
    })
})

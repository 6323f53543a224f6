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

function papers(options: Options, name = "Paper") {
    @Entity(name)
    class Paper {
        @PrimaryGeneratedColumn() id!: number
        @Column({ length: 20, default: "final" }) status!: string
        @Column({ type: "date" }) day!: string
        number!: number | null
        numberPeriod!: string | null
    }
    Object.defineProperty(Paper, "name", { value: name })
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
    const papersOf = (dataSource: DataSource, paper = "Paper") => dataSource.getRepository(paper)
    const numbersOf = async (dataSource: DataSource, status: string, paper?: string) => {
        const rows = await papersOf(dataSource, paper).find({ where: { status } })
        return rows.map(({ number }) => number as number | null)
    }
    const insert = async (dataSource: DataSource, statuses: string[], paper?: string) => {
        for (const status of statuses)
            await papersOf(dataSource, paper).insert({ status, day: "2026-05-05" })
    }

    async function expectInstalled(dataSource: DataSource): Promise<void> {
        await expectUpToDate(dataSource)
        await verifyAutoSequence(dataSource)
    }

    /** Rows are numbered, drafts as these options say, and the next number goes on. */
    async function expectNumbers(
        dataSource: DataSource,
        { when }: Options,
        paper?: string,
    ): Promise<void> {
        const before = await papersOf(dataSource, paper).find()
        await insert(dataSource, ["draft", "final"], paper)
        const drafts = await numbersOf(dataSource, "draft", paper)
        const finals = await numbersOf(dataSource, "final", paper)
        const numbers = [...finals, ...drafts.filter((one) => one !== null)].map(Number)
        const highest = Math.max(...before.map(({ number }) => Number(number)))
        expect(new Set(numbers).size, `different numbers ${paper}`).to.equal(numbers.length)
        expect(Math.max(...numbers), paper).to.be.within(highest + 1, highest + 2)
        if (!when)
            expect(
                numbers.sort((a, b) => a - b),
                paper,
            ).to.eql(upTo(numbers.length))
    }

    for (const way of ["to", "from"] as const)
        it(`goes ${way} conditions, rows that stay, an order of dates and numbers at COMMIT`, async () => {
            const changes = [...CHANGES, ...(db().can.tableLock ? AT_COMMIT : [])].map(
                ([name, from, to]) => ({
                    name,
                    before: way === "to" ? from : to,
                    after: way === "to" ? to : from,
                }),
            )
            const entities = (when: "before" | "after") =>
                changes.map((change) => papers(change[when], change.name))
            const first = await db().connect(entities("before"))
            for (const { name } of changes)
                await insert(first, ["final", "draft", "final", "draft"], name)
            const atFirst = await catalogueOf(first)
            for (const { name, after } of changes) {
                const unchanged = await changeEntities(db(), first, [papers(after, name)])
                const missing = await rejection(verifyAutoSequence(unchanged))
                expect(missing, name).to.be.instanceOf(NotInstalledError)
            }
            const { dataSource } = await migrate(db(), first, entities("after"))
            await expectUpToDate(dataSource)
            await dataSource.undoLastMigration()
            const undone = await catalogueOf(dataSource)
            for (const part of ["triggers", "functions", "columns", "constraints"] as const)
                expect(undone[part], part).to.eql(atFirst[part])
            await dataSource.runMigrations()
            await expectInstalled(dataSource)
            for (const { name, after } of changes) await expectNumbers(dataSource, after, name)
        })

    it("is what the installation does as well", async () => {
        let dataSource = await db().connect([papers(PLAIN)])
        await insert(dataSource, ["final", "draft", "final"])
        for (const [, , options] of CHANGES) {
            dataSource = await changeEntities(db(), dataSource, [papers(options)])
            await dataSource.synchronize()
            await installAutoSequence(dataSource)
            await expectInstalled(dataSource)
            await expectNumbers(dataSource, options)
        }
    })
})

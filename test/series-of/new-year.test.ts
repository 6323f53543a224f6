import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    JoinColumn,
    ManyToOne,
    Not,
    PrimaryGeneratedColumn,
} from "typeorm"
import { AutoSequenceColumn, resyncCounters, seriesOf } from "../../src"
import { upTo } from "../support/invoices"
import { onEachCell } from "../support/matrix"
import { isThorough } from "../support/thoroughness"
import { sessionOf } from "../support/waiting"

const WRITERS = isThorough ? 8 : 6
const DRAFTS = isThorough ? 2000 : 100

onEachCell(
    "Drafts that are finalised over New Year",
    ({ way, tables }) => {
        @Entity()
        class Company {
            @PrimaryGeneratedColumn() id!: number
        }

        @Entity()
        class Invoice {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Company, { nullable: false })
            @JoinColumn({ name: "company" })
            company!: Company
            @Column({ type: "varchar", length: 20, default: "draft" }) status!: string
            @Column({ type: "date", nullable: true }) issuedOn!: string | null
            @AutoSequenceColumn({
                ...way.options,
                uniqueWith: "company",
                period: { of: "issuedOn", by: "year" },
                when: { status: Not("draft") },
            })
            number!: number | null
            numberPeriod!: string | null
        }

        const dataSource: () => DataSource = tables([Company, Invoice])

        it("have each company's and year's numbers from 1 on, in the order in which they were finalised", async () => {
            const companies = await dataSource().getRepository(Company).save([{}, {}])
            const drafts = await dataSource()
                .getRepository(Invoice)
                .save(Array.from({ length: DRAFTS }, (_, at) => ({ company: companies[at % 2] })))
            const invoices = seriesOf(dataSource(), Invoice, "number")
            // InnoDB ends those who wait for the first number of a scope, where that is rolled back.
            if (way.options.strategy !== "table-lock")
                for (const company of companies)
                    for (const period of ["2026", "2027"])
                        await invoices.setNext(dataSource().manager, { company, period }, 1)
            const rollback = new Error("roll back")
            const inOrder = new Map<string, unknown[]>()

            const finalise = async ({ id, company }: Invoice, at: number) => {
                const issuedOn = at % 23 > (at / DRAFTS) * 23 ? "2026-12-31" : "2027-01-01"
                const isKilled = at % 10 === 3
                const isRolledBack = !isKilled && at % 7 === 5
                const attempt = dataSource().transaction(async (manager) => {
                    const set = { status: "final", issuedOn }
                    const row = await invoices.assign(manager, id, { set })
                    if (isRolledBack) throw rollback
                    if (isKilled) await endSession(dataSource(), await sessionOf(manager))
                    if (isKilled) return
                    // Nobody of the scope has the next number before this transaction ends.
                    const scope = `${company.id} ${issuedOn.slice(0, 4)}`
                    inOrder.set(scope, [...(inOrder.get(scope) ?? []), row.number])
                })
                const failed = await attempt.then(
                    () => false,
                    (error: unknown) => {
                        if (error !== rollback && !isKilled) throw error
                        return true
                    },
                )
                expect(failed).to.equal(isKilled || isRolledBack)
            }
            const queue = [...drafts.entries()]
            const write = async () => {
                for (let next = queue.shift(); next; next = queue.shift())
                    await finalise(next[1], next[0])
            }
            await Promise.all(Array.from({ length: WRITERS }, write))

            const rows = await dataSource()
                .getRepository(Invoice)
                .find({ relations: { company: true }, order: { number: "ASC" } })
            const finals = rows.filter(({ status }) => status !== "draft")
            for (const row of rows.filter((one) => one.status === "draft"))
                expect([row.number, row.numberPeriod, row.issuedOn]).to.eql([null, null, null])
            expect(rows.length - finals.length).to.be.within(DRAFTS / 5, DRAFTS / 4)
            expect(inOrder.size).to.equal(4)
            for (const [scope, numbers] of inOrder) {
                expect(numbers, scope).to.eql(upTo(numbers.length))
                const stored = finals.filter(
                    (row) => `${row.company.id} ${String(row.numberPeriod)}` === scope,
                )
                expect(stored.map(({ number }) => number)).to.eql(numbers)
                for (const { issuedOn, numberPeriod } of stored)
                    expect(issuedOn?.slice(0, 4)).to.equal(numberPeriod)
            }
            if (way.options.strategy !== "table-lock")
                expect(await resyncCounters(dataSource())).to.eql([])
        }).timeout(240_000)
    },
    ({ isGapless }, { parallel }) => isGapless && parallel,
)

async function endSession(dataSource: DataSource, session: string): Promise<void> {
    const isMaria = dataSource.options.type === "mariadb"
    await dataSource.query(
        isMaria ? `KILL CONNECTION ${session}` : `SELECT pg_terminate_backend(${session}, 5000)`,
    )
}

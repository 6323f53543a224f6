import { expect } from "chai"
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn, type Strategy, verifyAutoSequence } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { tableName } from "../support/typeorm"
import { changeEntities, expectUpToDate, migrate } from "./migrate"

/** What numbers its invoices by hand. */
@Entity("invoice")
class Handmade {
    @PrimaryGeneratedColumn() id!: number
    @Column({ length: 20 }) company!: string
    @Column("int") number!: number
}

function numbered(strategy: Strategy) {
    @Entity("invoice")
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @Column({ length: 20 }) company!: string
        @AutoSequenceColumn({ strategy, uniqueWith: "company" }) number!: number
    }
    return Invoice
}

const COMPANIES = ["acme", "zeta"]

/** `MAX + 1`, repeated where somebody else had the number first. */
async function byHand(dataSource: DataSource, company: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1)
        try {
            await dataSource.transaction(async (manager) => {
                const { metadata } = manager.getRepository(Handmade)
                const [row] = await manager.query<{ next: string | number }[]>(
                    `SELECT COALESCE(MAX(number), 0) + 1 AS next FROM ${tableName(metadata)} WHERE company = '${company}'`,
                )
                await manager.insert(Handmade, { company, number: Number(row?.next) })
            })
            return
        } catch (error) {
            if (attempt === 200) throw error
        }
}

/** One of three is rolled back. */
async function byLibrary(dataSource: DataSource, company: string, at: number): Promise<void> {
    const attempt = dataSource.transaction(async (manager) => {
        await manager.save("Invoice", { company })
        if (at % 3 === 0) throw new Error("on purpose")
    })
    await attempt.catch((error: Error) => {
        if (error.message !== "on purpose") throw error
    })
}

onEveryDatabase(
    "Numbers that were made by hand",
    (db) => {
        it("go on while both versions run, there and back and there again", async () => {
            const old = await db().connect([Handmade])
            for (const company of [...COMPANIES, ...COMPANIES]) await byHand(old, company)
            let rows = 4

            async function expectWhole(dataSource: DataSource): Promise<void> {
                const { metadata } = old.getRepository(Handmade)
                const all: { company: string; number: number }[] = await dataSource.query(
                    `SELECT company, number FROM ${tableName(metadata)} ORDER BY company, number`,
                )
                expect(all).to.have.length(rows)
                for (const company of COMPANIES) {
                    const own = all.filter((row) => row.company === company)
                    expect(own.map(({ number }) => number)).to.eql(own.map((_, at) => at + 1))
                }
            }

            const ROUNDS = 9
            /** Writers of all versions at once. */
            async function together(...insert: ((company: string, at: number) => Promise<void>)[]) {
                await Promise.all(
                    insert.flatMap((one) =>
                        COMPANIES.map(async (company) => {
                            for (let at = 1; at <= ROUNDS; at += 1) await one(company, at)
                        }),
                    ),
                )
            }
            const hand = (company: string) => byHand(old, company)
            const library = (dataSource: DataSource) => (company: string, at: number) =>
                byLibrary(dataSource, company, at)
            const BY_HAND = ROUNDS * COMPANIES.length
            const BY_LIBRARY = (BY_HAND / 3) * 2

            const triggers = numbered("trigger")
            const first = await migrate(db(), old, [triggers])
            await together(hand, library(first.dataSource))
            rows += BY_HAND + BY_LIBRARY
            await expectWhole(old)
            await verifyAutoSequence(first.dataSource, { counters: true })

            // The way back leaves the numbers, and the old version goes on.
            await first.dataSource.undoLastMigration()
            for (const company of COMPANIES) await byHand(old, company)
            rows += COMPANIES.length
            await expectWhole(old)
            await first.dataSource.runMigrations()
            await together(hand, library(first.dataSource))
            rows += BY_HAND + BY_LIBRARY
            await expectWhole(old)

            // The old version has gone; the next one needs no triggers any more.
            const counting = numbered("counter")
            const second = await changeEntities(db(), first.dataSource, [counting])
            await together(library(first.dataSource), library(second))
            rows += 2 * BY_LIBRARY
            await expectWhole(second)
            const { dataSource } = await migrate(db(), second, [counting])
            await together(library(dataSource))
            rows += BY_LIBRARY
            await expectWhole(dataSource)
            await verifyAutoSequence(dataSource, { counters: true })
            await expectUpToDate(dataSource)
            // A release is taken back: its triggers come again.
            await dataSource.undoLastMigration()
            await together(library(first.dataSource), library(dataSource))
            rows += 2 * BY_LIBRARY
            await expectWhole(dataSource)
        })
    },
    ({ parallel }) => parallel,
)

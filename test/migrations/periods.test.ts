import { expect } from "chai"
import { Column, type ColumnType, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    DuplicateRowsError,
    generateMigration,
    installAutoSequence,
    InvalidPeriodError,
    type PeriodOptions,
    UnsupportedError,
    verifyAutoSequence,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { changeEntities, expectUpToDate, migrate } from "./migrate"

const BY_YEAR: PeriodOptions = { of: "issuedOn", by: "year", timeZone: "UTC" }

function invoices(options?: AutoSequenceColumnOptions, type: ColumnType = "date", own = false) {
    @Entity("invoice")
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 20, default: "Tea" }) company!: string
        @Column({ type, nullable: true }) issuedOn!: string | Date | null
        number!: number
        numberPeriod!: string
        fiscalYear!: string
    }
    if (own)
        Column({ type: "varchar", length: 10, nullable: true })(Invoice.prototype, "fiscalYear")
    if (options)
        AutoSequenceColumn({ uniqueWith: "company", ...options })(Invoice.prototype, "number")
    return Invoice
}

const DAYS = ["2025-12-31", "2026-01-01", "2025-06-30", "2026-06-30", "2026-07-01"]

onEveryDatabase("a migration of periods", (db) => {
    const strategies = () => {
        const { tableLock, bigints } = db().can
        return [
            "counter" as const,
            ...(tableLock ? ["table-lock" as const] : []),
            ...(bigints ? ["trigger" as const] : []),
        ]
    }

    it("fills them from the dates of rows, and numbers each on its own", async () => {
        for (const strategy of strategies()) {
            const before = await db().connect([invoices()])
            await installAutoSequence(before)
            await before.getRepository("Invoice").insert(DAYS.map((issuedOn) => ({ issuedOn })))
            const entities = [invoices({ strategy, period: BY_YEAR })]
            const { dataSource, migration } = await migrate(db(), before, entities)
            const rows = dataSource.getRepository("Invoice")
            const stored = async () =>
                (await rows.find({ order: { id: "ASC" } })).map(
                    ({ numberPeriod, number }) => `${numberPeriod as string} ${number as number}`,
                )
            expect(await stored()).to.eql(["2025 1", "2026 1", "2025 2", "2026 2", "2026 3"])
            await rows.save([{ issuedOn: "2025-01-01" }, { issuedOn: "2026-01-01" }])
            expect((await stored()).slice(-2)).to.eql(["2025 3", "2026 4"])
            await expectUpToDate(dataSource)
            await verifyAutoSequence(dataSource)
            expect(migration.source).to.include("get the periods of their dates")
            await dataSource.undoLastMigration()
            const undone = await changeEntities(db(), dataSource, [invoices()])
            await expectUpToDate(undone)
        }
    })

    it("leaves the numbers of rows as they are that were numbered without", async () => {
        for (const strategy of strategies()) {
            const before = await db().connect([invoices({ strategy })])
            await installAutoSequence(before)
            await before.getRepository("Invoice").save(DAYS.map((issuedOn) => ({ issuedOn })))
            const entities = [invoices({ strategy, period: BY_YEAR })]
            const { dataSource } = await migrate(db(), before, entities)
            const rows = dataSource.getRepository("Invoice")
            await rows.save([{ issuedOn: "2025-01-01" }, { issuedOn: "2026-01-01" }])
            const found = await rows.find({ order: { id: "ASC" } })
            expect(found.map(({ number }) => number as number)).to.eql([1, 2, 3, 4, 5, 4, 6])
            await expectUpToDate(dataSource)
        }
    })

    it("adopts numbers that have counted anew in each year already", async () => {
        const plain = () => {
            const Invoice = invoices()
            Column({ type: "int" })(Invoice.prototype, "number")
            return Invoice
        }
        const before = await db().connect([plain()])
        const numbers = [1, 1, 2, 2, 3]
        await before
            .getRepository("Invoice")
            .insert(DAYS.map((issuedOn, at) => ({ issuedOn, number: numbers[at] })))
        const entities = [invoices({ strategy: "counter", period: BY_YEAR })]
        const { dataSource } = await migrate(db(), before, entities)
        const rows = dataSource.getRepository("Invoice")
        const saved = await rows.save([{ issuedOn: "2025-01-01" }, { issuedOn: "2026-01-01" }])
        expect(saved.map(({ number }) => number as number)).to.eql([3, 4])
        await expectUpToDate(dataSource)
    })

    it("fills a column of the entity's own", async () => {
        const period: PeriodOptions = {
            of: "issuedOn",
            by: "fiscalYear",
            startsIn: 7,
            timeZone: "UTC",
            property: "fiscalYear",
        }
        const before = await db().connect([invoices(undefined, "date", true)])
        await before.getRepository("Invoice").insert(DAYS.map((issuedOn) => ({ issuedOn })))
        const own = () => {
            const Invoice = invoices()
            Column({ type: "varchar", length: 10 })(Invoice.prototype, "fiscalYear")
            AutoSequenceColumn({ strategy: "counter", period })(Invoice.prototype, "number")
            return Invoice
        }
        const { dataSource } = await migrate(db(), before, [own()])
        const found = await dataSource.getRepository("Invoice").find({ order: { id: "ASC" } })
        expect(found.map((row) => [row.fiscalYear, row.number] as unknown)).to.eql([
            ["2025", 1],
            ["2025", 2],
            ["2024", 1],
            ["2025", 3],
            ["2026", 1],
        ])
        await expectUpToDate(dataSource)
    })

    it("leaves rows the periods by which they were numbered, whatever else changes", async () => {
        const BY_MONTH: PeriodOptions = { ...BY_YEAR, by: "month" }
        const counter = { strategy: "counter", period: BY_YEAR } as const
        const changes: Record<string, [AutoSequenceColumnOptions, AutoSequenceColumnOptions]> = {
            "no NULL": [{ ...counter, assign: "commit" }, counter],
            scope: [{ ...counter, uniqueWith: [] }, counter],
            name: [counter, { ...counter, name: "no" }],
        }
        for (const [what, [before, after]] of Object.entries(changes)) {
            const byMonth = await db().connect([invoices({ ...before, period: BY_MONTH })])
            await installAutoSequence(byMonth)
            const save = async (dataSource: typeof byMonth, ...days: string[]) => {
                for (const issuedOn of days)
                    await dataSource.getRepository("Invoice").save({ issuedOn })
            }
            await save(byMonth, "2026-01-01", "2026-02-01")
            const byYear = await changeEntities(db(), byMonth, [invoices(before)])
            await save(byYear, "2026-03-01", "2026-03-02")
            const { dataSource } = await migrate(db(), byYear, [invoices(after)])
            await save(dataSource, "2026-03-03")
            await expectUpToDate(dataSource)
            const found = await dataSource.getRepository("Invoice").find({ order: { id: "ASC" } })
            expect(
                found.map((row) => `${row.numberPeriod} ${row.number}`),
                what,
            ).to.eql(["2026-01 1", "2026-02 1", "2026 1", "2026 2", "2026 3"])
        }
    })

    it("is refused, and nothing written, where a row has no date", async () => {
        const before = await db().connect([invoices()])
        await before.getRepository("Invoice").insert([{ issuedOn: "2026-01-01" }, {}])
        const changed = await changeEntities(db(), before, [
            invoices({ strategy: "counter", period: BY_YEAR }),
        ])
        for (const attempt of [generateMigration, installAutoSequence]) {
            const error = await rejection(attempt(changed))
            expect(error).to.be.instanceOf(InvalidPeriodError)
            expect(error.message).to.include("Invoice.number: 1 row has no period")
        }
    })

    it("takes them away as another column of the scope: where numbers stay different", async () => {
        const options = { strategy: "counter" } as const
        const before = await db().connect([invoices({ ...options, period: BY_YEAR })])
        const rows = before.getRepository("Invoice")
        await rows.save([{ issuedOn: "2025-01-01" }, { issuedOn: "2026-01-01", number: 7 }])
        const { dataSource } = await migrate(db(), before, [invoices(options)])
        const after = dataSource.getRepository("Invoice")
        expect((await after.save({ issuedOn: "2025-01-01" })).number as number).to.equal(8)
        await expectUpToDate(dataSource)

        const again = await db().connect([invoices({ ...options, period: BY_YEAR })])
        await again
            .getRepository("Invoice")
            .save([{ issuedOn: "2025-01-01" }, { issuedOn: "2026-01-01" }])
        const changed = await changeEntities(db(), again, [invoices(options)])
        expect(await rejection(generateMigration(changed))).to.be.instanceOf(DuplicateRowsError)
    })

    it("is made by an installation as well", async () => {
        const before = await db().connect([invoices()])
        await before.getRepository("Invoice").insert(DAYS.map((issuedOn) => ({ issuedOn })))
        const changed = await changeEntities(db(), before, [
            invoices({ strategy: "counter", period: BY_YEAR }),
        ])
        await installAutoSequence(changed)
        await verifyAutoSequence(changed)
        const found = await changed.getRepository("Invoice").find({ order: { id: "ASC" } })
        expect(found.map(({ number }) => number as number)).to.eql([1, 1, 2, 2, 3])
    })

    it("is made by synchronize() as well", async () => {
        for (const options of [undefined, { strategy: "counter" } as const]) {
            const before = await db().connect([invoices(options)])
            await before.getRepository("Invoice").save(DAYS.map((issuedOn) => ({ issuedOn })))
            const changed = await db().connect(
                [invoices({ strategy: "counter", period: BY_YEAR })],
                {
                    sameAs: before,
                },
            )
            await verifyAutoSequence(changed)
            const rows = changed.getRepository("Invoice")
            await rows.save({ issuedOn: "2025-01-01" })
            const found = await rows.find({ order: { id: "ASC" } })
            expect(found.map(({ number }) => number as number)).to.eql(
                options ? [1, 2, 3, 4, 5, 4] : [1, 1, 2, 2, 3, 3],
            )
            const { numberPeriod } = found[1] as { numberPeriod?: string }
            expect(numberPeriod).to.equal("2026")
        }
    })

    it("converts points in time, or says why it can't", async () => {
        const { kind } = db()
        const type = { postgres: "timestamptz", mariadb: "timestamp" }[kind as string] ?? "datetime"
        const period = { ...BY_YEAR, timeZone: "America/Los_Angeles" }
        const before = await db().connect([invoices(undefined, type as ColumnType)])
        const moments = ["2027-01-01T07:30:00Z", "2027-01-01T08:30:00Z"]
        await before
            .getRepository("Invoice")
            .insert(moments.map((moment) => ({ issuedOn: new Date(moment) })))
        const entities = [invoices({ strategy: "counter", period }, type as ColumnType)]
        const migrated = migrate(db(), before, entities)
        const [result] = await Promise.allSettled([migrated])
        if (result.status === "rejected") {
            const error = result.reason as Error
            expect(kind).not.to.be.oneOf(["postgres", "pglite"])
            expect(error).to.be.instanceOf(UnsupportedError)
            expect(error.message).to.include("Invoice.number")
            expect(error.message).to.include(
                kind === "mariadb" ? "mariadb-tzinfo-to-sql" : "First add and fill",
            )
            return
        }
        const { dataSource } = result.value
        const found = await dataSource.getRepository("Invoice").find({ order: { id: "ASC" } })
        expect(found.map(({ numberPeriod }) => numberPeriod as string)).to.eql(["2026", "2027"])
    })
})

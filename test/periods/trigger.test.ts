import { expect } from "chai"
import { Column, type ColumnType, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    generateMigration,
    InvalidPeriodError,
    NotInstalledError,
    ReadOnlyNumberError,
    UnsupportedError,
    verifyAutoSequence,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection, triggerError } from "../support/errors"
import { tableName } from "../support/typeorm"
import { changeEntities } from "../migrations/migrate"

function invoices(type: ColumnType, timeZone = "UTC") {
    @Entity("invoice")
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type }) issued!: string | Date
        @AutoSequenceColumn({
            strategy: "trigger",
            period: { of: "issued", by: "year", timeZone },
        })
        number!: number
        numberPeriod!: string
    }
    return [Invoice]
}

onEveryDatabase(
    "triggers with periods",
    (db) => {
        const insert = (dataSource: DataSource, values: Record<string, string>) =>
            dataSource.query(
                `INSERT INTO ${tableName(dataSource.getMetadata("Invoice"))} ` +
                    `(${Object.keys(values)
                        .map((name) => dataSource.driver.escape(name))
                        .join()}) ` +
                    `VALUES (${Object.values(values).join()})`,
            )
        const stored = async (dataSource: DataSource) => {
            const found = await dataSource.getRepository("Invoice").find({ order: { id: "ASC" } })
            return found.map((row) => `${row.numberPeriod as string} ${row.number as number}`)
        }

        it("number what raw SQL inserts, whatever it sets", async () => {
            const dataSource = await db().connect(invoices("date"))
            await insert(dataSource, { issued: "'2026-12-31'" })
            await insert(dataSource, { issued: "'2027-01-01'", number: "NULL" })
            await insert(dataSource, {
                issued: "'2026-01-01'",
                numberPeriod: "'2026'",
                number: "7",
            })
            await insert(dataSource, { issued: "NULL", number: "NULL", numberPeriod: "NULL" })
            await dataSource.getRepository("Invoice").save([{ issued: "2026-02-02" }])
            const year = new Date().getUTCFullYear()
            // Today is one of them.
            const next = year === 2026 ? 9 : 8
            expect(await stored(dataSource)).to.eql([
                "2026 1",
                "2027 1",
                "2026 7",
                `${year} ${year === 2026 ? 8 : year === 2027 ? 2 : 1}`,
                `2026 ${next}`,
            ])
        })

        it("refuse another period than the date's, and a date of another period", async () => {
            const dataSource = await db().connect(invoices("date"))
            const attempt = insert(dataSource, { issued: "'2026-12-31'", numberPeriod: "'2027'" })
            const error = await rejection(attempt)
            expect(error).to.be.instanceOf(triggerError(db().kind, InvalidPeriodError))
            expect(error.message).to.match(/Invoice\.number has a period, but the period /i)
            await insert(dataSource, { issued: "'2026-12-31'" })
            const table = tableName(dataSource.getMetadata("Invoice"))
            const moved = await rejection(
                dataSource.query(`UPDATE ${table} SET issued = '2027-01-01'`),
            )
            expect(moved).to.be.instanceOf(triggerError(db().kind, ReadOnlyNumberError))
            expect(moved.message).to.match(/Invoice\.number has a period, and the date /i)
            await dataSource.query(`UPDATE ${table} SET issued = '2026-01-01'`)
            await insert(dataSource, { issued: "'2026-12-31'" })
            expect(await stored(dataSource)).to.eql(["2026 1", "2026 2"])
        })

        it("let the date of a row with a number go to another period where that is allowed", async () => {
            const dataSource = await db().connect(invoices("date"))
            await dataSource.getRepository("Invoice").save({ issued: "2026-12-31", number: 4 })
            const table = tableName(dataSource.getMetadata("Invoice"))
            const allow =
                db().kind === "mariadb"
                    ? "SET @autosequence_allow_changes = TRUE"
                    : "SET LOCAL autosequence.allow_changes = 'on'"
            await dataSource.transaction(async (manager) => {
                await manager.query(allow)
                await manager.query(`UPDATE ${table} SET issued = '2027-01-01'`)
                if (db().kind === "mariadb")
                    await manager.query("SET @autosequence_allow_changes = NULL")
            })
            await dataSource
                .getRepository("Invoice")
                .save([{ issued: "2026-12-31" }, { issued: "2027-12-31" }])
            const [first, second, third] = await stored(dataSource)
            expect([first, third]).to.eql(["2027 4", "2027 5"])
            expect(second).to.match(/^2026 /)
        })

        it("have the periods of a process in another zone, or say that they are not its own", async () => {
            const type = db().kind === "mariadb" ? "datetime" : "timestamp"
            const before = process.env.TZ
            try {
                process.env.TZ = "Etc/UTC"
                const utc = await db().connect(invoices(type))
                await utc.getRepository("Invoice").save({ issued: new Date("2026-12-31T23:30Z") })
                expect(await stored(utc)).to.eql(["2026 1"])
                process.env.TZ = "America/New_York"
                const elsewhere = await changeEntities(db(), utc, invoices(type))
                const error = await rejection(verifyAutoSequence(elsewhere))
                expect(error).to.be.instanceOf(NotInstalledError)
                expect(error.message).to.match(/is outdated|does not know the time zones/)
            } finally {
                if (before === undefined) delete process.env.TZ
                else process.env.TZ = before
            }
        })

        it("are refused where the database has no tables of time zones", async function () {
            if (db().kind !== "mariadb") return this.skip()
            const dataSource = await db().connect([])
            const [found] = await dataSource.query<{ day: unknown }[]>(
                "SELECT CONVERT_TZ('2026-01-01', 'UTC', 'Europe/Berlin') AS day",
            )
            const entities = invoices("datetime", "Europe/Berlin")
            const changed = await changeEntities(db(), dataSource, entities)
            const [generated, verified] = await Promise.allSettled([
                generateMigration(changed),
                verifyAutoSequence(changed),
            ])
            if (found?.day === null) {
                const { reason } = generated as PromiseRejectedResult
                expect(reason).to.be.instanceOf(UnsupportedError)
                expect(String(reason)).to.include("mariadb-tzinfo-to-sql")
                expect(String((verified as PromiseRejectedResult).reason)).to.include(
                    "mariadb-tzinfo-to-sql",
                )
                return
            }
            expect(generated.status).to.equal("fulfilled")
            // What it would leave as it is.
            const connected = await db().connect(entities)
            const rows = connected.getRepository("Invoice")
            const error = await rejection(rows.save({ issued: new Date("2040-07-01T12:00Z") }))
            expect(error).to.be.instanceOf(InvalidPeriodError)
            expect(error.message).to.include("1970 to 2037")
            await rows.save({ issued: new Date("2037-12-31T23:30Z") })
            expect(await stored(connected)).to.eql(["2038 1"])
        })

        it("do without those tables where days are given", async () => {
            const dataSource = await db().connect(invoices("date", "Europe/Berlin"))
            await dataSource.getRepository("Invoice").save({ issued: "2026-12-31" })
            await verifyAutoSequence(dataSource)
            expect(await stored(dataSource)).to.eql(["2026 1"])
        })
    },
    ({ bigints }) => bigints,
)

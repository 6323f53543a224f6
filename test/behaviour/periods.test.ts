import { expect } from "chai"
import {
    Column,
    type ColumnType,
    Entity,
    In,
    JoinColumn,
    ManyToOne,
    type ObjectLiteral,
    PrimaryGeneratedColumn,
    type Repository,
} from "typeorm"
import {
    AutoSequenceColumn,
    InvalidPeriodError,
    type PeriodUnit,
    ReadOnlyNumberError,
    UnsupportedError,
} from "../../src"
import { rejection } from "../support/errors"
import type { Kind, TestDatabase } from "../support/databases"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"

/** What is stored, the first row first. */
async function stored(rows: Repository<ObjectLiteral>): Promise<unknown[]> {
    const found = await rows.find({ order: { id: "ASC" } })
    return found.map(({ numberPeriod, number }) => `${String(numberPeriod)} ${String(number)}`)
}

/** MariaDB converts between zones only where their tables were loaded. */
async function knowsZones(database: TestDatabase): Promise<boolean> {
    if (database.kind !== "mariadb") return true
    const dataSource = await database.connect([])
    const [found] = await dataSource.query<{ day: unknown }[]>(
        "SELECT CONVERT_TZ('2026-01-01', 'UTC', 'Europe/Berlin') AS day",
    )
    return found?.day !== null
}

onEachCell("Periods of days", ({ way, tables }) => {
    const { options } = way

    @Entity()
    class Company {
        @PrimaryGeneratedColumn() id!: number
        @Column({ default: "Europe/Berlin" }) timeZone!: string
    }

    @Entity()
    class Invoice {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Company, { nullable: false })
        @JoinColumn({ name: "company" })
        company!: Company
        @Column({ type: "date" }) issuedOn!: string
        @Column({ default: "" }) note!: string
        @AutoSequenceColumn({
            ...options,
            uniqueWith: "company",
            period: { of: "issuedOn", by: "year", timeZone: "UTC" },
        })
        number!: number
        numberPeriod!: string
    }

    const byUnit = (by: PeriodUnit, startsIn?: number) => {
        @Entity(`by_${by.toLowerCase()}`)
        class ByUnit {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "date" }) issuedOn!: string
            @AutoSequenceColumn({
                ...options,
                period: { of: "issuedOn", by, timeZone: "UTC", startsIn },
            })
            number!: number
        }
        return ByUnit
    }
    const units = {
        year: byUnit("year"),
        quarter: byUnit("quarter"),
        month: byUnit("month"),
        day: byUnit("day"),
        fiscalYear: byUnit("fiscalYear", 4),
    }

    @Entity()
    class Receipt {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "date" }) issuedOn!: string
        @Column({ type: "varchar", length: 10 }) fiscalYear!: string
        @AutoSequenceColumn({
            ...options,
            period: {
                of: "issuedOn",
                by: "fiscalYear",
                startsIn: 4,
                timeZone: "UTC",
                property: "fiscalYear",
            },
        })
        number!: number
    }

    const dataSource = tables([Company, Invoice, Receipt, ...Object.values(units)])
    const invoices = () => dataSource().getRepository(Invoice)
    const companies = () => dataSource().getRepository(Company).save([{}, {}])

    it("count anew, in each scope on its own, and stand on the row", async () => {
        const [a, b] = await companies()
        const rows = await invoices().save([
            { company: a, issuedOn: "2026-12-31" },
            { company: a, issuedOn: "2027-01-01" },
            { company: b, issuedOn: "2027-01-01" },
            { company: a, issuedOn: "2026-01-01" },
            { company: a, issuedOn: "2027-06-30" },
        ])
        const last = await invoices().save({ company: a, issuedOn: "2026-02-28" })
        expect([...rows, last].map((row) => [row.numberPeriod, row.number])).to.eql([
            ["2026", 1],
            ["2027", 1],
            ["2027", 1],
            ["2026", 2],
            ["2027", 2],
            ["2026", 3],
        ])
        expect(await stored(invoices())).to.eql([
            "2026 1",
            "2027 1",
            "2027 1",
            "2026 2",
            "2027 2",
            "2026 3",
        ])
    })

    it("have the names of years, quarters, months, days and fiscal years", async () => {
        const names = {
            year: ["2028", "2028", "2028"],
            quarter: ["2028-Q1", "2028-Q1", "2028-Q2"],
            month: ["2028-02", "2028-03", "2028-04"],
            day: ["2028-02-29", "2028-03-31", "2028-04-01"],
            fiscalYear: ["2027", "2027", "2028"],
        }
        for (const [unit, entity] of Object.entries(units)) {
            const rows = dataSource().getRepository<ObjectLiteral>(entity)
            await rows.save(
                ["2028-02-29", "2028-03-31", "2028-04-01"].map((issuedOn) => ({ issuedOn })),
            )
            const counts = new Map<string, number>()
            const expected = names[unit as PeriodUnit].map((name) => {
                counts.set(name, (counts.get(name) ?? 0) + 1)
                return `${name} ${counts.get(name)}`
            })
            expect(await stored(rows), unit).to.eql(expected)
        }
    })

    it("are stored in a property of the entity's own", async () => {
        const receipts = dataSource().getRepository(Receipt)
        const rows = await receipts.save([
            { issuedOn: "2026-03-31" },
            { issuedOn: "2026-04-01" },
            { issuedOn: "2027-03-31" },
        ])
        expect(rows.map(({ fiscalYear, number }) => [fiscalYear, number])).to.eql([
            ["2025", 1],
            ["2026", 1],
            ["2026", 2],
        ])
        const found = await receipts.find({ order: { id: "ASC" } })
        expect(found).to.eql(rows)
    })

    it("of rows without a date are those of today", async () => {
        const [company] = await companies()
        const before = new Date().toISOString().slice(0, 10)
        const rows = [
            await invoices().save({ company }),
            await invoices().save({ company, issuedOn: null as never }),
        ]
        const after = new Date().toISOString().slice(0, 10)
        for (const row of rows) {
            expect([before, after]).to.include(row.issuedOn)
            expect(row.numberPeriod).to.equal(row.issuedOn.slice(0, 4))
            expect(await invoices().findOneByOrFail({ id: row.id })).to.deep.include({
                number: row.number,
                issuedOn: row.issuedOn,
                numberPeriod: row.numberPeriod,
            })
        }
        expect(rows.map(({ number }) => number)).to.eql([1, 2])
    })

    it("keep the number that the caller sets, and go on after it", async () => {
        const [company] = await companies()
        await invoices().save({ company, issuedOn: "2026-05-05", number: 7 })
        await invoices().save({ company, issuedOn: "2026-05-05", numberPeriod: "2026" })
        await invoices().save({ company, issuedOn: "2027-05-05" })
        expect(await stored(invoices())).to.eql(["2026 7", "2026 8", "2027 1"])
    })

    it("are not set otherwise than the date says", async () => {
        const [company] = await companies()
        const error = await rejection(
            invoices().save({ company, issuedOn: "2026-05-05", numberPeriod: "2027" }),
        )
        expect(error).to.be.instanceOf(InvalidPeriodError)
        await invoices().save({ company, issuedOn: "2026-05-05" })
        expect(await stored(invoices())).to.eql(["2026 1"])
    })

    it("leave the entity with the number, where the transaction is rolled back", async () => {
        const [company] = await companies()
        const row = invoices().create({ company })
        await rolledBack(dataSource(), async (manager) => {
            await manager.save(row)
            expect(row.numberPeriod).to.equal(row.issuedOn.slice(0, 4))
        })
        expect([row.number, row.numberPeriod, row.issuedOn]).to.eql([
            undefined,
            undefined,
            undefined,
        ])
        await invoices().save(Object.assign(row, { id: undefined, issuedOn: "2031-01-01" }))
        expect(row.numberPeriod).to.equal("2031")
        expect(await stored(invoices())).to.eql([way.isGapless ? "2031 1" : "2031 1"])
    })

    it("are final: a date of another period is refused, and one of the same is taken", async () => {
        const [company] = await companies()
        const row = await invoices().save({ company, issuedOn: "2026-05-05" })
        const other = await invoices().save({ company, issuedOn: "2027-05-05" })
        const attempts = [
            () => invoices().save({ id: row.id, issuedOn: "2027-05-05" }),
            () => invoices().update(row.id, { issuedOn: "2025-12-31" }),
            () =>
                invoices()
                    .createQueryBuilder()
                    .update()
                    .set({ issuedOn: "2027-12-31" })
                    .where("1 = 1")
                    .execute(),
            () => invoices().update(row.id, { numberPeriod: "2027" }),
            () => invoices().update(row.id, { numberPeriod: "2027", issuedOn: "2027-05-05" }),
            () => invoices().update(row.id, { issuedOn: null as never }),
        ]
        for (const attempt of attempts) {
            const error = await rejection(attempt())
            expect(error, String(attempt)).to.be.instanceOf(ReadOnlyNumberError)
        }
        await invoices().save({ id: row.id, issuedOn: "2026-12-31" })
        await invoices().update(other.id, { issuedOn: "2027-01-01", note: "moved" })
        await invoices().save({ company, issuedOn: "2026-05-05" })
        await invoices().save({ company, issuedOn: "2027-05-05" })
        const found = await invoices().find({ order: { id: "ASC" } })
        expect(found.map(({ issuedOn }) => issuedOn).slice(0, 2)).to.eql([
            "2026-12-31",
            "2027-01-01",
        ])
        expect(await stored(invoices())).to.eql(["2026 1", "2027 1", "2026 2", "2027 2"])
    })
})

/** The types that hold a moment, each in its way. */
const MOMENTS: Record<Kind, readonly ColumnType[]> = {
    postgres: ["timestamptz", "timestamp"],
    pglite: ["timestamptz", "timestamp"],
    mariadb: ["timestamp", "datetime"],
    "better-sqlite3": ["datetime"],
    sqljs: ["datetime"],
}

onEachCell("Periods of points in time", ({ way, database }) => {
    const entitiesOf = (type: ColumnType, by: PeriodUnit, timeZone: string) => {
        @Entity({ name: "company" })
        class Company {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "varchar", length: 64, nullable: true }) timeZone!: string | null
        }

        @Entity({ name: "branch" })
        class Branch {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Company, { nullable: false, cascade: true }) company!: Company
        }

        @Entity({ name: "document" })
        class Document {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type, nullable: true }) issuedAt!: Date | null
            @Column({ type: "varchar", length: 64, default: "Europe/Berlin" }) zone!: string
            @ManyToOne(() => Branch, { cascade: true }) branch!: Branch | null
            @AutoSequenceColumn({ ...way.options, period: { of: "issuedAt", by, timeZone } })
            number!: number
            numberPeriod!: string
        }
        return { Company, Branch, Document }
    }

    /** For each type of columns; where the database can't do it, expects it to be refused. */
    async function onEachType(
        by: PeriodUnit,
        timeZone: string,
        work: (rows: Repository<ObjectLiteral>, type: ColumnType) => Promise<void>,
    ): Promise<void> {
        for (const type of MOMENTS[database().kind]) {
            const entities = entitiesOf(type, by, timeZone)
            const connected = database().connect(Object.values(entities))
            if (way.isInDatabase && !(await knowsZones(database()))) {
                const error = await rejection(connected)
                expect(error).to.be.instanceOf(UnsupportedError)
                expect(error.message)
                    .to.include("mariadb-tzinfo-to-sql")
                    .and.include("Document.number")
            } else await work((await connected).getRepository<ObjectLiteral>("Document"), type)
        }
    }

    /** Saves rows of these moments; resolves to their periods, as shown and as stored. */
    async function periodsOf(
        rows: Repository<ObjectLiteral>,
        moments: readonly string[],
        others: ObjectLiteral = {},
    ): Promise<unknown[]> {
        const saved = await rows.save(
            moments.map((moment) => ({ issuedAt: new Date(moment), ...others })),
        )
        const shown = saved.map((row) => row.numberPeriod as unknown)
        const found = await rows.findBy({ id: In(saved.map((row) => row.id as number)) })
        expect(found.map((row) => row.numberPeriod as unknown)).to.have.members(shown)
        for (const [at, row] of saved.entries()) {
            const reloaded = found.find(({ id }) => id === row.id)
            expect((reloaded?.issuedAt as Date).getTime()).to.equal(Date.parse(moments[at] ?? ""))
        }
        return shown
    }

    const NEW_YEAR = [
        "2026-12-31T22:30:00Z",
        "2026-12-31T23:30:00Z",
        "2027-01-01T07:30:00Z",
        "2027-01-01T08:30:00Z",
    ]

    it("begin when the year does in Berlin, and in Los Angeles", async () => {
        await onEachType("year", "Europe/Berlin", async (rows, type) => {
            const periods = await periodsOf(rows, NEW_YEAR)
            expect(periods, String(type)).to.eql(["2026", "2027", "2027", "2027"])
            expect(await stored(rows)).to.eql(["2026 1", "2027 1", "2027 2", "2027 3"])
        })
        await onEachType("year", "America/Los_Angeles", async (rows, type) => {
            const periods = await periodsOf(rows, NEW_YEAR)
            expect(periods, String(type)).to.eql(["2026", "2026", "2026", "2027"])
        })
    })

    it("know summer time, and the 29th of February", async () => {
        await onEachType("day", "Europe/Berlin", async (rows, type) => {
            const periods = await periodsOf(rows, [
                "2026-03-28T23:00:00Z",
                "2026-03-29T21:59:59Z",
                "2026-03-29T22:00:00Z",
                "2026-10-24T21:59:59Z",
                "2026-10-24T22:00:00Z",
                "2026-10-25T22:59:59Z",
                "2028-02-28T23:00:00Z",
                "2028-02-29T22:59:59Z",
                "2028-02-29T23:00:00Z",
            ])
            expect(periods, String(type)).to.eql([
                "2026-03-29",
                "2026-03-29",
                "2026-03-30",
                "2026-10-24",
                "2026-10-25",
                "2026-10-25",
                "2028-02-29",
                "2028-02-29",
                "2028-03-01",
            ])
        })
    })

    it("are those of the zone that the row has", async () => {
        await onEachType("year", "zone", async (rows) => {
            expect(await periodsOf(rows, NEW_YEAR)).to.eql(["2026", "2027", "2027", "2027"])
            const zone = "America/Los_Angeles"
            expect(await periodsOf(rows, NEW_YEAR, { zone })).to.eql([
                "2026",
                "2026",
                "2026",
                "2027",
            ])
            expect(await periodsOf(rows, NEW_YEAR, { zone: "UTC" })).to.eql([
                "2026",
                "2026",
                "2027",
                "2027",
            ])
            const row = await rows.save({ issuedAt: new Date(NEW_YEAR[1] ?? "") })
            const error = await rejection(rows.save({ id: row.id as number, zone }))
            expect(error).to.be.instanceOf(ReadOnlyNumberError)
        })
    })

    it("are those of the zone that relations lead to", async () => {
        await onEachType("year", "branch.company.timeZone", async (rows) => {
            const branch = { company: { timeZone: "America/Los_Angeles" } }
            const [first] = NEW_YEAR
            expect(await periodsOf(rows, [NEW_YEAR[1] ?? ""], { branch })).to.eql(["2026"])
            const [saved] = await rows.manager.find<ObjectLiteral>("Branch")
            const berlin = await rows.manager.save("Branch", {
                company: { timeZone: "Europe/Berlin" },
            })
            expect(await periodsOf(rows, NEW_YEAR, { branch: saved })).to.eql([
                "2026",
                "2026",
                "2026",
                "2027",
            ])
            expect(await periodsOf(rows, NEW_YEAR, { branch: berlin })).to.eql([
                "2026",
                "2027",
                "2027",
                "2027",
            ])
            const row = await rows.save({ issuedAt: new Date(first ?? ""), branch: saved })
            await rows.update(row.id as number, { issuedAt: new Date(NEW_YEAR[2] ?? "") })
            const error = await rejection(
                rows.update(row.id as number, { issuedAt: new Date(NEW_YEAR[3] ?? "") }),
            )
            expect(error).to.be.instanceOf(ReadOnlyNumberError)
            const moved = await rejection(rows.save({ id: row.id as number, branch: berlin }))
            expect(moved).to.be.instanceOf(ReadOnlyNumberError)
        })
    })

    it("are refused where there is no such zone, or none is set", async () => {
        await onEachType("year", "zone", async (rows) => {
            for (const zone of ["Mars/Phobos", "CET", "+02:00", "", "nowhere"]) {
                const error = await rejection(rows.save({ issuedAt: new Date(), zone }))
                expect(error, zone).to.be.instanceOf(InvalidPeriodError)
                expect(error.message).to.include("time zone")
                if (zone) expect(error.message).not.to.include(zone === "CET" ? "CET " : zone)
            }
            expect(await rows.count()).to.equal(0)
            await periodsOf(rows, NEW_YEAR)
            expect(await stored(rows)).to.eql(["2026 1", "2027 1", "2027 2", "2027 3"])
        })
        await onEachType("year", "branch.company.timeZone", async (rows) => {
            for (const branch of [null, { company: { timeZone: null } }]) {
                const error = await rejection(rows.save({ issuedAt: new Date(), branch }))
                expect(error).to.be.instanceOf(InvalidPeriodError)
            }
            expect(await rows.count()).to.equal(0)
        })
    })

    it("are those of the date as the column keeps it, which may round it", async function () {
        // The zone in which the driver writes may be another one than UTC.
        if (way.isInDatabase && !(await knowsZones(database()))) return this.skip()
        for (const type of MOMENTS[database().kind]) {
            @Entity()
            class Rounded {
                @PrimaryGeneratedColumn() id!: number
                @Column({ type, precision: 0 }) issuedAt!: Date
                @AutoSequenceColumn({
                    ...way.options,
                    period: { of: "issuedAt", by: "year", timeZone: "UTC" },
                })
                number!: number
                numberPeriod!: string
            }
            if (type === "datetime" && database().kind !== "mariadb") return
            const rows = (await database().connect([Rounded])).getRepository(Rounded)
            await rows.save({ issuedAt: new Date("2026-12-31T23:59:59.700Z") })
            const { issuedAt, numberPeriod } = await rows.findOneByOrFail({ number: 1 })
            expect(numberPeriod, String(type)).to.equal(issuedAt.toISOString().slice(0, 4))
        }
    })

    it("of rows without a date are those of now", async () => {
        await onEachType("day", "Pacific/Kiritimati", async (rows) => {
            const today = () => new Date(Date.now() + 14 * 3600_000).toISOString().slice(0, 10)
            const before = [Date.now(), today()] as const
            const saved = [await rows.save({}), await rows.save({ issuedAt: null })]
            const after = [Date.now(), today()] as const
            for (const row of saved) {
                const at = (row as unknown as { issuedAt: Date }).issuedAt.getTime()
                expect(at).to.be.within(before[0] - 1000, after[0] + 1000)
                const { numberPeriod } = row as unknown as { numberPeriod: string }
                expect([before[1], after[1]]).to.include(numberPeriod)
                const found = await rows.findOneByOrFail({
                    id: (row as ObjectLiteral).id as number,
                })
                expect((found.issuedAt as Date).getTime()).to.equal(at)
                expect(found.numberPeriod).to.equal(numberPeriod)
            }
        })
    })
})

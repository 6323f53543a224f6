import { expect } from "chai"
import {
    ChildEntity,
    Column,
    CreateDateColumn,
    type DataSource,
    Entity,
    EntitySchema,
    type ObjectLiteral,
    PrimaryGeneratedColumn,
    type Repository,
    TableInheritance,
    Unique,
} from "typeorm"
import {
    AutoSequenceColumn,
    InvalidNumberError,
    PseudoKey,
    ReadOnlyNumberError,
    seriesOf,
    UnknownScopeError,
    withAutoSequenceColumns,
} from "../../src"
import { rejection } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { rolledBack } from "../support/rows"

const PERIOD = { of: "issuedOn", by: "year", timeZone: "UTC" } as const

async function stored(rows: Repository<ObjectLiteral>): Promise<unknown[]> {
    const found = await rows.find({ order: { id: "ASC" } })
    return found.map(({ numberPeriod, number }) => `${String(numberPeriod)} ${String(number)}`)
}

onEachCell("Rows in periods", ({ way, tables }) => {
    const { options } = way

    class Numbering {
        @AutoSequenceColumn({ ...options, period: PERIOD }) number!: number
        numberPeriod!: string
    }

    @Entity()
    class Parcel {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "date" }) issuedOn!: string
        @Column(() => Numbering) label!: Numbering
    }

    interface Letter {
        id: number
        issuedOn: string
        number: number
        numberPeriod: string
    }
    const LetterEntity = withAutoSequenceColumns(
        new EntitySchema<Letter>({
            name: "letter",
            columns: {
                id: { type: "int", primary: true, generated: true },
                issuedOn: { type: "date" },
            },
        }),
        { number: { ...options, period: PERIOD } },
    )

    @Entity()
    @TableInheritance({ column: { type: "varchar", name: "kind" } })
    class Paper {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "date", nullable: true }) issuedOn!: string | null
    }
    @ChildEntity()
    class Bill extends Paper {
        @AutoSequenceColumn({ ...options, nullable: way.hasDrafts, period: PERIOD }) number!: number
        numberPeriod!: string
    }
    @ChildEntity()
    class Note extends Paper {}

    @Entity()
    @Unique(["reference"])
    class Order {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 20 }) reference!: string
        @Column({ type: "date" }) issuedOn!: string
        @AutoSequenceColumn({ ...options, period: PERIOD }) number!: number
        numberPeriod!: string
    }

    @Entity()
    class WithDefaults {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "date", default: "2020-02-02" }) issuedOn!: string
        @CreateDateColumn() createdAt!: Date
        @AutoSequenceColumn({ ...options, period: PERIOD }) number!: number
        numberPeriod!: string
    }

    @Entity()
    class Zoned {
        @PrimaryGeneratedColumn() id!: number
        @Column({ default: "Asia/Tokyo" }) zone!: string
        @Column({ type: "date" }) issuedOn!: string
        @AutoSequenceColumn({ ...options, period: { ...PERIOD, timeZone: "zone" } }) number!: number
        numberPeriod!: string
    }

    @Entity()
    class Keyed {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "date" }) issuedOn!: string
        @AutoSequenceColumn({ ...options, period: PERIOD }) number!: number
        numberPeriod!: string
        @PseudoKey({
            case: "keep",
            derive: (row: Keyed) => `R-${row.numberPeriod}-${row.number}`,
            after: way.isInDatabase ? "insert" : undefined,
        })
        key!: string
        // Unique in what its number is unique in.
        @PseudoKey({
            case: "keep",
            derive: (row: Keyed) => `N-${row.number}`,
            after: way.isInDatabase ? "insert" : undefined,
        })
        short!: string
    }

    const dataSource = tables([
        Parcel,
        LetterEntity,
        Paper,
        Bill,
        Note,
        Order,
        WithDefaults,
        Zoned,
        Keyed,
    ])
    const days = () => ["2026-05-05", "2027-05-05", "2026-06-06"].map((issuedOn) => ({ issuedOn }))

    it("may have their number in an embedded entity", async () => {
        const parcels = dataSource().getRepository(Parcel)
        await parcels.save(days())
        await parcels.save({ issuedOn: "2027-01-01" })
        const found = await parcels.find({ order: { id: "ASC" } })
        expect(found.map(({ label }) => `${label.numberPeriod} ${label.number}`)).to.eql([
            "2026 1",
            "2027 1",
            "2026 2",
            "2027 2",
        ])
    })

    it("may be those of an EntitySchema", async () => {
        const letters = dataSource().getRepository(LetterEntity)
        const saved = await letters.save(days())
        expect(saved.map(({ numberPeriod }) => numberPeriod)).to.eql(["2026", "2027", "2026"])
        await letters.save({ issuedOn: "2027-01-01" })
        expect(await stored(letters)).to.eql(["2026 1", "2027 1", "2026 2", "2027 2"])
    })

    it("may be of one class of a table", async () => {
        const { manager } = dataSource()
        await manager.save(Note, [{}, { issuedOn: "2026-05-05" }])
        const bills = await manager.save(Bill, days())
        await manager.save(Note, {})
        await manager.save(Bill, { issuedOn: "2027-01-01" })
        expect(bills.map(({ numberPeriod }) => numberPeriod)).to.eql(["2026", "2027", "2026"])
        expect(await stored(manager.getRepository(Bill))).to.eql([
            "2026 1",
            "2027 1",
            "2026 2",
            "2027 2",
        ])
        expect(await manager.count(Note)).to.equal(3)
    })

    it("keep their period in an upsert, whose date may not be of another", async () => {
        const orders = dataSource().getRepository(Order)
        const upsert = async (reference: string, issuedOn: string) => {
            const row = { reference, issuedOn } as Order
            await dataSource().transaction((manager) => manager.upsert(Order, row, ["reference"]))
            return row.numberPeriod
        }
        expect(await upsert("a", "2026-05-05")).to.equal("2026")
        await upsert("b", "2027-05-05")
        const updated = await upsert("a", "2026-12-31")
        expect(updated).to.equal("2026")
        expect(await rejection(upsert("a", "2027-01-01"))).to.be.instanceOf(ReadOnlyNumberError)
        await upsert("c", "2026-05-05")
        await upsert("b", "2027-01-01")
        const found = await orders.find({ order: { reference: "ASC" } })
        expect(found.map((row) => [row.issuedOn, row.numberPeriod, row.number])).to.eql([
            ["2026-12-31", "2026", 1],
            ["2027-01-01", "2027", 1],
            ["2026-05-05", "2026", way.isGapless ? 2 : 3],
        ])
    })

    it("may be inserted by a query, several at once, and by columns", async () => {
        const rows = await dataSource().transaction(async (manager) => {
            const values = days().map((day, at) => ({ ...day, reference: String(at) }))
            await manager.createQueryBuilder().insert().into(Order).values(values).execute()
            await manager
                .createQueryBuilder()
                .insert()
                .into(Order, ["reference", "issuedOn"])
                .values({ reference: "last", issuedOn: "2027-12-12" })
                .execute()
            return values as Order[]
        })
        expect(await stored(dataSource().getRepository(Order))).to.eql([
            "2026 1",
            "2027 1",
            "2026 2",
            "2027 2",
        ])
        expect(rows.map(({ numberPeriod }) => numberPeriod)).to.eql(["2026", "2027", "2026"])
    })

    it("come back by a query that asks for all of their columns", async () => {
        if (!dataSource().driver.isReturningSqlSupported("insert")) return
        const { raw } = await dataSource().transaction((manager) =>
            manager
                .createQueryBuilder()
                .insert()
                .into(Order)
                .values(days().map((day, at) => ({ ...day, reference: String(at) })))
                .returning("*")
                .execute(),
        )
        const rows = raw as Order[]
        expect(rows.map((row) => `${row.numberPeriod} ${row.number}`)).to.eql([
            "2026 1",
            "2027 1",
            "2026 2",
        ])
    })

    it("show their period when they bring their number, and others of the save don't", async () => {
        const orders = dataSource().getRepository(Order)
        const rows = await orders.save([
            { reference: "a", issuedOn: "2026-05-05" },
            { reference: "b", issuedOn: "2026-06-06", number: 7 },
            { reference: "c", issuedOn: "2027-07-07" },
        ])
        expect(rows.map(({ numberPeriod }) => numberPeriod)).to.eql(["2026", "2026", "2027"])
        expect(rows[1]?.number).to.equal(7)
    })

    it("have the date of the column's default", async () => {
        const rows = dataSource().getRepository(WithDefaults)
        await rows.save([{}, { issuedOn: "2021-01-01" }])
        await rows.save({})
        expect(await stored(rows)).to.eql(["2020 1", "2021 1", "2020 2"])
    })

    it("may have a date that SQL tells only where the database counts", async () => {
        const rows = dataSource().getRepository(WithDefaults)
        const attempt = rows.save({ issuedOn: (() => "CURRENT_DATE") as unknown as string })
        if (way.isInDatabase) await attempt
        else {
            const error = await rejection(attempt)
            expect(error).to.be.instanceOf(UnknownScopeError)
            expect(error.message)
                .to.include("WithDefaults.number")
                .and.include("issuedOn is a function")
        }
        const [last] = (await rows.save([{ issuedOn: "2022-01-01" }])) as [WithDefaults]
        expect([last.numberPeriod, last.number]).to.eql(["2022", 1])
        expect(await rows.count()).to.equal(way.isInDatabase ? 2 : 1)
    })

    it("may get another day of their period, whatever zone they have", async () => {
        const repository = dataSource().getRepository(Zoned)
        const row = await repository.save({ issuedOn: "2026-05-05" })
        await repository.update(row.id, { issuedOn: "2026-12-31" })
        await rejection(repository.update(row.id, { issuedOn: "2027-01-01" }))
        const found = await repository.findOneByOrFail({ id: row.id })
        expect(found).to.include({ issuedOn: "2026-12-31", numberPeriod: "2026", number: 1 })
    })

    it("may have keys that are made of number and period", async () => {
        const rows = dataSource().getRepository(Keyed)
        await rows.save(days())
        const last = await rows.save({ issuedOn: "2027-01-01" })
        expect(last.key).to.equal("R-2027-2")
        const found = await rows.find({ order: { id: "ASC" } })
        expect(found.map(({ key }) => key)).to.eql(["R-2026-1", "R-2027-1", "R-2026-2", "R-2027-2"])
        expect(found.map(({ short }) => short)).to.eql(["N-1", "N-1", "N-2", "N-2"])
    })

    it("that are copies are numbered in the period of their own date", async () => {
        const orders = dataSource().getRepository(Order)
        const row = await orders.save({ reference: "a", issuedOn: "2026-05-05" })
        await orders.save(
            Object.assign(row, { id: undefined, reference: "b", issuedOn: "2027-01-01" }),
        )
        expect(await stored(orders)).to.eql(["2026 1", "2027 1"])
    })
})

onEachCell(
    "Drafts in periods",
    ({ way, tables }) => {
        @Entity()
        class Draft {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "date", nullable: true }) issuedOn!: string | null
            @Column({ default: "" }) note!: string
            @AutoSequenceColumn({ ...way.options, nullable: true, period: PERIOD })
            number!: number | null
            numberPeriod!: string | null
        }
        const dataSource = tables([Draft])

        it("have no period, and get that of their date with the number", async () => {
            const drafts = dataSource().getRepository(Draft)
            const [first, second, third] = await drafts.save([
                { number: null, issuedOn: "2026-05-05" },
                { number: null },
                { number: null, issuedOn: "2026-05-05" },
            ])
            await drafts.save({ issuedOn: "2026-01-01" })
            expect(await stored(drafts)).to.eql(["null null", "null null", "null null", "2026 1"])
            await drafts.save({ id: first!.id, issuedOn: "2027-05-05", note: "moved" })
            await drafts.save({ id: first!.id, number: 1 })
            const draft = await drafts.findOneByOrFail({ id: second!.id })
            await rolledBack(dataSource(), async (manager) => {
                await manager.save(Object.assign(draft, { number: 50 }))
                expect(draft.numberPeriod).to.equal(draft.issuedOn?.slice(0, 4))
            })
            expect([draft.numberPeriod, draft.issuedOn]).to.eql([null, null])
            await drafts.save(draft)
            expect(draft.numberPeriod).to.equal(draft.issuedOn?.slice(0, 4))
            await dataSource().transaction((manager) =>
                manager.update(Draft, third!.id, { number: 2, issuedOn: "2026-12-31" }),
            )
            const year = new Date().getUTCFullYear()
            expect(await stored(drafts)).to.eql(["2027 1", `${year} 50`, "2026 2", "2026 1"])
            const { issuedOn } = await drafts.findOneByOrFail({ id: second!.id })
            expect(issuedOn?.slice(0, 4)).to.equal(String(year))
            await drafts.save([{ issuedOn: "2027-01-01" }, { issuedOn: "2025-01-01" }])
            expect((await stored(drafts)).slice(-2)).to.eql(["2027 2", "2025 1"])
            const error = await rejection(drafts.save({ id: first!.id, issuedOn: "2026-05-05" }))
            expect(error).to.be.instanceOf(ReadOnlyNumberError)
        })

        it("of several periods each get their own by one update", async () => {
            const drafts = dataSource().getRepository(Draft)
            await drafts.save([
                { number: null, issuedOn: "2026-05-05" },
                { number: null, issuedOn: "2027-05-05" },
            ])
            await dataSource().transaction((manager) =>
                manager.update(Draft, { note: "" }, { number: 1 }),
            )
            await drafts.save({ issuedOn: "2027-01-01" })
            expect(await stored(drafts)).to.eql(["2026 1", "2027 1", "2027 2"])
        })
    },
    ({ hasDrafts }) => hasDrafts,
)

onEachCell(
    "Tables that share a series in periods",
    ({ way, tables }) => {
        @Entity()
        class Invoice {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "date" }) issuedOn!: string
            @AutoSequenceColumn({ ...way.options, series: "papers", period: PERIOD })
            number!: number
            numberPeriod!: string
        }
        @Entity()
        class Credit {
            @PrimaryGeneratedColumn() id!: number
            @Column({ type: "date" }) day!: string
            @AutoSequenceColumn({
                ...way.options,
                series: "papers",
                period: { ...PERIOD, of: "day" },
                explicit: "refuse",
            })
            number!: number
            numberPeriod!: string
        }
        const dataSource: () => DataSource = tables([Invoice, Credit])

        it("count together in each, and so does their sequence", async () => {
            const { manager } = dataSource()
            await manager.save(Invoice, { issuedOn: "2026-05-05" })
            await manager.save(Credit, { day: "2026-06-06" })
            await manager.save(Credit, { day: "2027-06-06" })
            const numbers = seriesOf(dataSource(), Invoice, "number")
            expect(await numbers.last({ period: "2026" })).to.equal(2)
            const scope = { issuedOn: "2026-06-06" }
            expect(await dataSource().transaction((inner) => numbers.next(inner, scope))).to.equal(
                3,
            )
            const last = await manager.save(Invoice, { issuedOn: "2026-07-07" })
            expect(last.number).to.equal(4)
            const error = await rejection(manager.save(Credit, { day: "2026-06-06", number: 9 }))
            expect(error).to.be.instanceOf(InvalidNumberError)
            expect(await stored(manager.getRepository(Credit))).to.eql(["2026 2", "2027 1"])
        })
    },
    ({ options, isGapless }) => options.strategy !== "table-lock" && isGapless,
)

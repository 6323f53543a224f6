import { expect } from "chai"
import {
    Column,
    type ColumnOptions,
    type DataSource,
    Entity,
    Generated,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    ColumnChangeError,
    generateMigration,
    installAutoSequence,
    PseudoKey,
    verifyAutoSequence,
} from "../../src"
import { onEveryDatabase, type TestDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { changeEntities, expectUpToDate, migrate, shapeOf } from "./migrate"

type Decorate = (prototype: object, property: string) => void

/** Bills whose columns are decorated by these. */
function bills(decorate: Partial<Record<"number" | "publicId" | "area", Decorate>>) {
    @Entity("bill")
    class Bill {
        @PrimaryGeneratedColumn("uuid") id!: string
        @Column({ type: "int" }) place!: number
        number?: unknown
        publicId?: unknown
        area?: unknown
    }
    for (const [property, decorator] of Object.entries(decorate))
        decorator(Bill.prototype, property)
    return Bill
}

const plain = (options: ColumnOptions): Decorate => Column(options) as Decorate
const numbered = (options: AutoSequenceColumnOptions = {}): Decorate =>
    AutoSequenceColumn({ strategy: "counter", ...options }) as Decorate
const generated: Decorate = (prototype, property) => {
    Column({ type: "int", unique: true })(prototype, property)
    Generated("increment")(prototype, property)
}

async function insert(
    dataSource: DataSource,
    values: Partial<Record<"number" | "publicId" | "area", unknown>>[],
): Promise<void> {
    for (const [place, value] of values.entries())
        await dataSource.getRepository("Bill").save({ place, ...value })
}

async function valuesOf(dataSource: DataSource, property: string): Promise<unknown[]> {
    const rows = await dataSource.getRepository("Bill").find({ order: { place: "ASC" } })
    return rows.map((row) => row[property] as unknown)
}

const numbersOf = async (dataSource: DataSource) =>
    (await valuesOf(dataSource, "number")).map(Number)

const isPostgres = ({ kind }: TestDatabase) => kind === "postgres" || kind === "pglite"
const isSqlite = ({ kind }: TestDatabase) => kind === "better-sqlite3" || kind === "sqljs"
const tableOf = (dataSource: DataSource) =>
    dataSource
        .getMetadata("Bill")
        .tablePath.split(".")
        .map((name) => dataSource.driver.escape(name))
        .join(".")

onEveryDatabase("a migration of a column that is there", (db) => {
    const NUMBERS: Record<string, ColumnOptions> = {
        "a decimal with a fraction": { type: "numeric", precision: 12, scale: 2 },
        "a text": { type: "varchar", length: 20 },
        "a smaller integer": { type: "smallint" },
        "a larger integer": { type: "bigint" },
        "an integer with a default, and NULLs": { type: "int", default: 1, nullable: true },
        "a unique one": { type: "int", unique: true, comment: "it's the number" },
    }
    for (const [what, options] of Object.entries(NUMBERS))
        it(`keeps the numbers of ${what}`, async function () {
            // TypeORM never comes to an end with a unique constraint that it is to drop there.
            if (options.unique && isSqlite(db())) return this.skip()
            const type = options.type === "bigint" || options.scale ? "int" : "bigint"
            const entities = { before: plain(options), after: numbered({ type }) }
            const before = await db().connect([bills({ number: entities.before })])
            await insert(before, [{ number: 5001 }, { number: 5007 }, { number: 5002 }])
            const shape = await shapeOf(before, "Bill")
            const after = bills({ number: entities.after })
            const { dataSource } = await migrate(db(), before, [after], {
                orderBy: { Bill: "place" },
            })

            expect(await numbersOf(dataSource)).to.eql([5001, 5007, 5002])
            await verifyAutoSequence(dataSource)
            await expectUpToDate(dataSource)
            const [saved] = await dataSource.getRepository(after).save([{ place: 3 }])
            expect(Number(saved?.number)).to.equal(5008)

            await dataSource.undoLastMigration()
            const old = await changeEntities(db(), dataSource, [bills({ number: entities.before })])
            expect(await shapeOf(old, "Bill")).to.eql(shape)
            expect(await numbersOf(old)).to.eql([5001, 5007, 5002, 5008])
        })

    it("numbers on where some rows of another type have none", async () => {
        const before = await db().connect([
            bills({ number: plain({ type: "varchar", length: 9, nullable: true }) }),
        ])
        await insert(before, [{ number: "9" }, { number: "10" }, {}])
        const { dataSource } = await migrate(db(), before, [bills({ number: numbered() })], {
            orderBy: { Bill: "place" },
        })
        expect(await numbersOf(dataSource)).to.eql([9, 10, 11])
        await expectUpToDate(dataSource)
    })

    it("keeps the numbers that the database has made", async function () {
        if (isSqlite(db())) return this.skip()
        for (const isIdentity of isPostgres(db()) ? [false, true] : [false]) {
            const before = await db().connect([
                bills({ number: isIdentity ? plain({ type: "int" }) : generated }),
            ])
            if (isIdentity)
                await before.query(
                    `ALTER TABLE ${tableOf(before)} ALTER "number" ADD GENERATED BY DEFAULT AS IDENTITY`,
                )
            for (const place of [0, 1, 2])
                await before.query(
                    `INSERT INTO ${tableOf(before)} (place, id) VALUES (${place}, ` +
                        `${isPostgres(db()) ? "gen_random_uuid()" : "UUID()"})`,
                )
            const after = bills({ number: numbered({ type: "bigint" }) })
            const { dataSource } = await migrate(db(), before, [after])
            expect(await numbersOf(dataSource)).to.eql([1, 2, 3])
            await expectUpToDate(dataSource)
            const [saved] = await dataSource.getRepository(after).save([{ place: 3 }])
            expect(Number(saved?.number)).to.equal(4)

            await dataSource.undoLastMigration()
            expect(await numbersOf(dataSource)).to.eql([1, 2, 3, 4])
        }
    })

    it("keeps the numbers that triggers make", async function () {
        if (isSqlite(db())) return this.skip()
        const collation = isPostgres(db()) ? undefined : "utf8mb4_nopad_bin"
        const trigger = (type: "int" | "bigint") =>
            bills({
                number: numbered({ strategy: "trigger", type, uniqueWith: "area" }),
                area: plain({ type: "varchar", length: type === "int" ? 10 : 30, collation }),
            })
        const before = await db().connect([trigger("int")])
        await insert(before, [{ area: "a" }, { area: "b" }, { area: "a" }])
        const after = trigger("bigint")
        const { dataSource } = await migrate(db(), before, [after])
        expect(await numbersOf(dataSource)).to.eql([1, 1, 2])
        expect(await valuesOf(dataSource, "area")).to.eql(["a", "b", "a"])
        await expectUpToDate(dataSource)
        await verifyAutoSequence(dataSource)
        const [saved] = await dataSource.getRepository(after).save([{ place: 3, area: "a" }])
        expect(Number(saved?.number)).to.equal(3)
        await dataSource.undoLastMigration()
        expect(await numbersOf(dataSource)).to.eql([1, 1, 2, 3])
    })

    it("keeps keys of other types, and compares them exactly", async () => {
        const columns: ColumnOptions[] = [
            { type: "varchar", length: 100 },
            { type: "text" },
            { type: "varchar", length: 255, comment: "public" },
            ...(isPostgres(db()) ? [{ type: "uuid" } as const] : []),
        ]
        const uuid = "0b6f0e2c-6f4c-4f6e-9d63-0a4f6f9b7c11"
        for (const options of columns) {
            const before = await db().connect([bills({ publicId: plain(options) })])
            await insert(before, [{ publicId: uuid }])
            const shape = await shapeOf(before, "Bill")
            const after = bills({ publicId: PseudoKey() as Decorate })
            const { dataSource } = await migrate(db(), before, [after])
            expect(await valuesOf(dataSource, "publicId")).to.eql([uuid])
            await expectUpToDate(dataSource)
            await verifyAutoSequence(dataSource)
            await dataSource.undoLastMigration()
            const old = await changeEntities(db(), dataSource, [
                bills({ publicId: plain(options) }),
            ])
            expect(await valuesOf(old, "publicId")).to.eql([uuid])
            expect(await shapeOf(old, "Bill")).to.eql(shape)
        }
    })

    it("keeps the scopes of numbers whose columns get longer", async () => {
        const scoped = (area: ColumnOptions) =>
            bills({ number: numbered({ uniqueWith: "area" }), area: plain(area) })
        for (const [short, long] of [
            [
                { type: "varchar", length: 10 },
                { type: "varchar", length: 40 },
            ],
            [{ type: "int" }, { type: "bigint" }],
        ] as const) {
            const before = await db().connect([scoped(short)])
            await before.getRepository("Bill").save([
                { place: 0, area: "7" },
                { place: 1, area: "8" },
            ])
            const after = scoped(long)
            const { dataSource } = await migrate(db(), before, [after])
            expect((await valuesOf(dataSource, "area")).map(String)).to.eql(["7", "8"])
            await expectUpToDate(dataSource)
            const [saved] = await dataSource.getRepository(after).save([{ place: 2, area: "7" }])
            expect(saved?.number).to.equal(2)
        }
    })

    it("is refused where TypeORM would take it for a renamed one, and empty it", async function () {
        if (isSqlite(db())) return this.skip()
        const before = await db().connect([
            bills({ publicId: plain({ type: "varchar", length: 20 }) }),
        ])
        await insert(before, [{ publicId: "5001" }])
        const dataSource = await changeEntities(db(), before, [bills({ number: numbered() })])
        const error = await rejection(generateMigration(dataSource, { orderBy: { Bill: "place" } }))
        expect(error).to.be.instanceOf(ColumnChangeError)
        expect(error.message).to.match(
            /^Bill\.number: the name and the type .* Change the name first/,
        )
    })

    it("is refused where something would be lost, and says what to do", async () => {
        const refused: [
            Parameters<typeof bills>[0],
            object[],
            Parameters<typeof bills>[0],
            RegExp,
        ][] = [
            [
                { number: plain({ type: "varchar", length: 20 }) },
                [{ number: "INV-1" }, { number: "2" }, { number: "1.5" }],
                { number: numbered() },
                /^Bill\.number becomes \w+, but 2 rows hold no integer up to 2147483647\. Change these .*SELECT \* FROM/,
            ],
            [
                { number: plain({ type: "bigint" }) },
                [{ number: "3000000000" }],
                { number: numbered() },
                /^Bill\.number becomes \w+, but 1 row holds no integer up to 2147483647/,
            ],
            [
                { number: plain({ type: "date" }) },
                [{ number: "2026-01-01" }],
                { number: numbered() },
                /^Bill\.number is date in the database and int\w* in the entity\. TypeORM would drop/,
            ],
            [
                { publicId: plain({ type: "text" }) },
                [{ publicId: "a".repeat(256) }, { publicId: "a" }],
                { publicId: PseudoKey() as Decorate },
                /^Bill\.publicId becomes .*\(255\), but 1 row holds a longer value/,
            ],
            [
                { number: numbered({ uniqueWith: "area" }), area: plain({ type: "int" }) },
                [{ number: 1, area: 1 }],
                {
                    number: numbered({ uniqueWith: "area" }),
                    area: plain({ type: "varchar", length: 10 }),
                },
                /^Bill\.area is int\w* in the database and .* holds the scope of numbers or keys/,
            ],
        ]
        for (const [old, rows, changed, message] of refused) {
            const before = await db().connect([bills(old)])
            await insert(before, rows)
            const shape = await shapeOf(before, "Bill")
            const dataSource = await changeEntities(db(), before, [bills(changed)])
            for (const attempt of [generateMigration, installAutoSequence]) {
                const error = (await rejection(attempt(dataSource))) as ColumnChangeError
                expect(error).to.be.instanceOf(ColumnChangeError)
                expect(error.code).to.equal("COLUMN_CHANGE")
                expect(error.message).to.match(message)
            }
            expect(await shapeOf(before, "Bill")).to.eql(shape)
        }
    })
})

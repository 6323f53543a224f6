import { expect } from "chai"
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { DataSource, type EntitySchema } from "typeorm"
import {
    backfillPseudoKeys,
    type GeneratedMigration,
    generateMigration,
    withAutoSequenceColumns,
} from "../../src"
import { run } from "../../src/cli/run"
import {
    changeEntities,
    classOf,
    expectUpToDate,
    migrate,
    pendingOfTypeORM,
    shapeOf,
} from "../migrations/migrate"
import { tableName } from "../../src/typeorm/names"
import { onEveryDatabase, StatementLog, type TestDatabase } from "../support/databases"
import {
    expectDistinct,
    insertRows,
    keysIn,
    loose,
    type Keys,
    named,
    type Row,
    stored,
    table,
} from "./backfill-entities"

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"

/** Formats that some databases make. */
const BY_SQL: Keys = {
    nano: { prefix: "nan_o" },
    short: { length: 14 },
    long: { length: 76, prefix: "long" },
    uid: { generate: "uuid" },
    uid2: { generate: "uuid", prefix: "uid" },
}
const FORMS: Record<string, RegExp> = {
    nano: /^nan_o_[\w-]{21}$/,
    short: /^[\w-]{14}$/,
    long: /^long_[\w-]{76}$/,
    uid: new RegExp(`^${UUID}$`),
    uid2: new RegExp(`^uid_${UUID}$`),
}
const hasNanoids = ({ kind }: TestDatabase) => kind === "postgres" || kind === "pglite"
const isBySql = (db: TestDatabase, property: string) =>
    hasNanoids(db) || (property.startsWith("uid") && db.kind !== "mariadb")

/** Formats that no database makes. */
const NOT_BY_SQL: Keys = {
    derived: { case: "keep", derive: ({ name }) => name },
    called: { prefix: "called", generate: ({ name }, attempt) => `${name}.${attempt}` },
    ulid: { generate: "ulid" },
    v7: { generate: "uuidv7", prefix: "v7" },
    digits: { alphabet: "0123456789", length: 30 },
    pin: { length: 4 },
    longer: { length: 77 },
    kept: { history: true },
}

type Shape = Awaited<ReturnType<typeof shapeOf>>

async function expectKeyColumn(
    dataSource: DataSource,
    entity: string,
    properties: readonly string[],
    isNullable: boolean,
): Promise<void> {
    const { columns = [], indexes = [] } = await shapeOf(dataSource, entity)
    for (const property of properties) {
        expect(columns.find(([name]) => name === property)?.[2], property).to.equal(isNullable)
        expect(
            indexes.filter(([names]) => names === property).map(([, isUnique]) => isUnique),
            property,
        ).to.eql([true])
    }
}

/** Takes the migrations back, and expects the tables to be as they were. */
async function expectWayBack(
    db: TestDatabase,
    after: DataSource,
    before: EntitySchema<Row>[],
    migrations: readonly GeneratedMigration[],
    shapes: readonly Shape[],
): Promise<void> {
    const dataSource = await changeEntities(db, after, before, {
        migrations: migrations.map(classOf),
    })
    for (let left = migrations.length; left > 0; left -= 1) await dataSource.undoLastMigration()
    for (const [at, shape] of shapes.entries())
        expect(await shapeOf(dataSource, before[at]!.options.name)).to.eql(shape)
    // On SQLite the way back that TypeORM writes leaves foreign keys of other tables without theirs.
    if (
        db.can.bigints ||
        before.every(({ options }) => Object.keys(options.relations ?? {}).length === 0)
    )
        expect(await pendingOfTypeORM(dataSource)).to.eql([])
}

onEveryDatabase("generateMigration and pseudo keys", (db) => {
    it("writes NOT NULL columns, their unique indexes and the history for new tables", async () => {
        const { nano = {}, uid = {} } = BY_SQL
        const { derived = {}, kept = {} } = NOT_BY_SQL
        const entities = [table("filled", { nano, uid }), table("left", { derived, kept })]
        const before = await db().connect([])
        const { dataSource, migration } = await migrate(db(), before, entities)
        expect(migration.remaining).to.eql([])
        await expectUpToDate(dataSource)
        await expectKeyColumn(dataSource, "filled", ["nano", "uid"], false)
        await expectKeyColumn(dataSource, "left", ["derived", "kept"], false)
        await dataSource.getRepository("left").save({ name: "a" })
        expect(await dataSource.getRepository("AutoSequenceKey").count()).to.equal(1)
        await dataSource.undoLastMigration()
        for (const name of ["filled", "left", "AutoSequenceKey"])
            expect((await shapeOf(dataSource, name)).columns, name).to.equal(undefined)
    })

    it("adds, fills and tightens in one step, whatever the format, and goes all the way back", async () => {
        const plain = [table("filled"), table("left")]
        const before = await db().connect(plain)
        await insertRows(before, "filled", named(100))
        await insertRows(before, "left", named(20))
        const shapes = [await shapeOf(before, "filled"), await shapeOf(before, "left")]
        // One that makes none of them takes long for each.
        const made = Object.entries(BY_SQL).filter(
            ([property]) => db().kind !== "mariadb" || property === "nano",
        )
        const entities = [table("filled", Object.fromEntries(made)), table("left", NOT_BY_SQL)]
        const names = made.map(([property]) => property)

        const { dataSource, migration } = await migrate(db(), before, entities)
        expect(migration.remaining).to.eql([])
        expect(
            migration.up.flatMap((step) => (step.sql === undefined ? [step.property] : [])),
        ).to.eql([
            ...names.filter((property) => !isBySql(db(), property)),
            ...Object.keys(NOT_BY_SQL),
        ])
        await expectUpToDate(dataSource)
        await expectKeyColumn(dataSource, "filled", names, false)
        await expectKeyColumn(dataSource, "left", Object.keys(NOT_BY_SQL), false)
        for (const property of names)
            for (const key of await expectDistinct(dataSource, "filled", property))
                expect(key).to.match(FORMS[property]!)
        for (const property of Object.keys(NOT_BY_SQL))
            expect(await expectDistinct(dataSource, "left", property)).to.have.lengthOf(20)
        await dataSource.getRepository("left").save({ name: "21" })
        await expectWayBack(db(), dataSource, plain, [migration], shapes)
    })

    it("fills what the old code has written since, where both migrations run at once", async () => {
        const keys: Keys = {
            uid: { generate: "uuid" },
            slug: { case: "keep", derive: ({ name }) => name, history: true },
        }
        const before = await db().connect([table("thing")])
        const first = await migrate(db(), before, [table("thing", loose(keys))])
        const strict = [table("thing", keys)]
        const second = await migrate(db(), first.dataSource, strict)
        const dataSource = await changeEntities(db(), second.dataSource, strict, {
            migrations: [first.migration, second.migration].map(classOf),
        })
        await dataSource.undoLastMigration()
        await dataSource.undoLastMigration()
        await insertRows(dataSource, "thing", named("a", "a"))

        expect(await dataSource.runMigrations()).to.have.lengthOf(2)
        expect(await keysIn(dataSource, "thing")).to.eql(["a", "a-2"])
        await expectDistinct(dataSource, "thing", "uid")
        await expectKeyColumn(dataSource, "thing", ["uid", "slug"], false)
        await expectUpToDate(dataSource)
        expect((await dataSource.getRepository("thing").save({ name: "a" })).slug).to.equal("a-3")
    })

    it("is filled by the query runner of a migration of one's own", async () => {
        const before = await db().connect([table("thing", loose(NOT_BY_SQL))], { connections: 1 })
        await insertRows(before, "thing", named("a", "a"))
        const runner = before.createQueryRunner()
        await runner.startTransaction()
        // Whoever waits for this lock, waits for ever.
        await runner.query(`UPDATE ${tableName(before.getMetadata("thing"))} SET name = 'b'`)
        const { done, total } = await backfillPseudoKeys(runner, "thing", {
            ...{ property: "derived", batchSize: 1 },
        })
        expect({ done, total }).to.eql({ done: 2, total: 2 })
        await runner.rollbackTransaction()
        await runner.release()
        expect(await keysIn(before, "thing", "derived")).to.eql([null, null])
    })

    it("fills with characters that are all random", async () => {
        const before = await db().connect([table("thing")])
        await insertRows(before, "thing", named(2000))
        const keys: Keys = { nano: { length: 76 }, uid: { generate: "uuid" } }
        const { dataSource } = await migrate(db(), before, [table("thing", keys)])
        const positions = (texts: readonly string[]) =>
            Array.from(texts[0]!, (_, at) => new Set(texts.map((text) => text[at])).size)
        if (isBySql(db(), "nano"))
            expect(positions(await expectDistinct(dataSource, "thing", "nano"))).to.eql(
                Array.from({ length: 76 }, () => 64),
            )
        if (!isBySql(db(), "uid")) return
        const uids = await expectDistinct(dataSource, "thing", "uid")
        expect(positions(uids.map((uid) => uid.replace(/-/g, "")))).to.eql(
            Array.from({ length: 32 }, (_, at) => (at === 12 ? 1 : at === 16 ? 4 : 16)),
        )
    })

    it("writes nothing to the database", async () => {
        const before = await db().connect([table("thing")])
        await insertRows(before, "thing", named(2))
        const logger = new StatementLog()
        const entities = [table("thing", { ...BY_SQL, kept: { history: true } })]
        const changed = await changeEntities(db(), before, entities, { logger, logging: true })
        expect(await generateMigration(changed)).not.to.equal(undefined)
        expect(logger.statements.filter((sql) => !/^\s*(SELECT|PRAGMA|SHOW)\b/i.test(sql))).to.eql(
            [],
        )
    })

    it("keeps the keys of a column that is there, and fills the rest", async () => {
        const nullable: Keys = { slug: { generate: "uuid", nullable: true } }
        const before = await db().connect([table("thing", nullable)])
        await insertRows(before, "thing", [
            { name: "a", slug: "mine" },
            { name: "b", slug: null },
            { name: "c", slug: "Mine" },
            { name: "d", slug: null },
        ])
        const entities = [table("thing", { slug: { generate: "uuid" } })]
        let changed = await changeEntities(db(), before, entities)
        const migrated = await migrate(db(), changed, entities)
        changed = migrated.dataSource
        await expectUpToDate(changed)
        await expectKeyColumn(changed, "thing", ["slug"], false)
        const keys = await expectDistinct(changed, "thing")
        expect([keys[0], keys[2]]).to.eql(["mine", "Mine"])
        expect([keys[1], keys[3]].join()).to.match(new RegExp(`^${UUID},${UUID}$`))
    })

    for (const [what, length, nullable] of [
        ["the same length", 255, false],
        ["another length", 100, false],
        ["another length, which stays one that can be NULL", 100, true],
    ] as const)
        it(`keeps the keys of a plain column of ${what}`, async () => {
            const column = { type: "varchar", length, nullable: true } as const
            const before = await db().connect([table("plain", {}, { slug: column })])
            await insertRows(before, "plain", [
                { name: "a", slug: "one" },
                { name: "b", slug: "two" },
            ])
            const entities = [table("plain", { slug: { nullable } })]
            const { dataSource } = await migrate(db(), before, entities)
            expect(await keysIn(dataSource, "plain")).to.eql(["one", "two"])
            await expectUpToDate(dataSource)
        })

    it("adds keys beside numbers, other rows that refer to the table, and unique scopes", async () => {
        const shops = (keys: Keys = {}, isNumbered = false) => {
            const shop = table("shop", keys, {
                area: { type: "varchar", length: 20, nullable: true },
                size: { type: "int", default: 3 },
            })
            const order = table(
                "shop_order",
                {},
                {},
                {
                    shop: { type: "many-to-one", target: "shop", onDelete: "CASCADE" },
                },
            )
            if (isNumbered) withAutoSequenceColumns(shop, { no: { strategy: "counter" } })
            return [shop, order]
        }
        const before = await db().connect(shops())
        const areas = ["x", "y", null, null, "x"]
        await insertRows(
            before,
            "shop",
            areas.map((area) => ({ name: "Café", area, size: 5 })),
        )
        await insertRows(before, "shop_order", [
            { name: "o", shopId: 1 },
            { name: "p", shopId: 4 },
        ])
        const shapes = [await shapeOf(before, "shop"), await shapeOf(before, "shop_order")]
        const keys: Keys = {
            slug: { case: "keep", derive: ({ name }) => name, uniqueWith: "area" },
            uid: { generate: "uuid", uniqueWith: "area" },
            ofNo: { case: "keep", derive: ({ no }) => `No ${String(no)}` },
        }
        const { dataSource, migration } = await migrate(db(), before, shops(keys, true))
        await expectUpToDate(dataSource)

        const rows = await stored(dataSource, "shop", "name", "area", "size", "no", "slug", "ofNo")
        expect(rows).to.eql([
            ["Café", "x", 5, 1, "Cafe", "No-1"],
            ["Café", "y", 5, 2, "Cafe", "No-2"],
            ["Café", null, 5, 3, "Cafe", "No-3"],
            ["Café", null, 5, 4, "Cafe-2", "No-4"],
            ["Café", "x", 5, 5, "Cafe-2", "No-5"],
        ])
        await expectDistinct(dataSource, "shop", "uid")
        const { indexes } = await shapeOf(dataSource, "shop")
        // Where an index can have a condition, keys of rows without a scope are unique as well.
        expect(indexes!.filter(([names]) => String(names).includes("slug"))).to.have.lengthOf(
            db().can.partialIndexes ? 2 : 1,
        )
        expect(await dataSource.getRepository("shop_order").count()).to.equal(2)
        const saved = await dataSource.getRepository("shop").save({ name: "Café", area: "y" })
        expect(saved).to.include({ no: 6, slug: "Cafe-2", ofNo: "No-6" })
        await dataSource.getRepository("shop").delete(1)
        expect(await stored(dataSource, "shop_order", "name")).to.eql([["p"]])

        await expectWayBack(db(), dataSource, shops(), [migration], shapes)
    })

    it("is deployed in three steps while the old code writes", async () => {
        const keys: Keys = {
            uid: { generate: "uuid", prefix: "t" },
            slug: { case: "keep", derive: ({ name }) => name, history: true },
        }
        const nullable = Object.fromEntries(
            Object.entries(keys).map(([name, options]) => [name, { ...options, nullable: true }]),
        )
        const before = await db().connect([table("thing")])
        await insertRows(before, "thing", named("a", "a"))

        const { dataSource, migration } = await migrate(db(), before, [table("thing", nullable)])
        await expectKeyColumn(dataSource, "thing", ["uid", "slug"], true)
        const isOpen = (await keysIn(dataSource, "thing", "uid")).filter((uid) => uid === null)
        expect(isOpen).to.have.lengthOf(isBySql(db(), "uid") ? 0 : 2)
        const { tablePath } = dataSource.getMetadata("thing")
        expect(migration.remaining.at(-1)).to.equal(
            `Rows of ${tablePath} have no slug. Call backfillPseudoKeys(dataSource, thing).`,
        )
        const things = dataSource.getRepository<Row>("thing")
        const write = async () => {
            await insertRows(dataSource, "thing", named("a"))
            return things.save({ name: "a" })
        }
        const saved = [await write()]
        await backfillPseudoKeys(dataSource, "thing", { batchSize: 2 })
        saved.push(await write())
        await backfillPseudoKeys(dataSource, "thing", { batchSize: 2 })
        saved.push(await things.save({ name: "a" }))

        const strict = await migrate(db(), dataSource, [table("thing", keys)])
        await expectUpToDate(strict.dataSource)
        await expectKeyColumn(strict.dataSource, "thing", ["uid", "slug"], false)
        await expectDistinct(strict.dataSource, "thing", "uid")
        expect(await keysIn(strict.dataSource, "thing")).to.eql([
            "a-2",
            "a-3",
            "a-4",
            "a",
            "a-6",
            "a-5",
            "a-7",
        ])
        for (const { id, uid, slug } of saved)
            expect(
                await strict.dataSource.getRepository<Row>("thing").findOneBy({ id }),
            ).to.include({ uid, slug })
    })
})

describe("typeorm-autosequence migration:generate and pseudo keys", () => {
    let directory: string
    beforeEach(async () => {
        directory = await mkdtemp(join(tmpdir(), "autosequence-keys-"))
    })
    afterEach(() => rm(directory, { recursive: true, force: true }))

    it("prints what is left to be done, with a migration and without one", async () => {
        const options = { type: "better-sqlite3", database: join(directory, "things.db") } as const
        const before = new DataSource({ ...options, entities: [table("thing")], synchronize: true })
        await before.initialize()
        await insertRows(before, "thing", named("a", "a"))
        await before.destroy()
        const file = join(directory, "data-source.js")
        await writeFile(
            file,
            `const { DataSource } = require(${JSON.stringify(require.resolve("typeorm"))})
            const { withAutoSequence } = require(${JSON.stringify(resolve("src"))})
            const { table } = require(${JSON.stringify(resolve("test/pseudo-keys/backfill-entities"))})
            const keys = { slug: { case: "keep", derive: ({ name }) => name, nullable: true } }
            const options = ${JSON.stringify(options)}
            module.exports = new DataSource(
                withAutoSequence({ ...options, entities: [table("thing", keys)] }),
            )`,
        )
        const generate = async (name: string) => {
            const lines: string[] = []
            const output = {
                out: (text: string) => lines.push(text),
                err: (text: string) => lines.push(text),
            }
            const args = [
                "migration:generate",
                join(directory, name),
                "-d",
                file,
                "-t",
                "1767225600000",
            ]
            return [await run(args, output), ...lines.join("\n").split("\n")]
        }
        const remaining = "Rows of thing have no slug. Call backfillPseudoKeys(dataSource, thing)."
        const wrote = `Wrote ${join(directory, "1767225600000-One.ts")}`
        const [status, ...lines] = await generate("One")
        expect([status, ...lines.slice(0, 2)]).to.eql([0, wrote, remaining])
        expect(lines.slice(2).join()).to.match(/^Next: read it, .*then run it: /)

        // oxlint-disable-next-line typescript/no-require-imports
        const dataSource = require(file) as DataSource
        await dataSource.initialize()
        const migration = (await generateMigration(dataSource))!
        for (const { sql } of migration.up) await dataSource.query(sql!)
        await dataSource.destroy()
        expect(await generate("Two")).to.eql([0, remaining])
        expect((await readdir(directory)).filter((name) => /Two/.test(name))).to.eql([])

        await dataSource.initialize()
        await backfillPseudoKeys(dataSource, "thing")
        await dataSource.destroy()
        expect(await generate("Three")).to.eql([
            ...[0, "The database is up to date, there is nothing to migrate."],
        ])
    })
})

import { expect } from "chai"
import type { DataSource } from "typeorm"
import {
    DuplicateRowsError,
    findByPseudoKey,
    generateMigration,
    installAutoSequence,
    verifyAutoSequence,
    withAutoSequence,
} from "../../src"
import { changeEntities, expectUpToDate, migrate, shapeOf } from "../migrations/migrate"
import { onEveryDatabase, StatementLog } from "../support/databases"
import { rejection } from "../support/errors"
import {
    animals,
    expectDistinct,
    insertRows,
    type Keys,
    keysIn,
    named,
    type Row,
    stored,
    table,
} from "./backfill-entities"

const KEYS: Keys = {
    nano: { prefix: "thg" },
    uid: { generate: "uuid" },
    slug: { case: "keep" as const, derive: ({ name }) => name, history: true },
    hint: { generate: "ulid", nullable: true },
}

onEveryDatabase("installAutoSequence and pseudo keys", (db) => {
    /** A data source whose table has rows, and lacks the keys. */
    async function withRows(
        rows: readonly Row["name"][],
        options: Parameters<typeof changeEntities>[3] = {},
    ): Promise<DataSource> {
        const before = await db().connect([table("thing")])
        await insertRows(before, "thing", named(...rows))
        return changeEntities(db(), before, [table("thing", KEYS)], options)
    }

    it("adds, fills and tightens in one go, and does nothing the second time", async () => {
        const logger = new StatementLog()
        const dataSource = await withRows(["a", "b", "a"], { logger, logging: true })
        await installAutoSequence(dataSource)
        await verifyAutoSequence(dataSource)
        await expectUpToDate(dataSource)
        for (const property of ["nano", "uid", "hint"])
            expect(await expectDistinct(dataSource, "thing", property)).to.have.lengthOf(3)
        expect(await keysIn(dataSource, "thing")).to.eql(["a", "b", "a-2"])
        const { columns } = await shapeOf(dataSource, "thing")
        expect(columns!.filter(([, , isNullable]) => isNullable).map(([name]) => name)).to.eql([
            "hint",
        ])

        const before = await stored(dataSource, "thing", "nano", "uid", "slug", "hint")
        logger.statements.length = 0
        await installAutoSequence(dataSource)
        expect(
            logger.statements.filter((sql) =>
                /^(ALTER|CREATE|DROP|INSERT|UPDATE|DELETE)/.test(
                    sql.replace(/.*autosequence_lock.*/, ""),
                ),
            ),
        ).to.eql([])
        expect(await stored(dataSource, "thing", "nano", "uid", "slug", "hint")).to.eql(before)
        const saved = await dataSource.getRepository("thing").save({ name: "a" })
        expect(saved.slug).to.equal("a-3")
    })

    it("writes the history of the keys that it makes", async () => {
        const dataSource = await withRows(["a", "b"])
        await installAutoSequence(dataSource)
        const things = dataSource.getRepository<Row>("thing")
        const [first] = await things.find({ order: { id: "ASC" } })
        await things.save({ ...first, slug: "c" })
        const found = await findByPseudoKey(things, "a", { property: "slug" })
        expect(found).to.include({ id: first!.id, slug: "c" })
        expect((await things.save(things.create({ name: "a" }))).slug).to.equal("a-2")
    })

    it("goes on where a migration has left rows", async () => {
        const before = await withRows(["a", "b", "c"])
        const { dataSource, migration } = await migrate(db(), before, [table("thing", KEYS)])
        expect(migration.remaining).not.to.eql([])
        const given = { nano: "thg_d", uid: "d", slug: "d" }
        await insertRows(dataSource, "thing", [{ name: "d", ...given }])
        await installAutoSequence(dataSource)
        await verifyAutoSequence(dataSource)
        expect(await keysIn(dataSource, "thing")).to.eql(["a", "b", "c", "d"])
        expect(await expectDistinct(dataSource, "thing", "hint")).to.have.lengthOf(4)
    })

    it("makes the history only where there is one, under the name that it has been given", async () => {
        const { entities } = withAutoSequence(
            {
                type: "better-sqlite3",
                database: "",
                entities: [table("thing", { slug: { history: true } })],
            },
            { keyTable: { name: "public_keys" } },
        )
        const before = await db().connect([table("thing", { slug: {} })])
        expect((await shapeOf(before, "AutoSequenceKey")).columns).to.equal(undefined)
        await installAutoSequence(before)
        expect((await shapeOf(before, "AutoSequenceKey")).columns).to.equal(undefined)
        expect(await generateMigration(before)).to.equal(undefined)

        for (const add of ["installed", "migrated"]) {
            const begun = await changeEntities(db(), before, entities)
            if (add === "installed") await installAutoSequence(begun)
            const dataSource =
                add === "installed" ? begun : (await migrate(db(), before, entities)).dataSource
            await verifyAutoSequence(dataSource)
            await dataSource.getRepository("thing").save({ name: add })
            const history = dataSource.getRepository("AutoSequenceKey")
            expect(history.metadata.tableName).to.equal("public_keys")
            expect(await history.count()).to.equal(1)
            await dataSource.createQueryRunner().dropTable(history.metadata.tablePath)
        }
    })

    it("fills the rows of the class alone that has keys, in a single-table inheritance", async () => {
        const cat = { name: "a", kind: "Cat" }
        const dog = { name: "b", kind: "Dog" }
        for (const options of [{}, { case: "keep" as const, derive: ({ name }: Row) => name }]) {
            const before = await db().connect(animals())
            await insertRows(before, "Animal", [cat, dog, cat])
            const dataSource = await changeEntities(db(), before, animals(options))
            await installAutoSequence(dataSource)
            const [first, second, third] = await keysIn(dataSource, "Cat")
            expect([typeof first, second, typeof third]).to.eql(["string", null, "string"])
            expect(first).not.to.equal(third)
            await insertRows(dataSource, "Animal", [dog])
            await expectUpToDate(dataSource)
            expect((await generateMigration(dataSource))?.remaining ?? []).to.eql([])
        }
    })

    it("refuses keys that are there twice, as a migration does, and writes nothing", async () => {
        const column = { slug: { type: "varchar", length: 255, nullable: true } } as const
        const columns = { area: { type: "int", nullable: true } } as const
        const before = await db().connect([table("doubled", {}, { ...columns, ...column })])
        await insertRows(
            before,
            "doubled",
            ["a", "a", "b", "b", "b", "c", null, null].map((slug, at) => ({
                slug,
                area: at === 1 || at === 4 ? 2 : 1,
            })),
        )
        const shape = await shapeOf(before, "doubled")
        for (const [uniqueWith, [keys, problem]] of [
            [[], ["2 keys", "occur more than once, so"]],
            [["area"], ["1 key", "occurs more than once for the same area, so"]],
        ] as const) {
            const key = { generate: "uuid", uniqueWith } as const
            const dataSource = await changeEntities(db(), before, [
                table("doubled", { slug: key, more: {} }, columns),
            ])
            for (const attempt of [generateMigration, installAutoSequence]) {
                const error = (await rejection(attempt(dataSource))) as DuplicateRowsError
                expect(error).to.be.instanceOf(DuplicateRowsError)
                expect(error.code).to.equal("DUPLICATE_ROWS")
                const { tablePath } = dataSource.getMetadata("doubled")
                expect(error.message).to.include(
                    `doubled.slug: ${keys} in ${tablePath}.slug ${problem} the unique index can't be created`,
                )
                expect(error.message).not.to.match(/'[abc]'/)
            }
            expect(await shapeOf(dataSource, "doubled")).to.eql(shape)
        }
    })

    it("tells keys apart that differ in case alone", async () => {
        const collation = db().kind === "mariadb" ? "utf8mb4_bin" : undefined
        const column = { type: "varchar", length: 255, nullable: true, collation } as const
        const before = await db().connect([table("cased", {}, { slug: column })])
        await insertRows(before, "cased", [
            { name: "x", slug: "Abc" },
            { name: "y", slug: "abc" },
        ])
        const dataSource = await changeEntities(db(), before, [
            table("cased", { slug: { generate: "uuid" } }),
        ])
        await installAutoSequence(dataSource)
        await verifyAutoSequence(dataSource)
        expect(await keysIn(dataSource, "cased")).to.eql(["Abc", "abc"])
    })
})

onEveryDatabase(
    "installAutoSequence and pseudo keys",
    (db) => {
        it("are run by several at the same time, and each row gets one key", async () => {
            const before = await db().connect([table("thing")], { connections: 1 })
            await insertRows(before, "thing", named("a", "a", "b"))
            const all = await Promise.all(
                Array.from({ length: 4 }, () =>
                    changeEntities(db(), before, [table("thing", KEYS)], { connections: 1 }),
                ),
            )
            await Promise.all(all.map((dataSource) => installAutoSequence(dataSource)))
            for (const dataSource of all) await verifyAutoSequence(dataSource)
            expect(await keysIn(all[0]!, "thing")).to.eql(["a", "a-2", "b"])
            expect(await all[0]!.getRepository("AutoSequenceKey").count()).to.equal(3)
        })
    },
    ({ parallel }) => parallel,
)

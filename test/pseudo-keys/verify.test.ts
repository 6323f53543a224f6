import { COUNTER_ENTITY, KEY_ENTITY } from "../../src/declared/own-tables"
import { expect } from "chai"
import { DataSource } from "typeorm"
import { AutoSequenceSubscriber, NotInstalledError, verifyAutoSequence } from "../../src"
import { changeEntities } from "../migrations/migrate"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { animals, type Keys, loose, table } from "./backfill-entities"

const KEYS: Keys = { slug: { case: "keep", derive: ({ name }) => name, history: true } }

const SECRET = "0123456789abcdef0123456789abcdef"

async function problemsOf(dataSource: DataSource): Promise<string[]> {
    const error = await rejection(verifyAutoSequence(dataSource))
    expect(error).to.be.instanceOf(NotInstalledError)
    return error.message.split("\n")
}

onEveryDatabase("verifyAutoSequence and pseudo keys", (db) => {
    const remedy = /typeorm-autosequence migration:generate/

    it("accepts what synchronize() has made, and writes nothing", async () => {
        const dataSource = await db().connect([
            table("thing", { ...KEYS, uid: { generate: "uuid", nullable: true } }),
            table(
                "scoped",
                { slug: { uniqueWith: "area" } },
                {
                    area: { type: "int", nullable: true },
                },
            ),
            ...animals({ case: "keep", derive: ({ name }) => name }),
        ])
        await verifyAutoSequence(dataSource)
        for (const entity of [COUNTER_ENTITY, KEY_ENTITY])
            expect(await dataSource.getRepository(entity).count()).to.equal(0)
    })

    it("misses column, history, NOT NULL and indexes, each by its name", async () => {
        const before = await db().connect([table("thing")])
        const lacking = await changeEntities(db(), before, [table("thing", KEYS)])
        const { tablePath } = lacking.getMetadata("thing")
        const history = lacking.getMetadata(KEY_ENTITY).tablePath
        const [noHistory, noColumn, noIndex, ...more] = await problemsOf(lacking)
        expect(noHistory)
            .to.match(remedy)
            .and.include(`There is no table ${history}, which keeps the history of keys.`)
        expect(noColumn).to.match(remedy).and.include(`There is no column ${tablePath}.slug.`)
        expect(noIndex).to.match(remedy).and.include(`${tablePath} has no unique index over slug.`)
        expect(more).to.eql([])

        const nullable = await db().connect([table("thing", loose(KEYS))])
        const strict = await changeEntities(db(), nullable, [table("thing", KEYS)])
        const path = strict.getMetadata("thing").tablePath
        expect(await problemsOf(strict)).to.eql([
            `The column ${path}.slug can be NULL, so rows may be without a key. Generate ` +
                "and run a migration (typeorm-autosequence migration:generate), or call " +
                "installAutoSequence(dataSource).",
        ])
        const runner = strict.createQueryRunner()
        for (const index of [...(await runner.getTable(path))!.indices])
            await runner.dropIndex(path, index)
        await runner.release()
        const [, index, ...others] = await problemsOf(strict)
        expect(index).to.include(`${path} has no unique index over slug.`)
        expect(others).to.eql([])
    })

    it("misses the index over keys whose scope is NULL", async function () {
        if (!db().can.partialIndexes) return this.skip()
        const scoped = table(
            "thing",
            { slug: { uniqueWith: "area" } },
            {
                area: { type: "int", nullable: true },
            },
        )
        const dataSource = await db().connect([scoped])
        const { tablePath } = dataSource.getMetadata("thing")
        const runner = dataSource.createQueryRunner()
        for (const index of [...(await runner.getTable(tablePath))!.indices])
            if (index.where) await runner.dropIndex(tablePath, index)
        await runner.release()
        const [problem, ...more] = await problemsOf(dataSource)
        expect(problem).to.include(`no unique index over slug where area is NULL.`)
        expect(more).to.eql([])
    })

    it("misses the primary key of the history, and its columns", async function () {
        if (!db().can.bigints) return this.skip()
        const dataSource = await db().connect([table("thing", KEYS)])
        const { tablePath } = dataSource.getMetadata(KEY_ENTITY)
        const runner = dataSource.createQueryRunner()
        await runner.dropColumn(tablePath, "retired_at")
        await runner.updatePrimaryKeys(
            tablePath,
            (await runner.getTable(tablePath))!.primaryColumns.filter(({ name }) => name !== "key"),
        )
        await runner.release()
        const [column, key, ...more] = await problemsOf(dataSource)
        expect(column).to.match(remedy).and.include(`${tablePath} has no column retired_at.`)
        expect(key)
            .to.match(remedy)
            .and.include("(scope, series), but must be (key, scope, series).")
        expect(more).to.eql([])
    })

    it("misses the subscriber, and the entity of the history", async () => {
        for (const [keys, subscribers, text] of [
            [{ slug: {} }, [], "The data source has no AutoSequenceSubscriber."],
            [KEYS, [AutoSequenceSubscriber], "has a history, and the data source doesn't know"],
        ] as const) {
            const known = await db().connect([table("thing", keys)])
            const dataSource = new DataSource({
                ...known.options,
                entities: [table("thing", keys)],
                subscribers: [...subscribers],
                synchronize: db().kind === "sqljs",
            })
            await dataSource.initialize()
            try {
                const [problem, ...more] = await problemsOf(dataSource)
                expect(problem).to.include(text).and.include("withAutoSequence(options)")
                expect(more).to.eql([])
            } finally {
                await dataSource.destroy()
            }
        }
    })

    it("cares about no entity of the same name that another data source has", async () => {
        await db().connect([
            table("same", { slug: {}, sealed: { seal: { column: "id", secret: SECRET } } }),
        ])
        const column = { type: "varchar", length: 20, nullable: true } as const
        const dataSource = await db().connect([table("same", {}, { slug: column, sealed: column })])
        await verifyAutoSequence(dataSource)
        const saved = await dataSource.getRepository("same").save({ name: "a" })
        expect(saved).to.include({ slug: null, sealed: null })
    })

    it("misses the subscriber where there are sealed keys alone", async () => {
        const keys = { slug: { seal: { column: "id", secret: SECRET } } }
        const known = await db().connect([table("sealed", keys)])
        await verifyAutoSequence(known)
        const dataSource = new DataSource({
            ...known.options,
            entities: [table("sealed", keys)],
            subscribers: [],
            synchronize: false,
        })
        await dataSource.initialize()
        try {
            const [problem, ...more] = await problemsOf(dataSource)
            expect(problem).to.include("The data source has no AutoSequenceSubscriber.")
            expect(more).to.eql([])
        } finally {
            await dataSource.destroy()
        }
    })
})

onEveryDatabase(
    "verifyAutoSequence and pseudo keys",
    (db) => {
        it("refuses collations that take different keys for equal", async () => {
            const dataSource = await db().connect([table("thing", KEYS)])
            const change = (name: string, column: string, collation: string) =>
                dataSource.query(
                    `ALTER TABLE ${name} MODIFY ${column} varchar(255) CHARACTER SET utf8mb4 ` +
                        `COLLATE ${collation} NOT NULL`,
                )
            await change("thing", "slug", "utf8mb4_nopad_bin")
            await verifyAutoSequence(dataSource)
            await change("thing", "slug", "utf8mb4_general_ci")
            await change("autosequence_key", "`key`", "utf8mb4_unicode_ci")
            const [ofHistory, ofTable, ...more] = await problemsOf(dataSource)
            expect(ofHistory).to.include(
                "autosequence_key.key has the collation utf8mb4_unicode_ci",
            )
            expect(ofTable).to.match(/thing\.slug has the collation utf8mb4_general_ci/)
            for (const problem of [ofHistory, ofTable])
                expect(problem).to.include("Give it the collation utf8mb4_bin.")
            expect(more).to.eql([])
        })
    },
    ({ tableLock }) => !tableLock,
)

import { expect } from "chai"
import type { DataSource } from "typeorm"
import {
    backfillPseudoKeys,
    type BackfillProgress,
    findByPseudoKey,
    InvalidKeyError,
    InvalidOptionError,
    transactionWithRetry,
    withAutoSequenceColumns,
} from "../../src"
import { changeEntities } from "../migrations/migrate"
import { onEveryDatabase, StatementLog } from "../support/databases"
import { expectRejects, rejection } from "../support/errors"
import { isThorough } from "../support/thoroughness"
import { mustWait, sessionOf, waitForEnd } from "../support/waiting"
import {
    animals,
    expectDistinct,
    insertRows,
    type Keys,
    keysIn,
    killed,
    loose,
    named,
    Outer,
    type Row,
    stored,
    table,
} from "./backfill-entities"
import { suffixed } from "./insert-rows"
import { runUntilKilled } from "./processes/run-until-killed"

const BY_NAME: Keys = loose({ slug: { case: "keep", derive: ({ name }) => name } })
const SECRET = "0123456789abcdef0123456789abcdef"

onEveryDatabase("backfillPseudoKeys", (db) => {
    it("goes through the rows in batches, and tells after each how far it has come", async () => {
        const sizes = [1, 7, 1000]
        const logger = new StatementLog()
        const entities = sizes.map((size) => table(`by${size}`, loose({ slug: {} })))
        const dataSource = await db().connect(entities, { logger, logging: true })
        for (const size of sizes) {
            await insertRows(dataSource, `by${size}`, named(15))
            logger.statements.length = 0
            const told: BackfillProgress[] = []
            const result = await backfillPseudoKeys(dataSource, `by${size}`, {
                batchSize: size,
                onProgress: (progress) => told.push(progress),
            })
            const ends = Array.from({ length: Math.ceil(15 / size) }, (_, at) =>
                Math.min((at + 1) * size, 15),
            )
            expect(told.map(({ done, total }) => [done, total])).to.eql(
                ends.map((done) => [done, 15]),
            )
            for (const { perSecond } of told) expect(perSecond).to.be.greaterThan(0)
            expect(result).to.eql(told.at(-1))
            const updates = logger.statements.filter((sql) => /^UPDATE/.test(sql))
            expect(updates).to.have.lengthOf(ends.length)
            await expectDistinct(dataSource, `by${size}`)

            const again = await backfillPseudoKeys(dataSource, `by${size}`)
            expect(again).to.eql({ done: 0, total: 0, perSecond: 0 })
        }
    })

    it("fills all keys of a row or the one that is named, and leaves those that are there", async () => {
        const keys = loose({
            slug: { case: "keep", derive: ({ name }) => name },
            uid: { generate: "uuid" },
        })
        const Thing = table("thing", keys, {
            deletedAt: { type: Date, deleteDate: true, nullable: true },
        })
        const dataSource = await db().connect([Thing])
        await insertRows(dataSource, "thing", [
            { name: "a", slug: null, deletedAt: null },
            { name: "b", slug: "mine", deletedAt: null },
            { name: "c", slug: null, deletedAt: "2026-01-01 00:00:00" },
        ])
        const things = dataSource.getRepository<Row>("thing")
        await backfillPseudoKeys(dataSource, "thing", { property: "slug" })
        expect(await stored(dataSource, "thing", "slug", "uid")).to.eql([
            ["a", null],
            ["mine", null],
            ["c", null],
        ])
        await things.save({ id: 1, uid: "given" })
        const { done, total } = await backfillPseudoKeys(dataSource, Thing)
        expect({ done, total }).to.eql({ done: 2, total: 2 })
        const uids = await expectDistinct(dataSource, "thing", "uid")
        expect(uids[0]).to.equal("given")
        expect(await keysIn(dataSource, "thing")).to.eql(["a", "mine", "c"])
        expect(await things.count()).to.equal(2)
    })

    it("stops at a signal after the batch that is being written, and goes on when it is called again", async () => {
        const dataSource = await db().connect([table("thing", BY_NAME)])
        await insertRows(dataSource, "thing", named(10))
        const controller = new AbortController()
        const result = await backfillPseudoKeys(dataSource, "thing", {
            batchSize: 3,
            signal: controller.signal,
            onProgress: ({ done }) => {
                if (done === 6) controller.abort()
            },
        })
        expect([result.done, result.total]).to.eql([6, 10])
        const open = await keysIn(dataSource, "thing")
        expect(open).to.eql([...named(6).map(({ name }) => name), null, null, null, null])

        const { signal } = controller
        expect(await backfillPseudoKeys(dataSource, "thing", { signal })).to.include({ done: 0 })
        expect(await keysIn(dataSource, "thing")).to.eql(open)
        expect(await backfillPseudoKeys(dataSource, "thing")).to.include({ done: 4, total: 4 })
        expect(await keysIn(dataSource, "thing")).to.eql(named(10).map(({ name }) => name))
    })

    it("gives suffixes to derived keys across batches, and to those that rows have already", async () => {
        const dataSource = await db().connect([table("thing", BY_NAME)])
        await insertRows(dataSource, "thing", [
            ...named("Crème brûlée", "b").map((row) => ({ ...row, slug: null })),
            { name: "b", slug: "b-3" },
            ...named(..."bbbbb".split("")).map((row) => ({ ...row, slug: null })),
            { name: "…", slug: null },
        ])
        await backfillPseudoKeys(dataSource, "thing", { batchSize: 2 })
        const [creme, ...keys] = await keysIn(dataSource, "thing")
        expect(creme).to.equal("Creme-brulee")
        expect(keys.slice(0, -1)).to.eql(["b", "b-3", "b-2", "b-4", "b-5", "b-6", "b-7"])
        // Nothing of it is fit for a URL.
        expect(keys.at(-1)).to.match(/^[\w-]{21}$/)
    })

    it("derives from relations and numbers, with as many statements for many rows as for few", async () => {
        const maker = table(
            "maker",
            {},
            {},
            {
                land: { type: "many-to-one", target: "land", nullable: true },
            },
        )
        const derive = ({ maker: by, no, name }: Row) => {
            const { name: made, land } = by as { name: string; land: { name: string } | null }
            return `${land?.name ?? "nowhere"} ${made} ${name} ${String(no)}`
        }
        const thing = table(
            "thing",
            loose({ slug: { case: "keep", derive, relations: ["maker.land"] } }),
            {},
            {
                maker: { type: "many-to-one", target: "maker", nullable: false },
            },
        )
        withAutoSequenceColumns(thing, { no: { strategy: "counter", uniqueWith: "maker" } })
        const logger = new StatementLog()
        const dataSource = await db().connect([table("land"), maker, thing], {
            logger,
            logging: true,
        })
        await insertRows(dataSource, "land", named("Chad"))
        await insertRows(dataSource, "maker", [
            { name: "A", landId: 1 },
            { name: "B", landId: null },
        ])
        const rows = (from: number, count: number) =>
            Array.from({ length: count }, (_, at) => ({
                name: "t",
                makerId: 1 + (at % 2),
                no: from + Math.floor(at / 2),
            }))
        const statementsFor = async (rowsNow: ReturnType<typeof rows>) => {
            await insertRows(dataSource, "thing", rowsNow)
            logger.statements.length = 0
            await backfillPseudoKeys(dataSource, "thing")
            return logger.statements.length
        }
        const few = await statementsFor(rows(1, 4))
        expect(await keysIn(dataSource, "thing")).to.eql([
            "Chad-A-t-1",
            "nowhere-B-t-1",
            "Chad-A-t-2",
            "nowhere-B-t-2",
        ])
        expect(await statementsFor(rows(3, 100))).to.equal(few)
        expect((await keysIn(dataSource, "thing")).at(-1)).to.equal("nowhere-B-t-52")
    })

    it("sends no more statements where rows have the same text than where they have not", async () => {
        const logger = new StatementLog()
        const entities = ["same", "different"].map((name) => table(name, BY_NAME))
        const dataSource = await db().connect(entities, { logger, logging: true })
        await insertRows(dataSource, "different", named(50))
        const names = named(10).map(({ name }) => name)
        await insertRows(dataSource, "same", named(...[1, 2, 3, 4, 5].flatMap(() => names)))
        const statements: Record<string, number> = {}
        for (const name of ["same", "different"]) {
            logger.statements.length = 0
            await backfillPseudoKeys(dataSource, name, { batchSize: 10 })
            statements[name] = logger.statements.length
        }
        expect(statements.same).to.equal(statements.different)
        const found = await keysIn(dataSource, "same")
        const wanted = names.flatMap((name) => suffixed(name, 5))
        expect([...found].sort()).to.eql(wanted.sort())
        expect(await dataSource.getRepository<Row>("same").save({ name: "n3" })).to.include({
            slug: "n3-6",
        })
    })

    it("keeps keys apart within their scope alone", async () => {
        const key = { case: "keep" as const, derive: ({ name }: Row) => name, uniqueWith: "area" }
        const columns = { area: { type: "int", nullable: true } } as const
        const dataSource = await db().connect([table("thing", loose({ slug: key }), columns)])
        await insertRows(
            dataSource,
            "thing",
            [1, 2, null, 1, null, 2, 1].map((area) => ({ name: "a", area })),
        )
        await backfillPseudoKeys(dataSource, "thing", { batchSize: 3 })
        expect(await keysIn(dataSource, "thing")).to.eql([
            "a",
            "a",
            "a",
            "a-2",
            "a-2",
            "a-2",
            "a-3",
        ])
    })

    it("writes the history, so that a key which changes goes on leading to its row", async () => {
        const keys: Keys = loose({
            slug: { case: "keep", derive: ({ name }) => name, history: true },
        })
        const dataSource = await db().connect([table("thing", keys)])
        await insertRows(dataSource, "thing", named("a", "a", "b"))
        await backfillPseudoKeys(dataSource, "thing", { batchSize: 2 })
        expect(await keysIn(dataSource, "thing")).to.eql(["a", "a-2", "b"])
        const history = dataSource.getRepository("AutoSequenceKey")
        expect(await history.count()).to.equal(3)

        const things = dataSource.getRepository<Row>("thing")
        await things.save({ id: 1, slug: "other" })
        expect(await findByPseudoKey(things, "a")).to.include({ id: 1, slug: "other" })
        await insertRows(dataSource, "thing", named("a", "other"))
        await backfillPseudoKeys(dataSource, "thing")
        expect((await keysIn(dataSource, "thing")).slice(3)).to.eql(["a-3", "other-2"])
        expect(await findByPseudoKey(things, "a")).to.include({ id: 1 })
        expect(await findByPseudoKey(things, "a-3")).to.include({ id: 4 })
    })

    it("goes by primary keys of every kind", async () => {
        const uuid = db().can.bigints ? "uuid" : "varchar"
        const ids: Record<string, Parameters<typeof table>[2]> = {
            uuid: { id: { type: uuid, primary: true, generated: "uuid" } },
            big: { id: { type: "bigint", primary: true } },
            text: { id: { type: "varchar", length: 20, primary: true } },
            composite: {
                year: { type: "bigint", primary: true },
                part: { type: "varchar", length: 20, primary: true },
            },
        }
        // Past the integers that a number can hold, where there are such.
        const first = db().can.bigints ? 9007199254740993n : 1n
        const texts = ["a", "B", "b'c", 'd"e', "ö", "%", "日本"]
        const rows: Record<string, Record<string, string>[]> = {
            uuid: texts.map((_, at) => ({
                id: `${7 - at}0000000-0000-4000-8000-00000000000${at}`,
            })),
            big: texts.map((_, at) => ({ id: String(first + BigInt(at)) })),
            text: texts.map((id) => ({ id })),
            composite: texts.map((part, at) => ({ year: String(first + BigInt(at % 2)), part })),
        }
        const tables = [false, true].flatMap((history) =>
            Object.keys(ids).map((kind) => ({ kind, history, name: `${kind}_${history}` })),
        )
        const dataSource = await db().connect(
            tables.map(({ kind, history, name }) => {
                const keys: Keys = {
                    slug: { case: "keep", derive: (row) => row.name, history },
                    uid: { history },
                }
                return table(name, loose(keys), ids[kind])
            }),
        )
        for (const { kind, name } of tables) {
            const values = rows[kind]!.map((row, at) => ({ ...row, name: `k${at}` }))
            await insertRows(dataSource, name, values)
            await backfillPseudoKeys(dataSource, name, { batchSize: 2 })
            for (const [given, slug] of await stored(dataSource, name, "name", "slug"))
                expect(slug, name).to.equal(given)
            expect(await expectDistinct(dataSource, name, "uid")).to.have.lengthOf(7)
        }
    })

    it("fills the rows of a class of a single-table inheritance", async () => {
        const dataSource = await db().connect(animals({ case: "keep", derive: ({ name }) => name }))
        await insertRows(dataSource, "Animal", [
            { name: "a", kind: "Cat" },
            { name: "a", kind: "Dog" },
            { name: "a", kind: "Cat" },
        ])
        expect(await backfillPseudoKeys(dataSource, "Cat")).to.include({ done: 2, total: 2 })
        expect(await keysIn(dataSource, "Cat")).to.eql(["a", null, "a-2"])
        await expectRejects(backfillPseudoKeys(dataSource, "Dog"), InvalidOptionError, "Dog")
    })

    it("fills keys of an embedded entity, and hidden ones", async () => {
        const dataSource = await db().connect([Outer])
        await insertRows(dataSource, "Outer", named("a", "a"))
        await backfillPseudoKeys(dataSource, Outer, { property: "inner.code" })
        const codes = await expectDistinct(dataSource, "Outer", "inner.code")
        expect(await keysIn(dataSource, "Outer")).to.eql([null, null])
        await backfillPseudoKeys(dataSource, Outer)
        expect(await keysIn(dataSource, "Outer")).to.eql(["a", "a-2"])
        expect(await keysIn(dataSource, "Outer", "inner.code")).to.eql(codes)
    })

    it("fails where a function makes no key of a row, and keeps the batches before", async () => {
        const cause = new Error("no key for this one")
        const derive = ({ name }: Row) => {
            if (name === "n4") throw cause
            return name
        }
        const dataSource = await db().connect([table("thing", loose({ slug: { derive } }))])
        await insertRows(dataSource, "thing", named(8))
        const attempt = backfillPseudoKeys(dataSource, "thing", { batchSize: 2 })
        const error = (await rejection(attempt)) as InvalidKeyError
        expect(error).to.be.instanceOf(InvalidKeyError)
        expect(error.cause).to.equal(cause)
        expect(error.message).not.to.include("n4")
        const open = [null, null, null, null]
        expect(await keysIn(dataSource, "thing")).to.eql(["n0", "n1", "n2", "n3", ...open])
        expect(await dataSource.getRepository("thing").save({ name: "n5" })).to.include({
            slug: "n5",
        })
    })

    it("refuses what it can't do", async () => {
        const dataSource = await db().connect([
            table("thing", BY_NAME),
            table("plain"),
            table("sealed_thing", { hidden: { seal: { column: "id", secret: SECRET } } }),
        ])
        for (const batchSize of [0, -1, 1.5, NaN, Infinity])
            await expectRejects(
                backfillPseudoKeys(dataSource, "thing", { batchSize }),
                InvalidOptionError,
                `batchSize is ${batchSize}, give an integer of at least 1.`,
            )
        await expectRejects(
            backfillPseudoKeys(dataSource, "thing", { batchSize: "7" as never }),
            InvalidOptionError,
            'batchSize is "7", give an integer of at least 1.',
        )
        await expectRejects(
            backfillPseudoKeys(dataSource, "thing", { property: "name" }),
            InvalidOptionError,
            "thing.name has no pseudo key in a column.",
        )
        for (const name of ["plain", "sealed_thing"])
            await expectRejects(backfillPseudoKeys(dataSource, name), InvalidOptionError, name)
    })
})

onEveryDatabase(
    "backfillPseudoKeys and others at the same time",
    (db) => {
        const both = async (keys: Keys, rows: number, name = "a") => {
            const dataSource = await db().connect([table("thing", keys)], { connections: 8 })
            await insertRows(
                dataSource,
                "thing",
                Array.from({ length: rows }, () => ({ name })),
            )
            return dataSource
        }

        it("overwrites no key that is committed while it waits for the row", async () => {
            const keys = loose({
                slug: { case: "keep", derive: ({ name }) => name, history: true },
            })
            const writer = await both(keys, 4)
            const filling = await changeEntities(db(), writer, [table("thing", keys)], {
                connections: 1,
            })
            const session = await sessionOf(filling.manager)
            let work: Promise<BackfillProgress> | undefined
            await writer.transaction(async (manager) => {
                await manager.getRepository<Row>("thing").save({ id: 2, slug: "mine" })
                work = backfillPseudoKeys(filling, "thing")
                expect(await mustWait(writer, session, work)).to.equal(true)
            })
            await work
            const stored = await keysIn(filling, "thing")
            expect(stored).to.eql(["a", "mine", "a-3", "a-4"])
            const history = await filling.getRepository("AutoSequenceKey").find()
            expect(history.map(({ key }) => key as string).sort()).to.eql([...stored].sort())
        })

        // More at a time than are locked one by one.
        const count = isThorough ? 2500 : 1300
        const batches = isThorough ? [1000, 1000, 700] : [600, 600, 550]
        for (const [what, keys] of [
            ["random", loose({ slug: { prefix: "t", history: true } })],
            ["derived", BY_NAME],
        ] as const)
            it(`gives each row one ${what} key where it runs several times`, async () => {
                const dataSource = await both(keys, count)
                const results = await Promise.all(
                    batches.map((batchSize) =>
                        backfillPseudoKeys(dataSource, "thing", { batchSize }),
                    ),
                )
                // Each tells of what it has written itself.
                expect(results.reduce((sum, { done }) => sum + done, 0)).to.equal(count)
                const found = await expectDistinct(dataSource, "thing")
                if (what === "random")
                    expect(await dataSource.getRepository("AutoSequenceKey").count()).to.equal(
                        count,
                    )
                else for (const key of found) expect(key).to.match(/^a(-\d+)?$/)
            })

        it("shares the suffixes with those who insert", async () => {
            const dataSource = await both(BY_NAME, 200)
            const things = dataSource.getRepository<Row>("thing")
            let isDone = false
            const filling = backfillPseudoKeys(dataSource, "thing", { batchSize: 10 }).finally(
                () => (isDone = true),
            )
            const saved: Row[] = []
            const rows = [{ name: "a" }, { name: "a" }]
            const insert = async () => {
                do
                    // On MariaDB a snapshot of the transaction would hide the keys of others.
                    saved.push(
                        ...(await transactionWithRetry(
                            dataSource,
                            (manager) =>
                                manager
                                    .getRepository<Row>("thing")
                                    .save(rows.map((r) => ({ ...r }))),
                            { isolationLevel: "READ COMMITTED" },
                        )),
                    )
                while (!isDone)
            }
            await Promise.all([filling, insert(), insert(), insert()])
            const keys = await expectDistinct(dataSource, "thing")
            expect(keys).to.have.lengthOf(200 + saved.length)
            expect(saved.length).to.be.greaterThan(0)
            for (const { id, slug } of saved)
                expect(await things.findOneBy({ id })).to.include({ slug })
            for (const key of keys) expect(suffixed("a", 2 * keys.length)).to.include(key)
        })

        it("goes on after a process that was killed between its UPDATE and its COMMIT", async function () {
            // What a process does, one PostgreSQL shows.
            if (/embedded/.test(db().name)) return this.skip()
            const dataSource: DataSource = await db().connect([killed()])
            await insertRows(
                dataSource,
                "killed",
                Array.from({ length: 40 }, () => ({ name: "a" })),
            )
            const options = JSON.stringify({
                ...dataSource.options,
                entities: [],
                subscribers: [],
                synchronize: false,
                applicationName: "killed",
            })
            const ended = await runUntilKilled([options, "8", "3"])
            expect(ended).to.eql({ signal: "SIGKILL", lines: ["8 of 40", "16 of 40"] })
            // Until PostgreSQL has ended its transaction, its keys are passed over. Others are waited for.
            if (db().kind === "postgres") await waitForEnd(dataSource, "killed")
            const before = await keysIn(dataSource, "killed")
            expect(before).to.eql([...suffixed("a", 16), ...Array.from({ length: 24 }, () => null)])

            const { done, total } = await backfillPseudoKeys(dataSource, "killed")
            expect({ done, total }).to.eql({ done: 24, total: 24 })
            expect(await keysIn(dataSource, "killed")).to.eql(suffixed("a", 40))
        })
    },
    ({ parallel }) => parallel,
)

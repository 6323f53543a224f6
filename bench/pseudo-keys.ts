// DATABASE_URL=postgres://… npx ts-node bench/pseudo-keys.ts [insert] [seal] [find] [backfill]
//     [--rows 1000000] [--json]
//
// What pseudo keys cost: rows inserted with them, against rows that got theirs before the call;
// sealed keys made and read, beside sqids and hashids; a row found by its key, against its primary
// key; and keys given to rows that have none, against one UPDATE. It runs these parts, or all of them,
// and checks what came of each. `--rows` is how many rows there are to find, and to be given keys.
//
// The rows that are compared are in tables of their own with the same columns and the same indexes,
// and the library's subscriber is there for all of them, but where it says "without the library".
import { randomUUID } from "node:crypto"
import { performance } from "node:perf_hooks"
import { parseArgs } from "node:util"
import Hashids from "hashids"
import "reflect-metadata"
import Sqids from "sqids"
import type { DataSource } from "typeorm"
// An application imports it from "typeorm-autosequence".
import { backfillPseudoKeys, findByPseudoKey, sealKey } from "../src"
import { sealOf } from "../src/keys/sealed/seal"
import * as tables from "./pseudo-key-entities"
import {
    assertRows,
    connected,
    type EntityClass,
    fill,
    fillHistory,
    invoice,
    keyOf,
    keySql,
    type Kind,
    timed,
} from "./pseudo-key-entities"
import { compare, type Comparison, inParallel, print, type Way, withDatabase } from "./support"

const WRITERS = 16
const BULK = 10_000
const SEALED = 20_000
const LOOK_UPS = 1000

const PARTS: Record<string, () => Promise<void>> = { insert, seal, find, backfill }
const { positionals: chosen, values: given } = parseArgs({
    allowPositionals: true,
    options: { rows: { type: "string", default: "1000000" }, json: { type: "boolean" } },
})
const ROWS = Number(given.rows)

main().catch((error: unknown) => {
    console.error(error)
    process.exitCode = 1
})

async function main(): Promise<void> {
    const unknown = chosen.find((name) => !(name in PARTS))
    if (unknown)
        throw new Error(`There is no part ${unknown}, but ${Object.keys(PARTS).join(", ")}.`)
    for (const [name, run] of Object.entries(PARTS))
        if (chosen.length === 0 || chosen.includes(name)) await run()
}

interface Work {
    readonly name: string
    readonly rows: number
    readonly rounds: number
    write(dataSource: DataSource, entity: EntityClass, rows: object[]): Promise<unknown>
}

async function insert(): Promise<void> {
    const saving = (writers: number): Work["write"] => {
        return (dataSource, entity, rows) =>
            inParallel(writers, rows.length, (turn) =>
                dataSource.getRepository(entity).save(rows[turn] ?? {}),
            )
    }
    const works: Work[] = [
        { name: "save() of one row, 1 writer", rows: 200, rounds: 15, write: saving(1) },
        {
            name: `save() of one row, ${WRITERS} writers`,
            rows: 800,
            rounds: 15,
            write: saving(WRITERS),
        },
        {
            name: `save() of ${BULK} rows in one call`,
            rows: BULK,
            rounds: 7,
            write: (dataSource, entity, rows) => dataSource.getRepository(entity).save(rows),
        },
        {
            name: `insert() of ${BULK} rows in one call`,
            rows: BULK,
            rounds: 7,
            // A history takes a transaction, which save() begins by itself.
            write: (dataSource, entity, rows) =>
                dataSource.transaction((manager) => manager.insert(entity, rows)),
        },
    ]
    await withDatabase(
        tables.KINDS.flat().map(({ entity }) => entity),
        WRITERS,
        (dataSource) =>
            connected([tables.GivenWithoutLibrary], { isPlain: true }, async (plain) => {
                const comparisons: Comparison[] = []
                const written = new Map<Kind, number>()
                let last = 0
                for (const work of works)
                    for (const kinds of tables.KINDS) {
                        const ways = kinds.map((kind): Way => ({
                            name: kind.name,
                            run: () => {
                                const rows = Array.from({ length: work.rows }, () => {
                                    const row = invoice(++last)
                                    return kind.key ? { ...row, publicId: kind.key(row) } : row
                                })
                                written.set(kind, (written.get(kind) ?? 0) + rows.length)
                                const to = kind.isPlain ? plain : dataSource
                                return timed(() => work.write(to, kind.entity, rows))
                            },
                        }))
                        comparisons.push(await compare(work.name, work.rounds, ways))
                    }
                for (const [kind, rows] of written) await assertRows(dataSource, kind, rows)
                await print(dataSource, comparisons, "Every row has a key of its own.")
            }),
    )
}

async function seal(): Promise<void> {
    const ids = Array.from({ length: SEALED }, (_, at) => 1 + at * 7919)
    const uuids = ids.map(() => randomUUID())
    const sealed = sealOf("integer", [tables.SECRET], "SealedKey")
    const sealedUuids = sealOf("uuid", [tables.SECRET], "SealedKey")
    const sqids = new Sqids({ minLength: 22 })
    const hashids = new Hashids(tables.SECRET, 22)
    const integer = making("sealed integer", ids, (id) => sealed.seal(BigInt(id)))
    const uuid = making("sealed uuid", uuids, (id) => sealedUuids.seal(id))
    const bySqids = making("sqids of an integer", ids, (id) => sqids.encode([id]))
    const byHashids = making("hashids of an integer", ids, (id) => hashids.encode(id))
    const readers = [
        reading(integer, (key) => Number(sealed.open(key))),
        reading(uuid, (key) => sealedUuids.open(key)),
        reading(bySqids, (key) => sqids.decode(key)[0]),
        // Without it, as sqids says itself, several texts are read as the same number.
        reading({ ...bySqids, name: "sqids, made again to be compared" }, (key) => {
            const [id = 0] = sqids.decode(key)
            return sqids.encode([id]) === key ? id : undefined
        }),
        reading(byHashids, (key) => hashids.decode(key)[0]),
    ]
    const comparisons = [
        rated(await compare(`${SEALED} keys made`, 9, [integer, uuid, bySqids, byHashids]), SEALED),
        rated(await compare(`${SEALED} keys read`, 9, readers), SEALED),
    ]
    // A sealed key makes TypeORM look at all rows that a data source loads.
    await withDatabase([tables.NoKey, tables.NanoidKey], 1, (dataSource) =>
        connected([tables.SealedKey], {}, async (sealing) => {
            await fill(dataSource, tables.NoKey, [1, BULK])
            await fill(dataSource, tables.NanoidKey, [1, BULK], keySql("'now ' || i"))
            await fill(sealing, tables.SealedKey, [1, BULK])
            const loading = (
                name: string,
                from: DataSource,
                entity: EntityClass,
                keyOfRow: (id: number) => string | undefined,
            ): Way => ({
                name,
                run: async () => {
                    const start = performance.now()
                    const rows = await from.getRepository(entity).find()
                    const ms = performance.now() - start
                    const wrong = rows.find(
                        ({ id, publicId }) => publicId !== keyOfRow(id as number),
                    )
                    if (wrong || rows.length !== BULK) throw new Error(`${name}: wrong rows.`)
                    return ms
                },
            })
            const { NoKey, NanoidKey, SealedKey } = tables
            const comparison = await compare(`find() of ${BULK} rows`, 9, [
                loading("no key", dataSource, NoKey, () => undefined),
                loading("stored key", dataSource, NanoidKey, (id) => keyOf(`now ${id}`)),
                loading("sealed key", sealing, SealedKey, (id) => sealKey(sealing, SealedKey, id)),
            ])
            comparisons.push(comparison)
            await print(dataSource, comparisons, "Every key led back to what it was made of.")
        }),
    )
}

interface Making<T> extends Way {
    readonly from: readonly T[]
    readonly keys: string[]
}

function making<T>(name: string, from: readonly T[], make: (id: T) => string): Making<T> {
    const keys: string[] = []
    const run = () => {
        from.forEach((id, at) => (keys[at] = make(id)))
        return Promise.resolve()
    }
    return { name, from, keys, run }
}

function reading<T>({ name, from, keys }: Making<T>, read: (key: string) => unknown): Way {
    const run = () => {
        keys.forEach((key, at) => {
            if (read(key) !== from[at])
                throw new Error(`${name}: ${key} is not read as it was made.`)
        })
        return Promise.resolve()
    }
    return { name, run }
}

/** Says how many a second it is, too. */
function rated({ work, ways }: Comparison, count: number): Comparison {
    const rate = (ms: number) => Math.round((count / ms) * 1000).toLocaleString("en")
    return {
        work,
        ways: ways.map((way) => ({ ...way, name: `${way.name}, ${rate(way.ms)} a second` })),
    }
}

async function find(): Promise<void> {
    const { NanoidKey, KeyWithHistory, SealedKey } = tables
    const now = (id: number) => keyOf(`now ${id}`)
    // A sealed key makes TypeORM look at all rows that a data source loads.
    await withDatabase([NanoidKey, KeyWithHistory], 1, (dataSource) =>
        connected([SealedKey], {}, async (sealing) => {
            await fill(dataSource, NanoidKey, [1, ROWS], keySql("'now ' || i"))
            await fill(sealing, SealedKey, [1, ROWS])
            await fillHistory(dataSource, ROWS)
            await dataSource.query("VACUUM ANALYZE")

            const looking = (
                name: string,
                look: (id: number) => Promise<{ id: number } | null>,
            ) => ({
                name,
                run: () =>
                    inParallel(1, LOOK_UPS, async () => {
                        // Each tenth row has had another key before.
                        const id = 10 * Math.ceil((Math.random() * ROWS) / 10)
                        const row = await look(id)
                        if (row?.id !== id) throw new Error(`${name}: row ${id} is not found.`)
                    }),
            })
            const { manager } = dataSource
            const comparison = await compare(`${LOOK_UPS} look-ups among ${ROWS} rows`, 15, [
                looking("findOne() by primary key", (id) => manager.findOneBy(NanoidKey, { id })),
                looking("stored key", (id) => findByPseudoKey(manager, NanoidKey, now(id))),
                looking("history, key of now", (id) =>
                    findByPseudoKey(manager, KeyWithHistory, now(id)),
                ),
                looking("history, key of before", (id) =>
                    findByPseudoKey(manager, KeyWithHistory, keyOf(`before ${id}`)),
                ),
                looking("sealed key", (id) =>
                    findByPseudoKey(sealing.manager, SealedKey, sealKey(sealing, SealedKey, id)),
                ),
            ])
            await print(dataSource, [rated(comparison, LOOK_UPS)], "Each found its row.")
        }),
    )
}

async function backfill(): Promise<void> {
    const { KeyToFill, SlugToFill } = tables
    await withDatabase([KeyToFill, SlugToFill], 2, async (dataSource) => {
        const table = dataSource.getMetadata(KeyToFill).tablePath
        const deriving = (name: string, texts: number): Way => ({
            name,
            run: async () => {
                const slugs = dataSource.getMetadata(SlugToFill).tablePath
                await dataSource.query(`TRUNCATE ${slugs} RESTART IDENTITY`)
                await fill(dataSource, SlugToFill, [1, BULK])
                await dataSource.query(`UPDATE ${slugs} SET "orderId" = 'order ' || id % ${texts}`)
                await dataSource.query(`VACUUM ANALYZE ${slugs}`)
                const ms = await timed(() => backfillPseudoKeys(dataSource, SlugToFill))
                const format = "^order-[0-9]+(-[0-9]+)?$"
                await assertRows(dataSource, { name, entity: SlugToFill, format }, BULK)
                return ms
            },
        })
        const filling = (name: string, give: (rows: number) => Promise<unknown>): Way => {
            let isFirst = true
            return {
                name,
                run: async () => {
                    // The round that is not counted need not be long.
                    const rows = isFirst ? Math.ceil(ROWS / 20) : ROWS
                    isFirst = false
                    await dataSource.query(`TRUNCATE ${table} RESTART IDENTITY`)
                    await fill(dataSource, KeyToFill, [1, rows])
                    await dataSource.query(`VACUUM ANALYZE ${table}`)
                    const ms = await timed(() => give(rows))
                    await assertRows(dataSource, { name, entity: KeyToFill, format: "." }, rows)
                    return ms
                },
            }
        }
        const comparison = await compare(`${ROWS} rows given keys`, 1, [
            filling("one UPDATE with gen_random_uuid()", () =>
                dataSource.query(`UPDATE ${table} SET "publicId" = gen_random_uuid()::text`),
            ),
            filling("backfillPseudoKeys()", async (rows) => {
                let told = 0
                await backfillPseudoKeys(dataSource, KeyToFill, {
                    onProgress: ({ done }) => (told = done),
                })
                if (told !== rows) throw new Error(`It told of ${told} rows, of ${rows}.`)
            }),
        ])
        const derived = await compare(`${BULK} rows given keys that are derived`, 5, [
            deriving("backfillPseudoKeys(), all texts differ", BULK),
            deriving("backfillPseudoKeys(), 10 rows of each text", BULK / 10),
        ])
        const comparisons = [rated(comparison, ROWS), rated(derived, BULK)]
        await print(dataSource, comparisons, "Every row has a key of its own.")
    })
}

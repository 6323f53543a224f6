import { expect } from "chai"
import { type DataSource, EntitySchema, type EntitySchemaColumnOptions, In } from "typeorm"
import { backfillPseudoKeys, KeyTakenError, UnsupportedError, withPseudoKeys } from "../../src"
import { KEY_ENTITY } from "../../src/declared/own-tables"
import { columnName, tableName } from "../../src/typeorm/names"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import type { Kind } from "../support/test-database"
import { expectLeads, refused } from "./history-entities"

interface Row {
    id: unknown
    part: unknown
    name: string
    slug: string
    code: string | null
}

type Column = EntitySchemaColumnOptions

/** A table with that primary key, and keys of every kind. */
function table(name: string, id: Column, part?: Column): EntitySchema<Row> {
    const schema = new EntitySchema<Row>({
        name,
        columns: {
            id: { ...id, primary: true },
            ...(part ? { part: { ...part, primary: true } } : {}),
            name: { type: "varchar", length: 50 },
        } as never,
    })
    return withPseudoKeys(schema, {
        slug: { history: true },
        code: {
            case: "keep",
            derive: (row: Row) => row.name,
            after: "insert",
            nullable: true,
            history: true,
        },
    })
}

const bytes = (text: string) => Buffer.from(text.padEnd(16, "\0"))

const BYTES: Record<Kind, Column> = {
    postgres: { type: "bytea" },
    pglite: { type: "bytea" },
    mariadb: { type: "binary", length: 16 },
    "better-sqlite3": { type: "blob" },
    sqljs: { type: "blob" },
}
const TEXT = { type: "varchar", length: 20 } as const
const EXACT: Partial<Record<Kind, Column>> = { mariadb: { ...TEXT, collation: "utf8mb4_bin" } }
const LOOSE: Partial<Record<Kind, Column>> = {
    mariadb: { ...TEXT, collation: "utf8mb4_unicode_ci" },
    "better-sqlite3": { ...TEXT, collation: "NOCASE" },
}
const BIGINT = {
    to: (value: unknown) => (typeof value === "bigint" ? String(value) : value),
    from: (value: unknown) => (value === null ? null : BigInt(value as string)),
}
const UUID = {
    to: (value: unknown) =>
        typeof value === "string" ? Buffer.from(value.replaceAll("-", ""), "hex") : value,
    from: (value: unknown) =>
        value instanceof Uint8Array
            ? Buffer.from(value)
                  .toString("hex")
                  .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
            : value,
}

/** Columns of primary keys by their kinds, and values of two rows that are much alike. */
const KINDS: Record<string, (kind: Kind) => readonly [Column, unknown, unknown] | undefined> = {
    bytes: (kind) => [BYTES[kind], bytes("ab"), bytes("abc")],
    "UUIDs that are stored as bytes": (kind) => [
        { ...BYTES[kind], transformer: UUID },
        "0190a6e0-0000-7000-8000-00000000000f",
        "0190a6e0-0000-7000-8000-0000000000f0",
    ],
    "texts of a fixed length": (kind) =>
        /sql(ite3|js)$/.test(kind) ? undefined : [{ type: "char", length: 8 }, "ab", "abc"],
    decimals: () => [{ type: "decimal", precision: 10, scale: 2 }, "1.50", "15"],
    bigints: () => [{ type: "bigint", transformer: BIGINT }, 12n, 120n],
    dates: () => [{ type: "date" }, "2026-01-31", "2026-01-03"],
    "texts that differ in case": (kind) => [EXACT[kind] ?? TEXT, "ab", "AB"],
    "texts whose case does not count": (kind) => LOOSE[kind] && [LOOSE[kind], "ab", "é"],
    booleans: () => [{ type: Boolean }, true, false],
    "enumerated texts": (kind) =>
        /sql(ite3|js)$/.test(kind) ? undefined : [{ type: "enum", enum: ["a", "b"] }, "a", "b"],
}

onEveryDatabase("The history of rows whose primary keys are", (database) => {
    for (const [kind, of] of Object.entries(KINDS))
        for (const isComposite of kind === "bytes" || kind === "decimals" ? [false, true] : [false])
            it(`${isComposite ? "integers and " : ""}${kind}, is theirs alone`, async function () {
                const found = of(database().kind)
                if (!found) return this.skip()
                const [id, one, two] = found
                const Thing = table("thing", id, isComposite ? { type: "int" } : undefined)
                const dataSource = await database().connect([Thing])
                await expectKept(dataSource, one, two)
            })

    it("texts whose case does not count, is none of a later row's in another case", async function () {
        const column = LOOSE[database().kind]
        if (!column) return this.skip()
        const { manager } = await database().connect([table("thing", column)])
        const things = manager.getRepository<Row>("thing")
        await things.save({ id: "ab", name: "one", slug: "a" } as Row)
        await things.save({ id: "ab", slug: "a2" } as Row)
        await manager.query("DELETE FROM thing")
        await things.save({ id: "AB", name: "two", slug: "b" } as Row)
        const leads = { a: null, a2: null, b: "AB" }
        await expectLeads(manager, "thing", leads, { property: "slug" })
        await things.save({ id: "AB", slug: "c" } as Row)
        await things.save({ id: "x", name: "three", slug: "a" } as Row)
        await expectLeads(manager, "thing", { ...leads, a: "x", c: "AB" }, { property: "slug" })
    })

    it("of other types, is refused when the data source is initialized", async () => {
        const type = database().kind === "postgres" ? "timestamptz" : "datetime"
        for (const column of [{ type }, { type: "float" }] as Column[]) {
            const attempt = database().connect([table("thing", column)])
            const error = await rejection(attempt)
            expect(error).to.be.instanceOf(UnsupportedError)
            expect(error.message).to.match(
                /^thing\.slug has a history, and id of the primary key is of /,
            )
        }
    })
})

async function expectKept(dataSource: DataSource, one: unknown, two: unknown): Promise<void> {
    const { manager } = dataSource
    const things = dataSource.getRepository<Row>("thing")
    const part = things.metadata.primaryColumns.length > 1 ? { part: 7 } : {}
    const load = (name: string) => things.findOneByOrFail({ name })
    const idOf = ({ id, part: of }: Row) => (of === undefined ? id : [id, of])
    await things.save([
        { id: one, ...part, name: "one", slug: "a" },
        { id: two, ...part, name: "two", slug: "b" },
    ] as Row[])
    const [first, second] = [idOf(await load("one")), idOf(await load("two"))]

    // Changes, and takes back what it had.
    for (const slug of ["a2", "a", "a3"]) await things.save({ ...(await load("one")), slug } as Row)
    await things.save({ ...(await load("two")), slug: "b2" } as Row)
    const leads = { a: first, a2: first, a3: first, b: second, b2: second, one: first, two: second }
    const expectThese = (expected: Record<string, unknown>) => {
        const { one: o, two: t, ...slugs } = expected
        return Promise.all([
            expectLeads(manager, "thing", slugs, { property: "slug" }),
            expectLeads(manager, "thing", { one: o, two: t }, { property: "code" }),
        ])
    }
    await expectThese(leads)
    await refused(things.save({ ...(await load("two")), slug: "a" } as Row), KeyTakenError)

    // Keys are written into rows that are there.
    await manager.getRepository(KEY_ENTITY).delete({ key: In(["one", "two"]) })
    const [code] = things.metadata.columns.filter((column) => column.propertyName === "code")
    await dataSource.query(`UPDATE ${tableName(things.metadata)} SET ${columnName(code!)} = NULL`)
    const { done } = await backfillPseudoKeys(dataSource, "thing")
    expect(done).to.equal(2)
    await expectThese(leads)

    // What one leaves behind is none of another's, nor of one that comes after it.
    await things.remove(await load("one"))
    await expectThese({
        a: null,
        a2: null,
        a3: null,
        one: null,
        b: second,
        b2: second,
        two: second,
    })
    await dataSource.query(`DELETE FROM ${tableName(things.metadata)}`)
    await things.save({ id: two, ...part, name: "new two", slug: "new" } as Row)
    const last = idOf(await load("new two"))
    await expectThese({ b: null, b2: null, new: last, one: null, two: null })
    await things.save({ id: one, ...part, name: "one", slug: "b2" } as Row)
    await expectThese({ b: null, b2: first, new: last, one: first, two: null })
}

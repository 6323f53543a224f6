import { expect } from "chai"
import type { DataSource, EntityTarget, ObjectLiteral } from "typeorm"
import { InvalidKeyError, KeyTakenError } from "../../src"
import { onEveryDatabase, StatementLog } from "../support/databases"
import { rejection } from "../support/errors"
import { worksOn } from "../support/strategies"
import { Badge, company, Company, Coupon, Formats, Voucher } from "./insert-entities"
import { TICKETS } from "./insert-numbered-entities"
import { storedKeys } from "./insert-rows"

type Row = ObjectLiteral
type Insert = (dataSource: DataSource, entity: EntityTarget<Row>, rows: Row[]) => Promise<unknown>

/** The ways to insert rows, and whether TypeORM tells which rows of them are in the table. */
const WAYS: Record<string, { readonly insert: Insert; readonly isUpsert?: true }> = {
    "save() of one row": {
        async insert({ manager }, entity, rows) {
            for (const row of rows) await manager.save(entity, row)
        },
    },
    "save() of many rows": { insert: ({ manager }, entity, rows) => manager.save(entity, rows) },
    "insert() of one row": {
        async insert({ manager }, entity, rows) {
            for (const row of rows) await manager.insert(entity, row)
        },
    },
    "insert() of many rows": {
        insert: ({ manager }, entity, rows) => manager.insert(entity, rows),
    },
    "insert() in a transaction": {
        insert: (dataSource, entity, rows) =>
            dataSource.transaction((manager) => manager.insert(entity, rows)),
    },
    "upsert()": {
        insert: ({ manager }, entity, rows) => manager.upsert(entity, rows, ["name"]),
        isUpsert: true,
    },
    "the query builder": {
        insert: (dataSource, entity, rows) =>
            dataSource.createQueryBuilder().insert().into(entity).values(rows).execute(),
    },
}

const FORMS: Record<string, (name: string) => RegExp> = {
    nanoid: () => /^[\w-]{21}$/,
    hex: () => /^[0-9a-f]{30}$/,
    uuid: () => /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
    uuidv7: () => /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
    ulid: () => /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/,
    made: (name) => new RegExp(`^${name}\\.0$`),
    prefixed: () => /^inv_[\w-]{21}$/,
}

const NO_KEYS = {
    "256 characters": "a".repeat(256),
    "10 kB": "a".repeat(10_240),
    "a letter with an accent": "crème",
    CJK: "茶",
    "an emoji": "🍵",
    "half a surrogate": "a\ud83d",
    "a percent sign": "100%",
    "a single quote": "it's",
    "a double quote": 'a"b',
    "a backtick": "a`b",
    "a slash": "a/b",
    "a backslash": "a\\b",
    "a blank": "a b",
    "a question mark": "a?b",
    "a hash": "a#b",
    "a zero byte": "a\0b",
    "a line break at its end": "abc\n",
    "a single dot": ".",
    "two dots": "..",
    "a number": 7,
    "an object": { a: 1 },
}

onEveryDatabase("A row with pseudo keys", (database) => {
    it("has them when it is inserted, as the table has them, whichever way it is inserted", async () => {
        const dataSource = await database().connect([Formats], { emptied: true })
        const expected: Row[] = []
        for (const [way, { insert }] of Object.entries(WAYS)) {
            const rows: Row[] = [1, 2].map((i) => ({ name: `${way.replace(/\W/g, "")}${i}` }))
            await insert(dataSource, Formats, rows)
            expected.push(...rows)
            const stored = await dataSource
                .getRepository(Formats)
                .find({ order: { id: "ASC" }, skip: expected.length - 2, take: 2 })
            for (const [at, row] of rows.entries())
                for (const [property, form] of Object.entries(FORMS)) {
                    const key: unknown = stored[at]?.[property as keyof Formats]
                    expect(key, way).to.match(form(String(row.name)))
                    expect(row[property], `${property}, ${way}`).to.equal(key)
                }
        }
        for (const property of Object.keys(FORMS))
            expect(new Set(await storedKeys(dataSource, Formats, property))).to.have.property(
                "size",
                expected.length,
            )
    })

    it("takes one INSERT, and no other statement than without the key", async () => {
        const log = new StatementLog()
        const dataSource = await database().connect([Coupon, Voucher], {
            emptied: true,
            logging: ["query"],
            logger: log,
        })
        for (const [way, { insert, isUpsert }] of Object.entries(WAYS)) {
            if (isUpsert) continue
            const statements: string[][] = []
            for (const entity of [Voucher, Coupon]) {
                log.statements.length = 0
                await insert(dataSource, entity, [{ name: "a" }, { name: "b" }])
                statements.push(log.statements.map(verb))
            }
            expect(statements[1], way).to.eql(statements[0])
        }
        log.statements.length = 0
        await dataSource.getRepository(Coupon).insert([{}, {}, {}])
        const inserts = log.statements.filter((sql) => sql.startsWith("INSERT "))
        expect(inserts).to.have.length(1)
    })

    it("keeps a key that the caller has set", async () => {
        const dataSource = await database().connect([Formats, Badge, Company], { emptied: true })
        const given = { name: "A", nanoid: "mine", uuid: "no-uuid", made: "x~y", prefixed: "inv_1" }
        const saved = await dataSource.getRepository(Formats).save({ ...given })
        expect(saved).to.include(given)
        expect(saved.hex).to.match(/^[0-9a-f]{30}$/)
        const stored = await dataSource.getRepository(Formats).findOneByOrFail({ id: saved.id })
        expect(stored).to.include({ ...given, hex: saved.hex })

        const longest = `bdg_${"a".repeat(251)}`
        await dataSource.getRepository(Badge).insert([{ code: longest }, { code: "bdg_.." }])
        expect(await storedKeys(dataSource, Badge, "code")).to.eql([longest, "bdg_.."])
        await dataSource.getRepository(Company).save(company("Acme", { slug: "my-own" }))
        await dataSource.getRepository(Company).insert(company("Acme", { slug: "my-other" }))
        expect(await storedKeys(dataSource, Company)).to.eql(["my-own", "my-other"])
    })

    it("is refused where a key is set to what is none, before anything is written", async () => {
        const dataSource = await database().connect([Coupon, Badge, Company], { emptied: true })
        for (const [what, value] of Object.entries(NO_KEYS))
            for (const [entity, property] of [
                [Coupon, "code"],
                [Company, "slug"],
            ] as const)
                for (const way of ["save() of many rows", "insert() of many rows"]) {
                    const rows = [{ [property]: "first" }, { [property]: value }]
                    const attempt = WAYS[way]?.insert(dataSource, entity, rows)
                    const error = await rejection(Promise.resolve(attempt))
                    expect(error, what).to.be.instanceOf(InvalidKeyError)
                    if (typeof value === "string" && value.length > 9)
                        expect(error.message).not.to.include(value)
                }
        for (const code of ["V1StGXR8", "inv_V1StGXR8", "bdg_", "bdg", "BDG_1", "bdg-1"])
            expect(
                await rejection(dataSource.getRepository(Badge).insert({ code })),
                code,
            ).to.be.instanceOf(InvalidKeyError)
        for (const entity of [Coupon, Badge, Company])
            expect(await dataSource.getRepository(entity).count()).to.equal(0)
    })

    it("is refused where the key that the caller has set is another row's", async () => {
        const dataSource = await database().connect([Coupon, Company], { emptied: true })
        await dataSource.getRepository(Coupon).insert({ code: "taken" })
        await dataSource.getRepository(Company).save(company("taken"))
        for (const [entity, property] of [
            [Coupon, "code"],
            [Company, "slug"],
        ] as const)
            for (const [way, { insert, isUpsert }] of Object.entries(WAYS)) {
                if (isUpsert) continue
                const row = { [property]: "taken" }
                const error = await rejection(insert(dataSource, entity, [row]))
                expect(error, way).to.be.instanceOf(KeyTakenError)
                expect(row, way).to.eql({ [property]: "taken" })
                expect(await storedKeys(dataSource, entity, property), way).to.eql(["taken"])
            }
        const twice = [company("a", { slug: "same" }), company("b", { slug: "same" })]
        expect(await rejection(dataSource.getRepository(Company).save(twice))).to.be.instanceOf(
            KeyTakenError,
        )
        expect(await storedKeys(dataSource, Company)).to.eql(["taken"])
    })

    it("may have a key that differs from another in upper and lower case alone", async () => {
        const dataSource = await database().connect([Coupon, Company], { emptied: true })
        await dataSource.getRepository(Coupon).insert([{ code: "abc" }, { code: "ABC" }])
        await dataSource.getRepository(Coupon).save({ code: "Abc" })
        expect(await storedKeys(dataSource, Coupon, "code")).to.eql(["abc", "ABC", "Abc"])
        const companies = dataSource.getRepository(Company)
        await companies.save([company("Acme"), company("acme"), company("ACME")])
        await companies.save(company("aCme"))
        expect(await storedKeys(dataSource, Company)).to.eql(["Acme", "acme", "ACME", "aCme"])
        expect(await companies.countBy({ slug: "acme" })).to.equal(1)
    })

    it("that is a copy of another does not take its key", async () => {
        const dataSource = await database().connect([Coupon], { emptied: true })
        const coupons = dataSource.getRepository(Coupon)
        const source = await coupons.save({ name: "source" })
        const copy = (): Partial<Coupon> => ({ ...source, id: undefined })
        const error = await rejection(coupons.save(copy()))
        expect(error).to.be.instanceOf(KeyTakenError)
        expect(error.message).to.include("copy").and.not.include(source.code)
        const other = Object.assign(copy(), { code: undefined })
        await coupons.save(other)
        expect(other.code).to.match(/^[\w-]{21}$/)
        expect(other.code).not.to.equal(source.code)
        expect(await storedKeys(dataSource, Coupon, "code")).to.eql([source.code, other.code])
    })

    it("gets a key where the caller has set NULL or undefined", async () => {
        const dataSource = await database().connect([Coupon, Company], { emptied: true })
        const coupons: { code?: unknown }[] = [{ code: undefined }, { code: null }]
        await dataSource.getRepository(Coupon).save(coupons as Partial<Coupon>[])
        expect(await storedKeys(dataSource, Coupon, "code")).to.eql(coupons.map(({ code }) => code))
        for (const slug of [undefined, null])
            await dataSource.getRepository(Company).insert(company("acme", { slug } as object))
        expect(await storedKeys(dataSource, Company)).to.eql(["acme", "acme-2"])
    })
})

for (const strategy of ["table-lock", "counter", "trigger"] as const)
    onEveryDatabase(
        `A row with a pseudo key and a number by ${strategy}`,
        (database) => {
            it("takes one INSERT, and no other statement than without the key", async () => {
                const log = new StatementLog()
                const { plain, keyed } = TICKETS[strategy]
                const dataSource = await database().connect([plain, keyed], {
                    emptied: true,
                    logging: ["query"],
                    logger: log,
                })
                const statements: string[][] = []
                for (const entity of [plain, keyed]) {
                    await dataSource.manager.save(entity, [{}, {}])
                    log.statements.length = 0
                    const { number } = await dataSource.manager.getRepository(entity).save({})
                    expect(number).to.equal(3)
                    statements.push(log.statements.map(verb))
                }
                expect(statements[1]).to.eql(statements[0])
                const into = `INSERT INTO ${tableOf(dataSource, keyed)}(`
                expect(log.statements.filter((sql) => sql.includes(into))).to.have.length(1)
                const keys = await storedKeys(dataSource, keyed, "code")
                expect(new Set(keys)).to.have.property("size", 3)
            })
        },
        worksOn(strategy),
    )

function tableOf(dataSource: DataSource, entity: EntityTarget<Row>): string {
    const { schema, tableName } = dataSource.getMetadata(entity)
    return [schema, tableName]
        .flatMap((part) => (part ? [dataSource.driver.escape(part)] : []))
        .join(".")
}

function verb(sql: string): string {
    return /^\w+/.exec(sql.trim())?.[0] ?? sql
}

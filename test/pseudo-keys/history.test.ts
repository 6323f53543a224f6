import { KEY_ENTITY } from "../../src/declared/own-tables"
import { expect } from "chai"
import {
    DataSource,
    type DataSourceOptions,
    type DeepPartial,
    type FindOptionsWhere,
    type ObjectLiteral,
    type Repository,
} from "typeorm"
import {
    AutoSequenceSubscriber,
    counterEntity,
    findByPseudoKeyOrFail,
    InvalidOptionError,
    KeyNotFoundError,
    KeyTakenError,
    NotInstalledError,
    resolvePseudoKey,
    TransactionRequiredError,
    UnsupportedError,
    withAutoSequence,
} from "../../src"
import { onEveryDatabase } from "../support/databases"
import { storedRows } from "../support/errors"
import {
    Account,
    Animal,
    Article,
    Big,
    Cat,
    changeRaw,
    Country,
    deleteRaw,
    Dog,
    expectLeads,
    GivenUuid,
    historyOf,
    House,
    insertRaw,
    Item,
    Letter,
    Link,
    Page,
    refused,
    Reserved,
    ReservedCountry,
    rolledBack,
    Room,
    Tenant,
    Uuid,
} from "./history-entities"

onEveryDatabase("The history of a pseudo key", (database) => {
    async function connectPages() {
        const dataSource = await database().connect([Page], { emptied: true })
        const pages = dataSource.getRepository(Page)
        const [one, two] = await pages.save([{ title: "one" }, { title: "two" }])
        return { dataSource, pages, manager: dataSource.manager, one: one!, two: two! }
    }

    /** Gives a row one key after the other. */
    async function change(pages: Repository<Page>, id: number, ...slugs: string[]) {
        for (const slug of slugs) await pages.save({ id, slug })
    }

    /** Inserts a row with that key. */
    async function take(pages: Repository<Page>, slug: string) {
        return pages.save({ title: "another", slug })
    }

    describe("while the row is there", () => {
        it("leads from all that it had to the row, and tells the one that it has", async () => {
            const { dataSource, pages, manager, one, two } = await connectPages()
            await change(pages, one.id, "a", "b", "c")
            const { id } = one
            await expectLeads(manager, Page, { one: id, a: id, b: id, c: id, two: two.id, d: null })
            for (const [key, isRetired] of [
                ["one", true],
                ["b", true],
                ["c", false],
            ] as const) {
                const found = await resolvePseudoKey(dataSource, key, { entity: Page })
                expect(found).to.deep.include({ entity: "Page", key: "c", isRetired })
                expect(found?.row).to.include({ id, slug: "c" })
            }
            expect(await resolvePseudoKey(dataSource, "d", { entity: Page })).to.equal(null)
            expect(await historyOf(manager)).to.eql({
                a: { owner: [String(id)], isRetired: true },
                b: { owner: [String(id)], isRetired: true },
                c: { owner: [String(id)], isRetired: false },
                one: { owner: [String(id)], isRetired: true },
                two: { owner: [String(two.id)], isRetired: false },
            })
        })

        it("is left out by { retired: false }", async () => {
            const { pages, manager, one } = await connectPages()
            await change(pages, one.id, "a")
            await expectLeads(manager, Page, { one: null, a: one.id }, { retired: false })
            await refused(findByPseudoKeyOrFail(pages, "one", { retired: false }), KeyNotFoundError)
            expect(await findByPseudoKeyOrFail(pages, "one")).to.include({ slug: "a" })
        })

        it("keeps the keys from other rows, set by the caller or by save() and insert()", async () => {
            const { dataSource, pages, manager, one, two } = await connectPages()
            await change(pages, one.id, "a", "b")
            const before = await storedRows(pages)
            for (const key of ["one", "a", "b"]) {
                const error = await refused(take(pages, key), KeyTakenError)
                expect(error.message).to.include("Page.slug").and.include(`"${key}"`)
                await refused(pages.save({ id: two.id, slug: key }), KeyTakenError)
                const inserted = dataSource.transaction((inner) =>
                    inner.insert(Page, [
                        { title: "x", slug: "free" },
                        { title: "y", slug: key },
                    ]),
                )
                await refused(inserted, KeyTakenError)
            }
            expect(await storedRows(pages)).to.eql(before)
            await expectLeads(manager, Page, { one: one.id, a: one.id, b: one.id, two: two.id })
            // In another case it is another key.
            const other = await take(pages, "ONE")
            await expectLeads(manager, Page, { one: one.id })
            await expectLeads(manager, Page, { ONE: other.id })
        })

        it("stays as it is when another row is refused its keys, and the error is caught", async () => {
            const { dataSource, pages, manager, one, two } = await connectPages()
            await change(pages, one.id, "a")
            const before = await historyOf(manager)
            for (const slug of ["one", "a"])
                await dataSource
                    .transaction((inner) =>
                        refused(inner.save(Page, { id: two.id, slug }), KeyTakenError),
                    )
                    .catch(() => {})
            expect(await historyOf(manager)).to.eql(before)
            await expectLeads(manager, Page, { one: one.id, a: one.id, two: two.id })
        })

        it("makes derive give other keys to other rows", async () => {
            const { pages, manager, one } = await connectPages()
            await change(pages, one.id, "a", "a-2", "b")
            const rows = await pages.save([{ title: "one" }, { title: "a" }, { title: "a" }])
            const slugs = rows.map(({ slug }) => slug).sort()
            expect(slugs).to.eql(["a-3", "a-4", "one-2"])
            await expectLeads(manager, Page, { a: one.id, "a-2": one.id, one: one.id })
        })

        it("lets the row take its keys back, again and again", async () => {
            const { dataSource, pages, manager, one } = await connectPages()
            const { id } = one
            for (const slug of ["a", "one", "a", "b", "a", "one", "b", "one"]) {
                await change(pages, id, slug)
                const found = await resolvePseudoKey(dataSource, slug, { entity: Page })
                expect(found).to.include({ key: slug, isRetired: false })
                const all = slug === "b" ? ["one", "a"] : ["one"]
                for (const key of all.filter((other) => other !== slug))
                    expect(await resolvePseudoKey(dataSource, key, { entity: Page })).to.include({
                        key: slug,
                        isRetired: true,
                    })
                await refused(take(pages, slug), KeyTakenError)
            }
            await expectLeads(manager, Page, { one: id, a: id, b: id })
            const history = await historyOf(manager)
            expect([history.one, history.a, history.b].map((row) => row?.isRetired)).to.eql([
                false,
                true,
                true,
            ])
        })

        it("is written by the transaction that changes the key, and rolled back with it", async () => {
            const { dataSource, pages, manager, one, two } = await connectPages()
            const before = await historyOf(manager)
            await rolledBack(dataSource, async (inner) => {
                await change(inner.getRepository(Page), one.id, "a", "b")
                await expectLeads(inner, Page, { one: one.id, a: one.id, b: one.id })
                await rolledBack(inner, (inmost) =>
                    change(inmost.getRepository(Page), one.id, "c", "one"),
                )
                await expectLeads(inner, Page, { b: one.id, c: null, one: one.id })
            })
            expect(await historyOf(manager)).to.eql(before)
            await expectLeads(manager, Page, { one: one.id, a: null, b: null, c: null })
            await change(pages, two.id, "b")
            await expectLeads(manager, Page, { b: two.id, two: two.id })

            await dataSource.transaction(async (inner) => {
                const own = inner.getRepository(Page)
                await rolledBack(inner, (inmost) => inmost.remove(Page, { ...two } as Page))
                await rolledBack(inner, (inmost) => take(inmost.getRepository(Page), "d"))
                await change(own, one.id, "d")
                const three = await own.save({ title: "three" })
                await change(own, three.id, "e", "f")
            })
            const three = await pages.findOneByOrFail({ slug: "f" })
            await expectLeads(manager, Page, {
                ...{ one: one.id, d: one.id, two: two.id, b: two.id },
                ...{ three: three.id, e: three.id, f: three.id },
            })
        })

        it("stays as it was when other fields change", async () => {
            const { pages, manager, one } = await connectPages()
            await change(pages, one.id, "a")
            const before = await historyOf(manager)
            await pages.save({ id: one.id, title: "changed", slug: "a" })
            await pages.save({ id: one.id, title: "again" })
            await pages.update({ id: one.id }, { title: "by update()" })
            expect(await historyOf(manager)).to.eql(before)
        })

        it("leads to a row whose key was taken off, which may have it or another one again", async () => {
            const dataSource = await database().connect([Link])
            const { manager } = dataSource
            const links = manager.getRepository(Link)
            const [one, two] = await links.save([{ publicId: "lnk_one" }, { publicId: "lnk_two" }])
            const { id } = one!
            await links.save({ id, publicId: null })
            await expectLeads(manager, Link, { lnk_one: id, lnk_two: two!.id })
            await expectLeads(manager, Link, { lnk_one: null }, { retired: false })
            const found = await resolvePseudoKey(dataSource, "lnk_one")
            expect(found).to.deep.include({ key: "", isRetired: true, entity: "Link" })
            const history = await historyOf(manager)
            expect(history.lnk_one).to.eql({ owner: [String(id)], isRetired: true })
            await refused(links.save({ publicId: "lnk_one" }), KeyTakenError)
            await refused(links.save({ id: two!.id, publicId: "lnk_one" }), KeyTakenError)

            await links.save({ id, publicId: "lnk_new" })
            await links.save({ id, publicId: null })
            await links.save({ id, publicId: "lnk_one" })
            await expectLeads(manager, Link, { lnk_one: id, lnk_new: id })
            expect(await links.findOneByOrFail({ id })).to.include({ publicId: "lnk_one" })
            await links.save({ id, publicId: null })
            await links.remove(await links.findOneByOrFail({ id }))
            const next = await links.save({ publicId: "lnk_one" })
            await expectLeads(manager, Link, { lnk_one: next.id, lnk_new: null, lnk_two: two!.id })
        })

        it("of a soft-deleted row keeps its keys", async () => {
            const { dataSource, pages, manager, one } = await connectPages()
            await change(pages, one.id, "a")
            await pages.softRemove(await pages.findOneByOrFail({ id: one.id }))
            await expectLeads(manager, Page, { one: null, a: null })
            await expectLeads(manager, Page, { one: one.id, a: one.id }, { withDeleted: true })
            const options = { entity: Page, withDeleted: true }
            const found = await resolvePseudoKey(dataSource, "one", options)
            expect(found).to.include({ key: "a", isRetired: true })
            for (const key of ["one", "a"]) await refused(take(pages, key), KeyTakenError)
            expect(await pages.save({ title: "a" })).to.include({ slug: "a-2" })
            await pages.restore(one.id)
            await expectLeads(manager, Page, { one: one.id, a: one.id })
        })
    })

    describe("when the row is deleted", () => {
        const ways: Record<string, (pages: Repository<Page>, page: Page) => Promise<unknown>> = {
            "remove()": (pages, page) => pages.remove({ ...page } as Page),
            "delete()": (pages, { id }) => pages.delete({ id }),
            "raw SQL": (pages, { id }) => deleteRaw(pages, "id", id),
        }
        for (const [name, deleteRow] of Object.entries(ways))
            it(`by ${name}, frees its keys, and leads to no other row`, async () => {
                const { pages, manager, one, two } = await connectPages()
                await change(pages, one.id, "a", "b")
                await deleteRow(pages, one)
                await expectLeads(manager, Page, { one: null, a: null, b: null, two: two.id })

                // With the same primary key as well.
                const next = { id: one.id, title: "next", slug: "n" }
                await manager.transaction((inner) => inner.insert(Page, next))
                await expectLeads(manager, Page, { one: null, a: null, b: null, n: next.id })
                const three = await take(pages, "a")
                const derived = await pages.save({ title: "one" })
                expect(derived.slug).to.equal("one")
                await change(pages, two.id, "b", "c")
                const leads = { a: three.id, one: derived.id, b: two.id, c: two.id, n: next.id }
                await expectLeads(manager, Page, leads)
                await change(pages, three.id, "d")
                await change(pages, next.id, "m")
                await expectLeads(manager, Page, { ...leads, d: three.id, m: next.id })
            })

        it("all rows, frees all keys, and new rows begin without a history", async () => {
            const { pages, manager, one, two } = await connectPages()
            await change(pages, one.id, "a", "b")
            await change(pages, two.id, "c")
            await pages.clear()
            const rows = await pages.save([{ title: "x" }, { title: "y" }])
            const none = { one: null, two: null, a: null, b: null, c: null }
            await expectLeads(manager, Page, { ...none, x: rows[0]?.id, y: rows[1]?.id })
            const derived = await pages.save([{ title: "one" }, { title: "b" }, { title: "two" }])
            expect(derived.map(({ slug }) => slug)).to.eql(["one", "b", "two"])
        })

        it("gives nothing to a new row with the same natural primary key", async () => {
            const { manager } = await database().connect([Country], { emptied: true })
            const countries = manager.getRepository(Country)
            for (const way of ["remove", "delete", "raw"] as const) {
                await countries.save([{ code: "NL", slug: "holland" }])
                await countries.save([{ code: "NL", slug: "netherlands" }])
                await expectLeads(manager, Country, { holland: "NL", netherlands: "NL" })
                if (way === "remove") await countries.remove(await countries.find())
                else if (way === "delete") await countries.delete({ code: "NL" })
                else await deleteRaw(countries, "code", "NL")
                await countries.save({ code: "NL", slug: "new" })
                await expectLeads(manager, Country, { holland: null, netherlands: null, new: "NL" })
                await countries.save({ code: "BE", slug: "holland" })
                await countries.save({ code: "BE", slug: "belgium" })
                await expectLeads(manager, Country, { holland: "BE", belgium: "BE", new: "NL" })
                await countries.remove(await countries.find())
            }
            expect(await historyOf(manager)).to.eql({})
        })
    })

    describe("that is kept for ever", () => {
        async function connectReserved() {
            const dataSource = await database().connect([Reserved, ReservedCountry])
            const { manager } = dataSource
            const rows = manager.getRepository(Reserved)
            const one = await rows.save({ title: "one" })
            await rows.save({ id: one.id, slug: "a" })
            return { manager, rows, one }
        }

        const ways: Record<
            string,
            (rows: Repository<Reserved>, row: Reserved) => Promise<unknown>
        > = {
            "remove()": (rows, row) => rows.remove({ ...row } as Reserved),
            "delete()": (rows, { id }) => rows.delete({ id }),
            "raw SQL": (rows, { id }) => deleteRaw(rows, "id", id),
        }
        for (const [name, deleteRow] of Object.entries(ways))
            it(`reserves the keys of a row that is deleted by ${name}, and they lead nowhere`, async () => {
                const { manager, rows, one } = await connectReserved()
                await expectLeads(manager, Reserved, { one: one.id, a: one.id })
                await rows.save({ id: one.id, slug: "one" })
                await rows.save({ id: one.id, slug: "a" })
                await deleteRow(rows, one)
                await expectLeads(manager, Reserved, { one: null, a: null })
                for (const slug of ["one", "a"])
                    await refused(rows.save({ title: "x", slug }), KeyTakenError)
                const derived = await rows.save([{ title: "one" }, { title: "a" }])
                expect(derived.map(({ slug }) => slug)).to.eql(["one-2", "a-2"])

                const next = { id: one.id, title: "next", slug: "next" }
                await manager.transaction((inner) => inner.insert(Reserved, next))
                await expectLeads(manager, Reserved, { one: null, a: null, next: next.id })
                await refused(rows.save({ id: next.id, slug: "a" }), KeyTakenError)
            })

        it("reserves the key of a row that raw SQL has inserted, when it is removed", async () => {
            const { manager, rows } = await connectReserved()
            await insertRaw(rows, { title: "raw", slug: "raw" })
            await rows.remove(await rows.findOneByOrFail({ slug: "raw" }))
            await expectLeads(manager, Reserved, { raw: null })
            await refused(rows.save({ title: "x", slug: "raw" }), KeyTakenError)
        })

        it("gives nothing to a new row with the same natural primary key", async () => {
            const { manager } = await connectReserved()
            const countries = manager.getRepository(ReservedCountry)
            for (const way of ["remove", "raw"] as const) {
                await countries.save({ code: "NL", slug: `old-${way}` })
                await countries.save({ code: "NL", slug: `new-${way}` })
                if (way === "remove") await countries.remove(await countries.find())
                else await deleteRaw(countries, "code", "NL")
                await countries.save({ code: "NL", slug: `next-${way}` })
                const leads = { [`old-${way}`]: null, [`new-${way}`]: null, [`next-${way}`]: "NL" }
                await expectLeads(manager, ReservedCountry, leads)
                for (const code of ["NL", "BE"])
                    await refused(countries.save({ code, slug: `old-${way}` }), KeyTakenError)
                await countries.remove(await countries.find())
            }
        })
    })

    describe("refuses", () => {
        async function connectItems() {
            const { manager } = await database().connect([Item])
            const items = manager.getRepository(Item)
            const item = await items.save({ sku: "x", publicId: "itm_a" })
            await items.save({ id: item.id, publicId: "itm_b" })
            const expectUnwritten = async (
                attempt: () => Promise<unknown>,
                expected: typeof UnsupportedError | typeof TransactionRequiredError,
            ) => {
                const before = [await storedRows(items), await historyOf(manager)]
                const error = await refused(attempt(), expected)
                expect(error.message).to.include("publicId")
                expect([await storedRows(items), await historyOf(manager)]).to.eql(before)
            }
            return { manager, items, item, expectUnwritten }
        }

        it("update() and the query builder where they would change the key", async () => {
            const { manager, items, item, expectUnwritten } = await connectItems()
            for (const publicId of ["itm_c", null as unknown as string, () => "'itm_c'"]) {
                const criteria = { sku: "x" }
                const set = { note: "changed", publicId }
                await expectUnwritten(() => items.update(criteria, set), UnsupportedError)
                const builder = items.createQueryBuilder().update().set(set).where(criteria)
                await expectUnwritten(() => builder.execute(), UnsupportedError)
            }
            await items.update({ sku: "x" }, { note: "fine" })
            await expectLeads(manager, Item, { itm_a: item.id, itm_b: item.id })
        })

        it("an upsert that would overwrite the key", async () => {
            const { manager, items, item, expectUnwritten } = await connectItems()
            const row = { sku: "x", note: "changed", publicId: "itm_c" }
            await expectUnwritten(
                () => manager.transaction((inner) => inner.upsert(Item, row, ["sku"])),
                UnsupportedError,
            )
            const build = (overwrite: string[]) =>
                manager.transaction((inner) =>
                    inner
                        .createQueryBuilder()
                        .insert()
                        .into(Item)
                        .values({ ...row })
                        .orUpdate(overwrite, ["sku"])
                        .execute(),
                )
            await expectUnwritten(() => build(["note", "publicId"]), UnsupportedError)

            // One that leaves it alone leaves its history alone.
            await build(["note"])
            await manager.transaction((inner) =>
                inner.upsert(Item, { sku: "x", note: "n" }, ["sku"]),
            )
            expect(await items.findOneByOrFail({ sku: "x" })).to.include({ note: "n" })
            await expectLeads(manager, Item, { itm_a: item.id, itm_b: item.id, itm_c: null })
            const other = await items.save({ sku: "y", publicId: "itm_c" })
            await expectLeads(manager, Item, { itm_b: item.id, itm_c: other.id })
        })

        it("rows outside a transaction", async () => {
            const { manager, items, item, expectUnwritten } = await connectItems()
            const attempts = [
                () => items.save({ id: item.id, publicId: "itm_c" }, { transaction: false }),
                () => items.save({ sku: "y" }, { transaction: false }),
                () => items.insert({ sku: "y" }),
                () => items.insert({ sku: "y", publicId: "itm_y" }),
                () => items.createQueryBuilder().insert().values({ sku: "y" }).execute(),
            ]
            for (const attempt of attempts) await expectUnwritten(attempt, TransactionRequiredError)
            await items.save({ id: item.id, note: "fine" }, { transaction: false })
            await expectLeads(manager, Item, { itm_a: item.id, itm_b: item.id })
        })

        it("a key that is not selected, of another row, as any other", async () => {
            const { manager, items, item } = await connectItems()
            const loaded = await items.findOneByOrFail({ id: item.id })
            await items.save({ ...loaded, note: "x", publicId: "itm_c" })
            await refused(items.save({ sku: "y", publicId: "itm_b" }), KeyTakenError)
            const found = await resolvePseudoKey(manager, "itm_a")
            expect(found).to.include({ entity: "Item", key: "itm_c", isRetired: true })
            await expectLeads(manager, Item, { itm_a: item.id, itm_b: item.id, itm_c: item.id })
        })

        it("to lose the history of a row that an upsert finds", async () => {
            const { manager } = await database().connect([Country], { emptied: true })
            const countries = manager.getRepository(Country)
            await countries.save({ code: "NL", slug: "holland" })
            await countries.save({ code: "NL", slug: "netherlands" })
            const before = await historyOf(manager)
            const upsert = (slug: string) =>
                manager.transaction((inner) =>
                    inner
                        .createQueryBuilder()
                        .insert()
                        .into(Country)
                        .values({ code: "NL", slug, name: "x" })
                        .orUpdate(["name"], ["code"])
                        .execute(),
                )
            await upsert("other")
            // That it is the same row's is not known before.
            for (const slug of ["holland", "netherlands"])
                await refused(upsert(slug), KeyTakenError)
            expect(await countries.find()).to.eql([{ code: "NL", slug: "netherlands", name: "x" }])
            expect(await historyOf(manager)).to.eql(before)
            await expectLeads(manager, Country, { holland: "NL", netherlands: "NL", other: null })
        })
    })

    describe("within others", () => {
        async function connectArticles() {
            const dataSource = await database().connect([Tenant, Article])
            const { manager } = dataSource
            const tenants = await manager.getRepository(Tenant).save([{ name: "A" }, { name: "B" }])
            const [a, b] = tenants as [Tenant, Tenant]
            const articles = manager.getRepository(Article)
            const one = await articles.save({ tenant: a, slug: "x" })
            const other = await articles.save({ tenant: b, slug: "x" })
            const inA = { where: { tenant: { id: a.id } } }
            const inB = { where: { tenant: { id: b.id } } }
            return { dataSource, manager, articles, a, b, one, other, inA, inB }
        }

        it("leads to the row of each, and a look-up has to name it", async () => {
            const { dataSource, manager, articles, a, one, other, inA, inB } =
                await connectArticles()
            await articles.save({ id: one.id, slug: "y" })
            await articles.save({ id: one.id, slug: "z" })
            const id = one.id
            await expectLeads(manager, Article, { x: id, y: id, z: id }, inA)
            await expectLeads(manager, Article, { x: other.id, y: null, z: null }, inB)
            await articles.save({ id: other.id, slug: "y" })
            await expectLeads(manager, Article, { x: other.id, y: other.id, z: null }, inB)
            await expectLeads(manager, Article, { x: id, y: id, z: id }, inA)
            const options = { entity: Article, ...inB }
            expect(await resolvePseudoKey(dataSource, "x", options)).to.include({ key: "y" })
            const error = await refused(findByPseudoKeyOrFail(articles, "x"), InvalidOptionError)
            expect(error.message).to.include("tenant")
            await refused(articles.save({ tenant: a, slug: "x" }), KeyTakenError)
        })

        it("follows a row that moves, with a new key or without, and frees its keys where it was", async () => {
            const { manager, articles, a, b, one, inA, inB } = await connectArticles()
            const { id } = one
            await articles.delete({ tenant: b })
            await articles.save({ id, slug: "y" })
            // What the row there had is free.
            await articles.save({ id, tenant: b })
            await expectLeads(manager, Article, { x: id, y: id }, inB)
            await expectLeads(manager, Article, { x: null, y: null }, inA)
            await articles.save({ id, tenant: a, slug: "z" })
            await expectLeads(manager, Article, { x: id, y: id, z: id }, inA)
            await expectLeads(manager, Article, { x: null, y: null, z: null }, inB)
            const next = await articles.save({ tenant: b, slug: "x" })
            await expectLeads(manager, Article, { x: next.id }, inB)
            await expectLeads(manager, Article, { x: id, y: id, z: id }, inA)
        })

        it("refuses to move a row to where its keys are another row's", async () => {
            const { dataSource, manager, articles, b, one, other, inA, inB } =
                await connectArticles()
            await articles.save({ id: other.id, slug: "theirs" })
            await refused(articles.save({ id: one.id, tenant: b, slug: "new" }), KeyTakenError)
            await articles.save({ id: one.id, slug: "y" })
            const before = [await storedRows(articles), await historyOf(manager)]
            // Its former key is a former one there.
            await refused(articles.save({ id: one.id, tenant: b }), KeyTakenError)
            await refused(articles.save({ id: one.id, tenant: b, slug: "new" }), KeyTakenError)
            // What was taken out of the history is not stored.
            const caught = dataSource.transaction((inner) =>
                inner.save(Article, { id: one.id, tenant: b, slug: "new" }).catch(() => {}),
            )
            await refused(caught, KeyTakenError)
            expect([await storedRows(articles), await historyOf(manager)]).to.eql(before)
            const third = await articles.save({ tenant: b, slug: "third" })
            await refused(
                articles.save({ id: third.id, tenant: one.tenant, slug: "x" }),
                KeyTakenError,
            )
            await expectLeads(manager, Article, { x: one.id, y: one.id, third: null }, inA)
            await expectLeads(manager, Article, { x: other.id, third: third.id, y: null }, inB)
        })

        it("does not move where the row does not, though the error is caught", async () => {
            const { dataSource, manager, articles, a, b, one, other, inA, inB } =
                await connectArticles()
            const { id } = one
            await articles.remove(other)
            await articles.save({ id, slug: "y" })
            await articles.save({ tenant: b, slug: "taken" })
            await dataSource
                .transaction((inner) =>
                    inner.save(Article, { id, tenant: b, slug: "taken" }).catch(() => {}),
                )
                .catch(() => {})
            await expectLeads(manager, Article, { x: id, y: id }, inA)
            await expectLeads(manager, Article, { x: null, y: null }, inB)
            await refused(articles.save({ tenant: a, slug: "x" }), KeyTakenError)
        })

        it("refuses update() and upserts that would move a row without it", async () => {
            const { dataSource, articles, b, one, other } = await connectArticles()
            await articles.remove(other)
            await articles.save({ id: one.id, code: "c" })
            const before = await storedRows(articles)
            await refused(articles.update({ id: one.id }, { tenant: b }), UnsupportedError)
            const upsert = dataSource.transaction((inner) =>
                inner.upsert(Article, { code: "c", tenant: b }, ["code"]),
            )
            await refused(upsert, UnsupportedError)
            expect(await storedRows(articles)).to.eql(before)
        })
    })

    describe("of rows that raw SQL has inserted", () => {
        async function connectRaw() {
            const { dataSource, pages, manager, one, two } = await connectPages()
            await insertRaw(pages, { title: "raw", slug: "raw" })
            const raw = await pages.findOneByOrFail({ slug: "raw" })
            return { dataSource, pages, manager, one, two, raw }
        }

        it("begins when their key is changed", async () => {
            const { dataSource, pages, manager, raw } = await connectRaw()
            await change(pages, raw.id, "a", "b", "raw", "b")
            await expectLeads(manager, Page, { raw: raw.id, a: raw.id, b: raw.id })
            const found = await resolvePseudoKey(dataSource, "raw", { entity: Page })
            expect(found).to.include({ key: "b", isRetired: true })
            for (const key of ["raw", "a", "b"]) await refused(take(pages, key), KeyTakenError)
        })

        it("is not needed to keep their keys from others", async () => {
            const { pages, manager, one, raw } = await connectRaw()
            expect(await pages.save({ title: "raw" })).to.include({ slug: "raw-2" })
            await refused(take(pages, "raw"), KeyTakenError)
            await refused(pages.save({ id: one.id, slug: "raw" }), KeyTakenError)
            await expectLeads(manager, Page, { raw: raw.id, one: one.id })
        })

        it("is theirs, though it was that of another row before", async () => {
            const { pages, manager, one } = await connectPages()
            await change(pages, one.id, "a")
            await insertRaw(pages, { title: "raw", slug: "one" })
            const { id } = await pages.findOneByOrFail({ slug: "one" })
            await expectLeads(manager, Page, { one: id, a: one.id })
            await change(pages, id, "b")
            await expectLeads(manager, Page, { one: id, b: id, a: one.id })
        })

        it("leads from no key that raw SQL has taken off a row", async () => {
            const { pages, manager, one } = await connectPages()
            await changeRaw(pages, "slug", "one", "raw")
            await expectLeads(manager, Page, { one: null, raw: one.id })
            await change(pages, one.id, "a")
            await expectLeads(manager, Page, { one: null, raw: one.id, a: one.id })
        })

        it("is theirs, though another row's save has failed and the error is caught", async () => {
            const { dataSource, pages, manager, one, raw } = await connectRaw()
            await dataSource
                .transaction((inner) =>
                    inner.save(Page, { id: one.id, slug: "raw" }).catch(() => {}),
                )
                .catch(() => {})
            await expectLeads(manager, Page, { one: one.id, raw: raw.id })
            await change(pages, raw.id, "a")
            await expectLeads(manager, Page, { one: one.id, raw: raw.id, a: raw.id })
        })
    })

    describe("of other rows", () => {
        /** Changes, takes back and deletes; `create` makes a row, `idOf` tells how it is found. */
        async function expectKept<Row extends ObjectLiteral>(
            repository: Repository<Row>,
            create: (slug: string) => Row,
            slugOf: (slug: string) => object,
        ) {
            const { manager, metadata } = repository
            const { target } = metadata
            const idOf = (row: Row) => {
                const ids = metadata.primaryColumns.map(
                    (column) => column.getEntityValue(row) as unknown,
                )
                return ids.length === 1 ? ids[0] : ids
            }
            const load = (row: Row) =>
                repository.findOneByOrFail(metadata.getEntityIdMap(row) as FindOptionsWhere<Row>)
            const save = async (row: Row, slug: string) =>
                repository.save(repository.merge(await load(row), slugOf(slug) as DeepPartial<Row>))
            const [one, two] = await repository.save([create("one"), create("two")])
            const [first, second] = [idOf(await load(one!)), idOf(await load(two!))]
            await save(one!, "a")
            await save(one!, "b")
            await save(two!, "c")
            const leads = { one: first, a: first, b: first, two: second, c: second }
            await expectLeads(manager, target, leads)
            await save(one!, "a")
            await expectLeads(manager, target, leads)
            for (const key of ["one", "b", "c"])
                await refused(repository.save(create(key)), KeyTakenError)
            await repository.remove(await load(one!))
            const after = { one: null, a: null, b: null, two: second, c: second }
            await expectLeads(manager, target, after)
            const three = await repository.save(create("one"))
            await expectLeads(manager, target, { ...after, one: idOf(await load(three)) })
        }

        it("is kept for primary keys of every kind, embedded keys and entity schemas", async () => {
            const dataSource = await database().connect([
                ...[Tenant, Country, Uuid, Big, Room, House, Letter],
            ])
            const { manager } = dataSource
            const { id: tenantId } = await manager.getRepository(Tenant).save({ name: "A" })
            let row = 0
            const next = () => ++row
            const slugOf = (slug: string) => ({ slug })
            await expectKept(
                manager.getRepository(Country),
                (slug) => ({ code: `ü'"\\%${next()}`, name: "", slug }),
                slugOf,
            )
            const { can } = database()
            await expectKept(
                manager.getRepository(Big),
                (slug) => ({
                    id: can.bigints ? `${2n ** 60n + BigInt(next())}` : `${next()}`,
                    slug,
                }),
                slugOf,
            )
            await expectKept(
                manager.getRepository(Room),
                (slug) => ({ tenantId, door: `0${next()}`, slug }) as Room,
                slugOf,
            )
            await expectKept(manager.getRepository(Uuid), (slug) => ({ slug }) as Uuid, slugOf)
            await expectKept(
                manager.getRepository<{ id: number; slug: string }>(Letter),
                (slug) => ({ slug }) as { id: number; slug: string },
                slugOf,
            )
            await expectKept(
                manager.getRepository(House),
                (slug) => ({ address: { street: "s", slug } }) as House,
                (slug) => ({ address: { slug } }),
            )
        })

        it("is one for all classes of a table", async () => {
            const { manager } = await database().connect([Animal, Cat, Dog])
            const [cats, dogs] = [manager.getRepository(Cat), manager.getRepository(Dog)]
            const tom = await cats.save({ slug: "tom" })
            const rex = await dogs.save({ slug: "rex" })
            await cats.save({ id: tom.id, slug: "kitty" })
            await manager.save(Animal, { id: rex.id, slug: "wolf" })
            await refused(dogs.save({ slug: "tom" }), KeyTakenError)
            await refused(cats.save({ id: tom.id, slug: "rex" }), KeyTakenError)
            const leads = { tom: tom.id, kitty: tom.id, rex: rex.id, wolf: rex.id }
            await expectLeads(manager, Animal, leads)
            await expectLeads(manager, Cat, { ...leads, rex: null, wolf: null })
            await expectLeads(manager, Dog, { ...leads, tom: null, kitty: null })
            await cats.remove(tom)
            const next = await dogs.save({ slug: "tom" })
            await expectLeads(manager, Animal, { tom: next.id, kitty: null, rex: rex.id })
            await expectLeads(manager, Cat, { tom: null })
        })
    })

    describe("is in a table", () => {
        const others: DataSource[] = []
        afterEach(async () => {
            for (const one of others.splice(0)) if (one.isInitialized) await one.destroy()
        })

        /** Another data source at the place of the test's. */
        async function connectTo(first: DataSource, options: object): Promise<DataSource> {
            const dataSource = new DataSource({ ...first.options, ...options } as DataSourceOptions)
            others.push(dataSource)
            return dataSource.initialize()
        }

        async function hasTable(dataSource: DataSource): Promise<boolean> {
            const runner = dataSource.createQueryRunner()
            try {
                return await runner.hasTable(dataSource.getMetadata(KEY_ENTITY).tablePath)
            } finally {
                await runner.release()
            }
        }

        it("which synchronize creates where an entity has a history", async () => {
            expect(await hasTable(await database().connect([Account]))).to.equal(false)
            const withOne = await database().connect([Account, Page])
            expect(await hasTable(withOne)).to.equal(true)
            const builder = withOne.driver.createSchemaBuilder()
            expect((await builder.log()).upQueries.map(({ query }) => query)).to.eql([])
        })

        it("without which it is refused", async () => {
            const first = await database().connect([Tenant])
            const dataSource = await connectTo(first, {
                entities: [Page, counterEntity()],
                subscribers: [AutoSequenceSubscriber],
            })
            const pages = dataSource.getRepository(Page)
            for (const row of [{ title: "a" }, { title: "a", slug: "b" }]) {
                const error = await refused(pages.save(row), NotInstalledError)
                expect(error.message).to.include("withAutoSequence").and.include("history")
            }
            expect(await pages.count()).to.equal(0)
            await refused(findByPseudoKeyOrFail(pages, "a"), NotInstalledError)
        })

        it("of its own name, and in its own schema where there are any", async () => {
            const first = await database().connect([Tenant])
            const schema =
                first.options.type === "postgres" ? `${String(first.options.schema)}_k` : undefined
            if (schema) await first.query(`CREATE SCHEMA "${schema}"`)
            try {
                const dataSource = await connectTo(
                    first,
                    withAutoSequence(
                        { ...first.options, entities: [Page], subscribers: [] },
                        { keyTable: { name: "public_keys", schema } },
                    ),
                )
                const pages = dataSource.getRepository(Page)
                const { id } = await pages.save({ title: "a" })
                await change(pages, id, "b", "c")
                await expectLeads(dataSource.manager, Page, { a: id, b: id, c: id })
                const { tablePath } = dataSource.getMetadata(KEY_ENTITY)
                expect(tablePath).to.equal(schema ? `${schema}.public_keys` : "public_keys")
                const name = tablePath.replace(".", `"."`)
                const quote = dataSource.driver.escape("")[0] ?? ""
                const rows = await dataSource.query(
                    `SELECT * FROM ${`"${name}"`.replaceAll('"', quote)}`,
                )
                expect(rows).to.have.length(3)
            } finally {
                if (schema) await first.query(`DROP SCHEMA "${schema}" CASCADE`)
            }
        })
    })
})

onEveryDatabase(
    "The history of rows whose primary key is given in another form",
    (database) => {
        it("is kept", async () => {
            const { manager } = await database().connect([GivenUuid])
            const rows = manager.getRepository(GivenUuid)
            await rows.save({ id: "0190A6E0-0000-7000-8000-00000000000F", slug: "a" })
            const [row] = await rows.find()
            for (const slug of ["b", "c"]) await rows.save({ id: row!.id, slug })
            await expectLeads(manager, GivenUuid, { a: row!.id, b: row!.id, c: row!.id })
            await refused(rows.save({ id: row!.id.replace("f", "e"), slug: "a" }), KeyTakenError)
        })
    },
    ({ bigints }) => bigints,
)

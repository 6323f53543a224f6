import { expect } from "chai"
import { InvalidKeyError } from "../../src"
import { onEveryDatabase, StatementLog } from "../support/databases"
import {
    Category,
    company,
    Company,
    Department,
    Offer,
    Product,
    shopEntities,
    Short,
    THROWING,
} from "./insert-entities"
import { expectNothingWritten, storedKeys, suffixed } from "./insert-rows"

/** What a text becomes as a key; empty where nothing is left of it. */
const TEXTS: Record<string, string> = {
    "Crème brûlée, 50 %": "Creme-brulee-50",
    "100%_off": "100-_off",
    "'; DROP TABLE company; --": "DROP-TABLE-company",
    'it\'s "so" `called`': "it-s-so-called",
    "../../etc/passwd": "etc-passwd",
    "C:\\temp\\*.*": "C-temp",
    "..": "",
    "a\0b\tc\r\nd\u001be\u007ff": "a-b-c-d-e-f",
    "a?b=c&d#e": "a-b-c-d-e",
    "Straße nach Łódź": "Strasse-nach-Lodz",
    "e\u0301te\u0301": "ete",
    "東京 2024": "Dong-Jing-2024",
    東京: "Dong-Jing",
    "🎉🎉": "",
    "Tea 🍵 time": "Tea-time",
    "\ud83d": "",
    "  -- a -- b -- ": "a-b",
    "": "",
    "%%%": "",
}

onEveryDatabase("A derived key", (database) => {
    async function connectShop(log?: StatementLog) {
        const dataSource = await database().connect(shopEntities, {
            emptied: true,
            ...(log && { logging: ["query"], logger: log }),
        })
        const department = await dataSource.manager.save(Department, { name: "Food" })
        const categories = await dataSource.manager.save(Category, [
            { name: "Tea", department },
            { name: "Cups" },
        ])
        return { dataSource, products: dataSource.getRepository(Product), categories }
    }

    it("is made of related rows, however they are given", async () => {
        const { products, categories } = await connectShop()
        const [{ id }, cups] = categories as [Category, Category]
        const saved = await products.save([
            { name: "object", category: categories[0] },
            { name: "id", category: { id } },
            { name: "column", categoryId: id },
            { name: "other", category: cups },
            { name: "other id", category: { id: cups.id } },
            { name: "null", category: null },
            { name: "none" },
            { name: "own", category: { id, name: "Changed", department: { id: 99, name: "X" } } },
        ])
        const expected = [
            "Food-Tea-object",
            "Food-Tea-id",
            "Food-Tea-column",
            "Cups-other",
            "Cups-other-id",
            "null",
            "none",
            "X-Changed-own",
        ]
        expect(saved.map(({ slug }) => slug)).to.eql(expected)
        expect(await storedKeys(products, Product)).to.eql(expected)

        await products.insert([
            { name: "A", category: { id } },
            { name: "B", categoryId: id },
            { name: "C" },
        ])
        expect((await storedKeys(products, Product)).slice(-3)).to.eql([
            "Food-Tea-A",
            "Food-Tea-B",
            "C",
        ])
        await products
            .createQueryBuilder()
            .insert()
            .values({ name: "D", category: { id } })
            .execute()
        expect(await storedKeys(products, Product)).to.include("Food-Tea-D")
    })

    it("leaves related rows on the entity as the caller gave them", async () => {
        const { products, categories } = await connectShop()
        const { id } = categories[0]!
        const row = { name: "Assam", category: { id } }
        await products.save(row)
        expect(row).to.deep.include({ slug: "Food-Tea-Assam", category: { id } })
    })

    it("is made of parents that the same save inserts", async () => {
        const { dataSource, products } = await connectShop()
        const department = { name: "Tools" }
        const saved = await products.save([
            { name: "Saw", category: { name: "Wood", department } },
            { name: "Kit", category: { name: "Paint" } },
        ])
        expect(saved.map(({ slug }) => slug)).to.eql(["Tools-Wood-Saw", "Paint-Kit"])
        expect(await storedKeys(products, Product)).to.eql(["Tools-Wood-Saw", "Paint-Kit"])
        expect(await storedKeys(dataSource, Category)).to.eql(["Tea", "Cups", "Wood", "Paint"])
    })

    it("is made of the parent that brings its children along", async () => {
        const { dataSource, products } = await connectShop()
        const categories = dataSource.getRepository(Category)
        const children = [{ name: "File" }, { name: "Drill" }]
        const category = await categories.save({ name: "Metal", products: children })
        expect((await storedKeys(products, Product)).sort()).to.eql(["Metal-Drill", "Metal-File"])

        await categories.save({ id: category.id, products: [...children, { name: "Saw" }] })
        expect(await storedKeys(products, Product)).to.include("Metal-Saw")
    })

    it("is made of what its new parent has when that is inserted", async () => {
        const { dataSource } = await connectShop()
        const offers = dataSource.getRepository(Offer)
        const saved = await offers.save([
            { category: { name: "New" } },
            { category: { name: "New" } },
        ])
        for (const { category, ...offer } of saved)
            expect(offer).to.include({
                // Texts have no hyphen at their end, and one where there are two.
                byPublicId: category.publicId.replace(/-+/g, "-").replace(/-$/, ""),
                byId: `of-${category.id}`,
                bySlug: `of-${category.slug}`,
                byLate: `of-${category.late}`,
            })
        const ids = saved.map(({ category }) => category.id)
        expect(saved.map(({ byLate }) => byLate)).to.eql(ids.map((id) => `of-c-${id}`))
        for (const property of ["byPublicId", "byId", "bySlug", "byLate"] as const)
            expect(await storedKeys(dataSource, Offer, property)).to.eql(
                saved.map((offer) => offer[property]),
            )
        const again = await offers.insert({ category: { id: saved[0]!.category.id } })
        expect(again.identifiers).to.have.length(1)
        expect((await storedKeys(dataSource, Offer, "byLate")).at(-1)).to.equal(`of-c-${ids[0]}-2`)
    })

    it("takes as many queries for fifty rows as for five", async () => {
        const log = new StatementLog()
        const { products, categories } = await connectShop(log)
        const insert = async (count: number) => {
            const rows = Array.from({ length: count }, (_, i) => ({
                name: `Row ${i} of ${count}`,
                category: { id: categories[i % 2]!.id },
            }))
            log.statements.length = 0
            await products.insert(rows)
            // Behind the INSERT, TypeORM reads rows back one by one on sql.js.
            return log.statements.findIndex((sql) => sql.startsWith("INSERT "))
        }
        const few = await insert(5)
        expect(few).to.be.within(2, 3)
        expect(await insert(50)).to.equal(few)
        expect(await storedKeys(products, Product)).to.include("Food-Tea-Row-48-of-50")
    })

    it("takes as many queries for fifty rows as for five where the caller has set them", async () => {
        const log = new StatementLog()
        const { products } = await connectShop(log)
        const insert = async (count: number) => {
            const rows = Array.from({ length: count }, (_, i) => ({
                name: "given",
                slug: `${i}-of-${count}`,
            }))
            log.statements.length = 0
            await products.insert(rows)
            return log.statements.findIndex((sql) => sql.startsWith("INSERT "))
        }
        const few = await insert(5)
        expect(await insert(50)).to.equal(few)
    })

    it("is fit for a URL and a look-up, whatever the text", async () => {
        const dataSource = await database().connect([Company], { emptied: true })
        const companies = dataSource.getRepository(Company)
        const saved = await companies.save(Object.keys(TEXTS).map((text) => company(text)))
        for (const { text, slug } of saved)
            expect(slug, JSON.stringify(text)).to.match(
                new RegExp(`^${TEXTS[text ?? ""] || "[\\w-]{21}"}$`),
            )
        for (const { slug } of saved) expect(await companies.countBy({ slug })).to.equal(1)
    })

    it("of a very long text is cut at a word, and has room for a suffix", async () => {
        const dataSource = await database().connect([Company], { emptied: true })
        const companies = dataSource.getRepository(Company)
        const text = "long ".repeat(20_000)
        for (const row of [company(text), company(text)]) await companies.save(row)
        const words = (count: number) => Array<string>(count).fill("long").join("-")
        expect(await storedKeys(companies, Company)).to.eql([words(51), `${words(50)}-2`])
    })

    it("is no longer than its length, cut at a word", async () => {
        const dataSource = await database().connect([Short])
        const { manager } = dataSource
        const texts = ["Earl Grey Tea", "Darjeeling", "Darjeelings Second", "", "a-b-c-d-e-f-g"]
        for (const text of [...texts, texts[0], texts[0], texts[1]])
            await manager.save(Short, { text })
        const stored = await storedKeys(dataSource, Short)
        const random = stored.splice(3, 1)
        expect(stored).to.eql([
            "sh_Earl-Grey",
            "sh_Darjeeling",
            "sh_Darjeeli-2",
            "sh_a-b-c-d-e",
            "sh_Earl-2",
            "sh_Earl-3",
            "sh_Darjeeli-3",
        ])
        expect(random[0]).to.match(/^sh_[\w-]{10}$/)
        for (const key of await storedKeys(dataSource, Short))
            expect(key.length).to.be.at.most("sh_".length + 10)
        const explicit = "sh_as-long-as-the-caller-likes"
        await manager.save(Short, { text: "x", slug: explicit })
        expect((await storedKeys(dataSource, Short)).at(-1)).to.equal(explicit)
    })

    it("is made where a form has left it empty, as where it is not set", async () => {
        const dataSource = await database().connect([Company], { emptied: true })
        const companies = dataSource.getRepository(Company)
        const empty = () => company("Acme", { slug: "" })
        const saved = await companies.save([empty(), company("Tea", { slug: "tea" }), empty()])
        expect(saved.map(({ slug }) => slug)).to.eql(["Acme", "tea", "Acme-2"])
        await companies.insert([empty(), empty()])
        await companies.createQueryBuilder().insert().values([empty()]).execute()
        await companies.save(company("Acme"))
        expect((await storedKeys(dataSource, Company)).sort()).to.eql(
            [...suffixed("Acme", 6), "tea"].sort(),
        )
    })

    it("is refused where derive throws or makes no text, before anything is written", async () => {
        const dataSource = await database().connect([Company], { emptied: true })
        const companies = dataSource.getRepository(Company)
        const broken = [null, undefined, 7, {}, ["a", 7], Promise.resolve("a")]
        for (const row of [...broken, THROWING].map((text) => company(text as string)))
            for (const insert of [
                () => companies.save([company("Acme"), row]),
                () => companies.insert([company("Acme"), row]),
            ]) {
                const error = await expectNothingWritten(
                    dataSource,
                    Company,
                    insert(),
                    InvalidKeyError,
                )
                expect(error.message).to.include("Company.slug").and.not.include("secret")
                if (row.text === THROWING) expect(error.cause).to.match(/secret/)
            }
        await companies.save(company("Acme"))
        expect(await storedKeys(dataSource, Company)).to.eql(["Acme"])
    })
})

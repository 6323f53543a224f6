import { expect } from "chai"
import { KeyTakenError } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { company, Company, Formats } from "./insert-entities"
import { storedKeys } from "./insert-rows"

onEveryDatabase("An upsert", (database) => {
    const connect = async () => {
        const dataSource = await database().connect([Company, Formats], { emptied: true })
        const companies = dataSource.getRepository(Company)
        await companies.save([company("acme", { email: "a" }), company("beta", { email: "b" })])
        return { dataSource, companies }
    }

    it("leaves the key of a row that is there as it is, and shows it", async () => {
        const { companies } = await connect()
        const row = company("gamma", { email: "a", stock: 7 })
        await companies.upsert(row, ["email"])
        expect(row.slug).to.equal("acme")
        expect(await storedKeys(companies, Company)).to.eql(["acme", "beta"])
        expect(await companies.findOneByOrFail({ email: "a" })).to.include({ stock: 7 })
    })

    it("gives keys to the rows that it inserts, and the others keep theirs", async () => {
        const { companies } = await connect()
        const emails = ["c", "a", "d", "b", "e"]
        const rows = emails.map((email) => company("acme", { email }))
        await companies.upsert(rows, ["email"])
        const stored = await companies.find({ order: { id: "ASC" } })
        const slugs = new Map(stored.map(({ email, slug }) => [email, slug]))
        expect(slugs.get("a")).to.equal("acme")
        expect(slugs.get("b")).to.equal("beta")
        expect(new Set(slugs.values())).to.have.property("size", 5)
        for (const { email, slug } of rows) {
            expect(slug).to.equal(slugs.get(email))
        }
    })

    it("leaves random keys of a row that is there as they are", async () => {
        const { dataSource } = await connect()
        const formats = dataSource.getRepository(Formats)
        const stored = await formats.save({ name: "x" })
        const row: Partial<Formats> = { name: "x" }
        await formats.upsert(row, ["name"])
        expect(await formats.find()).to.eql([stored])
        for (const key of ["nanoid", "uuid", "ulid", "made", "prefixed"] as const)
            expect(row[key], key).to.equal(stored[key])
    })

    it("finds its row by the key that the caller sets", async () => {
        const { dataSource, companies } = await connect()
        await companies.upsert(company("", { slug: "acme", stock: 5 }), ["slug"])
        await dataSource.transaction((manager) =>
            manager.upsert(Company, company("", { slug: "beta", stock: 6 }), ["slug"]),
        )
        await companies.upsert(company("", { slug: "gamma", stock: 7 }), ["slug"])
        const rows = await companies.find({ order: { id: "ASC" } })
        expect(rows.map(({ slug, stock }) => [slug, stock])).to.eql([
            ["acme", 5],
            ["beta", 6],
            ["gamma", 7],
        ])
    })

    it("may bring the key along that the row has", async () => {
        const { companies } = await connect()
        await companies.upsert(company("", { email: "a", slug: "acme", stock: 5 }), ["email"])
        expect(await companies.findOneByOrFail({ slug: "acme" })).to.include({ stock: 5 })
        expect(await storedKeys(companies, Company)).to.eql(["acme", "beta"])
    })

    it("is refused where it would give a row the key of another", async function () {
        // MySQL takes any row for the one that is meant.
        if (database().kind === "mariadb") return this.skip()
        const { companies } = await connect()
        const attempt = companies.upsert(company("", { email: "a", slug: "beta" }), ["email"])
        expect(await rejection(attempt)).to.be.instanceOf(KeyTakenError)
        expect(await storedKeys(companies, Company)).to.eql(["acme", "beta"])
    })

    const insertOrIgnore = (
        companies: Awaited<ReturnType<typeof connect>>["companies"],
        rows: Company[],
    ) => companies.createQueryBuilder().insert().values(rows).orIgnore().execute()

    it("by orIgnore() shows no key on a row that it leaves out", async () => {
        const { companies } = await connect()
        const row = company("gamma", { email: "a" })
        await insertOrIgnore(companies, [row])
        expect(row.slug).to.be.oneOf([undefined, "acme"])
        expect(await storedKeys(companies, Company)).to.eql(["acme", "beta"])
    })

    it("by orIgnore() shows no key of another row", async () => {
        const { companies } = await connect()
        const rows = ["a", "c", "b", "d"].map((email) => company(`of-${email}`, { email }))
        await insertOrIgnore(companies, rows)
        const stored = await companies.find({ order: { id: "ASC" } })
        expect(stored.map(({ slug }) => slug)).to.eql(["acme", "beta", "of-c", "of-d"])
        const slugs = new Map(stored.map(({ email, slug }) => [email, slug]))
        for (const { email, slug } of rows)
            expect(slug, String(email)).to.be.oneOf([undefined, slugs.get(email)])
    })
})

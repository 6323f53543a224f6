import { expect } from "chai"
import { InvalidKeyError } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { company, Company, Coupon, Formats } from "./insert-entities"
import { rolledBack, storedKeys } from "./insert-rows"

/** A row of a name that is taken. */
const taken = (): Partial<Formats> => ({ name: "taken" })
const KEYS = ["nanoid", "hex", "uuid", "uuidv7", "ulid", "made", "prefixed"] as const

onEveryDatabase("A row that is not inserted", (database) => {
    const connect = async () => {
        const dataSource = await database().connect([Formats, Coupon, Company], { emptied: true })
        const formats = dataSource.getRepository(Formats)
        await formats.insert(taken())
        await dataSource.manager.insert(Company, company("first", { email: "taken" }))
        return { dataSource, formats, companies: dataSource.getRepository(Company) }
    }

    it("has no keys, whichever way it fails, and gets them when it is saved again", async () => {
        const { dataSource, formats } = await connect()
        for (const [way, insert] of Object.entries({
            save: (row: Partial<Formats>) => formats.save(row),
            bulk: (row: Partial<Formats>) => formats.save([{ name: "before" }, row]),
            insert: (row: Partial<Formats>) => formats.insert(row),
            builder: (row: Partial<Formats>) =>
                formats.createQueryBuilder().insert().values(row).execute(),
            "insert in a transaction": (row: Partial<Formats>) =>
                dataSource.transaction((manager) => manager.insert(Formats, row)),
        })) {
            const row = taken()
            await rejection(insert(row))
            for (const key of KEYS) expect(row[key], `${key}, ${way}`).to.equal(undefined)
            row.name = way.replace(/\W/g, "")
            await formats.save(row)
            for (const key of KEYS) expect(row[key], `${key}, ${way}`).to.be.a("string")
        }
        expect(await storedKeys(dataSource, Formats, "made")).to.eql(
            ["taken", "save", "bulk", "insert", "builder", "insertinatransaction"].map(
                (n) => `${n}.0`,
            ),
        )
    })

    it("keeps the keys that the caller has set", async () => {
        const { dataSource, formats, companies } = await connect()
        const row = { ...taken(), nanoid: "mine", made: "mine" }
        const other = company("", { email: "taken", slug: "mine" })
        for (const insert of ["save", "insert"] as const) {
            await rejection(formats[insert](row))
            await rejection(companies[insert](other))
            expect(row).to.include({ nanoid: "mine", made: "mine" })
            expect(other).to.include({ slug: "mine" })
        }
        await formats.save(Object.assign(row, { name: "free" }))
        await companies.save(Object.assign(other, { email: "free" }))
        expect(await storedKeys(dataSource, Formats, "made")).to.include("mine")
        expect(await storedKeys(dataSource, Company)).to.eql(["first", "mine"])
    })

    it("has no key where another row of the same call is refused", async () => {
        const { dataSource, companies } = await connect()
        const coupons = dataSource.getRepository(Coupon)
        for (const insert of ["save", "insert"] as const) {
            const coupon: Partial<Coupon> = { name: insert }
            const error = await rejection(coupons[insert]([coupon, { code: "no/key" }]))
            expect(error, insert).to.be.instanceOf(InvalidKeyError)
            expect(coupon.code, insert).to.equal(undefined)

            const row = company("acme")
            await rejection(companies[insert]([row, company(null)]))
            expect(row.slug, insert).to.equal(undefined)
        }
        expect(await coupons.count()).to.equal(0)
    })

    it("has no key where it is refused in a transaction that goes on", async () => {
        const { dataSource } = await connect()
        const coupon: Partial<Coupon> = { name: "a" }
        await dataSource.transaction(async (manager) => {
            await rejection(manager.save(Coupon, [coupon, { code: "no/key" }]))
            await manager.save(Coupon, { code: "other" })
        })
        expect(coupon.code).to.equal(undefined)
        expect(await storedKeys(dataSource, Coupon, "code")).to.eql(["other"])
        await dataSource.manager.save(Coupon, coupon)
        expect(await storedKeys(dataSource, Coupon, "code")).to.eql(["other", coupon.code])
    })

    it("takes no keys off the rows that are saved beside it", async function () {
        if (database().can.failOnce) return this.skip()
        const { dataSource } = await connect()
        const rows = [company("a"), company("b", { email: "taken" }), company("c")]
        const coupon = dataSource.manager.create(Coupon, {})
        await dataSource.transaction(async (manager) => {
            const all = [...rows.map((row) => manager.save(row)), manager.save(coupon)]
            const results = await Promise.allSettled(all)
            const outcomes = results.map(({ status }) => status)
            expect(outcomes).to.eql(["fulfilled", "rejected", "fulfilled", "fulfilled"])
        })
        expect(rows.map(({ slug }) => slug)).to.eql(["a", undefined, "c"])
        expect(await storedKeys(dataSource, Company)).to.have.members(["first", "a", "c"])
        expect(await storedKeys(dataSource, Coupon, "code")).to.eql([coupon.code])
    })

    it("has no key when its transaction is rolled back, and gets a free one later", async () => {
        const { dataSource } = await connect()
        const row = company("acme")
        const own = company("x", { slug: "mine" })
        const coupon = dataSource.manager.create(Coupon, {})
        await rolledBack(dataSource, async (manager) => {
            await manager.save([row, own])
            await manager.insert(Coupon, coupon)
            expect(row.slug).to.equal("acme")
            expect(coupon.code).to.be.a("string")
        })
        expect(row.slug).to.equal(undefined)
        expect(own.slug).to.equal("mine")
        expect(coupon.code).to.equal(undefined)
        await dataSource.manager.save(company("acme"))
        // On SQLite the primary key that is still on the entity is that of the other row by now.
        const again = [row, own].map((one) => Object.assign(one, { id: undefined }))
        await dataSource.manager.save(again)
        expect(row.slug).to.equal("acme-2")
        expect(await storedKeys(dataSource, Company)).to.have.members([
            ...["first", "acme", "acme-2", "mine"],
        ])
    })

    it("has no key when a savepoint is rolled back; the rows before it keep theirs", async () => {
        const { dataSource } = await connect()
        const [before, inside, released, after] = [1, 2, 3, 4].map(() => company("acme"))
        await dataSource.transaction(async (manager) => {
            await manager.save(before!)
            await rolledBack(manager, async (inner) => {
                await inner.save(inside!)
                await inner.transaction((innermost) => innermost.save(released!))
                expect([inside!.slug, released!.slug]).to.eql(["acme-2", "acme-3"])
            })
            expect([before!.slug, inside!.slug, released!.slug]).to.eql([
                ...["acme", undefined, undefined],
            ])
            await manager.save(after!)
            expect(after!.slug).to.equal("acme-2")
            await manager.save(Object.assign(inside!, { id: undefined }))
        })
        expect(inside!.slug).to.equal("acme-3")
        expect(await storedKeys(dataSource, Company)).to.have.members([
            ...["first", "acme", "acme-2", "acme-3"],
        ])
    })
})

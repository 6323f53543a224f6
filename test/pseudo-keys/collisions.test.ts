import { expect } from "chai"
import type { DataSource } from "typeorm"
import { InvalidKeyError, KeyTakenError } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { rejection } from "../support/errors"
import { company, Company, Department, Nickname, Page, Tiny } from "./insert-entities"
import { rolledBack, storedKeys, suffixed } from "./insert-rows"

const acme = () => company("acme")
const acmes = (count: number) => Array.from({ length: count }, acme)

onEveryDatabase("Derived keys that would be the same", (database) => {
    let dataSource: DataSource
    beforeEach(async () => {
        dataSource = await database().connect([Company], { emptied: true })
    })
    const stored = () => storedKeys(dataSource, Company)
    const save = (...texts: string[]) => dataSource.manager.save(texts.map((text) => company(text)))

    it("get suffixes in the order of the rows, in one save and in several", async () => {
        const saved = [...(await save("acme", "acme", "acme")), ...(await save("acme"))]
        await dataSource.manager.insert(Company, acmes(2))
        await dataSource.manager.insert(Company, acme())
        expect(saved.map(({ slug }) => slug)).to.eql(suffixed("acme", 4))
        expect(await stored()).to.eql(suffixed("acme", 7))
    })

    it("get suffixes in one transaction, one save after the other and side by side", async () => {
        await dataSource.transaction(async (manager) => {
            await manager.save(acme())
            await manager.save(acme())
            const parallel = await Promise.all(acmes(5).map((row) => manager.save(row)))
            expect(parallel.map(({ slug }) => slug).sort()).to.eql(suffixed("acme", 7).slice(2))
        })
        expect(await stored()).to.have.members(suffixed("acme", 7))
    })

    it("get suffixes where the text itself ends in digits", async () => {
        await save("acme-2", "acme", "acme", "acme-2", "acme", "acme-2-2", "7", "7")
        // Where each row is a statement of its own, nobody knows what those behind it want.
        const { driver } = dataSource
        const last = !driver.isReturningSqlSupported("insert") ? "acme-2-2-2" : "acme-2-3"
        const slugs = ["acme-2", "acme", "acme-3", "acme-2-2", "acme-4", last, "7", "7-2"]
        expect(await stored()).to.have.members(slugs)
        await save("acme-4", "acme")
        expect((await stored()).slice(-2)).to.eql(["acme-4-2", "acme-5"])
    })

    it("are kept apart from those that the caller sets in the same save", async () => {
        const given = (slug: string) => company("other", { slug })
        await dataSource.manager.save([acme(), given("acme"), acme(), given("acme-2")])
        expect((await stored()).sort()).to.eql(suffixed("acme", 4))
    })

    it("are on their own rows, beside rows that the caller has given all their keys", async () => {
        const given = (slug: string) => company("other", { slug })
        const rows = [given("mine"), acme(), given("yours"), acme()]
        await dataSource.manager.save(rows)
        expect(rows.map(({ slug }) => slug)).to.eql(["mine", "acme", "yours", "acme-2"])
        expect((await stored()).sort()).to.eql(["acme", "acme-2", "mine", "yours"])
        const [again] = await save("acme")
        expect(again?.slug).to.equal("acme-3")
    })

    it("go on behind the last one, and take keys of rows that were deleted", async () => {
        const rows = await save("acme", "acme", "acme", "acme")
        await dataSource.manager.remove(rows[1])
        await dataSource.manager.delete(Company, rows[0]!.id)
        await save("acme", "acme", "acme")
        expect((await stored()).sort()).to.eql(["acme", "acme-3", "acme-4", "acme-5", "acme-6"])
    })

    it("take the key of a row that was rolled back, to a savepoint as well", async () => {
        await rolledBack(dataSource, (manager) => manager.save(acmes(2)))
        await dataSource.transaction(async (manager) => {
            await manager.save(acme())
            await rolledBack(manager, (inner) => inner.save(acmes(2)))
            await manager.save(acme())
        })
        expect(await stored()).to.eql(["acme", "acme-2"])
    })

    it("get suffixes for hundreds of rows", async () => {
        await dataSource.manager.save(acmes(150), { chunk: 50 })
        await dataSource.manager.insert(Company, acmes(550))
        expect((await stored()).sort()).to.eql(suffixed("acme", 700).sort())
    })
})

onEveryDatabase("Keys that would be the same", (database) => {
    it("are different in each scope only where they must be", async () => {
        const dataSource = await database().connect([Department, Page])
        const a = await dataSource.manager.save(Department, { name: "A" })
        const b = await dataSource.manager.save(Department, { name: "B" })
        const page = (rest: Partial<Page>) => ({ title: "Home", language: "en", ...rest })
        const saved = await dataSource.manager.save(Page, [
            page({ department: a }),
            page({ department: b }),
            page({ department: { id: a.id } as Department }),
            page({ department: a, language: "de" }),
            page({ department: a, language: null }),
            page({ department: null }),
            page({ department: null, language: null }),
            page({ department: a, language: null }),
            page({ department: null, language: null }),
            page({ department: { name: "C" } as Department }),
        ])
        const first = ["Home", "Home", "Home-2", "Home", "Home", "Home", "Home"]
        const expected = [...first, "Home-2", "Home-2", "Home"]
        expect(saved.map(({ slug }) => slug)).to.eql(expected)
        await dataSource.manager.insert(Page, page({ department: b }))
        expect((await storedKeys(dataSource, Page)).sort()).to.eql([...expected, "Home-2"].sort())

        await dataSource.manager.save(Page, page({ department: b, slug: "mine" }))
        await dataSource.manager.save(Page, page({ department: a, slug: "mine" }))
        const again = page({ department: a, slug: "mine" })
        expect(await rejection(dataSource.manager.save(Page, again))).to.be.instanceOf(
            KeyTakenError,
        )
    })

    it("are made again by the caller's function, which is told the attempt", async () => {
        const dataSource = await database().connect([Nickname])
        const nicknames = dataSource.getRepository(Nickname)
        await nicknames.save([{ name: "jo" }, { name: "jo" }])
        await nicknames.insert({ name: "jo" })
        const expected = ["nick_jo", "nick_jo1", "nick_jo2"]
        expect(await storedKeys(dataSource, Nickname)).to.eql(expected)
        for (const insert of ["save", "insert"] as const)
            expect(await rejection(nicknames[insert]({ name: "jo" }))).to.be.instanceOf(
                KeyTakenError,
            )
        for (const name of ["a b", "", "x".repeat(300)])
            expect(await rejection(nicknames.save({ name }))).to.be.instanceOf(InvalidKeyError)
        expect(await storedKeys(dataSource, Nickname)).to.eql(expected)
    })

    it("are used up to the last one where there are few, and then refused", async () => {
        const dataSource = await database().connect([Tiny])
        const tinies = dataSource.getRepository(Tiny)
        await tinies.save([{}, {}])
        await tinies.insert({})
        await tinies.save({})
        const all = ["aa", "ab", "ba", "bb"]
        expect((await storedKeys(dataSource, Tiny)).sort()).to.eql(all)
        const row: Partial<Tiny> = {}
        for (const insert of [() => tinies.save(row), () => tinies.insert(row)]) {
            const error = await rejection(insert())
            expect(error).to.be.instanceOf(KeyTakenError)
            expect(error.message).to.include("Tiny.slug").and.include("length")
            expect(row.slug).to.equal(undefined)
        }
        await tinies.delete({ slug: "ba" })
        expect(await tinies.save(row)).to.include({ slug: "ba" })
        expect((await storedKeys(dataSource, Tiny)).sort()).to.eql(all)
    })
})

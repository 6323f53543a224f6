import { expect } from "chai"
import type { DataSource } from "typeorm"
import { findByPseudoKey, InvalidKeyError, KeyTakenError } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { storedRows } from "../support/errors"
import { Account, Article, expectLeads, refused, Hall, Tenant } from "./history-entities"

const KEYS = ["", " ", "a b", "a/b", "ü", "a\n", "a%", "'", 7, {}, "x".repeat(256)]

onEveryDatabase("Changing a pseudo key", (database) => {
    async function connect() {
        const dataSource = await database().connect([Account], { emptied: true })
        const accounts = dataSource.getRepository(Account)
        const [ada, bob] = await accounts.save([{ name: "ada" }, { name: "bob" }])
        return { dataSource, accounts, ada: ada!, bob: bob! }
    }

    const load = ({ manager }: DataSource, id: number) => manager.findOneByOrFail(Account, { id })

    it("save() changes it, and the row is found by the new one alone", async () => {
        const { dataSource, accounts, ada, bob } = await connect()
        const { manager } = dataSource
        ada.handle = "Ada.L~1"
        await accounts.save(ada)
        expect(await load(dataSource, ada.id)).to.include({ name: "ada", handle: "Ada.L~1" })
        await expectLeads(manager, Account, { "Ada.L~1": ada.id, ada: null, bob: bob.id })

        await accounts.save({ id: ada.id, handle: "lovelace" })
        await expectLeads(manager, Account, { lovelace: ada.id, "Ada.L~1": null })
        // Nothing is kept where there is no history.
        await accounts.save({ id: bob.id, handle: "ada" })
        await expectLeads(manager, Account, { ada: bob.id, bob: null })
    })

    it("one that another row has is refused, and nothing is changed", async () => {
        const { dataSource, accounts, ada, bob } = await connect()
        const cy = await accounts.save({ name: "cy" })
        const before = await storedRows(accounts)
        const changed = [
            { id: cy.id, name: "cyril", handle: "cyril" },
            { id: ada.id, name: "changed", handle: "bob" },
        ]
        const error = await refused(accounts.save(changed), KeyTakenError)
        expect(error.message)
            .to.include("Account.handle")
            .and.include("leave the row the one that it has")
            .and.not.include("undefined")
        expect(await storedRows(accounts)).to.eql(before)
        await expectLeads(dataSource.manager, Account, { ada: ada.id, bob: bob.id, cyril: null })

        await refused(accounts.update({ id: ada.id }, { handle: "bob" }), KeyTakenError)
        expect(await storedRows(accounts)).to.eql(before)
    })

    it("one that another row has where the row moves to is refused, and may be changed on the way", async () => {
        const { manager } = await database().connect([Hall, Tenant, Article])
        const rooms = manager.getRepository(Hall)
        await rooms.save([
            { floor: 1, name: "Main" },
            { floor: 2, name: "Main" },
        ])
        const before = await storedRows(rooms)
        for (const attempt of [
            rooms.save({ id: 1, floor: 2 }),
            rooms.update({ id: 1 }, { floor: 2 }),
        ]) {
            const { message } = await refused(attempt, KeyTakenError)
            expect(message).to.include("Hall.slug").and.include("floor")
            expect(message).to.include("another key in the same save()")
        }
        expect(await storedRows(rooms)).to.eql(before)
        await rooms.save({ id: 1, floor: 2, slug: "Small-hall" })
        const { slug } = await rooms.save({ floor: 2, name: "Main" })
        expect(slug).to.equal("Main-2")

        const [a, b] = await manager.save(Tenant, [{ name: "a" }, { name: "b" }])
        const article = await manager.save(Article, { tenant: a, slug: "first" })
        await manager.save(Article, { id: article.id, slug: "second" })
        await manager.save(Article, { tenant: b, slug: "second" })
        const other = await manager.save(Article, { tenant: b, slug: "first" })
        const move = () => manager.save(Article, { id: article.id, tenant: b })
        expect((await refused(move(), KeyTakenError)).message).to.include("Article.slug")
        await manager.delete(Article, { slug: "second", tenant: b })
        const { message } = await refused(move(), KeyTakenError)
        expect(message).to.include("Article.slug").and.include("by its history")
        await manager.delete(Article, { id: other.id })
        await move()
        await expectLeads(
            manager,
            Article,
            { first: article.id, second: article.id },
            { where: { tenant: b } },
        )
    })

    it("one in another case is another one", async () => {
        const { dataSource, accounts, ada, bob } = await connect()
        await accounts.save({ id: ada.id, handle: "BOB" })
        await expectLeads(dataSource.manager, Account, { BOB: ada.id, bob: bob.id, Bob: null })
        await accounts.save({ id: ada.id, handle: "boB" })
        await expectLeads(dataSource.manager, Account, { boB: ada.id, bob: bob.id, BOB: null })
    })

    it("what is no key is refused by save() and update(), and nothing is changed", async () => {
        const { accounts, ada } = await connect()
        const before = await storedRows(accounts)
        for (const key of [...KEYS, null]) {
            const handle = key as string
            // Nothing in its place asks for another one.
            if (key !== null && key !== "")
                await refused(
                    accounts.save({ id: ada.id, name: "changed", handle }),
                    InvalidKeyError,
                )
            await refused(accounts.update(ada.id, { name: "changed", handle }), InvalidKeyError)
            const builder = accounts.createQueryBuilder().update().set({ handle })
            await refused(builder.where({ id: ada.id }).execute(), InvalidKeyError)
        }
        for (const hidden of ["", "abc", "acc", "acc_", "ACC_x", "inv_x", "accx"]) {
            if (hidden) await refused(accounts.save({ id: ada.id, hidden }), InvalidKeyError)
            await refused(accounts.update(ada.id, { hidden }), InvalidKeyError)
        }
        expect(await storedRows(accounts)).to.eql(before)
    })

    it("an error does not show the text that was refused for a key", async () => {
        const { accounts, ada } = await connect()
        const handle = "my secret words"
        const error = await refused(accounts.save({ id: ada.id, handle }), InvalidKeyError)
        expect(error.message).to.include("Account.handle").and.not.include("secret")
    })

    it("update() changes it, by a value or by an expression", async () => {
        const { dataSource, accounts, ada, bob } = await connect()
        const { manager } = dataSource
        await accounts.update({ name: "ada" }, { handle: "one" })
        await expectLeads(manager, Account, { one: ada.id, ada: null })
        const update = accounts.createQueryBuilder().update().set({ handle: "two" })
        await update.whereInIds(ada.id).execute()
        await expectLeads(manager, Account, { two: ada.id, one: null })
        await accounts.update({ id: bob.id }, { handle: () => "name" })
        await accounts.update({ id: bob.id }, { name: "robert" })
        await expectLeads(manager, Account, { two: ada.id, bob: bob.id })
    })

    it("a row whose other fields change keeps it", async () => {
        const { dataSource, accounts, ada } = await connect()
        const { hidden, invitation } = ada
        const found = await findByPseudoKey(accounts, hidden)
        await accounts.save({ ...found, name: "bob" })
        await accounts.save({ id: ada.id, name: "eve" })
        await accounts.update(ada.id, { name: "mallory" })
        await expectLeads(dataSource.manager, Account, {
            ada: ada.id,
            [hidden]: ada.id,
            [invitation ?? ""]: ada.id,
            "bob-2": null,
            eve: null,
        })
    })

    it("of a column that is not selected is changed, and refused, as any other", async () => {
        const { dataSource, accounts, ada, bob } = await connect()
        const { manager } = dataSource
        const before = ada.hidden
        const row = await load(dataSource, ada.id)
        expect(row.hidden).to.equal(undefined)
        row.hidden = "acc_mine"
        await accounts.save(row)
        await expectLeads(manager, Account, { acc_mine: ada.id, [before]: null })
        // The same once more is no change.
        await accounts.save({ id: ada.id, name: "Ada", hidden: "acc_mine" })
        await refused(accounts.save({ id: bob.id, hidden: "acc_mine" }), KeyTakenError)
        await expectLeads(manager, Account, { acc_mine: ada.id, [bob.hidden]: bob.id })
    })

    it("of a nullable column can be taken off the row, and given to it", async () => {
        const { dataSource, accounts, ada, bob } = await connect()
        const former = ada.invitation!
        await accounts.save({ id: ada.id, invitation: null })
        await accounts.update(bob.id, { invitation: null })
        const rows = await accounts.find()
        expect(rows.map(({ invitation }) => invitation)).to.eql([null, null])
        await accounts.save({ id: bob.id, invitation: former })
        await expectLeads(dataSource.manager, Account, { [former]: bob.id })
    })

    it("of a nullable column stays where an entity that lacks it is saved again", async () => {
        const { dataSource, accounts, ada } = await connect()
        const part = await accounts.save({ id: ada.id, name: "Ada" })
        await accounts.save(Object.assign(part, { name: "Eve" }))
        expect(await load(dataSource, ada.id)).to.include({ invitation: ada.invitation })
        await accounts.save(Object.assign(part, { invitation: null }))
        expect(await load(dataSource, ada.id)).to.include({ name: "Eve", invitation: null })
    })

    it("is on the entity as it was when the transaction is rolled back or the save has failed", async () => {
        const { dataSource, accounts, ada } = await connect()
        const row = await load(dataSource, ada.id)
        await refused(accounts.save({ ...row, handle: "bob" }), KeyTakenError)
        await dataSource
            .transaction(async (manager) => {
                await manager.save(Account, { id: ada.id, handle: "eve" })
                await expectLeads(manager, Account, { eve: ada.id, ada: null })
                throw new Error("roll back")
            })
            .catch(() => {})
        expect(await load(dataSource, ada.id)).to.eql(row)
        await expectLeads(dataSource.manager, Account, { ada: ada.id, eve: null })
    })
})

import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    type EntityManager,
    ManyToOne,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    AutoSequenceColumn,
    AutoSequenceError,
    ReadOnlyNumberError,
    UnsupportedError,
} from "../../../src"
import { rejection, triggerError } from "../../support/errors"
import { storedCounters } from "../../support/stored"
import {
    countersByShelf,
    expectItems,
    Item,
    onPostgres,
    onTriggerDatabases,
    table,
} from "./statement-entities"

const strategy = "trigger"

@Entity({ name: "folder" })
class Folder {
    @PrimaryGeneratedColumn() id!: number
    @Column({ length: 100 }) title!: string
}

@Entity({ name: "document" })
class Document {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Folder, { nullable: true }) folder!: Folder | null
    @AutoSequenceColumn({ strategy, uniqueWith: "folder" }) number!: number
}

@Entity({ name: "memo" })
class Memo {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Folder, { nullable: true, onUpdate: "CASCADE" }) folder!: Folder | null
    @AutoSequenceColumn({ strategy, uniqueWith: "folder" }) number!: number
}

@Entity({ name: "rate" })
class Rate {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "numeric", precision: 20, scale: 5 }) percent!: string
    @Column({ type: "int", default: 0 }) uses!: number
    @AutoSequenceColumn({ strategy, uniqueWith: "percent" }) number!: number
}

@Entity({ name: "alias" })
class Alias {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "citext" }) name!: string
    @AutoSequenceColumn({ strategy, uniqueWith: "name" }) number!: number
}

/** What the driver says of itself. */
function stateOf({ cause, driverError }: Error & { driverError?: unknown }): unknown {
    const { sqlState, code } = (cause ?? driverError) as Error & {
        code?: string
        sqlState?: string
    }
    return sqlState ?? code
}

onTriggerDatabases("Changes of stored rows", (database) => {
    let dataSource: DataSource
    let item: string
    const begin = async (emptied: boolean) => {
        dataSource = await database().connect([Item, Folder, Document, Rate], { emptied })
        item = table(dataSource, Item)
        await dataSource.manager.insert(Item, [{ shelf: "A" }, { shelf: "A" }, { shelf: "B" }])
    }
    beforeEach(() => begin(true))

    const allow = async (manager: EntityManager, value: "on" | "off") => {
        const isPostgres = database().can.tableLock
        await manager.query(
            isPostgres
                ? `SET LOCAL autosequence.allow_changes = '${value}'`
                : `SET @autosequence_allow_changes = ${value === "on" ? "TRUE" : "FALSE"}`,
        )
    }

    async function expectRefused(attempt: Promise<unknown>, place = "Item.number") {
        const error = await rejection(attempt)
        expect(error).to.be.instanceOf(triggerError(database().kind, ReadOnlyNumberError))
        const isNamed = error instanceof ReadOnlyNumberError
        if (isNamed) expect(error).to.include({ code: "READ_ONLY_NUMBER" })
        // What the driver has said itself names the table.
        const said = isNamed ? place : place.toLowerCase()
        expect(error.message).to.include(said)
        return error
    }

    it("of a number are refused by the database itself, and named", async () => {
        const { manager } = dataSource
        const repository = dataSource.getRepository(Item)
        await expectRefused(repository.update({ shelf: "B" }, { number: 7 }))
        await expectRefused(repository.increment({ shelf: "A" }, "number", 10))
        await expectRefused(
            manager.createQueryBuilder().update(Item).set({ number: 9 }).where("id > 0").execute(),
        )
        const error = await expectRefused(manager.query(`UPDATE ${item} SET number = number + 5`))
        expect(stateOf(error)).to.equal("AS002")
        if (error instanceof ReadOnlyNumberError)
            expect(error.message).to.include("Numbers are not editable")
        await expectItems(dataSource, { A: [1, 2], B: [1] })
    })

    it("of a scope are refused by the database itself, and named", async () => {
        const { manager } = dataSource
        await expectRefused(dataSource.getRepository(Item).update({ shelf: "B" }, { shelf: "C" }))
        await expectRefused(
            manager.createQueryBuilder().update(Item).set({ shelf: "C" }).where("id > 0").execute(),
        )
        await expectRefused(manager.query(`UPDATE ${item} SET shelf = 'a' WHERE shelf = 'B'`))
        const loaded = await manager.findOneByOrFail(Item, { shelf: "B" })
        loaded.shelf = "A"
        await expectRefused(manager.save(loaded))
        await expectItems(dataSource, { A: [1, 2], B: [1] })
    })

    it("that change nothing of number and scope go through", async () => {
        const { manager } = dataSource
        await manager.update(Item, { shelf: "A" }, { stock: 5, sku: null, shelf: "A" })
        await manager.query(`UPDATE ${item} SET number = number, shelf = shelf, stock = stock + 1`)
        const loaded = await manager.findOneByOrFail(Item, { shelf: "B" })
        loaded.stock = 8
        await manager.save(loaded)
        const stocks = (await manager.find(Item, { order: { id: "ASC" } })).map(
            ({ stock }) => stock,
        )
        expect(stocks).to.eql([6, 6, 8])
        await expectItems(dataSource, { A: [1, 2], B: [1] })
    })

    it("of a relation that is the scope are refused", async () => {
        const { manager } = dataSource
        const [one, other] = await manager.save(Folder, [{ title: "one" }, { title: "other" }])
        const document = await manager.save(Document, { folder: one as Folder })
        await expectRefused(
            manager.update(Document, document.id, { folder: other as Folder }),
            "Document.number",
        )
        await expectRefused(
            manager.update(Document, document.id, { folder: null }),
            "Document.number",
        )
        const { folder, number } = await manager.findOneOrFail(Document, {
            where: { id: document.id },
            relations: { folder: true },
        })
        expect({ folder: folder?.title, number }).to.eql({ folder: "one", number: 1 })
    })

    it("by a foreign key are refused, or such a foreign key is where no trigger would run", async () => {
        const connected = database().connect([Folder, Memo])
        if (database().kind === "mariadb") {
            const error = await rejection(connected)
            expect(error).to.be.instanceOf(UnsupportedError)
            expect(error.message).to.include("folder of its scope is changed by its foreign key")
            return
        }
        const { manager } = await connected
        const folder = await manager.save(Folder, { title: "one" })
        await manager.save(Memo, { folder })
        await expectRefused(manager.update(Folder, folder.id, { id: 7 }), "Memo.number")
        const [memo] = await manager.find(Memo, { relations: { folder: true } })
        expect([memo?.folder?.title, memo?.number]).to.eql(["one", 1])
    })

    it("that write an equal scope in another way go through", async () => {
        const { manager } = dataSource
        await manager.insert(Rate, [{ percent: "1" }, { percent: "1.0" }, { percent: "2.5" }])
        const rate = table(dataSource, Rate)
        await manager.query(`UPDATE ${rate} SET percent = 1.00, uses = 1 WHERE number = 2`)
        await expectRefused(
            manager.query(`UPDATE ${rate} SET percent = 1.00001 WHERE number = 2`),
            "Rate.number",
        )
        const rates = await manager.find(Rate, { order: { id: "ASC" } })
        expect(rates.map(({ number, uses }) => [number, uses])).to.eql([
            [1, 0],
            [2, 1],
            [1, 0],
        ])
    })

    it("go through where they are allowed, and the counter of the new place rises", async () => {
        await dataSource.transaction(async (manager) => {
            await allow(manager, "on")
            await manager.query(`UPDATE ${item} SET shelf = 'C', number = 40 WHERE shelf = 'B'`)
            await manager.query(`UPDATE ${item} SET number = 30 WHERE shelf = 'A' AND number = 1`)
            await allow(manager, "off")
        })
        expect(await countersByShelf(dataSource)).to.eql({ A: 30, B: 1, C: 40 })
        await dataSource.manager.insert(Item, [{ shelf: "A" }, { shelf: "B" }, { shelf: "C" }])
        await expectItems(dataSource, { A: [30, 2, 31], B: [2], C: [40, 41] })
    })

    it("that are allowed to move a row below the last number leave the counter alone", async () => {
        await dataSource.transaction(async (manager) => {
            await allow(manager, "on")
            await manager.query(`UPDATE ${item} SET number = 10 WHERE number = 2`)
            await manager.query(`UPDATE ${item} SET number = 5 WHERE number = 10`)
            await allow(manager, "off")
        })
        await dataSource.manager.insert(Item, { shelf: "A" })
        await expectItems(dataSource, { A: [1, 5, 11], B: [1] })
    })

    it("are refused again after they were allowed", async () => {
        const allowed = new Error("roll back")
        const runner = dataSource.createQueryRunner()
        await runner.connect()
        const attempt = runner.manager.transaction(async (manager) => {
            await allow(manager, "on")
            await manager.query(`UPDATE ${item} SET number = 9 WHERE shelf = 'B'`)
            if (!database().can.tableLock) await allow(manager, "off")
            throw allowed
        })
        expect(await rejection(attempt)).to.equal(allowed)
        await expectRefused(runner.query(`UPDATE ${item} SET number = 9 WHERE shelf = 'B'`))
        await runner.release()
        await expectItems(dataSource, { A: [1, 2], B: [1] })
    })

    it("of a row without a number give it one, and raise the counter", async () => {
        await begin(false)
        const { manager } = dataSource
        await manager.query(
            database().can.tableLock
                ? `ALTER TABLE ${item} ALTER COLUMN number DROP NOT NULL`
                : `ALTER TABLE ${item} MODIFY COLUMN number int NULL`,
        )
        await manager.transaction(async (inner) => {
            await allow(inner, "on")
            await inner.query(`UPDATE ${item} SET number = NULL WHERE shelf = 'B'`)
            await allow(inner, "off")
        })
        await manager.query(`UPDATE ${item} SET stock = 1 WHERE shelf = 'B'`)
        await manager.query(`UPDATE ${item} SET number = 8 WHERE shelf = 'B'`)
        await expectRefused(manager.query(`UPDATE ${item} SET number = 9 WHERE shelf = 'B'`))
        await manager.insert(Item, { shelf: "B" })
        await expectItems(dataSource, { A: [1, 2], B: [8, 9] })
    })
})

onPostgres("Changes of rows in PostgreSQL", (database) => {
    it("of letters' case go through where the type takes them for equal", async function () {
        if (database().kind === "pglite") return this.skip()
        await database().query("CREATE EXTENSION IF NOT EXISTS citext")
        const dataSource = await database().connect([Alias])
        const { manager } = dataSource
        await manager.insert(Alias, [{ name: "Ann" }, { name: "ANN" }, { name: "Bob" }])
        await manager.query(`UPDATE ${table(dataSource, Alias)} SET name = upper(name)`)
        const aliases = await manager.find(Alias, { order: { id: "ASC" } })
        expect(aliases.map(({ name, number }) => `${name} ${number}`)).to.eql([
            "ANN 1",
            "ANN 2",
            "BOB 1",
        ])
        const error = await rejection(manager.update(Alias, { name: "bob" }, { name: "ann" }))
        expect(error).to.be.instanceOf(ReadOnlyNumberError)
        expect((await storedCounters(dataSource)).map(({ last }) => last)).to.eql(["2", "1"])
    })

    it("are not allowed to any transaction but the one that asks", async () => {
        const dataSource = await database().connect([Item], { connections: 1 })
        const item = table(dataSource, Item)
        await dataSource.manager.insert(Item, { shelf: "A" })
        await dataSource.transaction(async (manager) => {
            await manager.query("SET LOCAL autosequence.allow_changes = 'on'")
            await manager.query(`UPDATE ${item} SET number = 2`)
        })
        const error = await rejection(dataSource.query(`UPDATE ${item} SET number = 3`))
        expect(error).to.be.instanceOf(AutoSequenceError).and.include({ code: "READ_ONLY_NUMBER" })
        expect(stateOf(error)).to.equal("AS002")
        await expectItems(dataSource, { A: [2] })
    })

    it("are refused in a program of its own with a hint at what allows them", async () => {
        const dataSource = await database().connect([Item])
        await dataSource.manager.insert(Item, { shelf: "A" })
        const error = await rejection(
            database().query(`UPDATE ${table(dataSource, Item)} SET number = 3`),
        )
        expect(error).to.include({ code: "AS002" })
        expect((error as { hint?: string }).hint).to.include("SET LOCAL autosequence.allow_changes")
    })
})

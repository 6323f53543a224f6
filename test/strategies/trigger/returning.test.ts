import { expect } from "chai"
import type { DataSource, EntitySubscriberInterface, InsertEvent, ObjectLiteral } from "typeorm"
import { StatementLog } from "../../support/databases"
import { rejection } from "../../support/errors"
import { upTo } from "../../support/invoices"
import { SnakeCase } from "../../support/snake-case"
import { storedTexts } from "../../support/stored"
import type { TestDatabase } from "../../support/test-database"
import {
    Animal,
    Cat,
    Dog,
    Formatted,
    Hidden,
    Huge,
    Letter,
    type Parcel,
    ParcelSchema,
    Renamed,
    TwoNumbers,
    WithTwoKeys,
    WithUuid,
} from "./numbered-columns-entities"
import {
    expectItems,
    Item,
    Label,
    onMariaDb,
    onTriggerDatabases,
    table,
} from "./statement-entities"

/** As MySQL is, whose INSERT returns nothing but the id of the first row. */
function withoutReturning(dataSource: DataSource): DataSource {
    dataSource.driver.isReturningSqlSupported = () => false
    return dataSource
}

function defineReturning(
    connect: (...args: Parameters<TestDatabase["connect"]>) => Promise<DataSource>,
) {
    it("is on the entity after save(), insert() and an INSERT of the query builder", async () => {
        const dataSource = await connect([Item], { emptied: true })
        const { manager } = dataSource
        const saved = await manager.save(manager.create(Item, { shelf: "A" }))
        expect(saved.number).to.equal(1)
        const inserted: Partial<Item> = { shelf: "A" }
        const result = await manager.insert(Item, inserted)
        expect(inserted.number).to.equal(2)
        if (dataSource.driver.isReturningSqlSupported("insert"))
            expect(result.generatedMaps[0]?.number).to.equal(2)
        const built: Partial<Item> = { shelf: "A" }
        await manager.createQueryBuilder().insert().into(Item).values(built).execute()
        expect(built.number).to.equal(3)
        expect((await manager.findOneByOrFail(Item, { id: saved.id })).number).to.equal(1)
    })

    it("is that of the own row on each entity of a batch", async () => {
        const { manager } = await connect([Item], { emptied: true })
        const items = () =>
            [..."ABACABBA"].map((shelf) => ({ shelf, sku: null }) as unknown as Item)
        const batches = [items(), items(), items()] as const
        await manager.save(Item, batches[0])
        await manager.insert(Item, batches[1])
        await manager.createQueryBuilder().insert().into(Item).values(batches[2]).execute()
        for (const [round, batch] of batches.entries())
            expect(batch.map(({ shelf, number }) => `${shelf}${number}`)).to.eql(
                ["A", "B", "A", "C", "A", "B", "B", "A"].map((shelf, at, all) => {
                    const before = all.slice(0, at).filter((s) => s === shelf).length
                    const perRound = all.filter((s) => s === shelf).length
                    return `${shelf}${round * perRound + before + 1}`
                }),
            )
        const stored = await manager.find(Item)
        for (const { id, number } of batches.flat())
            expect(stored.find((item) => item.id === id)?.number).to.equal(number)
    })

    it("is on entities that set their number, and on those beside them", async () => {
        const { manager } = await connect([Item], { emptied: true })
        const items = [undefined, 7, undefined, 3].map((number) => ({ shelf: "A", number }) as Item)
        await manager.insert(Item, items)
        expect(items.map(({ number }) => number)).to.eql([1, 7, 8, 3])
    })

    it("is on entities whose key is a uuid, or two columns", async () => {
        const { manager } = await connect([WithUuid, WithTwoKeys])
        const rows = upTo(50).map((place) => ({ place }) as WithUuid)
        await manager.save(WithUuid, rows.slice(0, 25))
        await manager.insert(WithUuid, rows.slice(25))
        expect(rows.map(({ number }) => number)).to.eql(upTo(50))
        for (const { id, place, number } of await manager.find(WithUuid))
            expect(rows[place - 1]).to.eql({ id, place, number })

        const pairs = upTo(20).map(
            (i) => ({ tenant: i % 2 === 0 ? "A" : "B", code: 100 - i }) as WithTwoKeys,
        )
        await manager.insert(WithTwoKeys, pairs)
        expect(pairs.map(({ number }) => number)).to.eql(upTo(20).map((i) => Math.ceil(i / 2)))
        for (const row of await manager.find(WithTwoKeys)) expect(pairs).to.deep.include(row)
    })

    it("is there in a column that finders don't select", async () => {
        const dataSource = await connect([Hidden])
        const rows = [new Hidden(), new Hidden()]
        await dataSource.manager.save(rows)
        const row = new Hidden()
        await dataSource.manager.insert(Hidden, row)
        expect([...rows, row].map(({ number }) => number)).to.eql([1, 2, 3])
        expect(await storedTexts(dataSource.getRepository(Hidden))).to.eql(["1", "2", "3"])
    })

    it("goes through the transformer", async () => {
        const dataSource = await connect([Formatted])
        const { manager } = dataSource
        const rows = [
            new Formatted(),
            Object.assign(new Formatted(), { number: "INV-5" }),
            new Formatted(),
        ]
        for (const row of rows) await manager.insert(Formatted, row)
        const saved = await manager.save(new Formatted())
        expect([...rows, saved].map(({ number }) => number)).to.eql([
            "INV-1",
            "INV-5",
            "INV-6",
            "INV-7",
        ])
        expect(await storedTexts(dataSource.getRepository(Formatted))).to.eql(["1", "5", "6", "7"])
    })

    it("is a string in a bigint column, past 2^53 as well", async () => {
        const { manager } = await connect([Huge])
        const rows = [new Huge(), new Huge()]
        await manager.save(rows)
        const row = new Huge()
        await manager.insert(Huge, row)
        expect([...rows, row].map(({ number }) => number)).to.eql([
            "9007199254740991",
            "9007199254740993",
            "9007199254740995",
        ])
    })

    it("is in an embedded entity", async () => {
        const { manager } = await connect([Letter])
        const letters = [
            { reference: { part: 2 } },
            {},
            { reference: { part: 3, number: 8 } },
            { reference: {} },
        ]
        const rows = letters.map((letter) => manager.create(Letter, letter as Partial<Letter>))
        await manager.save(rows)
        expect(rows.map(({ reference }) => [reference.part, reference.number])).to.eql([
            [2, 1],
            [0, 2],
            [3, 8],
            [0, 9],
        ])
    })

    for (const [title, namingStrategy] of [
        ["another name than its property", undefined],
        ["a name that a naming strategy gives", new SnakeCase()],
    ] as const)
        it(`is in a column with ${title}`, async () => {
            const dataSource = await connect([Renamed, TwoNumbers], { namingStrategy })
            const { manager } = dataSource
            const rows = ["x", "y", "x"].map((kindOf) => ({ kindOf }) as Renamed)
            await manager.save(Renamed, rows.slice(0, 2))
            await manager.insert(Renamed, rows.slice(2))
            expect(rows.map(({ runningNumber }) => runningNumber)).to.eql([1, 1, 2])
            const both = ["1", "2", "1"].map((year) => ({ year }) as TwoNumbers)
            await manager.insert(TwoNumbers, both)
            expect(both.map(({ total, ofYear }) => [total, ofYear])).to.eql([
                [1, 1],
                [2, 1],
                [3, 2],
            ])
            expect(await storedTexts(dataSource.getRepository(TwoNumbers), "ofYear")).to.eql([
                "1",
                "1",
                "2",
            ])
        })

    it("is only on the class of a table that has it", async () => {
        const dataSource = await connect([Animal, Cat, Dog])
        const { manager } = dataSource
        const animals = [new Cat(), new Dog(), new Animal(), new Dog()]
        for (const animal of animals) await manager.save(animal)
        expect(animals.map(({ number }) => number)).to.eql([1, 2, 3, 4])
        expect(animals.map((animal) => (animal as Partial<Dog>).licence)).to.eql([
            undefined,
            1,
            undefined,
            2,
        ])
        const more = [new Dog(), new Dog()]
        await manager.insert(Dog, more)
        expect(more.map(({ number, licence }) => [number, licence])).to.eql([
            [5, 3],
            [6, 4],
        ])
        const rows = await manager.query<{ licence: number | null }[]>(
            `SELECT licence FROM ${table(dataSource, Animal)} ORDER BY id`,
        )
        expect(rows.map(({ licence }) => licence)).to.eql([null, 1, null, 2, 3, 4])
    })

    it("is on rows of an EntitySchema", async () => {
        const { manager } = await connect([ParcelSchema])
        const rows = ["N", "S", "N"].map((depot) => ({ depot }) as Parcel)
        await manager.save(ParcelSchema, rows.slice(0, 1))
        await manager.insert(ParcelSchema, rows.slice(1))
        expect(rows.map(({ number }) => number)).to.eql([1, 1, 2])
    })

    it("is on rows that have no values of their own", async () => {
        const { manager } = await connect([Label])
        const rows = [new Label(), new Label()]
        await manager.save(rows)
        const row = new Label()
        await manager.insert(Label, row)
        expect([...rows, row].map(({ number }) => number)).to.eql([1, 2, 3])
    })

    it("is not on the entity of an INSERT that has failed", async () => {
        const dataSource = await connect([Item], { emptied: true })
        const { manager } = dataSource
        await manager.insert(Item, { shelf: "A", sku: "x" })
        const rows = ["y", "x", "z"].map((sku) => ({ shelf: "A", sku }) as Item)
        await rejection(manager.insert(Item, rows))
        expect(rows.map(({ number }) => number)).to.eql([undefined, undefined, undefined])
        await rejection(manager.save(Item, rows))
        expect(rows.map(({ number }) => number)).to.eql([undefined, undefined, undefined])
        for (const [at, row] of rows.entries()) row.sku = `new ${at}`
        await manager.save(Item, rows)
        expect(rows.map(({ number }) => number)).to.eql([2, 3, 4])
        await expectItems(dataSource, { A: upTo(4) })
    })

    it("is another one on an entity that is saved again after its transaction was rolled back", async () => {
        const dataSource = await connect([Item], { emptied: true })
        const { manager } = dataSource
        const row = manager.create(Item, { shelf: "A", sku: "x" })
        const failed = new Error("roll back")
        const attempt = manager.transaction(async (inner) => {
            await inner.insert(Item, [{ shelf: "A" }, { shelf: "A" }])
            await inner.insert(Item, row)
            throw failed
        })
        expect(await rejection(attempt)).to.equal(failed)
        expect(row.number).to.equal(undefined)
        delete (row as Partial<Item>).id
        await manager.insert(Item, row)
        expect(row.number).to.equal(1)
        await expectItems(dataSource, { A: [1] })
    })

    it("is another one on an entity that is inserted a second time", async () => {
        const dataSource = await connect([Item], { emptied: true })
        const row: Partial<Item> = { shelf: "A" }
        await dataSource.manager.insert(Item, row)
        delete row.id
        await dataSource.manager.insert(Item, row)
        expect(row.number).to.equal(2)
        await expectItems(dataSource, { A: [1, 2] })
    })

    it("is made where the INSERT calls no listeners", async () => {
        const dataSource = await connect([Item], { emptied: true })
        const { manager } = dataSource
        // TypeORM writes DEFAULT for what is left out, and MariaDB refuses that before its triggers.
        const number = dataSource.options.type === "mariadb" ? () => "NULL" : undefined
        const insert = manager.createQueryBuilder().insert().into(Item).callListeners(false)
        await insert
            .values([
                { shelf: "A", number },
                { shelf: "A", number },
            ])
            .execute()
        await manager.save(Item, { shelf: "A", number } as Partial<Item>, { listeners: false })
        await expectItems(dataSource, { A: [1, 2, 3] })
    })
}

onTriggerDatabases("The number", (database) => {
    defineReturning((...args) => database().connect(...args))

    it("is there for listeners and subscribers of the application after the INSERT", async () => {
        const seen: unknown[] = []
        const dataSource = await database().connect([Item], { emptied: true })
        class Audit implements EntitySubscriberInterface<Item> {
            listenTo = () => Item
            async afterInsert({ entity, manager }: InsertEvent<Item>) {
                const stored = await manager.findOneBy(Item, { id: entity.id })
                seen.push([entity.number, stored?.number])
            }
        }
        dataSource.subscribers.push(new Audit())
        await dataSource.manager.save(Item, [{ shelf: "A" }, { shelf: "A" }])
        await dataSource.manager.insert(Item, [{ shelf: "A" }, { shelf: "B" }])
        expect(seen).to.eql([
            [1, 1],
            [2, 2],
            [3, 3],
            [1, 1],
        ])
    })

    it("takes no statement but the INSERT", async () => {
        const logger = new StatementLog()
        const dataSource = await database().connect([Item], {
            emptied: true,
            logger,
            logging: true,
        })
        const statements = async (work: () => Promise<unknown>) => {
            logger.statements.length = 0
            await work()
            return logger.statements.map((sql) => sql.split(" ")[0])
        }
        const { manager } = dataSource
        const rows = (): ObjectLiteral[] => [{ shelf: "A" }, { shelf: "B" }, { shelf: "A" }]
        // Where there are clusters, the first one asks whether the server is in one.
        await manager.insert(Item, { shelf: "A" })
        expect(await statements(() => manager.insert(Item, { shelf: "A" }))).to.eql(["INSERT"])
        expect(await statements(() => manager.insert(Item, rows()))).to.eql(["INSERT"])
        const saved = ["START", "INSERT", "COMMIT"]
        expect(await statements(() => manager.save(Item, { shelf: "A" }))).to.eql(saved)
        expect(await statements(() => manager.save(Item, rows()))).to.eql(saved)
        expect(
            await statements(() => manager.save(Item, { shelf: "A" }, { transaction: false })),
        ).to.eql(["INSERT"])
        const built = manager.createQueryBuilder().insert().into(Item).values(rows())
        expect(await statements(() => built.execute())).to.eql(["INSERT"])
    })
})

onMariaDb("Where INSERT returns nothing, the number", (database) => {
    const connect = async (...args: Parameters<TestDatabase["connect"]>) =>
        withoutReturning(await database().connect(...args))
    defineReturning(connect)

    // TypeORM sends the rows of a save() one by one there.
    it("takes one SELECT more for each INSERT", async () => {
        const logger = new StatementLog()
        const dataSource = await connect([WithUuid], { emptied: true, logger, logging: true })
        const selects = async (work: () => Promise<unknown>) => {
            logger.statements.length = 0
            await work()
            return logger.statements.filter((sql) => sql.startsWith("SELECT")).length
        }
        const { manager } = dataSource
        const rows = () => upTo(30).map((place) => ({ place }) as WithUuid)
        expect(await selects(() => manager.insert(WithUuid, rows()))).to.equal(1)
        expect(await selects(() => manager.save(WithUuid, rows()))).to.equal(30)
    })

    it("is that of the own row where several flushes run at once", async () => {
        const { manager } = await connect([WithUuid], { emptied: true })
        const batches = upTo(5).map((b) =>
            upTo(20).map((place) => ({ place: b * 100 + place }) as WithUuid),
        )
        await manager.transaction((inner) =>
            Promise.all(batches.map((batch) => inner.insert(WithUuid, batch))),
        )
        const stored = await manager.find(WithUuid)
        const byPlace = new Map(stored.map((row) => [row.place, row]))
        for (const row of batches.flat()) expect(byPlace.get(row.place)).to.eql({ ...row })
        expect(stored.map(({ number }) => number).sort((a, b) => a - b)).to.eql(upTo(100))
    })
})

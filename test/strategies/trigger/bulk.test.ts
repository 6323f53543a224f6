import { expect } from "chai"
import type { DataSource } from "typeorm"
import { upTo } from "../../support/invoices"
import { isThorough } from "../../support/thoroughness"
import {
    counterUpdates,
    countersByShelf,
    countingTo,
    expectItems,
    Item,
    numbersByShelf,
    onPostgres,
    onTriggerDatabases,
    table,
} from "./statement-entities"

const ROWS = isThorough ? 10_000 : 2000

onTriggerDatabases("Many rows", (database) => {
    /** One statement; `shelf` is an expression over `i`, from 1. */
    const insert = (dataSource: DataSource, rows: number, shelf: string, number = "NULL") =>
        `INSERT INTO ${table(dataSource, Item)} (shelf, number)
         SELECT ${shelf}, ${number} FROM ${countingTo(dataSource, rows)}`

    it("of one scope and of one statement are numbered in their order", async () => {
        const dataSource = await database().connect([Item])
        for (const last of [ROWS, 2 * ROWS]) {
            await dataSource.query(insert(dataSource, ROWS, "'A'"))
            await expectItems(dataSource, { A: upTo(last) })
        }
    })

    it("of two scopes in turn are numbered in their order", async () => {
        const dataSource = await database().connect([Item])
        await dataSource.query(insert(dataSource, ROWS, "CASE i % 2 WHEN 1 THEN 'A' ELSE 'B' END"))
        await expectItems(dataSource, { A: upTo(ROWS / 2), B: upTo(ROWS / 2) })
    })

    it("of hundreds of scopes in turn are numbered in their order", async () => {
        const dataSource = await database().connect([Item])
        const each = ROWS / 200
        for (const last of [each, 2 * each]) {
            await dataSource.query(insert(dataSource, 200 * each, "CONCAT('s', i % 200)"))
            const numbers = await numbersByShelf(dataSource)
            expect(Object.keys(numbers)).to.have.length(200)
            for (const [shelf, ofShelf] of Object.entries(numbers))
                expect(ofShelf, shelf).to.eql(upTo(last))
            const counters = Object.values(await countersByShelf(dataSource))
            expect(counters).to.eql(Array<number>(200).fill(last))
        }
    })

    it("of thousands of scopes don't fill the table of locks", async () => {
        const dataSource = await database().connect([Item])
        await dataSource.transaction(async (manager) => {
            await manager.query(insert(dataSource, 5000, "CONCAT('s', i)"))
            await manager.query(insert(dataSource, 10_000, "CONCAT('s', i)"))
        })
        const counters = await countersByShelf(dataSource)
        expect(Object.keys(counters)).to.have.length(10_000)
        for (const i of upTo(10_000)) expect(counters[`s${i}`]).to.equal(i <= 5000 ? 2 : 1)
        const numbers = await numbersByShelf(dataSource)
        for (const i of upTo(10_000)) expect(numbers[`s${i}`]).to.eql(i <= 5000 ? [1, 2] : [1])
    })

    it("some of which set numbers that rise go on after each of them", async () => {
        const dataSource = await database().connect([Item])
        const given = "CASE WHEN i % 4 = 0 THEN i * 10 END"
        await dataSource.query(insert(dataSource, 1000, "'A'", given))
        await expectItems(dataSource, { A: expected(1000, (i) => (i % 4 === 0 ? i * 10 : 0)) })
    })

    it("some of which set numbers that fall go on after the first of them", async () => {
        const dataSource = await database().connect([Item])
        const given = "CASE WHEN i % 4 = 2 THEN 2000 - i END"
        await dataSource.query(insert(dataSource, 1000, "'A'", given))
        await expectItems(dataSource, { A: expected(1000, (i) => (i % 4 === 2 ? 2000 - i : 0)) })
    })

    it("that all set numbers leave the counter at the highest", async () => {
        for (const number of ["i", "1001 - i"]) {
            const dataSource = await database().connect([Item])
            await dataSource.query(insert(dataSource, 1000, "'A'", number))
            expect(await countersByShelf(dataSource)).to.eql({ A: 1000 })
            await dataSource.query(insert(dataSource, 2, "'A'"))
            expect((await numbersByShelf(dataSource)).A?.slice(-2)).to.eql([1001, 1002])
        }
    })

    for (const method of ["insert", "save"] as const)
        it(`of ${method}() show each its own number`, async () => {
            const dataSource = await database().connect([Item])
            const items: Item[] = upTo(2000).map((i) =>
                Object.assign(new Item(), { shelf: "ABC"[i % 3], sku: `sku ${i}` }),
            )
            if (method === "insert") await dataSource.manager.insert(Item, items)
            else await dataSource.manager.save(items)
            const stored = await dataSource.manager.find(Item, { order: { id: "ASC" } })
            const shown = items.map(({ id, sku, shelf, number }) => ({ id, sku, shelf, number }))
            expect(stored.map(({ id, sku, shelf, number }) => ({ id, sku, shelf, number }))).to.eql(
                shown.sort((a, b) => a.id - b.id),
            )
            await expectItems(dataSource, { B: upTo(667), C: upTo(667), A: upTo(666) })
        })
})

/** The numbers of rows some of which set one. */
function expected(rows: number, givenOf: (i: number) => number): number[] {
    let last = 0
    return upTo(rows).map((i) => {
        const number = givenOf(i) || last + 1
        last = Math.max(last, number)
        return number
    })
}

// Each version of a row that a transaction makes is one that its next update walks over.
onPostgres("Versions of counters that one transaction makes", (database) => {
    async function updatesOf(
        values: string,
        {
            rows = 10_000,
            times = 2,
            ...own
        }: { rows?: number; times?: number; schema?: string } = {},
    ) {
        if (own.schema) await database().query(`CREATE SCHEMA ${own.schema}`)
        const dataSource = await database().connect([Item], own)
        const sql =
            `INSERT INTO ${table(dataSource, Item)} (shelf, number) ` +
            `SELECT ${values} FROM ${countingTo(dataSource, rows)}`
        const updates: number[] = []
        // The first time makes the counters.
        for (let i = 0; i < times; i++)
            updates.push(await dataSource.transaction((manager) => counterUpdates(manager, sql)))
        return { dataSource, updates }
    }

    it("are few where a statement has one scope", async () => {
        const { updates, dataSource } = await updatesOf("'A', NULL")
        expect(Math.max(...updates)).to.be.at.most(3)
        await expectItems(dataSource, { A: upTo(20_000) })
    })

    it("are one where a statement has one row", async () => {
        const { updates } = await updatesOf("'A', NULL", { rows: 1 })
        expect(updates).to.eql([0, 1])
    })

    it("are few for each of two scopes in turn", async () => {
        const { updates } = await updatesOf("chr(65 + i % 2), NULL")
        expect(Math.max(...updates)).to.be.at.most(2 * 3)
    })

    it("are few for each of twenty scopes in turn, whatever they are called", async () => {
        for (const name of ["shelf ", "year ", "c"]) {
            // The places of scopes are told by a hash, which the schema is in: in another one, one of twenty may
            // find the four places taken that it looks at, and has a version for each row.
            const schema = `of_${name.trim()}`
            const { updates } = await updatesOf(`'${name}' || i % 20, NULL`, { schema })
            expect(Math.max(...updates), name).to.be.at.most(20 * 3)
        }
    })

    it("are few where rows set numbers that rise", async () => {
        const { updates } = await updatesOf("'A', i", { times: 1 })
        expect(updates[0]).to.be.at.most(3)
    })

    it("are few where rows with a number and without are mixed", async () => {
        const { updates } = await updatesOf("'A', CASE WHEN i % 3 = 0 THEN i * 5 END", { times: 1 })
        expect(updates[0]).to.be.at.most(3)
    })

    it("are few for each of a hundred scopes that come one after the other", async () => {
        const { updates } = await updatesOf("'shelf ' || i / 100, NULL")
        expect(Math.max(...updates)).to.be.at.most(2000)
    })
})

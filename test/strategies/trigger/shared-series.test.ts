import { expect } from "chai"
import { type DataSource, QueryFailedError } from "typeorm"
import { installAutoSequence, InvalidOptionError } from "../../../src"
import { expectRejects, rejection } from "../../support/errors"
import { upTo } from "../../support/invoices"
import { storedCounters } from "../../support/stored"
import { Bill, Credit, Device, licence } from "./shared-entities"
import {
    counterUpdates,
    expectItems,
    Item,
    makeFunction,
    onPostgres,
    onTriggerDatabases,
    table,
} from "./statement-entities"

/** The numbers of both tables per customer, the lowest first, and the counters. */
async function papersOf(dataSource: DataSource): Promise<Record<string, number[]>> {
    const papers: Record<string, number[]> = {}
    for (const entity of [Bill, Credit])
        for (const { customer, number } of await dataSource.manager.find<Bill | Credit>(entity))
            (papers[customer] ??= []).push(number)
    for (const numbers of Object.values(papers)) numbers.sort((a, b) => a - b)
    return papers
}

async function expectPapers(dataSource: DataSource, lasts: Record<string, number>): Promise<void> {
    const expected = Object.entries(lasts).map(([customer, last]) => [customer, upTo(last)])
    expect(await papersOf(dataSource)).to.eql(Object.fromEntries(expected))
    const counters = (await storedCounters(dataSource)).map(({ series, scope, last }) => [
        series,
        scope,
        Number(last),
    ])
    expect(counters).to.have.deep.members(
        Object.entries(lasts).map(([customer, last]) => ["papers", `v1:"${customer}"`, last]),
    )
}

onTriggerDatabases("Two tables that share a series", (database) => {
    it("are numbered in turn, their scopes in columns of different types", async () => {
        const dataSource = await database().connect([Bill, Credit])
        const { manager } = dataSource
        const numbers: number[] = []
        for (const i of upTo(6)) {
            const paper: Partial<Bill | Credit> = i % 2 === 0 ? { customer: "7" } : { customer: 7 }
            await manager.insert(i % 2 === 0 ? Credit : Bill, paper as never)
            numbers.push(paper.number ?? 0)
        }
        expect(numbers).to.eql(upTo(6))
        await manager.save([
            manager.create(Bill, { customer: 7 }),
            manager.create(Credit, { customer: "7" }),
            manager.create(Bill, { customer: 7 }),
            manager.create(Credit, { customer: "8" }),
        ])
        await expectPapers(dataSource, { 7: 9, 8: 1 })
    })

    it("go on after the rows that both have before there is a counter", async () => {
        const dataSource = await database().connect([Bill, Credit])
        const { manager } = dataSource
        await manager.insert(Bill, { customer: 7, number: 1 })
        await manager.insert(Credit, { customer: "7", number: 2 })
        await manager.insert(Bill, { customer: 7, number: 3 })
        await manager.query(`DELETE FROM ${table(dataSource, "AutoSequenceCounter")}`)
        await manager.insert(Credit, { customer: "7" })
        await expectPapers(dataSource, { 7: 4 })
        await manager.query(`DELETE FROM ${table(dataSource, "AutoSequenceCounter")}`)
        await manager.insert(Bill, { customer: 7 })
        await expectPapers(dataSource, { 7: 5 })
    })

    it("go on after each other's numbers that are set", async () => {
        const dataSource = await database().connect([Bill, Credit])
        const { manager } = dataSource
        await manager.insert(Bill, [{ customer: 7 }, { customer: 7, number: 10 }])
        const credit: Partial<Credit> = { customer: "7" }
        await manager.insert(Credit, credit)
        expect(credit.number).to.equal(11)
        expect((await storedCounters(dataSource)).map(({ last }) => last)).to.eql(["11"])
    })

    it("may have a uuid and a text for their scope", async () => {
        const Licence = licence(database().kind === "mariadb" ? "utf8mb4_bin" : undefined)
        const dataSource = await database().connect([Device, Licence])
        const { manager } = dataSource
        const owner = "5f0c8a5e-91a2-4a38-9f0f-0d7b8c2c1a10"
        const devices = upTo(2).map(() => ({ owner }) as Device)
        const licences = upTo(2).map(() => ({ owner }) as InstanceType<typeof Licence>)
        await manager.insert(Device, devices)
        await manager.insert(Licence, licences)
        const last = { owner } as Device
        await manager.insert(Device, last)
        expect([...devices, ...licences, last].map(({ number }) => number)).to.eql(upTo(5))
        await manager.query(`DELETE FROM ${table(dataSource, "AutoSequenceCounter")}`)
        const next = { owner } as InstanceType<typeof Licence>
        await manager.insert(Licence, next)
        expect(next.number).to.equal(6)
        expect((await storedCounters(dataSource)).map(({ scope }) => scope)).to.eql([
            `v1:"${owner}"`,
        ])
    })

    it("are refused where only one of them takes different texts for equal", async function () {
        if (database().kind !== "mariadb") return this.skip()
        await expectRejects(
            database().connect([Device, licence()]),
            InvalidOptionError,
            'share the series "things" and differ in whether the collations of uniqueWith',
        )
    })
})

onPostgres("Two tables that share a series in PostgreSQL", (database) => {
    let dataSource: DataSource
    let [bill, credit] = ["", ""]
    beforeEach(async () => {
        dataSource = await database().connect([Bill, Credit])
        bill = table(dataSource, Bill)
        credit = table(dataSource, Credit)
    })

    it("are numbered without gaps by one statement that writes both", async () => {
        await dataSource.query(
            `WITH bills AS (
                 INSERT INTO ${bill} (customer) SELECT 7 + i % 2 FROM generate_series(1, 60) i RETURNING customer
             )
             INSERT INTO ${credit} (customer) SELECT customer FROM bills`,
        )
        await expectPapers(dataSource, { 7: 60, 8: 60 })
        await dataSource.query(
            `WITH bills AS (INSERT INTO ${bill} (customer) SELECT 7 FROM generate_series(1, 20))
             INSERT INTO ${credit} (customer) SELECT 7 FROM generate_series(1, 20)`,
        )
        await expectPapers(dataSource, { 7: 100, 8: 60 })
    })

    it("make few versions of their counter in one statement that writes both", async () => {
        const updates = await dataSource.transaction((manager) =>
            counterUpdates(
                manager,
                `WITH bills AS (INSERT INTO ${bill} (customer) SELECT 7 FROM generate_series(1, 5000) RETURNING customer)
                 INSERT INTO ${credit} (customer) SELECT customer FROM bills`,
            ),
        )
        expect(updates).to.be.at.most(6)
        await expectPapers(dataSource, { 7: 10_000 })
    })

    it("have no gap where rows of one statement that writes both conflict", async () => {
        await dataSource.query(`INSERT INTO ${bill} (customer, code) VALUES (7, 'b')`)
        await dataSource.query(`INSERT INTO ${credit} (customer, code) VALUES (7, 'c')`)
        await dataSource.query(
            `WITH bills AS (
                 INSERT INTO ${bill} (customer, code) VALUES (7, 'b'), (7, NULL), (7, 'b') ON CONFLICT DO NOTHING
             )
             INSERT INTO ${credit} (customer, code) VALUES (7, NULL), (7, 'c') ON CONFLICT DO NOTHING`,
        )
        await expectPapers(dataSource, { 7: 4 })
    })

    it("are numbered without gaps where a trigger writes one for each row of the other", async () => {
        const copy = await makeFunction(
            dataSource,
            "credit_bill",
            "() RETURNS trigger",
            `BEGIN INSERT INTO ${credit} (customer) VALUES (NEW.customer); RETURN NEW; END`,
        )
        for (const [name, when] of [
            ["zzz", "AFTER"],
            ["app", "BEFORE"],
        ] as const) {
            await dataSource.query(
                `CREATE TRIGGER ${name} ${when} INSERT ON ${bill} FOR EACH ROW EXECUTE FUNCTION ${copy}()`,
            )
            await dataSource.query(
                `INSERT INTO ${bill} (customer) SELECT 7 + i % 2 FROM generate_series(1, 10) i`,
            )
        }
        await expectPapers(dataSource, { 7: 5 * 2 + 5 * 3, 8: 5 * 2 + 5 * 3 })
    })
})

onPostgres("A table in partitions", (database) => {
    let dataSource: DataSource
    let item: string
    const partition = (name: string) => item.replace(/"item"$/, `"item_${name}"`)

    beforeEach(async () => {
        dataSource = await database().connect([Item])
        item = table(dataSource, Item)
        const { indices } = dataSource.getMetadata(Item)
        await dataSource.query(`DROP TABLE ${item}`)
        await dataSource.query(
            `CREATE TABLE ${item} (
                 id serial, shelf varchar(100) NOT NULL, sku varchar(100),
                 stock int NOT NULL DEFAULT 0, number int NOT NULL, UNIQUE (shelf, sku)
             ) PARTITION BY LIST (shelf)`,
        )
        await dataSource.query(
            `CREATE UNIQUE INDEX "${indices[0]?.name}" ON ${item} (shelf, number)`,
        )
        await dataSource.query(
            `CREATE TABLE ${partition("a")} PARTITION OF ${item} FOR VALUES IN ('A')`,
        )
        await dataSource.query(`CREATE TABLE ${partition("rest")} PARTITION OF ${item} DEFAULT`)
        await installAutoSequence(dataSource)
    })

    it("is numbered without gaps, through the table and its partitions", async () => {
        await dataSource.query(`INSERT INTO ${item} (shelf) VALUES ('A'), ('B'), ('A'), ('B')`)
        await dataSource.query(`INSERT INTO ${partition("a")} (shelf) VALUES ('A'), ('A')`)
        await dataSource.query(
            `INSERT INTO ${partition("rest")} (shelf) VALUES ('B'), ('C'), ('B')`,
        )
        await dataSource.query(
            `INSERT INTO ${item} (shelf) SELECT chr(65 + i % 3) FROM generate_series(1, 300) i`,
        )
        await dataSource.query(`INSERT INTO ${partition("a")} (shelf, number) VALUES ('A', 106)`)
        await dataSource.query(`INSERT INTO ${item} (shelf) VALUES ('A')`)
        await expectItems(dataSource, { A: [...upTo(104), 106, 107], B: upTo(104), C: upTo(101) })
    })

    it("takes the numbers of rows back that conflict", async () => {
        await dataSource.query(`INSERT INTO ${item} (shelf, sku) VALUES ('A', 'x'), ('B', 'x')`)
        await dataSource.query(
            `INSERT INTO ${item} (shelf, sku) VALUES ('A', 'x'), ('A', NULL), ('B', 'x') ON CONFLICT DO NOTHING`,
        )
        await dataSource.query(
            `INSERT INTO ${item} (shelf, sku) VALUES ('B', NULL), ('A', 'x') ON CONFLICT DO NOTHING`,
        )
        await expectItems(dataSource, { A: [1, 2], B: [1, 2] })
    })

    it("takes the numbers of rows back that conflict in a partition itself, but for a last one", async () => {
        const insert = (values: string) =>
            dataSource.query(
                `INSERT INTO ${partition("a")} (shelf, sku) VALUES ${values} ON CONFLICT DO NOTHING`,
            )
        await insert(`('A', 'x')`)
        await insert(`('A', 'x'), ('A', NULL)`)
        await expectItems(dataSource, { A: [1, 2] })
        // It has no trigger of its own that runs after a statement.
        await insert(`('A', 'x')`)
        await insert(`('A', NULL)`)
        await expectItems(dataSource, { A: [1, 2, 4] })
    })

    it("refuses changes of its rows", async () => {
        await dataSource.query(`INSERT INTO ${item} (shelf) VALUES ('A')`)
        for (const into of [item, partition("a")])
            for (const change of ["number = 5", "shelf = 'B'"]) {
                const error = await rejection(dataSource.query(`UPDATE ${into} SET ${change}`))
                expect(error).not.to.be.instanceOf(QueryFailedError)
                expect(error).to.include({ code: "READ_ONLY_NUMBER" })
            }
        await expectItems(dataSource, { A: [1] })
    })
})

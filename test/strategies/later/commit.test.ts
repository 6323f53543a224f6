import { expect } from "chai"
import {
    type DataSource,
    Entity,
    type EntityManager,
    PrimaryColumn,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    AutoSequenceColumn,
    CounterBehindError,
    installAutoSequence,
    NotInstalledError,
    NumberOverflowError,
    ReadOnlyNumberError,
    UnsupportedError,
} from "../../../src"
import { expectRejects, rejection } from "../../support/errors"
import { upTo } from "../../support/invoices"
import { counterTable, storedCounters } from "../../support/stored"
import { onMariaDb, onPostgres, table } from "../trigger/statement-entities"
import { LateBill, Receipt } from "./entities"

const failed = new Error("roll back")

/** The numbers of the receipts of each company in the order of their rows; the counters are at the highest. */
async function expectReceipts(
    dataSource: DataSource,
    expected: Record<string, readonly (number | null)[]>,
): Promise<void> {
    const rows = await dataSource.manager.find(Receipt, { order: { id: "ASC" } })
    const numbers: Record<string, (number | null)[]> = {}
    for (const { company, number } of rows) (numbers[company] ??= []).push(number)
    expect(numbers).to.eql(expected)
    const last = (await storedCounters(dataSource)).map((counter) => Number(counter.last))
    const highest = Object.values(expected).map((all) => Math.max(...all.map(Number)))
    expect(last.sort()).to.eql(highest.sort())
}

onPostgres("Numbers that triggers make at COMMIT", (database) => {
    let dataSource: DataSource
    let receipt: string
    const receipts = () => dataSource.getRepository(Receipt)
    const sql = (text: string) => dataSource.query<unknown[]>(text)
    const inside = (work: (manager: EntityManager) => Promise<unknown>) =>
        dataSource.transaction(work)
    beforeEach(async () => {
        dataSource = await database().connect([Receipt])
        receipt = table(dataSource, Receipt)
    })

    it("are refused where the trigger is missing, which would store rows without a number", async () => {
        const other = await database().connect([Receipt], {
            sameAs: dataSource,
            synchronize: false,
        })
        const save = () => other.manager.save(other.manager.create(Receipt, { company: "A" }))
        const triggers = await other.query<{ name: string }[]>(
            `SELECT tgname AS name FROM pg_trigger WHERE tgrelid = '${receipt}'::regclass AND tginitdeferred`,
        )
        for (const { name } of triggers) await sql(`DROP TRIGGER "${name}" ON ${receipt}`)
        await expectRejects(save(), NotInstalledError, "at COMMIT, and there is none")
        expect(await receipts().count()).to.equal(0)
        await installAutoSequence(other)
        expect([(await save()).number, (await save()).number]).to.eql([1, 2])
    })

    it("are on the entities of their rows where primary keys are a millisecond apart", async () => {
        @Entity()
        class Reading {
            @PrimaryColumn({ type: "timestamptz", precision: 3 }) at!: Date
            @AutoSequenceColumn({ strategy: "trigger", assign: "commit" }) number!: number | null
        }
        const other = await database().connect([Reading])
        const saved = await other.manager.save(
            [1, 2, 3].map((ms) => other.manager.create(Reading, { at: new Date(ms) })),
        )
        expect(saved.map(({ number }) => number)).to.eql([1, 2, 3])
        const stored = await other.manager.find(Reading, { order: { at: "ASC" } })
        expect(stored.map(({ number }) => number)).to.eql([1, 2, 3])
    })

    it("are on entities when save() and insert() resolve, and the transaction has shown NULL", async () => {
        const own = await receipts().save(receipts().create({ company: "A" }))
        expect(own.number).to.equal(1)
        const inserted = receipts().create([{ company: "A" }, { company: "B" }, { company: "A" }])
        await receipts().insert(inserted)
        expect(inserted.map(({ number }) => number)).to.eql([2, 1, 3])
        const saved = await inside(async (manager) => {
            const rows = await manager.save(
                ["A", "B", "A"].map((company) => manager.create(Receipt, { company })),
            )
            expect(rows.map(({ number }) => number)).to.eql([null, null, null])
            const read = await manager.query<{ number: unknown }[]>(
                `SELECT number FROM ${receipt} ORDER BY id DESC LIMIT 3`,
            )
            expect(read.map(({ number }) => number)).to.eql([null, null, null])
            return rows
        })
        expect((saved as Receipt[]).map(({ number }) => number)).to.eql([4, 2, 5])
        await expectReceipts(dataSource, { A: [1, 2, 3, 4, 5], B: [1, 2] })
    })

    it("are on entities that have been set to NULL, beside others that say nothing", async () => {
        const rows = [null, undefined].map((number) => receipts().create({ company: "A", number }))
        await inside((manager) => manager.save(rows))
        expect(rows.map(({ number }) => number)).to.eql([1, 2])
        expect(await receipts().save({ company: "A" })).to.include({ number: 3 })
        await expectReceipts(dataSource, { A: [1, 2, 3] })
    })

    it("are on none of the entities of orIgnore() where some rows are skipped", async () => {
        await receipts().save(receipts().create({ company: "A", sku: "a" }))
        const ignoring = async (...skus: string[]) => {
            const rows = receipts().create(skus.map((sku) => ({ company: "A", sku })))
            await inside((manager) =>
                manager.createQueryBuilder(Receipt, "r").insert().values(rows).orIgnore().execute(),
            )
            return rows.map(({ number }) => number ?? null)
        }
        // TypeORM shows the id of the second row on the first.
        expect(await ignoring("a", "b")).to.eql([null, null])
        expect(await ignoring("c", "d")).to.eql([3, 4])
        expect(await ignoring("a", "c")).to.eql([null, null])
        await receipts().save(receipts().create({ company: "A" }))
        await expectReceipts(dataSource, { A: [1, 2, 3, 4, 5] })
    })

    it("are on entities beside others that are not read back, and have no primary key", async () => {
        @Entity({ name: "slip" })
        class Slip {
            @PrimaryGeneratedColumn({ type: "bigint" }) id!: string
            @AutoSequenceColumn({ strategy: "trigger", assign: "commit" }) number!: number | null
        }
        const slips = (await database().connect([Slip])).getRepository(Slip)
        const saved = slips.create([{}, {}, {}])
        await slips.manager.transaction(async (manager) => {
            await manager.save(saved.slice(0, 1))
            await manager.save(saved.slice(1, 2), { reload: false })
            await manager.save(saved.slice(2))
        })
        expect(saved.map(({ number }) => number ?? null)).to.eql([1, null, 3])
        expect((await slips.save(slips.create())).number).to.equal(4)
    })

    it("are made for raw SQL, in the order in which rows came", async () => {
        await sql(`INSERT INTO ${receipt} (company) VALUES ('A')`)
        await inside(async (manager) => {
            await manager.query(`INSERT INTO ${receipt} (company) VALUES ('A'), ('B')`)
            await manager.query(
                `INSERT INTO ${receipt} (company) SELECT 'A' FROM generate_series(1, 3)`,
            )
            await manager.query(`UPDATE ${receipt} SET stock = 1 WHERE id = 2`)
            await manager.query(`INSERT INTO ${receipt} (company, number) VALUES ('A', 4)`)
        })
        await sql(`INSERT INTO ${receipt} (company) VALUES ('A'), ('A')`)
        await expectReceipts(dataSource, { A: [1, 5, 6, 7, 8, 4, 9, 10], B: [1] })
    })

    it("go to the rows that are there at COMMIT, by the scope that they have then", async () => {
        await inside(async (manager) => {
            await manager.query(
                `INSERT INTO ${receipt} (company) SELECT 'A' FROM generate_series(1, 5)`,
            )
            await manager.query(`DELETE FROM ${receipt} WHERE id = 1`)
            await manager.query(`UPDATE ${receipt} SET company = 'B' WHERE id = 2`)
            await manager.query(`UPDATE ${receipt} SET id = 30 WHERE id = 3`)
            await manager.query(`UPDATE ${receipt} SET number = 7, company = 'B' WHERE id = 4`)
            await manager.query("SAVEPOINT here")
            await manager.query(`INSERT INTO ${receipt} (company) VALUES ('A')`)
            await manager.query(`UPDATE ${receipt} SET company = 'C' WHERE id = 5`)
            await manager.query("ROLLBACK TO SAVEPOINT here")
        })
        const rows = await sql(`SELECT id, company, number FROM ${receipt} ORDER BY id`)
        expect(rows.map((row) => Object.values(row as object).join(" "))).to.have.members([
            ...["2 B 8", "4 B 7", "5 A 1", "30 A 2"],
        ])
        await sql(`INSERT INTO ${receipt} (company) VALUES ('A'), ('B')`)
        const last = await sql(
            `SELECT company, MAX(number) AS n FROM ${receipt} GROUP BY 1 ORDER BY 1`,
        )
        expect(last).to.eql([
            { company: "A", n: 3 },
            { company: "B", n: 9 },
        ])
    })

    it("are on no entity where the transaction, or a savepoint, is rolled back", async () => {
        const rows = upTo(3).map(() => receipts().create({ company: "A" }))
        const [first, second, third] = rows as [Receipt, Receipt, Receipt]
        expect(
            await rejection(
                inside(async (manager) => {
                    await manager.save(first)
                    throw failed
                }),
            ),
        ).to.equal(failed)
        expect(first.number).to.not.be.a("number")
        await inside(async (manager) => {
            await manager.save(second)
            await rejection(
                manager.transaction(async (nested) => {
                    await nested.save(third)
                    throw failed
                }),
            )
        })
        expect([second.number, third.number ?? null]).to.eql([1, null])
        const fourth = receipts().create({ company: "B" })
        await inside(async (manager) => {
            await rejection(
                manager.transaction(async (nested) => {
                    await nested.insert(Receipt, fourth)
                    throw failed
                }),
            )
            await manager.query(`INSERT INTO ${receipt} (id, company) VALUES (${fourth.id}, 'B')`)
        })
        expect(fourth.number ?? null, "that of another row").to.equal(null)
        await receipts().insert(receipts().create({ company: "A" }))
        await expectReceipts(dataSource, { A: [1, 2], B: [1] })
    })

    it("are made where the same entity is saved twice, and by parallel saves of one manager", async () => {
        const one = receipts().create({ company: "A" })
        const others = upTo(4).map(() => receipts().create({ company: "A" }))
        await inside(async (manager) => {
            await manager.save(one)
            one.company = "B"
            await manager.save(one)
            await Promise.all(others.map((row) => manager.save(row)))
        })
        expect(one.number).to.equal(1)
        expect(others.map(({ number }) => number).sort()).to.eql(upTo(4))
        await expectRejects(receipts().save({ ...one, number: 5 }), ReadOnlyNumberError)
        const copy = await receipts().save(receipts().create({ company: "B" }))
        expect(copy.number).to.equal(2)
    })

    it("keep the transaction from being committed where they can't be made", async () => {
        await receipts().save(receipts().create({ company: "A" }))
        await sql(`UPDATE ${counterTable(dataSource)} SET last = 2147483647`)
        const row = receipts().create({ company: "A" })
        await expectRejects(receipts().save(row), NumberOverflowError)
        expect(row.number ?? null).to.equal(null)
        await expectRejects(
            inside((manager) => manager.query(`INSERT INTO ${receipt} (company) VALUES ('A')`)),
            NumberOverflowError,
        )
        await sql(`UPDATE ${counterTable(dataSource)} SET last = 0`)
        await expectRejects(
            inside((manager) => manager.insert(Receipt, { company: "A" })),
            CounterBehindError,
        )
        await sql(`UPDATE ${counterTable(dataSource)} SET last = 1`)
        await receipts().save(receipts().create({ company: "A" }))
        await expectReceipts(dataSource, { A: [1, 2] })
    })

    it("are made at once where constraints are no longer deferred", async () => {
        await inside(async (manager) => {
            await manager.query(`INSERT INTO ${receipt} (company) VALUES ('A'), ('A')`)
            await manager.query("SET CONSTRAINTS ALL IMMEDIATE")
            await manager.query(`INSERT INTO ${receipt} (company) VALUES ('A'), ('B')`)
            const rows = await manager.query<{ number: number }[]>(
                `SELECT number FROM ${receipt} ORDER BY id`,
            )
            expect(rows.map(({ number }) => number)).to.eql([1, 2, 3, 1])
        })
        await expectReceipts(dataSource, { A: [1, 2, 3], B: [1] })
    })

    it("let stored rows keep theirs in an upsert", async () => {
        await receipts().save(receipts().create({ company: "A", sku: "x" }))
        await inside(async (manager) => {
            await manager.upsert(
                Receipt,
                [
                    { company: "A", sku: "x", stock: 5 },
                    { company: "A", sku: "y", stock: 6 },
                ],
                ["sku"],
            )
            await manager.insert(Receipt, { company: "A" })
        })
        await expectReceipts(dataSource, { A: [1, 2, 3] })
    })

    it("are those of 16 writers: all of them, in the order of their COMMITs", async () => {
        const connected = await database().connect([Receipt], { connections: 16 })
        const each = 12
        await Promise.all(
            upTo(16).map(async (writer) => {
                for (const turn of upTo(each)) {
                    const work = connected.transaction(async (manager) => {
                        const stock = writer * 100 + turn
                        const row = { company: "A", stock }
                        await manager.insert(Receipt, [row, { ...row }])
                        if ((writer + turn) % 7 === 0) throw failed
                    })
                    await work.catch((error: unknown) => {
                        if (error !== failed) throw error
                    })
                }
            }),
        )
        const rows = await connected.manager.find(Receipt, { order: { number: "ASC" } })
        expect(rows.map(({ number }) => number)).to.eql(upTo(rows.length))
        for (let at = 0; at < rows.length; at += 2)
            expect(rows[at + 1]?.stock, "of the same transaction").to.equal(rows[at]?.stock)
        const row = await connected.manager.save(
            connected.manager.create(Receipt, { company: "A" }),
        )
        expect(row.number).to.equal(rows.length + 1)
    })
})

onPostgres("Drafts that triggers number at COMMIT", (database) => {
    it("have number, period and today by what they are then", async () => {
        const dataSource = await database().connect([LateBill])
        const bills = dataSource.getRepository(LateBill)
        const make = (at: number, values: Partial<LateBill> = {}) =>
            bills.create({ at, company: "A", ...values })
        const [draft, back, moved, final] = [make(1), make(2), make(3), make(4)] as const
        await bills.save([draft, back, moved])
        await dataSource.transaction(async (manager) => {
            for (const bill of [back, moved, draft])
                await manager.save(Object.assign(bill, { status: "final", issuedOn: "2020-12-31" }))
            await manager.save(Object.assign(back, { status: "draft" }))
            await manager.save(Object.assign(moved, { issuedOn: "2021-01-01" }))
            await manager.save(Object.assign(final, { status: "final" }))
            expect([draft, back, moved, final].map(({ number }) => number)).to.eql(
                upTo(4).map(() => null),
            )
        })
        expect(draft).to.include({ number: 1, numberPeriod: "2020" })
        expect(moved).to.include({ number: 1, numberPeriod: "2021" })
        expect(back).to.include({ number: null, numberPeriod: null })
        const year = new Date().toISOString().slice(0, 4)
        expect(final).to.include({ number: 1, numberPeriod: year })
        expect(final.issuedOn).to.match(new RegExp(`^${year}-`))
        const alone = make(5, { status: "final", issuedOn: "2020-01-01" })
        await bills.insert(alone)
        expect(alone).to.include({ number: 2, numberPeriod: "2020", issuedOn: "2020-01-01" })
        await bills.save(Object.assign(back, { status: "final" }))
        expect(back).to.include({ number: 3, numberPeriod: "2020" })
    })
})

onMariaDb("Numbers at COMMIT by triggers", (database) => {
    it("are refused where no trigger runs then", async () => {
        const attempt = database().connect([Receipt])
        await expectRejects(attempt, UnsupportedError, 'Use strategy "counter"')
    })
})

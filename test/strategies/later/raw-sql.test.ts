import { expect } from "chai"
import { Column, type DataSource, Entity, Not, PrimaryGeneratedColumn } from "typeorm"
import { AutoSequenceColumn } from "../../../src"
import { rejection } from "../../support/errors"
import { upTo } from "../../support/invoices"
import {
    counterUpdates,
    countingTo,
    makeFunction,
    onPostgres,
    onTriggerDatabases,
    table,
} from "../trigger/statement-entities"
import { Bill, expectBills } from "./entities"

@Entity({ name: "typed" })
class Typed {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "citext" }) name!: string
    @Column({ type: "enum", enum: ["draft", "sent"] }) kind!: string
    @AutoSequenceColumn({ strategy: "trigger", when: { name: "Final", kind: Not("draft") } })
    number!: number | null
}

onTriggerDatabases("Drafts of raw SQL", (database) => {
    let dataSource: DataSource
    let bill: string
    const sql = (text: string) => dataSource.query<unknown[]>(text)
    const refused = async (attempt: Promise<unknown>) => {
        // TypeORM 0.3 names no errors of raw SQL on MariaDB.
        expect((await rejection(attempt)).message).to.contain("of a stored row")
    }
    const insert = (values: string) =>
        sql(`INSERT INTO ${bill} (company, status, number) VALUES ${values}`)
    beforeEach(async () => {
        dataSource = await database().connect([Bill])
        bill = table(dataSource, Bill)
    })

    it("are without a number, and no counter moves", async () => {
        await sql(`INSERT INTO ${bill} (company) VALUES ('A'), ('A')`)
        await insert("('A', 'draft', NULL), ('A', NULL, NULL), ('B', 'void', NULL)")
        await expectBills(dataSource, { A: [null, null, null, null], B: [null] })
        await insert("('A', 'final', NULL), ('A', 'draft', NULL), ('A', 'sent', NULL)")
        await expectBills(dataSource, { A: [null, null, null, null, 1, null, 2], B: [null] })
    })

    it("get their numbers by the UPDATE that makes the condition true, and keep them", async () => {
        await insert("('A', 'draft', NULL), ('A', 'draft', NULL), ('A', NULL, NULL)")
        await sql(`UPDATE ${bill} SET status = 'final' WHERE id = 2`)
        await sql(`UPDATE ${bill} SET status = 'void' WHERE id = 1`)
        await sql(`UPDATE ${bill} SET status = NULL WHERE id = 3`)
        await expectBills(dataSource, { A: [null, 1, null] })
        await sql(`UPDATE ${bill} SET status = 'final', number = NULL WHERE id = 3`)
        await sql(`UPDATE ${bill} SET status = 'void' WHERE id = 2`)
        await sql(`UPDATE ${bill} SET status = 'draft' WHERE id = 3`)
        await sql(`UPDATE ${bill} SET status = 'final', stock = 5`)
        await expectBills(dataSource, { A: [3, 1, 2] })
        await insert("('A', 'final', NULL)")
        await expectBills(dataSource, { A: [3, 1, 2, 4] })
    })

    it("leave no gap where they are deleted, or moved to another scope", async () => {
        await insert("('A', 'draft', NULL), ('A', 'draft', NULL), ('A', 'final', NULL)")
        await sql(`DELETE FROM ${bill} WHERE id = 1`)
        await sql(`UPDATE ${bill} SET company = 'B' WHERE id = 2`)
        await sql(`UPDATE ${bill} SET company = 'C', status = 'final' WHERE id = 2`)
        await insert("('A', 'final', NULL), ('C', 'final', NULL)")
        await expectBills(dataSource, { C: [1, 2], A: [1, 2] })
        await refused(sql(`UPDATE ${bill} SET company = 'B' WHERE id = 2`))
    })

    it("keep a number that is set, whatever the condition says", async () => {
        await insert("('A', 'draft', 5), ('A', 'final', NULL), ('A', 'draft', NULL)")
        await sql(`UPDATE ${bill} SET number = 9 WHERE id = 3`)
        await sql(`UPDATE ${bill} SET status = 'final'`)
        await insert("('A', 'final', NULL)")
        await expectBills(dataSource, { A: [5, 6, 9, 10] })
        await refused(sql(`UPDATE ${bill} SET number = NULL WHERE id = 1`))
        await refused(sql(`UPDATE ${bill} SET number = 3 WHERE id = 1`))
    })

    it("take numbers back with a savepoint, and with the statement that fails", async () => {
        await insert("('A', 'draft', NULL), ('A', 'draft', NULL), ('A', 'draft', NULL)")
        await dataSource.transaction(async (manager) => {
            await manager.query("SAVEPOINT here")
            await manager.query(`UPDATE ${bill} SET status = 'final'`)
            await manager.query("ROLLBACK TO SAVEPOINT here")
            await manager.query(`UPDATE ${bill} SET status = 'final' WHERE id = 3`)
        })
        await rejection(sql(`UPDATE ${bill} SET status = 'final', sku = 'x'`))
        await expectBills(dataSource, { A: [null, null, 1] })
        await sql(`UPDATE ${bill} SET status = 'final' WHERE id = 1`)
        await expectBills(dataSource, { A: [2, null, 1] })
    })

    it("are numbered where an INSERT becomes the UPDATE that finalises them", async () => {
        const conflict = database().can.tableLock
            ? "ON CONFLICT (sku) DO UPDATE SET status = 'final'"
            : "ON DUPLICATE KEY UPDATE status = 'final'"
        await sql(`INSERT INTO ${bill} (company, sku) VALUES ('A', 'x'), ('A', 'y'), ('B', 'z')`)
        const upsert = (values: string) =>
            sql(`INSERT INTO ${bill} (company, status, sku) VALUES ${values} ${conflict}`)
        await upsert("('A', 'final', 'new 1'), ('A', 'final', 'x'), ('A', 'final', 'new 2')")
        await upsert(
            "('A', 'draft', 'y'), ('A', 'draft', 'new 3'), ('A', 'final', 'x'), ('A', 'final', 'new 4')",
        )
        await upsert("('A', 'final', 'z'), ('A', 'draft', 'x'), ('B', 'final', 'new 5')")
        const rows = await sql(
            `SELECT sku, company, number FROM ${bill} ORDER BY company, number, sku`,
        )
        expect(rows.map((row) => Object.values(row as object).join(" "))).to.have.members([
            ...["new 1 A 1", "x A 2", "new 2 A 3", "y A 4", "new 3 A ", "new 4 A 5"],
            ...["z B 1", "new 5 B 2"],
        ])
        await insert("('A', 'final', NULL), ('B', 'final', NULL)")
        const last = await sql(
            `SELECT company, MAX(number) AS n FROM ${bill} GROUP BY company ORDER BY 1`,
        )
        expect(last).to.eql([
            { company: "A", n: 6 },
            { company: "B", n: 3 },
        ])
    })

    it("of one statement are numbered at once, thousands of them", async () => {
        const count = 3000
        await sql(
            `INSERT INTO ${bill} (company, number) SELECT 'A', NULL FROM ${countingTo(dataSource, count)}`,
        )
        await sql(`UPDATE ${bill} SET status = 'final' WHERE id > 10`)
        await sql(`UPDATE ${bill} SET status = 'final'`)
        await insert("('A', 'final', NULL)")
        const rows = await dataSource.manager.find(Bill, { order: { number: "ASC" } })
        expect(rows.map(({ number }) => number)).to.eql(upTo(count + 1))
        expect(rows.slice(0, count - 10).every(({ id }) => id > 10)).to.equal(true)
    })

    it("are numbered once where two finalise them at a time", async () => {
        const other = await database().connect([Bill], { connections: 2 })
        const name = table(other, Bill)
        await other.query(`INSERT INTO ${name} (company) VALUES ('A'), ('A')`)
        const runner = other.createQueryRunner()
        await runner.startTransaction()
        await runner.query(`UPDATE ${name} SET status = 'final', stock = 1 WHERE id = 1`)
        const second = other.query(`UPDATE ${name} SET status = 'sent', stock = stock + 2`)
        await runner.commitTransaction()
        await second
        await runner.release()
        const rows = await other.query<object[]>(
            `SELECT number, status, stock FROM ${name} ORDER BY id`,
        )
        expect(rows.map((row) => Object.values(row).join(" "))).to.eql(["1 sent 3", "2 sent 2"])
        await other.query(`INSERT INTO ${name} (company, status) VALUES ('A', 'final')`)
        await expectBills(other, { A: [1, 2, 3] })
    })
})

onPostgres("Drafts of raw SQL on PostgreSQL", (database) => {
    it("give their numbers back where another trigger leaves their rows out", async () => {
        const dataSource = await database().connect([Bill])
        const bill = table(dataSource, Bill)
        const skip = await makeFunction(
            dataSource,
            "skip",
            "() RETURNS trigger",
            "BEGIN RETURN CASE WHEN NEW.stock = 1 THEN NULL ELSE NEW END; END",
        )
        await dataSource.query(
            `CREATE TRIGGER zzz_later BEFORE UPDATE ON ${bill} FOR EACH ROW EXECUTE FUNCTION ${skip}()`,
        )
        await dataSource.query(
            `INSERT INTO ${bill} (company, stock) SELECT CASE WHEN i % 3 = 0 THEN 'B' ELSE 'A' END, i % 2
             FROM generate_series(1, 20) s(i)`,
        )
        for (const ids of ["id = 1", "id IN (1, 2)", "id < 6", "true", "true"])
            await dataSource.query(`UPDATE ${bill} SET status = 'final' WHERE ${ids}`)
        await dataSource.query(
            `INSERT INTO ${bill} (company, status) VALUES ('A', 'final'), ('B', 'final')`,
        )
        const numbers = await dataSource.query<{ company: string; numbers: number[] }[]>(
            `SELECT company, array_agg(number ORDER BY number) AS numbers FROM ${bill}
             WHERE number IS NOT NULL GROUP BY company ORDER BY company`,
        )
        expect(numbers).to.eql([
            { company: "A", numbers: upTo(8) },
            { company: "B", numbers: upTo(4) },
        ])
    })

    it("are told by columns whose types are not on the search path of triggers", async function () {
        if (database().kind === "pglite") return this.skip()
        await database().query("CREATE EXTENSION IF NOT EXISTS citext")
        const dataSource = await database().connect([Typed])
        const typed = table(dataSource, Typed)
        await dataSource.query(
            `INSERT INTO ${typed} (name, kind) VALUES ('FINAL', 'sent'), ('final', 'draft'), ('draft', 'sent')`,
        )
        await dataSource.query(`UPDATE ${typed} SET name = 'Final'`)
        await dataSource.query(`UPDATE ${typed} SET kind = 'sent' WHERE id = 2`)
        await dataSource.query(`INSERT INTO ${typed} (name, kind) VALUES ('fINAL', 'sent')`)
        const rows = await dataSource.manager.find(Typed, { order: { id: "ASC" } })
        expect(rows.map(({ number }) => number)).to.eql([1, 3, 2, 4])
    })

    it("move the counter twice, however many one statement finalises", async () => {
        const dataSource = await database().connect([Bill])
        const bill = table(dataSource, Bill)
        await dataSource.query(
            `INSERT INTO ${bill} (company) SELECT 'A' FROM generate_series(1, 500)`,
        )
        const finalise = `UPDATE ${bill} SET status = 'final'`
        const moved = await dataSource.transaction((manager) => counterUpdates(manager, finalise))
        // It is made for the first row, moved for the second, and brought to the last at the end.
        expect(moved).to.equal(2)
    })
})

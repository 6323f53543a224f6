import { expect } from "chai"
import type { DataSource } from "typeorm"
import { CounterBehindError, NumberOverflowError } from "../../src"
import { onOnePostgres, StatementLog } from "../support/databases"
import { rejection } from "../support/errors"
import { numbersOf } from "../support/rows"
import { counterTable, numbersOfScope } from "../support/stored"
import { tableName } from "../support/typeorm"
import { Customer, ENTITIES, Invoice } from "./entities"

onOnePostgres("The statement that numbers rows together with COMMIT", (database) => {
    const log = new StatementLog()
    let dataSource: DataSource
    let ada: Customer
    beforeEach(async () => {
        dataSource = await database().connect(ENTITIES, { logging: "all", logger: log })
        ada = await dataSource.getRepository(Customer).save({ name: "Ada" })
        await save()
        log.statements.length = 0
    })
    const save = (rows = 1) =>
        dataSource
            .getRepository(Invoice)
            .save(Array.from({ length: rows }, () => ({ customer: ada })))
    const invoice = () => tableName(dataSource.getRepository(Invoice).metadata)
    const statements = () => log.statements.filter((sql) => !sql.startsWith("SELECT "))
    const withCommit = () => statements().filter((sql) => /^SAVEPOINT.*; COMMIT$/.test(sql))
    const numbers = () => numbersOfScope(dataSource.getRepository(Invoice), { customer: ada })

    it("adds no other one, whatever the number of rows", async () => {
        expect(numbersOf(await save(3))).to.eql([2, 3, 4])
        expect(numbersOf(await save())).to.eql([5])
        expect(withCommit()).to.have.length(2)
        expect(statements().map((sql) => sql.split(" ", 1)[0])).to.eql([
            "START",
            "INSERT",
            "SAVEPOINT",
            "START",
            "INSERT",
            "SAVEPOINT",
        ])
    })

    it("is not sent for a scope that is new, nor for several", async () => {
        const bob = await dataSource.getRepository(Customer).save({ name: "Bob" })
        await dataSource.getRepository(Invoice).save({ customer: bob })
        await dataSource.getRepository(Invoice).save([{ customer: bob }, { customer: ada }])
        expect(withCommit()).to.eql([])
        await dataSource.getRepository(Invoice).save({ customer: bob })
        expect(withCommit()).to.have.length(1)
    })

    it("does nothing where the rows or the counter have become others", async () => {
        const [row] = await dataSource.transaction(async (manager) => {
            const saved = await manager.save(Invoice, [{ customer: ada }, { customer: ada }])
            await manager.query(`DELETE FROM ${invoice()} WHERE id = $1`, [saved[1]?.id])
            return saved
        })
        expect(row).to.include({ number: 2 })
        await dataSource.query(`DELETE FROM ${counterTable(dataSource)}`)
        expect(numbersOf(await save(2))).to.eql([3, 4])
        expect(withCommit()).to.have.length(2)
        await save()
        expect(await numbers()).to.eql([1, 2, 3, 4, 5])
    })

    it("names its errors, and those of COMMIT", async () => {
        await dataSource.query(
            `INSERT INTO ${invoice()} ("customerId", number) VALUES ($1, 2), ($1, 2147483647)`,
            [ada.id],
        )
        expect(await rejection(save())).to.be.instanceOf(CounterBehindError)
        const { metadata } = dataSource.getRepository("AutoSequenceCounter")
        const last = metadata.findColumnWithPropertyName("last")?.databaseName ?? ""
        await dataSource.query(`UPDATE ${counterTable(dataSource)} SET "${last}" = 2147483647`)
        expect(await rejection(save())).to.be.instanceOf(NumberOverflowError)
        await dataSource.query(`UPDATE ${counterTable(dataSource)} SET "${last}" = 10`)
        await dataSource.query(`DELETE FROM ${invoice()}`)
        await dataSource.query(
            `ALTER TABLE ${invoice()} ADD CONSTRAINT late UNIQUE (note) DEFERRABLE INITIALLY DEFERRED`,
        )
        await dataSource.query(`INSERT INTO ${invoice()} ("customerId", number) VALUES ($1, 7)`, [
            ada.id,
        ])
        const row: Partial<Invoice> = { customer: ada }
        const refused = dataSource.getRepository(Invoice).save(row)
        expect(await rejection(refused)).to.have.property("code", "23505")
        expect(row.number).to.equal(null)
        // Of two scopes, whose numbers are made before COMMIT is sent.
        const bob = await dataSource.getRepository(Customer).save({ name: "Bob" })
        const rows: Partial<Invoice>[] = [{ customer: ada }, { customer: bob }]
        const runner = dataSource.createQueryRunner()
        await runner.startTransaction()
        await runner.manager.save(Invoice, rows)
        expect(await rejection(runner.commitTransaction())).to.have.property("code", "23505")
        await runner.rollbackTransaction()
        // The next COMMIT of the connection does not show them.
        await runner.startTransaction()
        await runner.commitTransaction()
        await runner.release()
        expect(numbersOf(rows)).to.eql([null, null])
        expect(await numbers()).to.eql([7])
        await dataSource.query(`ALTER TABLE ${invoice()} DROP CONSTRAINT late`)
        await save()
        expect(await numbers()).to.eql([7, 11])
        expect(withCommit()).to.have.length(4)
    })
})

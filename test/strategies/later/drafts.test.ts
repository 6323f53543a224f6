import { expect } from "chai"
import type { DataSource, DeepPartial } from "typeorm"
import { CounterBehindError, ReadOnlyNumberError } from "../../../src"
import { expectRejects, rejection } from "../../support/errors"
import { upTo } from "../../support/invoices"
import { counterTable } from "../../support/stored"
import { onTriggerDatabases } from "../trigger/statement-entities"
import { Bill, expectBills, YearlyBill } from "./entities"

const thisYear = new Date().toISOString().slice(0, 4)

onTriggerDatabases("Drafts that are saved", (database) => {
    let dataSource: DataSource
    const bills = () => dataSource.getRepository(Bill)
    const save = (bill: DeepPartial<Bill>) => bills().save(bills().create(bill))
    beforeEach(async () => {
        dataSource = await database().connect([Bill])
    })

    it("show their number as soon as they have one", async () => {
        const draft = await save({ company: "A" })
        expect(draft.number).to.equal(null)
        const final = await save({ company: "A", status: "final" })
        expect(final.number).to.equal(1)
        const loaded = await bills().findOneByOrFail({ id: draft.id })
        expect(loaded.number).to.equal(null)
        loaded.status = "sent"
        await bills().save(loaded)
        expect(loaded).to.include({ number: 2, status: "sent" })
        draft.status = "final"
        await bills().save(draft)
        expect(draft.number, "of a copy that has not heard of it").to.equal(2)
        await bills().save({ ...loaded, status: "draft" })
        await expectBills(dataSource, { A: [2, 1] })
        await save({ company: "A", status: "final" })
        await expectBills(dataSource, { A: [2, 1, 3] })
    })

    it("show it where the entity holds no more than what changes", async () => {
        const { id } = await save({ company: "A" })
        const partial = await bills().save({ id, status: "final" })
        expect(partial).to.deep.include({ id, status: "final", number: 1 })
        await expectBills(dataSource, { A: [1] })
    })

    it("show it as one of several, and by cascades of one call", async () => {
        const drafts = await bills().save(upTo(5).map(() => bills().create({ company: "A" })))
        for (const draft of drafts) draft.status = draft.id % 2 === 1 ? "final" : "draft"
        await bills().save([...drafts, bills().create({ company: "B", status: "final" })])
        expect(drafts.map(({ number }) => number)).to.eql([1, null, 2, null, 3])
        await expectBills(dataSource, { A: [1, null, 2, null, 3], B: [1] })
    })

    it("are numbered by update(), the query builder and insert()", async () => {
        await bills().insert([
            { company: "A" },
            { company: "A" },
            { company: "A", status: "final" },
        ])
        await bills().update({ id: 2 }, { status: "final" })
        await bills().createQueryBuilder().update().set({ status: "sent" }).execute()
        await expectBills(dataSource, { A: [3, 2, 1] })
        const inserted = bills().create({ company: "A", status: "final" })
        await bills().insert(inserted)
        expect(inserted.number).to.equal(4)
        await expectBills(dataSource, { A: [3, 2, 1, 4] })
    })

    it("are numbered by upsert(), where a stored one becomes final too", async () => {
        await bills().insert([
            { company: "A", sku: "x" },
            { company: "A", sku: "y" },
        ])
        const rows = [
            { company: "A", sku: "x", status: "final" },
            { company: "A", sku: "new", status: "final" },
            { company: "A", sku: "draft" },
        ]
        await bills().upsert(rows, ["sku"])
        const stored = await bills().find({ order: { sku: "ASC" } })
        expect(stored.map(({ sku, number }) => [sku, number])).to.deep.equal([
            ["draft", null],
            ["new", 2],
            ["x", 1],
            ["y", null],
        ])
        await save({ company: "A", status: "final" })
        expect(await bills().countBy({ number: 3 })).to.equal(1)
    })

    it("have no number again when they are rolled back", async () => {
        const draft = await save({ company: "A" })
        const failed = new Error("roll back")
        const attempt = dataSource.transaction(async (manager) => {
            draft.status = "final"
            await manager.save(draft)
            expect(draft.number).to.equal(1)
            throw failed
        })
        expect(await rejection(attempt)).to.equal(failed)
        expect(draft.number).to.equal(null)
        await dataSource.transaction(async (manager) => {
            await rejection(
                manager.transaction(async (nested) => {
                    await nested.save(draft)
                    expect(draft.number).to.equal(1)
                    throw failed
                }),
            )
            expect(draft.number).to.equal(null)
            await manager.save(draft)
        })
        expect(draft.number).to.equal(1)
        await save({ company: "A", status: "final" })
        await expectBills(dataSource, { A: [1, 2] })
    })

    it("keep their number, and take one that is set", async () => {
        const draft = await save({ company: "A" })
        await bills().save({ ...draft, number: 7 })
        await expectRejects(bills().save({ id: draft.id, number: 9 }), ReadOnlyNumberError)
        const kept = await bills().save({ id: draft.id, number: null, status: "final" })
        expect(kept.number).to.equal(7)
        const final = await save({ company: "A", status: "final", number: null })
        expect(final.number).to.equal(8)
        await expectBills(dataSource, { A: [7, 8] })
    })

    it("are refused where the counter is behind", async () => {
        const draft = await save({ company: "A" })
        await save({ company: "A", status: "final" })
        await dataSource.query(`UPDATE ${counterTable(dataSource)} SET last = 0`)
        draft.status = "final"
        await expectRejects(bills().save(draft), CounterBehindError)
    })
})

onTriggerDatabases("Drafts that are saved, by period", (database) => {
    let dataSource: DataSource
    const bills = () => dataSource.getRepository(YearlyBill)
    beforeEach(async () => {
        dataSource = await database().connect([YearlyBill])
    })

    it("get period and today with their number", async () => {
        const draft = await bills().save(bills().create({ company: "A" }))
        const dated = await bills().save(bills().create({ company: "A", issuedOn: "2020-02-29" }))
        expect(draft).to.include({ number: null, numberPeriod: null, issuedOn: null })
        expect(dated).to.include({ number: null, numberPeriod: null })
        for (const bill of [draft, dated])
            await bills().save(Object.assign(bill, { status: "final" }))
        expect(dated).to.include({ number: 1, numberPeriod: "2020", issuedOn: "2020-02-29" })
        expect(draft).to.include({ number: 1, numberPeriod: thisYear })
        expect(draft.issuedOn).to.match(new RegExp(`^${thisYear}-`))
        const late = await bills().save({ id: draft.id, status: "draft", issuedOn: draft.issuedOn })
        await expectRejects(bills().save({ ...late, issuedOn: "2020-01-01" }), ReadOnlyNumberError)
        const last = await bills().save({ company: "A", status: "final", issuedOn: "2020-03-01" })
        expect(last).to.include({ number: 2, numberPeriod: "2020" })
    })

    it("take the date, and the scope, that the UPDATE gives them", async () => {
        const draft = await bills().save({ company: "A", issuedOn: "2020-02-29" })
        await bills().save({ company: "B", status: "final", issuedOn: "2021-01-01" })
        await bills().save(
            Object.assign(draft, { company: "B", status: "final", issuedOn: "2021-12-31" }),
        )
        expect(draft).to.include({ number: 2, numberPeriod: "2021" })
        await bills().save({ company: "B", status: "final", issuedOn: "2021-06-01" })
        await bills().save({ company: "A", status: "final", issuedOn: "2020-06-01" })
        const stored = await bills().find({ order: { id: "ASC" } })
        expect(stored.map(({ number, numberPeriod }) => `${numberPeriod} ${number}`)).to.eql([
            ...["2021 2", "2021 1", "2021 3", "2020 1"],
        ])
    })
})

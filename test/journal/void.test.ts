import { expect } from "chai"
import {
    AlreadyVoidedError,
    DraftError,
    InvalidOptionError,
    ReadOnlyNumberError,
    RowNotFoundError,
    seriesOf,
    withReason,
} from "../../src"
import { onEachCell } from "../support/matrix"
import { rejection } from "../support/errors"
import { rolledBack } from "../support/rows"
import { mustWait, sessionOf, Signal } from "../support/waiting"
import { FINAL, invoicesWith, SCOPE } from "./entities"

onEachCell("Rows that are made void", ({ way, can, tables }) => {
    const Invoice = invoicesWith(way.options)
    const dataSource = tables([Invoice])
    const invoices = () => dataSource().getRepository(Invoice)
    const series = () => seriesOf(dataSource(), Invoice, "number")
    const events = async () =>
        (await series().events(SCOPE)).map(({ kind, first, last, reason, by }) => ({
            kind,
            first,
            last,
            reason,
            by,
        }))

    it("keep their number, and the journal says why and by whom", async () => {
        const row = await invoices().save({ ...FINAL })
        const before = Date.now() - 2000
        const options = { reason: "sent twice", by: "ann", set: { status: "void" } }
        const voided = await dataSource().transaction((manager) =>
            series().void(manager, row, options),
        )
        expect(voided).to.include({ id: row.id, number: 1, status: "void" })
        expect(row).to.include({ number: 1, status: "void" })
        expect(await invoices().findOneByOrFail({ id: row.id })).to.include({ status: "void" })
        const [event, ...others] = await series().events(SCOPE)
        expect(others).to.eql([])
        expect(event).to.include({
            kind: "void",
            first: 1,
            last: 1,
            reason: "sent twice",
            by: "ann",
        })
        expect(event!.details).to.eql({ row: { id: String(row.id) } })
        expect(event!.at.getTime()).to.be.within(before, Date.now() + 2000)
        expect(await series().isVoid(row)).to.equal(true)
        const next = await invoices().save({ ...FINAL })
        expect(next.number).to.equal(2)
        expect(await series().isVoid(next.id)).to.equal(false)
    })

    it("have their own reason within a part that has one", async () => {
        const row = await invoices().save({ ...FINAL })
        await dataSource().transaction((manager) =>
            withReason(manager, { reason: "all", by: "bob" }, () =>
                series().void(manager, row, { reason: "own" }),
            ),
        )
        expect(await events()).to.eql([
            { kind: "void", first: 1, last: 1, reason: "own", by: "bob" },
        ])
    })

    it("are void once", async () => {
        const row = await invoices().save({ ...FINAL })
        await series().void(dataSource().manager, row.id, { reason: "a" })
        const again = series().void(dataSource(), row, { reason: "b", set: { status: "void" } })
        expect(await rejection(again)).to.be.instanceOf(AlreadyVoidedError)
        expect(await invoices().findOneByOrFail({ id: row.id })).to.include({ status: "final" })
        expect(await events()).to.have.length(1)
    })

    it("are none that has no number, or is not there", async () => {
        const draft = await invoices().save({})
        expect(
            await rejection(series().void(dataSource(), draft, { reason: "a" })),
        ).to.be.instanceOf(DraftError)
        expect(await rejection(series().void(dataSource(), 999, { reason: "a" }))).to.be.instanceOf(
            RowNotFoundError,
        )
        for (const options of [{}, { reason: "" }, { reason: " " }, { reason: "a", why: "b" }])
            expect(
                await rejection(series().void(dataSource(), draft, options as never)),
            ).to.be.instanceOf(InvalidOptionError)
    })

    it("are void no more where another row has their number, which can be made so", async () => {
        const { id } = await invoices().save({ ...FINAL })
        await series().void(dataSource(), id, { reason: "a" })
        await dataSource().transaction((manager) =>
            withReason(manager, { reason: "b" }, () => manager.delete(Invoice, id)),
        )
        const other = await invoices().save({ ...FINAL, number: 1 })
        expect(await series().isVoid(other)).to.equal(false)
        await series().void(dataSource(), other, { reason: "c" })
        expect(await series().isVoid(other)).to.equal(true)
        expect((await events()).map(({ kind, reason }) => [kind, reason])).to.eql([
            ["void", "a"],
            ["delete", "b"],
            ["explicit", null],
            ["void", "c"],
        ])
    })

    it("stay in their scope and period", async () => {
        const row = await invoices().save({ ...FINAL })
        for (const set of [{ company: "Other" }, { issuedOn: "2027-01-01" }])
            expect(
                await rejection(series().void(dataSource(), row, { reason: "a", set })),
            ).to.be.instanceOf(ReadOnlyNumberError)
        for (const set of [{ number: 5 }, { numberPeriod: "2027" }])
            expect(
                await rejection(series().void(dataSource(), row, { reason: "a", set })),
            ).to.be.instanceOf(InvalidOptionError)
        expect(await events()).to.eql([])
        expect(await series().isVoid(row)).to.equal(false)
    })

    it("are moved to no other scope, also while they are made void", async () => {
        const [row, other] = await invoices().save([{ ...FINAL }, { ...FINAL }])
        await series().void(dataSource(), row!.id, { reason: "a" })
        const move = (set: object) => series().move(dataSource(), row!.id, { set })
        for (const set of [{ company: "Other" }, { issuedOn: "2027-01-01" }])
            expect(await rejection(move(set))).to.be.instanceOf(ReadOnlyNumberError)
        expect(await invoices().findOneByOrFail({ id: row!.id })).to.include({
            company: "Acme",
            number: 1,
        })
        expect(await events()).to.have.length(1)
        if (!can.parallel) return
        const results = await Promise.allSettled([
            series().void(dataSource(), other!.id, { reason: "b" }),
            series().move(dataSource(), other!.id, { set: { company: "Other" } }),
        ])
        const { company } = await invoices().findOneByOrFail({ id: other!.id })
        // The move came first, or was refused.
        expect(company).to.equal(results[1].status === "fulfilled" ? "Other" : "Acme")
    })

    if (can.parallel)
        it("are moved to no other scope where the transaction's snapshot is from before", async () => {
            const row = await invoices().save({ ...FINAL })
            const attempt = dataSource().transaction("REPEATABLE READ", async (manager) => {
                await manager.find(Invoice)
                await series().void(dataSource(), row.id, { reason: "a" })
                await series().move(manager, row.id, { set: { company: "Other" } })
            })
            // Some servers say themselves that the snapshot is too old.
            await rejection(attempt)
            expect(await invoices().findOneByOrFail({ id: row.id })).to.include({
                company: "Acme",
                number: 1,
            })
            expect(await events()).to.eql([
                { kind: "void", first: 1, last: 1, reason: "a", by: null },
            ])
        })

    if (way.options.strategy === "table-lock" && can.parallel)
        it("wait for who has the table before they lock the row that is to move", async () => {
            const row = await invoices().save({ ...FINAL })
            let moving: Promise<unknown> | undefined
            await dataSource().transaction(async (manager) => {
                await manager.save(Invoice, { ...FINAL })
                const started = new Signal()
                let session = ""
                moving = dataSource().transaction(async (own) => {
                    session = await sessionOf(own)
                    started.send()
                    return series().move(own, row.id, { set: { company: "Other" } })
                })
                await started.promise
                expect(await mustWait(dataSource(), session, moving)).to.equal(true)
                await manager.getRepository(Invoice).save({ id: row.id, status: "sent" })
            })
            expect(await moving).to.include({ company: "Other", number: 1, status: "sent" })
        })

    it("are not void after a rollback, and can be made so again", async () => {
        const row = await invoices().save({ ...FINAL })
        await rolledBack(dataSource(), async (manager) => {
            await series().void(manager, row.id, { reason: "a", set: { status: "void" } })
            expect(await series().isVoid(row.id, manager)).to.equal(true)
        })
        expect(await series().isVoid(row.id)).to.equal(false)
        expect(await events()).to.eql([])
        await series().void(dataSource(), row.id, { reason: "b" })
        expect(await events()).to.eql([{ kind: "void", first: 1, last: 1, reason: "b", by: null }])
    })

    if (can.parallel)
        for (const set of [{}, { status: "void" }])
            it(`are void once where two do it at once, set ${JSON.stringify(set)}`, async () => {
                for (const isolation of ["READ COMMITTED", "REPEATABLE READ"] as const) {
                    const row = await invoices().save({ ...FINAL })
                    const results = await Promise.allSettled(
                        ["a", "b", "c"].map((reason) =>
                            dataSource().transaction(isolation, async (manager) => {
                                await manager.find(Invoice)
                                await series().void(manager, row.id, { reason, set })
                            }),
                        ),
                    )
                    const done = results.filter(({ status }) => status === "fulfilled")
                    expect(done).to.have.length(1)
                    const found = await series().events(SCOPE, {
                        from: row.number!,
                        to: row.number!,
                    })
                    expect(found).to.have.length(1)
                    if (isolation === "READ COMMITTED")
                        for (const result of results)
                            if (result.status === "rejected")
                                expect(result.reason).to.be.instanceOf(AlreadyVoidedError)
                }
            })

    if (can.parallel)
        it("wait for an update of the row", async () => {
            const row = await invoices().save({ ...FINAL })
            await Promise.all([
                dataSource().transaction(async (manager) => {
                    await manager.getRepository(Invoice).save({ id: row.id, status: "sent" })
                    await manager.find(Invoice)
                }),
                series().void(dataSource(), row.id, { reason: "a", set: { status: "void" } }),
            ])
            expect(await events()).to.have.length(1)
            expect(await invoices().findOneByOrFail({ id: row.id })).to.include({ number: 1 })
        })
})

import { expect } from "chai"
import {
    InvalidOptionError,
    PeriodClosedError,
    resyncCounters,
    Sequence,
    seriesOf,
    UnsupportedError,
} from "../../src"
import { onEachCell } from "../support/matrix"
import { rejection } from "../support/errors"
import { rolledBack } from "../support/rows"
import { storedCounters } from "../support/stored"
import { tableName } from "../support/typeorm"
import { FINAL, invoicesWith, SCOPE } from "./entities"

const REASON = { reason: "year's accounts are done", by: "ann" }

for (const assign of ["insert", "commit"] as const)
    onEachCell(
        `Periods that are closed, assign: "${assign}"`,
        ({ way, can, tables }) => {
            const Invoice = invoicesWith({ ...way.options, assign })
            const dataSource = tables([Invoice])
            const invoices = () => dataSource().getRepository(Invoice)
            const series = () => seriesOf(dataSource(), Invoice, "number")
            const settings = () => series().settings(SCOPE)
            const close = () => settings().close(dataSource().manager, REASON)
            const save = (more: object = {}) => invoices().save({ ...FINAL, ...more })
            const look = async () => [
                await storedCounters(dataSource()),
                (await invoices().find({ order: { id: "ASC" } })).map(({ number }) => number),
            ]
            const expectClosed = async (attempt: () => Promise<unknown>) => {
                const before = await look()
                expect(await rejection(attempt())).to.be.instanceOf(PeriodClosedError)
                expect(await look()).to.eql(before)
            }

            it("give no number, and nothing moves", async () => {
                await save()
                const draft = await invoices().save({ issuedOn: FINAL.issuedOn })
                const moving = await save({ issuedOn: "2027-01-01" })
                expect(await settings().isClosed()).to.equal(false)
                await close()
                expect(await settings().isClosed()).to.equal(true)
                await expectClosed(() => series().preview(SCOPE))
                await expectClosed(() =>
                    dataSource().transaction((manager) => series().preview(SCOPE, manager)),
                )
                await expectClosed(() => save())
                await expectClosed(() => invoices().save([{ ...FINAL }, { ...FINAL }]))
                await expectClosed(() => save({ number: 1000 }))
                await expectClosed(() => save({ number: -5 }))
                await expectClosed(() => invoices().save({ id: draft.id, status: "final" }))
                await expectClosed(() =>
                    dataSource().transaction((manager) =>
                        manager.update(Invoice, draft.id, { status: "final" } as never),
                    ),
                )
                await expectClosed(() =>
                    series().assign(dataSource(), draft.id, { set: { status: "final" } }),
                )
                await expectClosed(() =>
                    series().move(dataSource(), moving.id, { set: { issuedOn: FINAL.issuedOn } }),
                )
                await expectClosed(() => series().next(dataSource(), SCOPE))
                await expectClosed(() => series().nextMany(dataSource(), SCOPE, 5))
                await expectClosed(() => series().setNext(dataSource().manager, SCOPE, 50))
                await expectClosed(() =>
                    series().skip(dataSource().manager, SCOPE, { from: 2, to: 3, ...REASON }),
                )
                await expectClosed(() => close())
                expect((await save({ issuedOn: "2027-05-05" })).number).to.equal(2)
                expect((await save({ company: "Other" })).number).to.equal(1)
            })

            it("keep their counters from being deleted", async () => {
                await save()
                await close()
                const sequence = new Sequence("invoice.number", {
                    scope: { company: "Acme", numberPeriod: "2026" },
                })
                await expectClosed(() => sequence.delete(dataSource()))
                await expectClosed(() => sequence.next(dataSource()))
            })

            if (assign === "insert" && way.movesCounter)
                it("leave no gap in the scopes that they are numbered with", async () => {
                    // Counters move in the order of their scopes: before and behind the one that is closed.
                    const rows = (more: object = {}) =>
                        ["Aaa", "Acme", "Bbb"].map((company) => ({ ...FINAL, company, ...more }))
                    await invoices().save(rows())
                    const drafts = await invoices().save(rows({ status: "draft" }))
                    await close()
                    const set = { status: "final" }
                    const added = [{ ...FINAL, company: "New" }, ...rows()]
                    await dataSource().transaction(async (manager) => {
                        for (const attempt of [
                            () => manager.insert(Invoice, rows() as never),
                            () => manager.insert(Invoice, added as never),
                            () => manager.update(Invoice, { status: "draft" }, set as never),
                            () => series().assign(manager, drafts, { set }),
                        ])
                            expect(await rejection(attempt())).to.be.instanceOf(PeriodClosedError)
                    })
                    const numbers = async (company: string) =>
                        (await invoices().save([1, 2].map(() => ({ ...FINAL, company })))).map(
                            ({ number }) => number,
                        )
                    expect(await numbers("Aaa")).to.eql([2, 3])
                    expect(await numbers("Bbb")).to.eql([2, 3])
                    expect(await numbers("New")).to.eql([1, 2])
                })

            it("may have rows that are changed, and made void", async () => {
                const row = await save()
                await close()
                await invoices().save({ ...row, status: "sent" })
                await series().void(dataSource(), row, { reason: "a", set: { status: "void" } })
                expect(await series().isVoid(row)).to.equal(true)
            })

            it("are open again when that is said", async () => {
                await save()
                await close()
                await settings().reopen(dataSource().manager, REASON)
                expect(await settings().isClosed()).to.equal(false)
                expect((await save()).number).to.equal(2)
                const again = settings().reopen(dataSource().manager, REASON)
                expect(await rejection(again)).to.be.instanceOf(InvalidOptionError)
                const found = await series().events(SCOPE)
                expect(found.map(({ kind, reason, by }) => ({ kind, reason, by }))).to.eql([
                    { kind: "close", ...REASON },
                    { kind: "reopen", ...REASON },
                ])
            })

            if (way.movesCounter)
                it("are open again past rows that raw SQL has numbered meanwhile", async () => {
                    const { id } = await save()
                    await close()
                    const { driver, manager } = dataSource()
                    const table = tableName(dataSource().getMetadata(Invoice))
                    const number = driver.escape("number")
                    await manager.query(`UPDATE ${table} SET ${number} = 7 WHERE id = ${id}`)
                    await settings().reopen(manager, REASON)
                    expect((await save()).number).to.equal(8)
                })

            it("are closed before their first number", async () => {
                await series()
                    .settings({ company: "Acme" })
                    .close(dataSource().manager, { period: "2026", ...REASON })
                await expectClosed(() => save())
                await settings().reopen(dataSource().manager, REASON)
                expect((await save()).number).to.equal(1)
            })

            it("are open after a rollback", async () => {
                await save()
                await rolledBack(dataSource(), async (manager) => {
                    await settings().close(manager, REASON)
                    expect(await settings().isClosed(manager)).to.equal(true)
                })
                expect((await save()).number).to.equal(2)
                expect(await series().events(SCOPE)).to.eql([])
            })

            it("are left alone by resyncCounters()", async () => {
                await save()
                await close()
                // Behind its rows, as where a dump was restored in part.
                const counters = dataSource().createQueryBuilder().update("AutoSequenceCounter")
                await counters.set({ last: "0" }).where("1 = 1").execute()
                const before = await storedCounters(dataSource())
                expect(await resyncCounters(dataSource())).to.eql([])
                expect(await storedCounters(dataSource())).to.eql(before)
            })

            if (can.parallel && assign === "insert")
                it("wait for writers that have numbers of them, and refuse those who wait", async () => {
                    await save()
                    let closing: Promise<unknown> | undefined
                    await dataSource().transaction(async (manager) => {
                        await manager.getRepository(Invoice).save({ ...FINAL })
                        closing = close()
                        await manager.find(Invoice)
                        await manager.getRepository(Invoice).save({ ...FINAL })
                    })
                    await closing
                    expect(await settings().isClosed()).to.equal(true)
                    expect((await look())[1]).to.eql([1, 2, 3])
                    await expectClosed(() => save())
                })

            if (can.parallel && assign === "insert")
                it("give no number to those who have waited for the close", async () => {
                    await save()
                    let saving: Promise<PromiseSettledResult<unknown>[]> | undefined
                    await dataSource().transaction(async (manager) => {
                        await settings().close(manager, REASON)
                        saving = Promise.allSettled([
                            save(),
                            save({ number: 1000 }),
                            save({ number: -7 }),
                            invoices().save([{ ...FINAL }, { ...FINAL }]),
                            series().next(dataSource(), SCOPE),
                        ])
                        await manager.query("SELECT 1")
                    })
                    for (const result of (await saving) ?? []) {
                        expect(result.status).to.equal("rejected")
                        if (result.status === "rejected")
                            expect(result.reason).to.be.instanceOf(PeriodClosedError)
                    }
                    expect((await look())[1]).to.eql([1])
                })
        },
        (way, can) =>
            way.isGapless &&
            (way.movesCounter || way.isInDatabase) &&
            // MariaDB has no trigger that runs at COMMIT.
            (assign === "insert" || way.movesCounter || can.tableLock),
    )

onEachCell(
    "Periods that can't be closed",
    ({ way, tables }) => {
        const Invoice = invoicesWith(way.options)
        const dataSource = tables([Invoice])
        it("are those without a counter, and those whose numbers may be taken ahead", async () => {
            const settings = seriesOf(dataSource(), Invoice, "number").settings(SCOPE)
            const error = await rejection(settings.close(dataSource().manager, REASON))
            expect(error).to.be.instanceOf(UnsupportedError)
            expect(error.message).to.include(way.isGapless ? 'strategy "counter"' : "gapless")
            expect(await settings.isClosed()).to.equal(false)
        })
    },
    (way) => !way.isGapless || way.isReusing,
)

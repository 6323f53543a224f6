import { expect } from "chai"
import { Entity, type EntityManager, PrimaryColumn } from "typeorm"
import {
    AutoSequenceColumn,
    InvalidOptionError,
    NotDeletableError,
    seriesOf,
    TransactionRequiredError,
    withReason,
} from "../../src"
import { StatementLog } from "../support/databases"
import { onEachCell } from "../support/matrix"
import { rejection } from "../support/errors"
import { beforeDelete, rolledBack } from "../support/rows"
import { onMariaDb } from "../strategies/trigger/statement-entities"
import { FINAL, invoicesWith, SCOPE } from "./entities"

onEachCell("What the journal says of numbers", ({ way, can, tables }) => {
    const Invoice = invoicesWith({ ...way.options, deletable: "withReason" })
    const dataSource = tables([Invoice])
    const invoices = () => dataSource().getRepository(Invoice)
    const series = () => seriesOf(dataSource(), Invoice, "number")
    const table = () =>
        dataSource()
            .getMetadata(Invoice)
            .tablePath.split(".")
            .map((name) => dataSource().driver.escape(name))
            .join(".")
    const events = async (scope: object = SCOPE) =>
        (await series().events(scope)).map(({ kind, first, last, reason, by }) =>
            [kind, first, last, reason, by].filter((one) => one !== null),
        )
    const save = (more: object = {}) => invoices().save({ ...FINAL, ...more })
    const because = <T>(work: (manager: EntityManager) => Promise<T>) =>
        dataSource().transaction((manager) =>
            withReason(manager, { reason: "why", by: "ann" }, () => work(manager)),
        )
    const ANN = ["why", "ann"]

    it("is nothing of ordinary ones", async () => {
        const draft = await invoices().save({ issuedOn: FINAL.issuedOn })
        await save()
        await invoices().save([{ ...FINAL }, { ...FINAL }])
        await invoices().save({ id: draft.id, status: "final" })
        const other = await invoices().save({})
        await series().assign(dataSource(), other.id, { set: FINAL })
        await invoices().delete((await invoices().save({})).id)
        const moved = await invoices().save({})
        await invoices().save({ id: moved.id, company: "Other", issuedOn: "2027-01-01" })
        expect(await events()).to.eql([])
        expect(await series().events()).to.eql([])
    })

    it("are those that the caller has set on new rows", async () => {
        const row = await save({ number: 7 })
        await invoices().save([{ ...FINAL, number: 9 }, { ...FINAL }, { ...FINAL, number: 20 }])
        await because((manager) => manager.getRepository(Invoice).save({ ...FINAL, number: 5 }))
        expect(await events()).to.eql([
            ["explicit", 7, 7],
            ["explicit", 9, 9],
            ["explicit", 20, 20],
            ["explicit", 5, 5, ...ANN],
        ])
        const [first] = await series().events(SCOPE, { to: 7, from: 6 })
        expect(first?.details?.row).to.eql({ id: String(row.id) })
        expect((await series().events(SCOPE, { kinds: ["void"] })).length).to.equal(0)
    })

    if (!way.isInDatabase)
        it("are stored with the row whose number is set, which takes a transaction", async () => {
            const outside = invoices().insert({ ...FINAL, number: 7 } as never)
            expect(await rejection(outside)).to.be.instanceOf(TransactionRequiredError)
            expect(await invoices().count()).to.equal(0)
            expect(await events()).to.eql([])
        })

    it("are those that the caller has set on drafts", async () => {
        const draft = await invoices().save({})
        await because((manager) =>
            manager.getRepository(Invoice).save({ id: draft.id, ...FINAL, number: 3 }),
        )
        expect(await events()).to.eql([["explicit", 3, 3, ...ANN]])
    })

    it("are gone with the transaction", async () => {
        await rolledBack(dataSource(), (manager) =>
            manager.getRepository(Invoice).save({ ...FINAL, number: 3 }),
        )
        expect(await events()).to.eql([])
    })

    it("are those of rows that are deleted, which takes a reason", async () => {
        const rows = await invoices().save([{ ...FINAL }, { ...FINAL }, { ...FINAL }])
        for (const attempt of [
            () =>
                dataSource().transaction((manager) =>
                    manager.getRepository(Invoice).remove(rows[0]!),
                ),
            () => dataSource().transaction((manager) => manager.delete(Invoice, rows[0]!.id)),
        ]) {
            const error = await rejection(attempt())
            expect(error).to.be.instanceOf(NotDeletableError)
            expect(error.message).to.include("withReason")
        }
        expect(await invoices().count()).to.equal(3)
        const ids = rows.map(({ id }) => id)
        await because((manager) => manager.delete(Invoice, ids[1]))
        await because((manager) => manager.getRepository(Invoice).remove(rows[0]!))
        const draft = await invoices().save({})
        await invoices().delete(draft.id)
        expect(await events()).to.eql([
            ["delete", 2, 2, ...ANN],
            ["delete", 1, 1, ...ANN],
        ])
        expect((await series().events(SCOPE))[0]?.details).to.eql({ row: { id: String(ids[1]) } })
        const error = await rejection(
            dataSource().transaction((manager) => manager.delete(Invoice, ids[2])),
        )
        expect(error).to.be.instanceOf(NotDeletableError)
    })

    // MariaDB lets nobody insert between rows that are locked.
    if (can.parallel && can.partialIndexes && !way.isInDatabase)
        it("keep a DELETE from being committed that is of rows which came since", async () => {
            await save()
            const attempt = beforeDelete(dataSource(), save, () =>
                because(async (manager) => {
                    const error = await rejection(manager.delete(Invoice, { company: "Acme" }))
                    expect(error).to.be.instanceOf(NotDeletableError)
                }),
            )
            const error = await rejection(attempt)
            expect(error).to.be.instanceOf(NotDeletableError)
            expect(error.message).to.include("inserted meanwhile")
            expect([(await save()).number, await invoices().count()]).to.eql([3, 3])
            expect(await events()).to.eql([])
        })

    it("are those of rows that move", async () => {
        const row = await save()
        await series().move(dataSource(), row, {
            set: { issuedOn: "2027-01-01" },
            reason: "why",
            by: "ann",
        })
        const stays = await save()
        await series().move(dataSource(), stays, { set: { issuedOn: "2026-06-06" } })
        expect(await events()).to.eql([["move", 1, 1, ...ANN]])
        expect(await events({ company: "Acme", period: "2027" })).to.eql([])
        const [event] = await series().events(SCOPE)
        const { row: moved, to } = event?.details as { row: unknown; to: Record<string, string> }
        expect(moved).to.eql({ id: String(row.id) })
        expect(to.number).to.equal("1")
        // What stands for the company is the database's business.
        expect(to.scope).to.match(/^v1:".+","2027"$/)
    })

    if (way.movesCounter || way.isInDatabase)
        it("are those that were passed over by setNext()", async () => {
            await save()
            await series().setNext(dataSource().manager, SCOPE, 10, { reason: "why", by: "ann" })
            await series().setNext(dataSource().manager, SCOPE, 10, { reason: "again" })
            expect(await events()).to.eql([["set", 2, 9, ...ANN]])
        })

    it("takes a transaction", async () => {
        const row = await save()
        const outside = withReason(dataSource().manager, { reason: "a" }, () =>
            invoices().delete(row.id),
        )
        expect(await rejection(outside)).to.be.instanceOf(TransactionRequiredError)
        for (const reason of ["", "  ", undefined])
            expect(
                await rejection(
                    dataSource().transaction((manager) =>
                        withReason(manager, { reason } as never, () => Promise.resolve()),
                    ),
                ),
            ).to.be.instanceOf(InvalidOptionError)
    })

    it("has the reason of the part that says it", async () => {
        await dataSource().transaction(async (manager) => {
            const own = manager.getRepository(Invoice)
            await withReason(manager, { reason: "outer", by: "ann" }, async () => {
                await withReason(manager, { reason: "inner" }, () =>
                    own.save({ ...FINAL, number: 3 }),
                )
                await own.save({ ...FINAL, number: 4 })
            })
            await own.save({ ...FINAL, number: 5 })
        })
        expect(await events()).to.eql([
            ["explicit", 3, 3, "inner"],
            ["explicit", 4, 4, "outer", "ann"],
            ["explicit", 5, 5],
        ])
    })

    /** Gives the reason by SQL. */
    const saying = (work: (manager: EntityManager) => Promise<unknown>) =>
        dataSource().transaction(async (manager) => {
            const isPostgres = dataSource().options.type === "postgres"
            await manager.query(
                isPostgres
                    ? "SET LOCAL autosequence.reason = 'why'; SET LOCAL autosequence.by = 'ann'"
                    : "SET @autosequence_reason = 'why', @autosequence_by = 'ann'",
            )
            await work(manager)
            if (!isPostgres)
                await manager.query("SET @autosequence_reason = NULL, @autosequence_by = NULL")
        })

    if (can.parallel)
        it("has the reason that SQL has said", async () => {
            const { id } = await save()
            expect(await rejection(invoices().delete(id))).to.be.instanceOf(Error)
            await saying((manager) => manager.delete(Invoice, id))
            expect(await events()).to.eql([["delete", 1, 1, ...ANN]])
        })

    if (way.isInDatabase)
        it("is told by triggers of raw SQL", async () => {
            const q = (name: string) => dataSource().driver.escape(name)
            const insert = (values: string) =>
                `INSERT INTO ${table()} (company, status, ${q("issuedOn")}, number) VALUES ${values}`
            const isPostgres = dataSource().options.type === "postgres"
            await dataSource().query(
                insert("('Acme', 'final', '2026-01-01', 4), ('Acme', 'final', '2026-01-01', NULL)"),
            )
            const attempt = rejection(dataSource().query(`DELETE FROM ${table()} WHERE number = 4`))
            expect((await attempt).message).to.match(/withReason|to be deleted/)
            await saying((manager) => manager.query(`DELETE FROM ${table()} WHERE number = 4`))
            const conflict = isPostgres ? " ON CONFLICT DO NOTHING" : ""
            if (isPostgres) {
                await dataSource().query(insert("('Acme', 'final', '2026-01-01', 5)") + conflict)
                await dataSource().query(insert("('Acme', 'final', '2026-01-01', NULL)"))
            }
            expect(await events()).to.eql([
                ["explicit", 4, 4],
                ["delete", 4, 4, ...ANN],
            ])
            const last = (await series().last(SCOPE))!
            await dataSource().query(insert("('Acme', 'final', '2026-01-01', NULL)"))
            expect(await series().last(SCOPE)).to.equal(last + 1)
        })
})

onEachCell("A journal", ({ way, can, database }) => {
    it("sends no statement more for ordinary numbers", async () => {
        const counted = async (journal: boolean) => {
            const log = new StatementLog()
            const Invoice = invoicesWith({ ...way.options, journal })
            const dataSource = await database().connect([Invoice], { logging: true, logger: log })
            const invoices = dataSource.getRepository(Invoice)
            await invoices.save({ ...FINAL })
            const draft = await invoices.save({})
            const start = log.statements.length
            await invoices.save({ ...FINAL })
            await invoices.save([{ ...FINAL }, { ...FINAL }])
            await invoices.save({ id: draft.id, ...FINAL })
            await invoices.delete((await invoices.save({})).id)
            return log.statements.slice(start).map((sql) => sql.replace(/s\d+_\d+/g, ""))
        }
        const [without, kept] = [await counted(false), await counted(true)]
        // A DELETE looks first which rows have numbers.
        const isLook = (sql: string) => /^SELECT .*AS .n0.,/.test(sql)
        expect(kept.filter((sql) => !isLook(sql))).to.eql(without)
        expect(kept.filter(isLook).length).to.equal(way.isInDatabase ? 0 : 1)
        expect(can).to.be.an("object")
    })
})

for (const strategy of ["counter", "trigger"] as const)
    onMariaDb(
        `What the journal says of rows with bytes in the primary key, ${strategy}`,
        (database) => {
            @Entity()
            class Slip {
                @PrimaryColumn({ type: "binary", length: "4" }) id!: Buffer
                @AutoSequenceColumn({ strategy, journal: true }) number!: number
            }

            it("is their hexadecimal digits", async () => {
                const { manager } = await database().connect([Slip])
                const slip = (number?: number) =>
                    manager.save(
                        manager.create(Slip, { id: Buffer.from("00c3ff80", "hex"), number }),
                    )
                await manager.remove(await slip(7))
                expect((await slip()).number).to.equal(8)
                const events = await seriesOf(manager.connection, Slip, "number").events({})
                const row = { id: "00C3FF80" }
                expect(
                    events.map(({ kind, first, details }) => [kind, first, details?.row]),
                ).to.eql([
                    ["explicit", 7, row],
                    ["delete", 7, row],
                ])
            })
        },
    )

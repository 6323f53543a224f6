import { expect } from "chai"
import type { DataSource } from "typeorm"
import { auditSeries, InvalidOptionError, seriesOf, type ScopeAudit, withReason } from "../../src"
import { eventsOf } from "../../src/audit/events"
import { inSnapshot } from "../../src/audit/snapshot"
import { onEveryDatabase } from "../support/databases"
import { expectRejects } from "../support/errors"
import {
    Bill,
    Call,
    CreditNote,
    Invoice,
    Letter,
    Numbered,
    Odd,
    Offer,
    Order,
    Paper,
    Parcel,
    Plain,
    run,
} from "./entities"

const rangesOf = ({ ranges }: ScopeAudit) =>
    ranges.map(({ from, to, place, cause }) => `${place} ${from} to ${to} ${cause}`)
const kindsOf = ({ findings }: ScopeAudit) =>
    findings.map(({ kind, count, severity }) => `${kind} ${count} ${severity}`)

async function auditOf(dataSource: DataSource, name?: string) {
    const { series } = await auditSeries(dataSource, name === undefined ? {} : { series: [name] })
    return series[0]?.scopes ?? []
}

async function save(dataSource: DataSource, entity: new () => object, ...rows: object[]) {
    for (const row of rows) await dataSource.getRepository(entity).save(row)
}

/** Rows with every second number; those between are skipped, with a reason. */
async function saveAndSkip(
    dataSource: DataSource,
    { company, times }: { company: string; times: number },
) {
    const numbers = seriesOf(dataSource, Invoice, "number")
    await save(dataSource, Invoice, { company })
    for (let from = 2; from <= 2 * times; from += 2) {
        await dataSource.transaction((manager) =>
            numbers.skip(manager, { company }, { from, to: from, reason: "spoilt", by: "ann" }),
        )
        await save(dataSource, Invoice, { company })
    }
}

onEveryDatabase("auditSeries", (database) => {
    it("finds nothing in scopes that are in order, and nothing at all in empty tables", async () => {
        const dataSource = await database().connect([Invoice])
        const empty = await auditSeries(dataSource)
        expect(empty.series.map(({ scopes, rows }) => [scopes, rows])).to.eql([[[], 0]])
        await save(
            dataSource,
            Invoice,
            ...["a", null, "a", null, "a"].map((company) => ({ company })),
        )
        await dataSource.getRepository(Invoice).softDelete({ number: 2 })
        const report = await auditSeries(dataSource)
        expect(report.problems).to.equal(0)
        expect(Date.parse(report.at)).to.be.within(Date.now() - 60_000, Date.now() + 60_000)
        const [series] = report.series
        expect(series).to.include({
            name: "invoice.number",
            rows: 5,
            scopeCount: 2,
            problemScopes: 0,
        })
        const scopes = series?.scopes.map(
            ({ scope, first, last, rows, counter, counterState, missing }) => [
                scope.company,
                [first, last, rows, counter, counterState, missing],
            ],
        )
        expect(scopes).to.eql([
            [null, ["1", "2", 2, "2", "level", "0"]],
            ["a", ["1", "3", 3, "3", "level", "0"]],
        ])
        const moved = Date.parse(series?.scopes[0]?.movedAt ?? "")
        expect(moved).to.be.within(Date.now() - 60_000, Date.now() + 60_000)
    })

    it("finds gaps at the start, in between and at the end, with steps and odd names", async () => {
        const dataSource = await database().connect([Odd])
        const rows = Array.from({ length: 8 }, () => ({ first: 1, rows: null }))
        await save(dataSource, Odd, ...rows, { first: 1, rows: 7 }, { first: 1, rows: 7 })
        await run(
            dataSource,
            "DELETE FROM {Odd} WHERE ~NUMBER~ IN (10, 20, 25, 45) AND ~rows~ IS NULL",
        )
        const [broken, fine] = await auditOf(dataSource)
        if (!broken || !fine) throw new Error("no scopes")
        expect(broken.scope).to.eql({ first: "1", rows: null })
        expect(rangesOf(broken)).to.eql([
            "start 10 to 10 unexplained",
            "between 20 to 25 unexplained",
            "end 45 to 45 unexplained",
        ])
        expect([broken.missing, broken.counterState]).to.eql(["4", "ahead"])
        expect(kindsOf(broken)).to.eql(["gap 4 problem"])
        expect(rangesOf(fine)).to.eql([])
    })

    it("explains missing numbers by the journal, in parts", async () => {
        const dataSource = await database().connect([Invoice])
        await save(dataSource, Invoice, ...Array.from({ length: 9 }, () => ({ company: "a" })))
        await run(dataSource, "DELETE FROM {Invoice} WHERE ~number~ IN (3, 4, 5, 6, 9)")
        const { metadata } = dataSource.getRepository("AutoSequenceEvent")
        await run(dataSource, `DELETE FROM {AutoSequenceCounter} WHERE ~series~ = 'nothing'`)
        const key = (await dataSource.getRepository("AutoSequenceCounter").find())[0]
            ?.scope as string
        await dataSource.getRepository(metadata.target).insert([
            {
                id: "901",
                series: "invoice.number",
                scope: key,
                kind: "skip",
                first: "4",
                last: "5",
                reason: "spoilt",
                by: "ann",
                at: new Date(),
            },
            {
                id: "902",
                series: "invoice.number",
                scope: key,
                kind: "void",
                first: "6",
                last: "6",
                at: new Date(),
            },
            {
                id: "903",
                series: "invoice.number",
                scope: "v1:other",
                kind: "skip",
                first: "9",
                last: "9",
                at: new Date(),
            },
        ] as never)
        const [scope] = await auditOf(dataSource)
        if (!scope) throw new Error("no scope")
        expect(rangesOf(scope)).to.eql([
            "between 3 to 3 unexplained",
            "between 4 to 5 event",
            "between 6 to 6 unexplained",
            "end 9 to 9 unexplained",
        ])
        expect(scope.ranges[1]?.event).to.include({ kind: "skip", reason: "spoilt", by: "ann" })
        expect(kindsOf(scope)).to.eql(["gap 3 problem"])
    })

    it("finds rows whose numbers were skipped in their scope", async () => {
        const dataSource = await database().connect([Invoice])
        await saveAndSkip(dataSource, { company: "a", times: 2 })
        await saveAndSkip(dataSource, { company: "b", times: 1 })
        await save(dataSource, Invoice, { company: "a", number: 4 }, { company: "b" })
        await dataSource.getRepository(Invoice).softDelete({ company: "a", number: 4 })
        const [a, b] = await auditOf(dataSource)
        expect(a && kindsOf(a)).to.eql(["skipped 1 problem"])
        expect(a?.findings[0]).to.deep.include({ numbers: ["4"] })
        expect([b?.scope.company, b?.last, b?.findings]).to.eql(["b", "4", []])
        const numbers = seriesOf(dataSource, Invoice, "number")
        expect(kindsOf(await numbers.audit({ company: "a" }))).to.eql(["skipped 1 problem"])
        expect(kindsOf(await numbers.audit({ company: "b" }))).to.eql([])
    })

    it("finds numbers that were set again after their rows were gone, unless somebody said why", async () => {
        const dataSource = await database().connect([Invoice])
        const rows = dataSource.getRepository(Invoice)
        for (const company of ["a", "b", "c"]) {
            await save(dataSource, Invoice, { company, number: 1 }, { company }, { company })
            await rows.remove(await rows.findBy({ company, number: 2 }))
        }
        await save(dataSource, Invoice, { company: "a", number: 2 })
        await dataSource.transaction((manager) =>
            withReason(manager, { reason: "restored", by: "ann" }, () =>
                manager.save(Invoice, { company: "b", number: 2 }),
            ),
        )
        const scopes = await auditOf(dataSource)
        const found = scopes.map((one) => [one.scope.company, kindsOf(one), rangesOf(one)])
        expect(found).to.have.deep.members([
            ["a", ["reused 1 problem"], []],
            ["b", [], []],
            ["c", [], ["between 2 to 2 event"]],
        ])
        expect(scopes[0]?.findings[0]).to.deep.include({ numbers: ["2"] })
    })

    it("finds numbers that are there twice, in one table and in two, and behind a gap that makes up for them", async () => {
        const dataSource = await database().connect([Bill, CreditNote])
        await save(dataSource, Bill, {}, {}, {})
        await save(dataSource, CreditNote, {}, {}, {})
        await run(dataSource, "UPDATE {CreditNote} SET ~number~ = 2 WHERE ~number~ = 5")
        const [scope] = await auditOf(dataSource)
        if (!scope) throw new Error("no scope")
        expect(rangesOf(scope)).to.eql(["between 5 to 5 unexplained"])
        expect(kindsOf(scope)).to.eql(["gap 1 problem", "duplicate 1 problem"])
        expect(scope.findings[1]?.numbers).to.eql(["2"])

        const index = dataSource.getMetadata(Bill).indices.find(({ isUnique }) => isUnique)
        const runner = dataSource.createQueryRunner()
        await runner.dropIndex(dataSource.getMetadata(Bill).tablePath, index?.name ?? "")
        await runner.release()
        await run(dataSource, "DELETE FROM {CreditNote}")
        await run(dataSource, "UPDATE {Bill} SET ~number~ = 3 WHERE ~number~ = 2")
        const [one] = await auditOf(dataSource)
        expect(one && kindsOf(one)).to.eql(["gap 4 problem", "duplicate 1 problem"])
    })

    it("finds counters that are behind, missing, or all that is left", async () => {
        const dataSource = await database().connect([Invoice])
        await save(
            dataSource,
            Invoice,
            ...["a", "b", "c", "a", "b", "c"].map((company) => ({ company })),
        )
        await run(dataSource, "DELETE FROM {Invoice} WHERE ~company~ = 'c'")
        const keys = (
            await dataSource.getRepository("AutoSequenceCounter").find({ order: { scope: "ASC" } })
        ).map(({ scope }) => scope as string)
        await run(
            dataSource,
            `UPDATE {AutoSequenceCounter} SET ~last~ = 1 WHERE ~scope~ = '${keys[0] ?? ""}'`,
        )
        await run(
            dataSource,
            `DELETE FROM {AutoSequenceCounter} WHERE ~scope~ = '${keys[1] ?? ""}'`,
        )
        const scopes = await auditOf(dataSource)
        expect(scopes.map(({ counterState, rows }) => `${counterState} ${rows}`).sort()).to.eql([
            "ahead 0",
            "behind 2",
            "missing 2",
        ])
        const kinds = scopes.flatMap(kindsOf).sort()
        expect(kinds).to.eql([
            "counter-behind 1 problem",
            "counter-missing 1 problem",
            "gap 2 problem",
        ])
        const gone = scopes.find(({ rows }) => rows === 0)
        expect(gone && rangesOf(gone)).to.eql(["end 1 to 2 unexplained"])
    })

    it("finds drafts with numbers, rows without one, wrong periods and texts", async () => {
        const dataSource = await database().connect([Letter])
        const sent = (sentOn: string, status = "final") => ({ sentOn, status })
        await save(
            dataSource,
            Letter,
            ...["2026-01-01", "2026-02-01", "2026-03-01", "2026-02-02", "2026-05-01"].map((on) =>
                sent(on),
            ),
            sent("2026-01-01", "draft"),
        )
        const before = await auditOf(dataSource)
        expect(before.map(kindsOf)).to.eql([["date-order 1 note"]])
        await run(dataSource, "UPDATE {Letter} SET ~status~ = 'draft' WHERE ~number~ = 1")
        await run(dataSource, "UPDATE {Letter} SET ~sentOn~ = '2025-02-01' WHERE ~number~ = 2")
        await run(dataSource, "UPDATE {Letter} SET ~text~ = 'L-2026-013' WHERE ~number~ = 3")
        await run(dataSource, "UPDATE {Letter} SET ~text~ = 'old 4' WHERE ~number~ = 4")
        const [scope] = await auditOf(dataSource)
        if (!scope) throw new Error("no scope")
        const found = Object.fromEntries(
            scope.findings.map(({ kind, numbers }) => [kind, numbers.join()]),
        )
        expect(found).to.deep.include({ "draft-numbered": "1", period: "2", text: "3" })
        expect(found["text-format"]).to.include("4")
        expect(scope.scope).to.eql({ period: "2026" })
    })

    it("finds the dates before that of any lower number, and lists numbers in their order", async () => {
        const dataSource = await database().connect([Letter])
        const days = ["03-01", "02-01", "02-02", "03-01", "02-28"]
        await save(dataSource, Letter, ...days.map((day) => ({ sentOn: `2026-${day}` })))
        // Written last, and stored behind the others.
        await save(dataSource, Letter, { sentOn: "2026-04-01", number: 7, text: "old 7" })
        await save(dataSource, Letter, { sentOn: "2026-04-01", number: 6, text: "old 6" })
        const [scope] = await auditOf(dataSource)
        const found = Object.fromEntries(
            (scope?.findings ?? []).map(({ kind, numbers }) => [kind, numbers.join()]),
        )
        expect(found).to.eql({ "date-order": "2,3,5", "text-format": "6,7" })
        await run(dataSource, "UPDATE {Letter} SET ~sentOn~ = NULL WHERE ~number~ = 2")
        const [without] = await auditOf(dataSource)
        const order = without?.findings.find(({ kind }) => kind === "date-order")
        expect(order?.numbers).to.eql(["3", "5"])
    })

    it("finds no lower number in that of a row of another table which has the same", async () => {
        const dataSource = await database().connect([Offer, Order])
        await save(dataSource, Offer, { madeOn: "2026-02-01" }, { madeOn: "2026-02-02" })
        await save(
            dataSource,
            Order,
            { madeOn: "2026-01-31", number: 1 },
            { madeOn: "2026-02-01", number: 2 },
            { madeOn: "2026-01-01", number: 3 },
        )
        const [scope] = await auditOf(dataSource)
        const found = (scope?.findings ?? []).map(({ kind, numbers }) => [kind, numbers.join()])
        expect(found).to.deep.include.members([
            ["duplicate", "1,2"],
            ["date-order", "3"],
        ])
    })

    it("tells periods of moments in the zone of the column, and dates that are to ascend", async () => {
        const dataSource = await database().connect([Call])
        const at = (text: string) => ({ madeAt: new Date(text) })
        // In New York it is still 2025.
        await save(
            dataSource,
            Call,
            at("2026-01-01T03:00:00Z"),
            at("2026-01-01T06:00:00Z"),
            at("2026-01-02T06:00:00Z"),
        )
        expect((await auditOf(dataSource)).flatMap(kindsOf)).to.eql([])
        await run(
            dataSource,
            "UPDATE {Call} SET ~numberPeriod~ = '2026', ~number~ = 3 WHERE ~numberPeriod~ = '2025'",
        )
        const scopes = await auditOf(dataSource)
        const found = scopes.find(({ scope }) => scope.period === "2026")
        expect(
            found &&
                kindsOf(found)
                    .filter((kind) => !kind.startsWith("counter"))
                    .sort(),
        ).to.eql(["date-order 1 problem", "period 1 problem"])
    })

    it("leaves rows of classes without a number alone", async () => {
        const dataSource = await database().connect([Paper, Numbered, Plain])
        await save(dataSource, Numbered, {}, {})
        await save(dataSource, Plain, {}, {})
        expect((await auditOf(dataSource)).flatMap(kindsOf)).to.eql([])
        await run(dataSource, "UPDATE {Paper} SET ~number~ = NULL WHERE ~number~ = 1")
        expect((await auditOf(dataSource)).flatMap(kindsOf)).to.eql([
            "gap 1 problem",
            "unnumbered 1 problem",
        ])
    })

    it("tells what is not installed, and reads the rest", async () => {
        const dataSource = await database().connect([Invoice, Bill, CreditNote])
        await save(dataSource, CreditNote, {}, {})
        await run(dataSource, "DROP TABLE {Invoice}")
        await run(dataSource, "DROP TABLE {Bill}")
        const { series, problems } = await auditSeries(dataSource)
        const [invoices, papers] = series
        expect(invoices?.problems).to.have.lengthOf(1)
        expect(invoices?.problems[0]).to.match(
            /^There is no table \S*invoice\. Generate and run a migration/,
        )
        expect([papers?.problems.length, papers?.rows]).to.eql([1, 2])
        expect(problems).to.equal(2)
        await run(dataSource, "DROP TABLE {AutoSequenceCounter}")
        const [, without] = (await auditSeries(dataSource)).series
        expect(without?.problems.at(-1)).to.match(/^There is no counter table\./)
        expect(without?.rows).to.equal(2)
    })

    it("lists no more scopes and ranges than it is told to, and counts the others", async () => {
        const dataSource = await database().connect([Invoice])
        for (const company of ["a", "b", "c"])
            await dataSource
                .getRepository(Invoice)
                .save(Array.from({ length: 9 }, () => ({ company })))
        await run(
            dataSource,
            "DELETE FROM {Invoice} WHERE ~company~ = 'b' AND ~number~ IN (2, 4, 6)",
        )
        const { series, problems } = await auditSeries(dataSource, { maxScopes: 2, maxRanges: 2 })
        expect(series[0]?.scopes.map(({ scope }) => scope.company)).to.eql(["b", "a"])
        expect(series[0]).to.include({ scopeCount: 3, problemScopes: 1 })
        expect(series[0]?.scopes[0]).to.include({ missing: "3", moreRanges: 1 })
        expect(series[0]?.scopes[0]?.findings[0]).to.include({ kind: "gap", count: 3 })
        expect(problems).to.equal(1)
    })

    it("finds no fault with numbers that may be lost, though there is no room to list them", async () => {
        const dataSource = await database().connect([Parcel])
        await dataSource.getRepository(Parcel).save(Array.from({ length: 9 }, () => ({})))
        await run(dataSource, "DELETE FROM {Parcel} WHERE ~number~ IN (2, 4, 6)")
        const { series, problems } = await auditSeries(dataSource, { maxRanges: 2 })
        expect(series[0]?.scopes[0]).to.include({ missing: "3", moreRanges: 1 })
        expect(series[0]?.scopes[0]?.findings).to.eql([])
        expect(problems).to.equal(0)
    })

    it("counts no explained number as unexplained, though there is no room to list its range", async () => {
        const dataSource = await database().connect([Invoice])
        await saveAndSkip(dataSource, { company: "a", times: 5 })
        const { series, problems } = await auditSeries(dataSource, { maxRanges: 2 })
        const scope = series[0]?.scopes[0] as ScopeAudit
        expect(rangesOf(scope)).to.eql(["between 2 to 2 event", "between 4 to 4 event"])
        expect(scope).to.include({ missing: "5", moreRanges: 3 })
        expect(scope.findings).to.eql([])
        expect([series[0]?.problemScopes, problems]).to.eql([0, 0])

        await run(dataSource, "DELETE FROM {Invoice} WHERE ~number~ = 9")
        const [unexplained] = (await auditSeries(dataSource, { maxRanges: 2 })).series
        const [finding] = unexplained?.scopes[0]?.findings ?? []
        expect(finding).to.include({ kind: "gap", count: 1 })
        expect(finding?.text).to.include("1 number is missing, and nothing explains why: 9.")
    })

    it("counts no scope as one with problems, though there is no room to list it", async () => {
        const dataSource = await database().connect([Invoice, Parcel])
        for (const company of ["a", "b", "c"]) await saveAndSkip(dataSource, { company, times: 1 })
        await dataSource.getRepository(Parcel).save([{ kind: "a" }, { kind: "b" }, { kind: "b" }])
        await dataSource.getRepository(Parcel).save([{ kind: "a" }, { kind: "a" }])
        await run(dataSource, "DELETE FROM {Parcel} WHERE ~number~ = 2")
        const report = await auditSeries(dataSource, { maxScopes: 1 })
        expect(report.series.map(({ problemScopes }) => problemScopes)).to.eql([0, 0])
        expect(report.series.map(({ scopes }) => scopes.length)).to.eql([1, 1])
        expect(report.problems).to.equal(0)

        await run(dataSource, "DELETE FROM {Invoice} WHERE ~company~ = 'c' AND ~number~ = 1")
        const { series, problems } = await auditSeries(dataSource, { maxScopes: 1 })
        expect(series[0]?.scopes.map(({ scope }) => scope.company)).to.eql(["c"])
        expect([series[0]?.problemScopes, problems]).to.eql([1, 1])
    })

    it("reads the reasons of so many entries of the journal, and of all which numbers they explain", async () => {
        const dataSource = await database().connect([Invoice])
        await saveAndSkip(dataSource, { company: "a", times: 3 })
        const [counter] = await dataSource.getRepository("AutoSequenceCounter").find()
        const { scope = "" } = counter as { scope?: string }
        const events = await inSnapshot(dataSource, (snapshot) =>
            eventsOf(snapshot, "invoice.number", [scope], 2),
        )
        const shown = events.get(scope)?.map(({ first, reason }) => `${first} ${reason ?? "-"}`)
        expect(shown).to.eql(["2 spoilt", "4 spoilt", "6 -"])
    })

    it("audits one scope by its handle", async () => {
        const dataSource = await database().connect([Invoice, Letter])
        await save(
            dataSource,
            Invoice,
            { company: "a" },
            { company: "a" },
            { company: "a" },
            { company: "b" },
        )
        await run(dataSource, "DELETE FROM {Invoice} WHERE ~company~ = 'a' AND ~number~ = 2")
        const numbers = seriesOf(dataSource, Invoice, "number")
        const scope = await numbers.audit({ company: "a" })
        expect([scope.scope, rangesOf(scope), scope.rows]).to.eql([
            { company: "a" },
            ["between 2 to 2 unexplained"],
            2,
        ])
        expect(await numbers.audit({ company: "b" })).to.include({
            rows: 1,
            missing: "0",
            counterState: "level",
        })
        expect(await numbers.audit({ company: null })).to.include({
            rows: 0,
            counter: null,
            counterState: "none",
        })
        await save(dataSource, Letter, { sentOn: "2026-01-01" })
        const letters = await seriesOf(dataSource, Letter, "number").audit({ sentOn: "2026-05-05" })
        expect(letters).to.include({ rows: 1, last: "1" })
        await expectRejects(numbers.audit({} as never), InvalidOptionError)
    })

    it("refuses series that there are not, and ends when it is told to", async () => {
        const dataSource = await database().connect([Invoice])
        await expectRejects(
            auditSeries(dataSource, { series: ["invoices"] }),
            InvalidOptionError,
            "There are invoice.number.",
        )
        await expectRejects(
            auditSeries(dataSource, { maxScopes: 0 }),
            InvalidOptionError,
            "maxScopes is 0",
        )
        const reason = new Error("enough")
        const found = await auditSeries(dataSource, { signal: AbortSignal.abort(reason) }).catch(
            (error: unknown) => error,
        )
        expect(found).to.equal(reason)
        // Its connection is as it was.
        await save(dataSource, Invoice, { company: "a" })
        expect(await dataSource.getRepository(Invoice).count()).to.equal(1)
    })
})

onEveryDatabase(
    "auditSeries beside writers",
    (database) => {
        it("is of one instant", async () => {
            const dataSource = await database().connect([Bill, CreditNote, Invoice])
            await save(dataSource, Bill, {}, {})
            await save(dataSource, Invoice, { company: "a" })
            const other = await database().connect([Bill, CreditNote, Invoice], {
                sameAs: dataSource,
                synchronize: false,
            })
            const written: Promise<unknown>[] = []
            const { runner, release } = await pausing(dataSource, async () => {
                await save(other, Invoice, { company: "a" }, { company: "b" })
            })
            const { series } = await auditSeries(runner, {
                onProgress: () => written.push(release()),
            })
            expect(written.length).to.be.greaterThan(0)
            await Promise.all(written)
            expect(series.map(({ name, rows }) => [name, rows])).to.deep.include([
                "invoice.number",
                1,
            ])
            expect((await auditSeries(dataSource)).series.map(({ rows }) => rows)).to.include(3)
        })
    },
    ({ parallel }) => parallel,
)

/** Writes once, as soon as the first series has been read; the read of the next waits for it. */
async function pausing(dataSource: DataSource, write: () => Promise<void>) {
    let done: Promise<void> | undefined
    const create = dataSource.createQueryRunner.bind(dataSource)
    dataSource.createQueryRunner = (mode) => {
        const runner = create(mode)
        const query = runner.query.bind(runner)
        runner.query = (async (...args: Parameters<typeof query>) => {
            await done
            return query(...args)
        }) as typeof runner.query
        return runner
    }
    await Promise.resolve()
    return { runner: dataSource, release: () => (done ??= write()) }
}

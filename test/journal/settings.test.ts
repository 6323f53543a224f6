import { expect } from "chai"
import { InvalidOptionError, resyncCounters, SettingInUseError, seriesOf } from "../../src"
import { readSettings, settingKeysOf } from "../../src/numbers/journal/settings"
import { seriesOf as resolvedSeries } from "../../src/series/resolve-series"
import { scopeWith } from "../../src/series/scopes/scope"
import { onEachCell } from "../support/matrix"
import { rejection } from "../support/errors"
import { rolledBack } from "../support/rows"
import { FINAL, invoicesWith, SCOPE } from "./entities"

onEachCell("Settings of a scope", ({ way, tables }) => {
    const Invoice = invoicesWith({ ...way.options, settings: true })
    const Plain = invoicesWith(way.options)
    const dataSource = tables([Invoice])
    const plain = tables([Plain])
    const invoices = () => dataSource().getRepository(Invoice)
    const series = () => seriesOf(dataSource(), Invoice, "number")
    const settings = (scope: object = SCOPE) => series().settings(scope)
    const manager = () => dataSource().manager
    const BY = { reason: "why", by: "ann" }

    it("are formats from a date on, for all periods", async () => {
        expect(await settings().formats()).to.eql([])
        await settings().setFormat(manager(), { format: "INV-{0000}", ...BY })
        await settings({ company: "Acme" }).setFormat(manager(), {
            since: "2026-07-01",
            format: "B-{0}",
            ...BY,
        })
        await settings().setFormat(manager(), { format: "INV/{0000}", ...BY })
        const formats = [
            { since: "", format: "INV/{0000}" },
            { since: "2026-07-01", format: "B-{0}" },
        ]
        expect(await settings().formats()).to.eql(formats)
        expect(await settings({ company: "Acme", period: "2027" }).formats()).to.eql(formats)
        expect(await settings({ company: "Other" }).formats()).to.eql([])
        const found = await series().events()
        expect(found.map(({ kind, reason, by, details }) => [kind, reason, by, details])).to.eql([
            ["format", "why", "ann", { since: "", before: null, after: "INV-{0000}" }],
            ["format", "why", "ann", { since: "2026-07-01", before: null, after: "B-{0}" }],
            ["format", "why", "ann", { since: "", before: "INV-{0000}", after: "INV/{0000}" }],
        ])
        const [own] = resolvedSeries(dataSource().getMetadata(Invoice))
        const read = await dataSource().transaction(async ({ queryRunner }) => {
            const scopes = [scopeWith(["Acme", "2026"]), scopeWith(["Other", "2026"])]
            const keys = await settingKeysOf(queryRunner!, own!, scopes)
            return readSettings(queryRunner!, own!, keys)
        })
        expect(read.map(({ name, since, value }) => [name, since, value])).to.eql([
            ["format", "", "INV/{0000}"],
            ["format", "2026-07-01", "B-{0}"],
        ])
    })

    it("are refused where they are none", async () => {
        for (const options of [
            { format: "a" },
            { reason: "a" },
            { format: "", reason: "a" },
            { format: "a", reason: "a", since: "2026-02-30" },
            { format: "a", reason: "a", since: "July" },
            { format: "a", reason: "a", since: "2026-07-01T10:00" },
        ])
            expect(
                await rejection(settings().setFormat(manager(), options as never)),
            ).to.be.instanceOf(InvalidOptionError)
        for (const code of ["", "A".repeat(21)])
            expect(await rejection(settings().setCode(manager(), code, BY))).to.be.instanceOf(
                InvalidOptionError,
            )
        const whole = settings({ company: "Acme" }).setCode(manager(), "A", BY)
        expect(await rejection(whole)).to.be.instanceOf(InvalidOptionError)
        const none = seriesOf(plain(), Plain, "number").settings(SCOPE)
        const error = await rejection(none.formats())
        expect(error).to.be.instanceOf(InvalidOptionError)
        expect(error.message).to.include("settings: true")
        expect(await series().events()).to.eql([])
    })

    it("are a code, set before the first number of its period", async () => {
        expect(await settings().code()).to.equal(null)
        await settings().setCode(manager(), "AAJFJ2K6JF", BY)
        await settings({ company: "Acme" }).setCode(manager(), "B", { period: "2027", ...BY })
        await settings().setCode(manager(), "C", BY)
        expect(await settings().code()).to.equal("C")
        expect(await settings({ company: "Acme", period: "2027" }).code()).to.equal("B")
        expect(await settings({ company: "Acme", period: "2028" }).code()).to.equal(null)
        await invoices().save({ ...FINAL })
        expect(await rejection(settings().setCode(manager(), "D", BY))).to.be.instanceOf(
            SettingInUseError,
        )
        expect(await settings().code()).to.equal("C")
        const codes = await series().events(undefined, { kinds: ["code"] })
        expect(codes.map(({ details }) => details)).to.eql([
            { since: "2026", before: null, after: "AAJFJ2K6JF" },
            { since: "2027", before: null, after: "B" },
            { since: "2026", before: "AAJFJ2K6JF", after: "C" },
        ])
    })

    it("are gone after a rollback", async () => {
        await rolledBack(dataSource(), async (inner) => {
            await settings().setFormat(inner, { format: "a", ...BY })
            await settings().setCode(inner, "A", BY)
        })
        expect(await settings().all()).to.eql({
            isClosed: false,
            code: null,
            formats: [],
            last: null,
        })
        expect((await invoices().save({ ...FINAL })).number).to.equal(1)
    })

    if (way.movesCounter || way.isInDatabase)
        it("are the first number", async () => {
            await settings().setFirstNumber(manager(), 100, BY)
            expect((await invoices().save({ ...FINAL })).number).to.equal(100)
            const again = settings().setFirstNumber(manager(), 200, BY)
            expect(await rejection(again)).to.be.instanceOf(SettingInUseError)
            const [event] = await series().events(SCOPE)
            expect(event).to.include({ kind: "set", first: 1, last: 99, ...BY })
            await settings().setFormat(manager(), { format: "a", ...BY })
            await settings().close(manager(), BY)
            expect(await settings().all()).to.eql({
                isClosed: true,
                code: null,
                formats: [{ since: "", format: "a" }],
                last: 100,
            })
        })

    if (way.movesCounter)
        it("say which counters resyncCounters() has raised", async () => {
            const row = await invoices().save({ ...FINAL })
            const { tablePath } = dataSource().getMetadata(Invoice)
            const table = tablePath
                .split(".")
                .map((n) => dataSource().driver.escape(n))
                .join(".")
            await dataSource().query(`UPDATE ${table} SET number = 7 WHERE id = ${row.id}`)
            await resyncCounters(dataSource(), BY)
            expect((await invoices().save({ ...FINAL })).number).to.equal(8)
            const [event, ...others] = await series().events(SCOPE)
            expect(others).to.eql([])
            expect(event).to.include({ kind: "resync", first: null, ...BY })
            expect(event!.details).to.eql({ before: "1", after: "7" })
        })
})

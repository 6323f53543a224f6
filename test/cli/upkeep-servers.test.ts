import { expect } from "chai"
import { Client } from "pg"
import type { Project } from "./project"
import { expectSnapshot, shown, steady } from "./snapshot"
import { hasTerminal, Terminal } from "./terminal"
import { asUser, optionsOf } from "./server-options"
import { connectTo, upkeepProject } from "./upkeep-project"
import { onEveryDatabase, onOnePostgres } from "../support/databases"
import type { AuditReport, ScopeAudit } from "../../src"

const MAIN = "node_modules/typeorm-autosequence/dist/cli/main.js"

onEveryDatabase(
    "the upkeep commands",
    (database) => {
        it("find the same on each server", async () => {
            const project = await upkeepProject(await optionsOf(database()))
            try {
                const command = (...args: string[]) => project.ask(...args, "-d", "data-source.js")
                const calm = (text: string) => steady(text).replace(/^Audit of .*$/m, "Audit")
                expectSnapshot("servers-audit.txt", calm(shown(await command("audit"))))
                expectSnapshot("servers-counters.txt", calm(shown(await command("counters"))))
                expect((await command("counters", "--waiting")).stdout).to.equal(
                    "Nobody holds a counter that others wait for.\n",
                )
                const behind = await command("doctor")
                expect(behind.status).to.equal(1)
                expect(behind.stdout).to.include(
                    "npx typeorm-autosequence resync -d data-source.js\n",
                )
                expect((await command("resync")).stdout).to.include("1 counter was raised.")
                expect(await command("doctor", "-q")).to.eql({ status: 0, stdout: "", stderr: "" })
                expect((await command("ids:reset")).stdout).to.include(
                    "No sequence is behind its rows.",
                )
            } finally {
                await project.remove()
            }
        })
    },
    ({ parallel }) => parallel,
)

onOnePostgres("the upkeep commands, without a right,", (database) => {
    it("name the right that is missing", async () => {
        const options = await optionsOf(database())
        const { schema = "" } = options
        const project = await upkeepProject(options)
        const role = `reader_${process.pid}`
        await database().query(
            `CREATE ROLE ${role} LOGIN PASSWORD 'reader'; GRANT USAGE ON SCHEMA "${schema}" TO ${role}`,
        )
        try {
            await connectTo(project, "reader.js", asUser(options, role, "reader"))
            const result = await project.ask("audit", "-d", "reader.js")
            expect({ ...result, stderr: "" }).to.eql({ status: 3, stdout: "", stderr: "" })
            expect(result.stderr).to.equal(
                "The user of the data source lacks the right SELECT on table autosequence_event. Grant it: GRANT SELECT ON table autosequence_event TO …\n",
            )
            await database().query(`GRANT SELECT ON ALL TABLES IN SCHEMA "${schema}" TO ${role}`)
            expect(await project.ask("audit", "-d", "reader.js", "-q")).to.include({
                status: 1,
                stderr: "",
            })
            await database().query(`ALTER TABLE "${schema}".ticket ENABLE ROW LEVEL SECURITY`)
            const hidden = await project.ask("audit", "-d", "reader.js")
            expect(hidden.stderr).to.match(
                /lacks the right BYPASSRLS on "?ticket"?\. Row-level security hides rows/,
            )
        } finally {
            await database().query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
            await project.remove()
        }
    })
})

onEveryDatabase(
    "the upkeep commands, without a right,",
    (database) => {
        it("name the right that is missing, where tables are hidden for the lack of it", async () => {
            const options = await optionsOf(database())
            const project = await upkeepProject(options)
            const name = new URL(options.url).pathname.slice(1)
            const user = `'reader_${process.pid}'@'127.0.0.1'`
            const grant = (right: string, on: string) =>
                database().query(`GRANT ${right} ON ${name}.${on} TO ${user}`)
            const command = (...args: string[]) => project.ask(...args, "-d", "reader.js")
            await database().query(`CREATE USER ${user} IDENTIFIED BY 'reader'`)
            try {
                await grant("SELECT", "tag")
                await connectTo(project, "reader.js", asUser(options, `reader_${process.pid}`, "x"))
                expect(await command("audit")).to.include({ status: 3, stdout: "" })
                expect((await command("audit")).stderr).to.match(
                    /: Access denied for user 'reader_/,
                )

                await connectTo(
                    project,
                    "reader.js",
                    asUser(options, `reader_${process.pid}`, "reader"),
                )
                for (const [args, table] of [
                    [["audit"], "invoice"],
                    [["counters"], "autosequence_counter"],
                    [["resync"], "invoice"],
                    [["gaps", "Ticket"], "ticket"],
                    [["ids:reset"], "invoice"],
                    [["next", "Ticket.number"], "autosequence_counter"],
                ] as const) {
                    const result = await command(...args)
                    expect({ ...result, stderr: "" }).to.eql({ status: 3, stdout: "", stderr: "" })
                    expect(result.stderr, args[0]).to.equal(
                        `The user of the data source lacks the right SELECT on ${name}.${table}. ` +
                            `Grant it: GRANT SELECT ON ${name}.${table} TO …\n`,
                    )
                }
                const waiting = await command("counters", "--waiting")
                expect(waiting.stderr).to.match(/ lacks the right PROCESS\. /)

                // A column that is not shown is no column that is not there.
                for (const table of ["ticket", "autosequence_counter", "autosequence_event"])
                    await grant("SELECT", table)
                await grant("SELECT (id, company)", "invoice")
                expect((await command("audit")).stderr).to.match(/ lacks the right SELECT on \S+/)
                await grant("SELECT", "invoice")
                expect(await command("audit", "-q")).to.include({ status: 1, stderr: "" })
                expect((await command("resync")).stderr).to.match(
                    / lacks the right INSERT, UPDATE on /,
                )
            } finally {
                await database().query(`DROP USER ${user}`)
                await project.remove()
            }
        })
    },
    (can) => can.parallel && !can.tableLock,
)

/** A table in each of two schemas, numbered together, with names that have to be quoted. */
const TWO_SCHEMAS = `
    const { DataSource, EntitySchema } = require("typeorm")
    const { withAutoSequence, withAutoSequenceColumns } = require("typeorm-autosequence")
    const papers = (name, schema, tableName) => withAutoSequenceColumns(
        new EntitySchema({
            name, schema, tableName,
            columns: {
                id: { type: "int", primary: true, generated: true },
                company: { type: "int", name: 'The Company' },
            },
        }),
        { number: { strategy: "counter", uniqueWith: "company", series: "papers" } },
    )
    const { own, other, url } = PLACES
    exports.dataSource = new DataSource(withAutoSequence({
        type: "postgres", url, schema: own, extra: { max: 2 },
        entities: [papers("Bill", own, 'Bill A'), papers("Note", other, "Note")],
    }))`

const FILL_PAPERS = `
    const { dataSource } = require("./data-source.js")
    module.exports = async () => {
        await dataSource.initialize()
        await dataSource.synchronize()
        const [bill, note] = ["Bill", "Note"].map((name) => dataSource.getMetadata(name))
        const path = ({ schema, tableName }) => [schema, tableName].map((one) => dataSource.driver.escape(one)).join(".")
        const company = dataSource.driver.escape('The Company')
        // In 300 scopes, of which one lacks a number in each table.
        const rows = (metadata, isOwn) => dataSource.query(
            "INSERT INTO " + path(metadata) + " (" + company + ", number) SELECT c, n FROM generate_series(1, 300) c, " +
            "generate_series(1, 1000) n WHERE n % 2 = " + isOwn + " AND NOT (c = 7 AND n IN (13, 500))")
        await rows(bill, 0)
        await rows(note, 1)
        await require("typeorm-autosequence").resyncCounters(dataSource)
        await dataSource.destroy()
    }`

onOnePostgres("the upkeep commands, with many rows in two schemas,", (database) => {
    let project: Project
    let url: string
    let own: string
    let other: string

    async function fill(): Promise<void> {
        url = (await optionsOf(database())).url
        own = await database().createSchema(`Back Office ${process.pid}`)
        other = await database().createSchema()
        project = await upkeepProject({}, "none")
        const places = JSON.stringify({ own, other, url })
        await project.write("data-source.js", TWO_SCHEMAS.replace("PLACES", places))
        await project.write("fill.js", FILL_PAPERS)
        expect(await project.call("fill.js")).to.eql({ status: 0, stdout: "", stderr: "" })
    }
    after(() => project.remove())

    it("find what is missing in little memory, and show in a terminal that they work", async function () {
        this.timeout(300_000)
        await fill()
        // That many rows would not fit.
        const options = ["--max-old-space-size=40", MAIN, "audit", "-d", "data-source.js"]
        const { status, stdout, stderr } = await project.node(...options, "--json")
        expect({ status, stderr }).to.eql({ status: 1, stderr: "" })
        const [series] = (JSON.parse(stdout) as AuditReport).series
        expect(series).to.include({ rows: 299_998, scopeCount: 300, problemScopes: 1 })
        const [{ scope, ranges }] = series?.scopes as [ScopeAudit]
        expect(scope).to.eql({ company: "7" })
        expect(ranges.map(({ from, to }) => [from, to])).to.eql([
            ["13", "13"],
            ["500", "500"],
        ])

        const command = (...args: string[]) => project.ask(...args, "-d", "data-source.js")
        const gaps = await command("gaps", `"${own}"."Bill A".id`)
        expect(gaps).to.include({ status: 0, stderr: "" })
        expect(gaps.stdout).to.match(/: 149999 rows, no value is missing/)
        expect((await command("ids:reset", "--dry-run")).stdout).to.match(/No sequence is behind/)
        const next = await command("next", "Note.number", "--scope", "company=7")
        expect(next.stdout).to.equal("1001\n")
        const wrong = await command("next", "Note.number", "--scope", "company=seven")
        expect(wrong).to.include({ status: 2, stdout: "" })

        if (!hasTerminal) return console.log("      no terminal: util-linux has one")
        const client = new Client({ connectionString: url })
        await client.connect()
        try {
            // Whoever reads the table waits, so that there is a second.
            const lock = `BEGIN; LOCK TABLE "${other}"."Note" IN ACCESS EXCLUSIVE MODE`
            const command = `${process.execPath} ${MAIN} audit -d data-source.js --html never.html`
            await client.query(lock)
            const interrupted = new Terminal(project.directory, command, 40)
            await interrupted.shows(/0 of 1 series, \d+ s/)
            interrupted.press("\x03")
            expect(await interrupted.end()).to.equal(130)
            // The bar is gone, and the cursor is back.
            expect(interrupted.text).to.match(
                /\x1b\[\?25h[^]*Interrupted\. Nothing is left half-done\.\s*$/,
            )
            expect(await project.read("never.html").catch(() => "none")).to.equal("none")

            const waiting = new Terminal(project.directory, command, 40)
            await waiting.shows(/0 of 1 series, \d+ s/)
            await client.query("COMMIT")
            expect(await waiting.end()).to.equal(1)
            const [, result = ""] = waiting.text.split(/\x1b\[\?25h/)

            const lines = result.replace(/\x1b\[\d+m/g, "").split(/\r?\n/)
            expect(lines.join("\n"))
                .to.match(/^ {2}scope {4}company 7$/m)
                .and.include("1 problem.")
            expect(waiting.text).to.match(/\x1b\[31m/)
        } finally {
            await client.end()
        }
    })
})

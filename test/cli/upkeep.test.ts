import { expect } from "chai"
import { spawn } from "node:child_process"
import { createServer, type Server, type Socket } from "node:net"
import type { AddressInfo } from "node:net"
import { once } from "node:events"
import { readFile, writeFile } from "node:fs/promises"
import { createHash } from "node:crypto"
import { join } from "node:path"
import type { Project } from "./project"
import { inProcess } from "./in-process"
import { expectSnapshot, shown, steady } from "./snapshot"
import { connectTo, upkeepProject } from "./upkeep-project"

const MAIN = join("node_modules", "typeorm-autosequence", "dist", "cli", "main.js")
const FILE = { type: "better-sqlite3", database: "upkeep.db" }

describe("typeorm-autosequence audit, gaps, ids:reset, resync, counters, next", () => {
    let project: Project
    let filled: Buffer
    const command = (name: string, ...args: string[]) =>
        project.ask(name, "-d", "data-source.js", ...args)
    const calm = (text: string) =>
        steady(text, [project.directory, "/app"], ["/private/app", "/app"])

    /** For what changes the rows: as `project` was at first. */
    const copy = async () => {
        const own = await upkeepProject(FILE, "none")
        await writeFile(join(own.directory, FILE.database), filled)
        return own
    }

    before(async function () {
        // The package is built once, which takes as long as the machine is busy.
        this.timeout(300_000)
        project = await upkeepProject(FILE)
        filled = await readFile(join(project.directory, FILE.database))
    })
    after(() => project.remove())

    const outputs = [
        ["audit", "audit"],
        ["audit-all", "audit", "--all", "--series", "invoice.number"],
        ["audit-csv", "audit", "--csv"],
        ["audit-json", "audit", "--json", "--series", "ticket.number"],
        ["gaps", "gaps", "Ticket"],
        ["gaps-none", "gaps", "Tag"],
        ["gaps-by", "gaps", "Invoice.number", "--by", "company"],
        ["gaps-csv", "gaps", "Ticket", "--csv"],
        ["ids-reset", "ids:reset"],
        ["ids-restart", "ids:reset", "Ticket", "--restart"],
        ["resync-dry", "resync", "--dry-run"],
        ["counters", "counters"],
        ["counters-json", "counters", "--json"],
        ["counters-waiting", "counters", "--waiting"],
        ["doctor", "doctor"],
        ["doctor-json", "doctor", "--json", "--no-counters"],
        ["next", "next", "Ticket.number"],
        [
            "next-scope",
            "next",
            "Invoice.number",
            "--scope",
            "company=Beta",
            "--scope",
            "period=2026",
        ],
        [
            "next-json",
            "next",
            "Invoice.number",
            "--scope",
            "company=Beta",
            "--scope",
            "issuedOn=2026-03-03",
            "--json",
        ],
        ["next-no-scope", "next", "Invoice.number"],
    ] as const
    it("prints what a person has read", async () => {
        for (const [title, name, ...args] of outputs)
            expectSnapshot(`${title}.txt`, calm(shown(await command(name, ...args))))
    })

    for (const name of ["audit", "gaps", "ids:reset", "resync", "counters", "next", "doctor"])
        it(`prints the help of ${name}`, async () => {
            const help = await inProcess(name, "--help")
            expect(help).to.include({ status: 0, stderr: "" })
            expectSnapshot(`help-${name.replace(":", "-")}.txt`, help.stdout)
        })

    it("makes lists of tables in a narrow terminal", async () => {
        const env = { ...process.env, COLUMNS: "40", NODE_OPTIONS: "" }
        const child = spawn(process.execPath, [MAIN, "audit", "-d", "data-source.js"], {
            cwd: project.directory,
            env,
        })
        let text = ""
        child.stdout.on("data", (chunk: Buffer) => (text += String(chunk)))
        await once(child, "close")
        expectSnapshot("audit-narrow.txt", calm(text))
    })

    it("does its work when nobody reads what it prints", async () => {
        const own = await copy()
        try {
            const child = spawn(process.execPath, [MAIN, "resync", "-d", "data-source.js"], {
                cwd: own.directory,
                env: { ...process.env, NODE_OPTIONS: "" },
            })
            child.stdout.destroy()
            let errors = ""
            child.stderr.on("data", (chunk: Buffer) => (errors += String(chunk)))
            const [status] = (await once(child, "close")) as [number]
            expect({ status, errors }).to.eql({ status: 0, errors: "" })
            const again = await own.ask("resync", "-d", "data-source.js")
            expect(again.stdout).to.equal("No counter is behind its rows.\n")
        } finally {
            await own.remove()
        }
    })

    it("prints nothing when it is quiet, and tells by its status", async () => {
        expect(await command("audit", "--quiet")).to.eql({ status: 1, stdout: "", stderr: "" })
        expect(await command("audit", "-q", "--series", "nothing.number")).to.include({
            status: 2,
            stdout: "",
        })
    })

    it("raises counters, and finds nothing to do then", async () => {
        const own = await copy()
        try {
            const run = (...args: string[]) => own.ask("resync", "-d", "data-source.js", ...args)
            expect(await run("--dry-run", "-q")).to.include({ status: 1 })
            const json = JSON.parse((await run("--json")).stdout) as object
            expect(json).to.eql({
                format: 1,
                dryRun: false,
                counters: [{ series: "ticket.number", scope: {}, before: "5", after: "8" }],
            })
            expect(await run()).to.eql({
                status: 0,
                stdout: "No counter is behind its rows.\n",
                stderr: "",
            })
        } finally {
            await own.remove()
        }
    })

    it("writes a document whose checksum a tool of others makes as well", async () => {
        const result = await command("audit", "--html", "audit.html", "-q")
        expect(result).to.eql({ status: 1, stdout: "", stderr: "" })
        const text = await project.read("audit.html")
        const lines = text.split(/(?<=\n)/)
        const main = lines.slice(lines.indexOf("<main>\n"), lines.indexOf("</main>\n") + 1).join("")
        const sum = createHash("sha256").update(main).digest("hex")
        expect(text).to.include(`<meta name="sha256" content="${sum}">`)
        expect(text).to.include(`<dt>SHA-256</dt><dd><code>${sum}</code></dd>`)
        expect(main).to.include("Acme &amp; &lt;Sons&gt;").and.include("printed on paper")
        expect(text).to.not.match(/https?:|src=|@import|url\(/)
    })

    it("finds one of several data sources by its name", async () => {
        await project.write(
            "several.js",
            `const { of } = require("./data-sources.js")
            exports.main = of(${JSON.stringify(FILE)})
            exports.other = Promise.resolve(of({ type: "better-sqlite3", database: ":memory:" }))
            exports.port = 5432`,
        )
        expect(await project.ask("counters", "-d", "several.js#main")).to.include({ status: 0 })
        const other = await project.ask("audit", "-d", "several.js#other")
        expect([other.status, other.stdout]).to.satisfy(
            ([status, text]: [number, string]) =>
                status === 1 && text.includes("There is no table"),
        )
        const doctor = await project.ask("doctor", "-d", "several.js#other")
        expect(doctor.stdout).to.match(/^:memory: \(better-sqlite3 /)
        // A remedy stands once below the lines that it mends.
        expect(doctor.stdout.match(/There is no table/g)).to.have.length(4)
        expect(doctor.stdout.match(/ is missing: /g)).to.have.length(2)
        expect(doctor.stdout.match(/migration:generate/g)).to.have.length(1)
        expect(await project.ask("doctor", "-d", "nowhere.js")).to.include({ status: 3 })
        const wrong = await project.ask("doctor", "-d", "several.js#third")
        expect(wrong.status).to.equal(3)
        expect(wrong.stderr).to.match(
            /exports no DataSource "third"\. It exports main, other, port\.\n$/,
        )
        const port = await project.ask("doctor", "-d", "several.js#port")
        expect(port.stderr).to.match(
            /exports no DataSource "port"\. It exports main, other, port\.\n$/,
        )
    })

    it("takes a name that there is none of for a wrong argument", async () => {
        for (const [args, sentence] of [
            [["audit", "--series", "nothing.number"], 'there is no series "nothing.number"'],
            [["gaps", "Ticket.nothing"], "Ticket has no property nothing."],
            [["gaps", "Ticket", "--by", "nothing"], 'ticket has no column "nothing"'],
            [["ids:reset", "nothing.id"], "there is no table nothing."],
        ] as const) {
            const [name, ...more] = args
            const { status, stdout, stderr } = await command(name, ...more)
            expect({ status, stdout }, name).to.eql({ status: 2, stdout: "" })
            expect(stderr).to.include(sentence).and.include(`Usage: typeorm-autosequence ${name} `)
        }
    })

    it("refuses wrong arguments by one line, and one of usage", async () => {
        const usual = ["-d", "data-source.js"]
        for (const [args, sentence] of [
            [["audit"], "No data source given."],
            [["audit", ...usual, "more"], "Too many arguments: more."],
            [["audit", ...usual, "--dry-run"], "There is no option --dry-run."],
            [["audit", ...usual, "--json", "--csv"], "Give --json or --csv, not both."],
            [["audit", ...usual, "--timeout", "soon"], "Give a number of seconds."],
            [["gaps", ...usual], "gaps needs <column>."],
            [["ids:reset", ...usual, "--restart"], "--restart needs a column"],
            [["doctor", ...usual, "--csv"], "There is no option --csv."],
            [["next", ...usual, "Ticket"], "Give <Entity>.<property>."],
        ] as const) {
            const { status, stdout, stderr } = await inProcess(...args)
            expect({ status, stdout }).to.eql({ status: 2, stdout: "" })
            expect(stderr).to.include(sentence)
            expect(stderr).to.match(
                new RegExp(`^[^\\n]*\\nUsage: typeorm-autosequence ${args[0]} [^\\n]*\\n$`),
            )
        }
    })

    it("audits empty tables, and a database without any", async () => {
        const empty = await upkeepProject(FILE, "empty")
        try {
            const audit = () => empty.ask("audit", "-d", "data-source.js")
            expect((await audit()).status).to.equal(0)
            await connectTo(empty, "data-source.js", { ...FILE, database: "none.db" })
            const { status, stdout } = await audit()
            expect(status).to.equal(1)
            expect(stdout).to.match(/There is no table invoice\..*There is no table ticket\./s)
        } finally {
            await empty.remove()
        }
    })

    it("tells what is missing of a schema, and reads the rest", async () => {
        const half = await copy()
        try {
            await half.write(
                "drop.js",
                `const { dataSource } = require("./data-source.js")
                module.exports = async (name) => {
                    await dataSource.initialize()
                    await dataSource.query("DROP TABLE autosequence_" + name)
                    await dataSource.destroy()
                }`,
            )
            const run = (...args: string[]) => half.ask(...args, "-d", "data-source.js")
            expect(await half.call("drop.js", "event")).to.include({ status: 0 })
            const audit = await run("audit")
            expect(audit.stdout).to.match(
                /There is no journal table, so nothing explains missing numbers\..* 3 numbers are missing/s,
            )
            expect(audit.stdout.match(/There is no/g)).to.have.length(1)
            expect(await half.call("drop.js", "counter")).to.include({ status: 0 })
            expect((await run("audit")).stdout).to.match(
                /There is no counter table\..* 2 numbers are missing/s,
            )
            for (const [name, ...args] of [["counters"], ["resync"], ["next", "Ticket.number"]]) {
                const { stdout, stderr } = await run(name as string, ...args)
                expect(stdout).to.equal("")
                expect(stderr).to.match(/table.*migration:generate/)
            }
        } finally {
            await half.remove()
        }
    })

    it("says what is wrong with a server, and exits with 3", async () => {
        const silent = await silentServer()
        const { port } = silent.server.address() as AddressInfo
        const local = {
            type: "postgres",
            host: "127.0.0.1",
            username: "nobody",
            database: "postgres",
        }
        try {
            for (const [run, options, sentence] of [
                [
                    "ask",
                    { ...local, port: 1 },
                    /^The postgres database "postgres" on 127\.0\.0\.1:1 can't be opened: .*ECONNREFUSED.* \(data source of server\.js\)\n$/,
                ],
                [
                    // The connection that is still waited for doesn't keep it running.
                    "command",
                    { ...local, port },
                    /no answer within 0\.2 s\. Is the server reachable\? --timeout/,
                ],
                ["ask", { ...local, type: "mariadb", port }, /no answer within 0\.2 s|ETIMEDOUT/],
            ] as const) {
                await connectTo(project, "server.js", options)
                const name = options.port === 1 ? "doctor" : "audit"
                const result = await project[run](name, "-d", "server.js", "--timeout", "0.2")
                expect({ ...result, stderr: "" }).to.eql({ status: 3, stdout: "", stderr: "" })
                expect(result.stderr).to.match(sentence)
            }
        } finally {
            silent.close()
        }
    })

    it("ends when it is interrupted, with 130 and nothing half-done", async () => {
        const silent = await silentServer()
        const { port } = silent.server.address() as AddressInfo
        await connectTo(project, "slow.js", {
            type: "postgres",
            host: "127.0.0.1",
            port,
            username: "nobody",
        })
        const args = [MAIN, "audit", "-d", "slow.js", "--html", "never.html", "--timeout", "60"]
        const child = spawn(process.execPath, args, {
            cwd: project.directory,
            env: { ...process.env, NODE_OPTIONS: "" },
        })
        let stderr = ""
        child.stderr.on("data", (chunk: Buffer) => (stderr += String(chunk)))
        const closed = once(child, "close")
        await silent.met
        child.kill("SIGINT")
        const [status] = (await closed) as [number | null]
        silent.close()
        expect([status, stderr]).to.eql([130, "Interrupted. Nothing is left half-done.\n"])
        expect(await project.read("never.html").catch(() => "none")).to.equal("none")
    })
})

/** Takes connections, and says nothing. */
async function silentServer(): Promise<{ server: Server; met: Promise<unknown>; close(): void }> {
    const sockets: Socket[] = []
    const server = createServer((socket) => void sockets.push(socket.on("error", () => {})))
    const met = once(server, "connection")
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    return {
        server,
        met,
        close() {
            for (const socket of sockets) socket.destroy()
            server.close()
        },
    }
}

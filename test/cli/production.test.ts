import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { expect } from "chai"
import type { DataSource } from "typeorm"
import type { SeriesAudit } from "../../src"
import { onEveryDatabase } from "../support/databases"
import { Project } from "./project"
import { asUser, optionsOf, type ServerOptions } from "./server-options"

const MAIN = join("node_modules", "typeorm-autosequence", "dist", "cli", "main.js")

/** A table as it was before, and with numbers and keys that rows of the old version lack. */
const DATA_SOURCES = `
    const { DataSource, EntitySchema } = require("typeorm")
    const { withAutoSequence, withAutoSequenceColumns, withPseudoKeys } = require("typeorm-autosequence")
    const plain = () => new EntitySchema({
        name: "Ticket",
        tableName: "ticket",
        columns: {
            id: { type: "int", primary: true, generated: true },
            area: { type: "varchar", length: 9 },
        },
    })
    const numbered = () => withPseudoKeys(
        withAutoSequenceColumns(plain(), {
            number: { strategy: "counter", uniqueWith: "area", nullable: true },
        }),
        { publicId: { prefix: "t", nullable: true } },
    )
    const migrations = [require("node:path").join(__dirname, "migrations", "*.js")]
    exports.old = (options) => new DataSource({ ...options, entities: [plain()] })
    exports.new = (options) => new DataSource(withAutoSequence({ ...options, migrations, entities: [numbered()] }))`

/** What the functions do where nobody has taken the slaves away. */
const FUNCTIONS = `
    const { backfillNumbers, diagnose, runMigrations } = require("typeorm-autosequence")
    const { dataSource } = require("./replicated.js")
    module.exports = async () => {
        await dataSource.initialize()
        const { lines } = await diagnose(dataSource)
        const { total } = await backfillNumbers(dataSource, "Ticket")
        const ran = await runMigrations(dataSource)
        await dataSource.destroy()
        return { wrong: lines.filter(({ status }) => status !== "ok"), ran, total }
    }`

class Application {
    private constructor(
        readonly project: Project,
        readonly options: ServerOptions,
        /** Looks at the database while commands run. */
        readonly observer: DataSource,
    ) {}

    static async create(options: ServerOptions, observer: DataSource): Promise<Application> {
        const project = await Project.create(["pg", "mysql2"])
        await project.write("data-sources.js", DATA_SOURCES)
        await project.write("functions.js", FUNCTIONS)
        const application = new Application(project, options, observer)
        await application.connect("old", "old", options)
        await application.connect("app", "new", options)
        return application
    }

    async connect(file: string, kind: "old" | "new", options: object): Promise<void> {
        await this.project.write(
            `${file}.js`,
            `exports.dataSource = require("./data-sources.js").${kind}(${JSON.stringify(options)})`,
        )
    }

    run(command: string, ...args: string[]) {
        return this.project.ask(command, "-d", "app.js", ...args)
    }

    /** The name of the table, with its place. */
    get ticket(): string {
        const { schema } = this.options
        return [...(schema ? [schema] : []), "ticket"]
            .map((part) => this.observer.driver.escape(part))
            .join(".")
    }

    /** Rows as the old version inserts them. */
    async insertOld(count: number): Promise<void> {
        const rows = Array.from({ length: count }, (_, at) => `('${at % 2 === 0 ? "a" : "b"}')`)
        await this.observer.query(`INSERT INTO ${this.ticket} (area) VALUES ${rows.join(", ")}`)
    }

    /** The numbers of each scope in the order in which the rows came, and how many have no key. */
    async found(): Promise<Record<string, unknown>> {
        const rows = await this.observer.query<
            { area: string; number: number | null; publicId: string | null }[]
        >(`SELECT * FROM ${this.ticket} ORDER BY id`)
        const of = (area: string) => rows.filter((row) => row.area === area).map((r) => r.number)
        return {
            ...{ a: of("a"), b: of("b") },
            keyless: rows.filter(({ publicId }) => publicId === null).length,
        }
    }

    start(command: string, ...args: string[]): Started {
        const all = [MAIN, command, "-d", "app.js", ...args]
        const env = { ...process.env, NODE_OPTIONS: "" }
        return new Started(spawn(process.execPath, all, { cwd: this.project.directory, env }))
    }
}

class Started {
    private stderr = ""
    private readonly ended: Promise<unknown>

    constructor(private readonly child: ChildProcess) {
        child.stderr?.on("data", (chunk: Buffer) => (this.stderr += String(chunk)))
        this.ended = once(child, "close")
    }

    refuseEnd(): void {
        const { exitCode, signalCode } = this.child
        if (exitCode === null && signalCode === null) return
        throw new Error(`It has ended (${exitCode ?? signalCode}), and has said: ${this.stderr}`)
    }

    async interrupt(): Promise<{ status: number | null; stderr: string }> {
        this.child.kill("SIGINT")
        await this.ended
        return { status: this.child.exitCode, stderr: this.stderr }
    }
}

const PAUSE = "await new Promise((done) => setTimeout(done, 500));"

const upTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1)

onEveryDatabase(
    "The commands for production",
    (database) => {
        const isPostgres = () => database().can.tableLock

        it("migrate once for two processes, fill what the old version leaves, and read the master", async () => {
            const options = await optionsOf(database())
            const observer = await database().connect([], { fresh: false })
            const app = await Application.create(options, observer)
            const empty = `autosequence_empty_${process.pid}`
            try {
                await app.project.write(
                    "synchronize.js",
                    `const { dataSource } = require("./old.js")
                    module.exports = async () => {
                        await dataSource.initialize()
                        await dataSource.synchronize()
                        await dataSource.destroy()
                    }`,
                )
                expect(await app.project.call("synchronize.js")).to.include({ status: 0 })
                await app.insertOld(4)
                const generated = await app.run(
                    ...["migration:generate", "migrations/Number", "--outputJs"],
                )
                expect(generated).to.include({ status: 0, stderr: "" })
                const pending = await app.run("migrate", "--dry-run")
                expect(pending).to.include({ status: 1, stderr: "" })
                expect(pending.stdout).to.match(/^Would run Number\d+\. Nothing was changed\.\n$/)

                const path = /Wrote (\S+)/.exec(generated.stdout)![1]!
                const text = await app.project.read(path)
                const up = /async up\(\w+\) {/
                expect(text).to.match(up)
                // Both have begun before one of them is done.
                await app.project.write(path, text.replace(up, `$& ${PAUSE}`))
                const ran = await app.project.askTwo("migrate", "-d", "app.js")
                expect(ran.map(({ status }) => status)).to.eql([0, 0])
                const said = ran.map(({ stdout }) => stdout.replace(/\d{13}/, "…")).sort()
                const rest = "All migrations have been run.\n"
                expect(said).to.eql([rest, "Ran Number….\n"])

                await app.insertOld(6)
                // Not every database can make keys in a migration.
                const keyless = (await app.found()).keyless as number
                expect(keyless).to.be.within(6, 10)
                const filled = await app.run("backfill", "--batch", "2", "--json")
                expect(filled).to.include({ status: 0, stderr: "" })
                expect(JSON.parse(filled.stdout)).to.eql({
                    format: 1,
                    columns: [
                        { column: "Ticket.number", kind: "number", done: 6, total: 6 },
                        { column: "Ticket.publicId", kind: "key", done: keyless, total: keyless },
                    ],
                })
                expect(await app.found()).to.eql({ a: upTo(5), b: upTo(5), keyless: 0 })
                expect((await app.run("backfill")).stdout).to.equal(
                    "No row lacks a number or a key.\n",
                )
                const wrong = await app.run("backfill", "Ticket.numbre")
                expect(wrong).to.include({ status: 2, stdout: "" })
                expect(wrong.stderr).to.include("Did you mean Ticket.number?")

                // The one that is read from has nothing at all.
                await database().query(`CREATE DATABASE ${empty}`)
                const { type, url, ...others } = options
                const slave = Object.assign(new URL(url), { pathname: `/${empty}` }).href
                const replication = { master: { url }, slaves: [{ url: slave }] }
                await app.connect("replicated", "new", { type, ...others, replication })
                await app.insertOld(2)
                expect(await app.project.call("functions.js")).to.eql({
                    ...{ status: 0, stdout: "", stderr: "" },
                    value: { wrong: [], ran: [], total: 2 },
                })
                await app.insertOld(2)
                const onReplicas = (...args: string[]) =>
                    app.project.ask(...args, "-d", "replicated.js")
                expect((await onReplicas("backfill", "Ticket.number", "--json")).stdout).to.match(
                    /"done": 2,\s+"total": 2/,
                )
                expect(await onReplicas("doctor")).to.include({ status: 0, stderr: "" })
                expect((await onReplicas("migrate")).stdout).to.equal(rest)
                expect(await app.found()).to.eql({ a: upTo(7), b: upTo(7), keyless: 4 })
            } finally {
                await database().query(`DROP DATABASE IF EXISTS ${empty}`)
                await app.project.remove()
            }
        })

        it("leave nothing half-done when they are interrupted, and name the right that is missing", async function () {
            // MariaDB may read, and wait for, more rows than a statement names.
            if (!isPostgres()) this.skip()
            const options = await optionsOf(database())
            const observer = await database().connect([], { fresh: false })
            const app = await Application.create(options, observer)
            const user = isPostgres()
                ? `writer_${process.pid}`
                : `'writer_${process.pid}'@'127.0.0.1'`
            const holder = observer.createQueryRunner()
            try {
                await app.project.write(
                    "synchronize.js",
                    `const { dataSource } = require("./app.js")
                    const { installAutoSequence } = require("typeorm-autosequence")
                    module.exports = async () => {
                        await dataSource.initialize()
                        await dataSource.synchronize()
                        await installAutoSequence(dataSource)
                        await dataSource.destroy()
                    }`,
                )
                expect(await app.project.call("synchronize.js")).to.include({ status: 0 })
                await app.insertOld(600)
                await app.project.write(
                    "migrations/Wait.js",
                    `exports.Wait = class Wait1767225600000 {
                        async up(runner) { await runner.query(${JSON.stringify(`UPDATE ${app.ticket} SET area = 'c'`)}) }
                        async down() {}
                    }`,
                )
                // Somebody has the last rows, and does not give them back.
                // At a higher level MariaDB would keep the others as well.
                await holder.startTransaction("READ COMMITTED")
                await holder.query(`SELECT id FROM ${app.ticket} WHERE id > 2 FOR UPDATE`)
                for (const [command, said] of [
                    ["backfill", /^Interrupted\. Completed batches stay; /],
                    ["migrate", /^Interrupted\. The running migration is rolled back; /],
                ] as const) {
                    const started = app.start(
                        command,
                        ...(command === "backfill" ? ["--batch", "2"] : []),
                    )
                    await waitFor(observer, isPostgres(), command, started)
                    const { status, stderr } = await started.interrupt()
                    expect(status, `${command}: ${stderr}`).to.equal(130)
                    expect(stderr).to.match(said)
                }
                await holder.rollbackTransaction()
                expect(await app.found()).to.deep.include({
                    a: [1, ...Array.from({ length: 299 }, () => null)],
                    b: [1, ...Array.from({ length: 299 }, () => null)],
                })

                const { password, ...grants } = rightsFor(isPostgres(), user, options)
                for (const sql of grants.before) await database().query(sql)
                await app.connect(
                    "writer",
                    "new",
                    asUser(options, `writer_${process.pid}`, password),
                )
                const asWriter = (...args: string[]) => app.project.ask(...args, "-d", "writer.js")
                for (const [command, right] of [
                    ["backfill", /lacks the right|permission denied|command denied/],
                    ["migrate", /lacks the right|permission denied|command denied/],
                ] as const) {
                    const { status, stdout, stderr } = await asWriter(command)
                    expect({ status, stdout }, command).to.eql({ status: 3, stdout: "" })
                    expect(stderr).to.match(right)
                }
                // What was interrupted is done by the next call.
                expect(await app.run("backfill")).to.include({ status: 0, stderr: "" })
                expect(await app.found()).to.eql({ a: upTo(300), b: upTo(300), keyless: 0 })
            } finally {
                if (holder.isTransactionActive) await holder.rollbackTransaction()
                await holder.release()
                const drop = isPostgres()
                    ? `DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${user}') THEN
                        DROP OWNED BY ${user}; DROP ROLE ${user}; END IF; END $$`
                    : `DROP USER IF EXISTS ${user}`
                await database().query(drop)
                await app.project.remove()
            }
        })
    },
    ({ parallel }) => parallel,
)

/** Resolves when a command waits for rows that somebody has locked. */
async function waitFor(
    observer: DataSource,
    isPostgres: boolean,
    command: "backfill" | "migrate",
    started: Started,
): Promise<void> {
    // MariaDB does not tell which program it is, and goes on waiting for one that is gone.
    const statement = command === "backfill" ? "SELECT" : "UPDATE"
    const sql = isPostgres
        ? "SELECT 1 AS found FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND " +
          `application_name = 'typeorm-autosequence ${command}'`
        : "SELECT 1 AS found FROM information_schema.INNODB_TRX JOIN information_schema.PROCESSLIST p " +
          "ON p.ID = trx_mysql_thread_id WHERE trx_state = 'LOCK WAIT' AND p.DB = DATABASE() " +
          `AND trx_query LIKE '${statement}%'`
    while ((await observer.query<unknown[]>(sql)).length === 0) {
        started.refuseEnd()
        // It needs the processor more than who looks on.
        await setTimeout(20)
    }
}

/** A user who may read all of it, and write nothing. */
function rightsFor(isPostgres: boolean, user: string, { url, schema }: ServerOptions) {
    const password = "writer"
    const name = new URL(url).pathname.slice(1)
    return {
        password,
        before: isPostgres
            ? [
                  `CREATE ROLE ${user} LOGIN PASSWORD '${password}'`,
                  `GRANT USAGE ON SCHEMA "${schema}" TO ${user}`,
                  `GRANT SELECT ON ALL TABLES IN SCHEMA "${schema}" TO ${user}`,
              ]
            : [
                  `CREATE USER ${user} IDENTIFIED BY '${password}'`,
                  `GRANT SELECT ON ${name}.* TO ${user}`,
              ],
    }
}

describe("The command demo", () => {
    it("kills writers within a transaction, and finds no gap", async () => {
        const project = await Project.create(["@electric-sql/pglite", "typeorm-pglite"])
        try {
            const { status, stdout, stderr } = await project.ask("demo", "--json")
            expect({ status, stderr }).to.eql({ status: 0, stderr: "" })
            const { writers, series } = JSON.parse(stdout) as {
                writers: { committed: number; killed: { customer: string; numbers: number[] } }[]
                series: SeriesAudit[]
            }
            const last = new Map(
                series.flatMap(({ scopes }) =>
                    scopes.map((one) => {
                        expect(one).to.include({ first: "1", missing: "0" })
                        expect(one.last).to.equal(String(one.rows))
                        return [one.scope.customer, Number(one.last)]
                    }),
                ),
            )
            expect([...last.keys()].sort()).to.eql(["Acme", "Beta", "Gamma"])
            expect(writers).to.have.lengthOf(2)
            // Two rows of each transaction that was committed, and none of those in which a writer was killed.
            const sum = [...last.values()].reduce((all, one) => all + one, 0)
            expect(sum).to.equal(2 * writers.reduce((all, { committed }) => all + committed, 0))
            const [first, second] = writers.map(({ killed }) => killed)
            // The second writer has used those of the first again; those that it had taken itself are left.
            expect(last.get(first!.customer)).to.be.greaterThan(Math.max(...first!.numbers))
            const next = last.get(second!.customer)! + 1
            expect(second!.numbers).to.eql([next, next + 1])
        } finally {
            await project.remove()
        }
    })

    it("says what it needs where that is missing", async () => {
        const project = await Project.create([])
        try {
            const { status, stdout, stderr } = await project.ask("demo")
            expect({ status, stdout }).to.eql({ status: 3, stdout: "" })
            expect(stderr).to.include(
                "npx -p typeorm-autosequence -p @electric-sql/pglite -p typeorm-pglite typeorm-autosequence demo",
            )
        } finally {
            await project.remove()
        }
    })
})

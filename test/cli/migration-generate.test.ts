import { expect } from "chai"
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { COMMANDS } from "../../src/cli/commands"
import { Project } from "./project"
import { inProcess } from "./in-process"

const ENTITY = `
    @Entity()
    export class Ticket {
        @PrimaryGeneratedColumn() id!: number
        @Column() area!: string
        @AutoSequenceColumn({ strategy: "counter", uniqueWith: "area" }) number!: number
    }`

const OPTIONS = `{
    type: "better-sqlite3", database: "tickets.db", entities: [Ticket],
    migrations: [__dirname + "/migrations/*"], synchronize: true, dropSchema: true, logging: true,
}`

const DATA_SOURCE = `
    import "reflect-metadata"
    import { Column, DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
    import { AutoSequenceColumn, withAutoSequence } from "typeorm-autosequence"
    ${ENTITY}
    export const dataSource = new DataSource(withAutoSequence(${OPTIONS}))`

/** The same with what only the types of properties tell otherwise. */
const TYPED = DATA_SOURCE.replace("@Column()", '@Column({ type: "varchar" })').replace(
    '__dirname + "/migrations/*"',
    "",
)

const CHECK = ["migration:generate", "-d", "data-source.ts", "--check"]

/** The same in JavaScript, for what takes no compiler: to load one takes longer than all else. */
const TICKET = `new EntitySchema({
        name: "Ticket",
        tableName: "ticket",
        columns: {
            id: { type: "int", primary: true, generated: true },
            area: { type: "varchar" },
        },
    })`
const JAVASCRIPT = `
    const { DataSource, EntitySchema } = require("typeorm")
    const { withAutoSequence, withAutoSequenceColumns } = require("typeorm-autosequence")
    const numbers = { number: { strategy: "counter", uniqueWith: "area" } }
    const Ticket = withAutoSequenceColumns(${TICKET}, numbers)
    exports.dataSource = new DataSource(withAutoSequence(${OPTIONS}))`

/** Of which an ES module can be made by other imports. */
const PLAIN = `
    const Ticket = withAutoSequenceColumns(${TICKET}, {
        number: { strategy: "counter", uniqueWith: "area" },
    })
    const options = { type: "better-sqlite3", database: ":memory:", entities: [Ticket] }
    const dataSource = new DataSource(withAutoSequence(options))`

const UP_TO_DATE = {
    status: 0,
    stdout: "The database is up to date, there is nothing to migrate.\n",
    stderr: "",
}

const TSCONFIG = {
    compilerOptions: {
        target: "ES2022",
        module: "commonjs",
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        strict: true,
    },
}

describe("typeorm-autosequence migration:generate", () => {
    let project: Project
    const migrations = async () =>
        (await readdir(join(project.directory, "migrations")).catch(() => [])).sort()
    const generate = (...args: string[]) =>
        project.ask("migration:generate", "-d", "tickets.js", ...args)

    before(async function () {
        // The package is built once, which takes as long as the machine is busy.
        this.timeout(300_000)
        await (await Project.create([])).remove()
    })
    beforeEach(async () => {
        project = await Project.create(["better-sqlite3", "ts-node", "typescript", "@types"])
        await project.write("tsconfig.json", JSON.stringify(TSCONFIG))
        await project.write("tickets.js", JAVASCRIPT)
    })
    afterEach(() => project.remove())

    it("writes a migration that runs, and nothing once it has run", async () => {
        await project.write("data-source.ts", DATA_SOURCE)
        const generate = (...args: string[]) =>
            project.command("migration:generate", "-d", "data-source.ts", ...args)
        const first = await generate("migrations/CreateTickets", "-t", "1767225600000")
        expect(first).to.eql({
            status: 0,
            stdout:
                `Wrote ${join("migrations", "1767225600000-CreateTickets.ts")}\n` +
                "Next: read it, compile it if your data source is compiled, then run it: " +
                "npx typeorm-autosequence migrate -d data-source.ts\n",
            stderr: "",
        })
        const path = "migrations/1767225600000-CreateTickets.ts"
        expect(await project.read(path)).to.include("class CreateTickets1767225600000 implements")

        await project.write(
            "use.ts",
            `import { dataSource, Ticket } from "./data-source"
            async function main() {
                dataSource.setOptions({ synchronize: false, dropSchema: false, logging: false })
                await dataSource.initialize()
                await dataSource.runMigrations()
                const rows = ["a", "b", "a"].map((area) => ({ area }))
                const saved = await dataSource.getRepository(Ticket).save(rows)
                console.log(saved.map(({ number }) => number).join())
                await dataSource.destroy()
            }
            void main()`,
        )
        const used = await project.node("-r", "ts-node/register", "use.ts")
        expect(used.stdout.trim().split("\n").at(-1)).to.equal("1,1,2")

        // The options of the data source would empty the database.
        expect(await generate("migrations/More")).to.eql(UP_TO_DATE)
        expect(await migrations()).to.eql(["1767225600000-CreateTickets.ts"])
    })

    it("never overwrites a file", async () => {
        const args = ["migrations/Name", "--outputJs", "--timestamp", "1767225600000"]
        await generate(...args)
        const before = await project.read("migrations/1767225600000-Name.js")
        await project.write("tickets.js", JAVASCRIPT.replaceAll("area", "place"))
        const { status, stdout, stderr } = await generate(...args)
        expect({ status, stdout }).to.eql({ status: 3, stdout: "" })
        expect(stderr).to.match(/^migrations.1767225600000-Name\.js already exists.*$/m)
        expect(await project.read("migrations/1767225600000-Name.js")).to.equal(before)
    })

    it("says that a migration has not run, since the next one does the same", async () => {
        await generate("migrations/One", "-o", "-t", "1767225600000")
        const { status, stderr } = await generate("migrations/Two", "-o", "-t", "1767225600001")
        expect(status).to.equal(0)
        expect(stderr).to.match(/^Not run yet: One1767225600000\. .* then generate again\.\n$/)
        const ran = await project.ask("migrate", "-d", "tickets.js")
        expect(ran).to.include({ status: 3, stdout: "" })
        expect(ran.stderr).to.match(/^The migration Two1767225600001 failed\.\n.*already exists/)
    })

    it("prints it, or says that there is one, without a file", async () => {
        const printed = await generate("migrations/Name", "--dryrun", "-t", "1767225600000")
        expect(printed.stdout).to.match(/^import type .*class Name1767225600000 .*}\n$/s)
        expect({ ...printed, stdout: "" }).to.eql({ status: 0, stdout: "", stderr: "" })
        expect(await generate("migrations/Name", "--dr", "-t", "1767225600000")).to.eql(printed)
        const nameless = (await generate("--dryrun", "-t", "1767225600000")).stdout
        expect(nameless).to.equal(printed.stdout.replaceAll("Name17", "AutoSequence17"))

        const checked = await generate("--check", "-t", "1767225600000")
        expect(checked.status).to.equal(1)
        expect(checked.stdout).to.include("class AutoSequence1767225600000")
        expect(checked.stderr).to.match(/^The database is not up to date\..*\n$/)
        expect((await generate("migrations/Name", "--ch")).status).to.equal(1)
        expect(await migrations()).to.eql([])
    })

    it("writes JavaScript, as CommonJS or ES module", async () => {
        await generate("migrations/One", "-o", "-t", "1767225600000")
        await generate("migrations/Two", "--outputJs", "--esm", "-t", "1767225600001")
        expect(await migrations()).to.eql(["1767225600000-One.js", "1767225600001-Two.js"])
        expect(await project.read("migrations/1767225600000-One.js")).to.include(
            "module.exports = class One1767225600000 {",
        )
        expect(await project.read("migrations/1767225600001-Two.js")).to.include(
            "export class Two1767225600001 {",
        )
        await project.write("modules/package.json", '{ "type": "module" }')
        await generate("modules/Three", "-o", "-t", "1767225600002")
        expect(await project.read("modules/1767225600002-Three.js")).to.include(
            "export class Three",
        )
    })

    it("writes statements on several lines, which do the same", async () => {
        await generate("migrations/Pretty", "--pretty", "-o", "-t", "1767225600000")
        const text = await project.read("migrations/1767225600000-Pretty.js")
        expect(text).to.match(/query\(`\n {12}CREATE TABLE "ticket" \(\n/)
        const migrate = await project.ask("migrate", "-d", "tickets.js")
        expect(migrate).to.eql({ status: 0, stdout: "Ran Pretty1767225600000.\n", stderr: "" })
        expect(await generate("--check")).to.eql(UP_TO_DATE)
    })

    for (const [name, file, text] of [
        [
            "CommonJS",
            "data-source.js",
            `const { DataSource, EntitySchema } = require("typeorm")
            const { withAutoSequence, withAutoSequenceColumns } = require("typeorm-autosequence")
            ${PLAIN}
            module.exports = { dataSource, other: 1, nothing: null }`,
        ],
        [
            "CommonJS that is the data source itself",
            "data-source.cjs",
            `const { DataSource, EntitySchema } = require("typeorm")
            const { withAutoSequence, withAutoSequenceColumns } = require("typeorm-autosequence")
            ${PLAIN}
            module.exports = dataSource`,
        ],
        [
            "ES modules with a promise, twice the same",
            "data-source.mjs",
            `import { DataSource, EntitySchema } from "typeorm"
            import { withAutoSequence, withAutoSequenceColumns } from "typeorm-autosequence"
            ${PLAIN}
            export const promised = Promise.resolve(dataSource)
            export default dataSource`,
        ],
        [
            "ES modules that wait, and are none by name",
            "data-source.js",
            `import { DataSource, EntitySchema } from "typeorm"
            import { withAutoSequence, withAutoSequenceColumns } from "typeorm-autosequence"
            ${PLAIN}
            export const source = await Promise.resolve(dataSource)`,
        ],
        [
            "a function that makes one",
            "data-source.js",
            `const { DataSource, EntitySchema } = require("typeorm")
            const { withAutoSequence, withAutoSequenceColumns } = require("typeorm-autosequence")
            exports.default = async () => { ${PLAIN}
            return dataSource }
            exports.other = () => { throw new Error("called") }`,
        ],
        [
            "plain options",
            "data-source.js",
            `const { DataSource, EntitySchema } = require("typeorm")
            const { withAutoSequence, withAutoSequenceColumns } = require("typeorm-autosequence")
            ${PLAIN}
            exports.options = withAutoSequence(options)`,
        ],
    ] as const)
        it(`loads data sources from ${name}`, async () => {
            await project.write(file, text)
            const result = await project.ask("migration:generate", "-d", file, "--check")
            expect(result.stdout).to.include("CREATE TABLE")
            expect(result.status).to.equal(1)
        })

    for (const type of ["commonjs", "module"])
        it(`loads a data source in TypeScript by tsx, in a project of type ${type}`, async () => {
            const typed = await Project.create(["better-sqlite3", "tsx"])
            try {
                await typed.write("package.json", JSON.stringify({ type }))
                await typed.write("tsconfig.json", JSON.stringify(TSCONFIG))
                await typed.write("data-source.ts", TYPED)
                const { status, stdout, stderr } = await typed.command(...CHECK)
                expect(stderr).to.match(/^The database is not up to date\..*\n$/)
                expect(stdout).to.include("CREATE TABLE")
                expect(status).to.equal(1)
            } finally {
                await typed.remove()
            }
        })

    it("finds a data source that is named without its ending", async () => {
        // What a project may have beside it.
        await project.write("named/index.js", "")
        await project.write("named.ts", DATA_SOURCE)
        const { status, stderr } = await project.command(
            ...["migration:generate", "-d", "named", "--check"],
        )
        expect(stderr).to.match(/^The database is not up to date\..*\n$/)
        expect(status).to.equal(1)

        await project.write("both.ts", DATA_SOURCE)
        await project.write("both.js", "throw new Error('as Node takes it')")
        const both = await project.ask("migration:generate", "-d", "both", "--check")
        expect(both.stderr).to.match(/both\.js can't be loaded: as Node takes it/)
    })

    it("says in a sentence why it can't load one", async () => {
        await project.write("none.js", "module.exports = { a: 1 }")
        await project.write("broken.js", "throw new Error('no such thing')")
        await project.write(
            "several.js",
            `${JAVASCRIPT}\nexports.b = new DataSource(${OPTIONS})\nexports.Ticket = Ticket`,
        )
        await project.write("typeless.js", 'new (require("typeorm").DataSource)({})')
        await project.write("aliased.js", 'require("@/entities")')
        await project.write("relative.js", 'require("./entities")')
        for (const [file, sentence] of [
            ["missing.ts", /^There is no file .*missing\.ts\.\n$/],
            [
                "typeless.js",
                /^.*typeless\.js can't be loaded: Wrong driver: "undefined"\. .* npx env-cmd .*\n$/,
            ],
            [
                "aliased.js",
                /^.*aliased\.js can't be loaded: Cannot find module '@\/entities'\. .* tsconfig-paths\/register.*\n$/,
            ],
            [
                "relative.js",
                /^.*relative\.js can't be loaded: Cannot find module '\.\/entities'\n(?!.*tsconfig-paths)/,
            ],
            [
                "none.js",
                /^.*none\.js exports neither a DataSource nor options for one\. It exports a\.\n$/,
            ],
            ["broken.js", /^.*broken\.js can't be loaded: no such thing\n$/],
            [
                "several.js",
                /^.*several\.js exports 2 data sources: dataSource, b\. Name one: -d .*several\.js#dataSource\.\n$/,
            ],
            [
                "several.js#a",
                /exports no DataSource "a"\. It exports dataSource, b, Ticket\. Did you mean b\?\n$/,
            ],
        ] as const) {
            const result = await project.ask("migration:generate", "-d", file, "Name")
            expect(result.stderr).to.match(sentence)
            expect({ ...result, stderr: "" }).to.eql({ status: 3, stdout: "", stderr: "" })
        }
        const verbose = await project.ask("migration:generate", "--verbose", "-d", "broken.js", "N")
        expect(verbose.stderr).to.match(/\n +at .*Cause: Error: no such thing\n +at /s)
    })

    it("says what to install where nothing loads TypeScript", async () => {
        const bare = await Project.create(["better-sqlite3"])
        try {
            await bare.write("data-source.ts", DATA_SOURCE)
            const { status, stderr } = await bare.ask(
                ...["migration:generate", "-d", "data-source.ts", "Name"],
            )
            expect(status).to.equal(3)
            expect(stderr).to.match(
                /^The data source is written in TypeScript.*npm install.*ts-node.*\n$/,
            )
        } finally {
            await bare.remove()
        }
    })

    /** What the package of TypeScript 7 exports: nothing that compiles. */
    async function withTypeScript7(packages: string[]): Promise<Project> {
        const newer = await Project.create(["better-sqlite3", "@types", ...packages])
        const version = JSON.stringify({
            name: "typescript",
            version: "7.0.2",
            main: "version.cjs",
        })
        await newer.write("node_modules/typescript/package.json", version)
        const text = 'module.exports = { version: "7.0.2", versionMajorMinor: "7.0" }'
        await newer.write("node_modules/typescript/version.cjs", text)
        await newer.write("data-source.ts", TYPED)
        return newer
    }

    for (const type of ["commonjs", "module"])
        it(`says what to install where ts-node meets TypeScript 7, in a project of type ${type}`, async () => {
            const newer = await withTypeScript7(["ts-node"])
            try {
                await newer.write("package.json", JSON.stringify({ type }))
                const { status, stderr } = await newer.command(...CHECK)
                expect(status).to.equal(3)
                expect(stderr).to.match(
                    /^ts-node can't be started: .*TypeScript 7: npm install .* typescript@5;.*\n$/,
                )
            } finally {
                await newer.remove()
            }
        })

    it("says in a sentence what is wrong with the data source", async () => {
        await project.write("tickets.js", JAVASCRIPT.replace("tickets.db", "tsconfig.json/x.db"))
        const { status, stderr } = await generate("migrations/Name")
        expect(status).to.equal(3)
        expect(stderr).to.match(
            /^The better-sqlite3 database "tsconfig.json\/x.db" can't be opened: .* \(data source of tickets\.js\)\n$/,
        )

        await project.write("tickets.js", JAVASCRIPT)
        const wrong = await generate("migrations/Name", "--order-by", "Ticket.nothing")
        expect(wrong.status).to.equal(2)
        expect(wrong.stderr.split("\n")[0]).to.equal(
            'orderBy names "nothing", which is not a column of Ticket. It has id, area, number.',
        )
        expect((await generate("migrations/Name", "--order-by", "Ticket.area")).status).to.equal(0)
    })

    it("refuses wrong arguments by one line, and one of usage", async () => {
        const usual = ["migration:generate", "-d", "data-source.ts"]
        for (const [args, sentence] of [
            [["migration:run"], 'There is no command "migration:run".'],
            [["migration:genrate"], "Did you mean migration:generate?"],
            [["migration:generate", "Name"], "No data source given."],
            [usual, "No path given."],
            [[...usual, "one", "two"], "Too many arguments: two."],
            [[...usual, "Name", "--prety"], "There is no option --prety. Did you mean --pretty?"],
            [[...usual, "Name", "--nothing"], "There is no option --nothing.\n"],
            [[...usual, "Name", "--order-by", "issuedAt"], "Give <entity>.<property>."],
            [[...usual, "Name", "--rename", "a.b"], "Give <former name>=<name>."],
            [[...usual, "Name", "-t", "yesterday"], "Give milliseconds since 1970."],
            [[...usual, "Name.ts"], "without an extension."],
            [[...usual, "to/1st"], "which can't name a class."],
            [["migration:generate", "Name", "-d"], "argument missing"],
        ] as const) {
            const { status, stdout, stderr } = await inProcess(...args)
            expect({ status, stdout }).to.eql({ status: 2, stdout: "" })
            expect(stderr).to.include(sentence)
            const [, usage, ...more] = stderr.split("\n")
            if (COMMANDS.some(({ name }) => name === args[0]))
                expect(usage).to.equal(
                    "Usage: typeorm-autosequence migration:generate -d <data source> [options] <path>. --help " +
                        "shows more.",
                )
            expect(more.join("")).to.equal("")
        }
    })

    it("prints its usage and its version", async () => {
        const help = await project.command("--help")
        expect(help).to.include({ status: 0, stderr: "" })
        for (const { name } of COMMANDS) expect(help.stdout).to.include(`\n  ${name} `)
        const none = await inProcess()
        expect(none).to.include({ status: 2, stdout: "" })
        expect(none.stderr).to.equal(`No command given.\n\n${help.stdout}`)
        const own = await inProcess("migration:generate", "-h")
        expect(own.stdout).to.match(/^Usage: typeorm-autosequence migration:generate .*--order-by/s)
        const { version } = JSON.parse(
            await project.read("node_modules/typeorm-autosequence/package.json"),
        )
        expect(await inProcess("-v")).to.include({ status: 0, stdout: `${version}\n` })
    })
})

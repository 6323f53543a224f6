import { expect } from "chai"
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { parseCommand } from "../../src/cli/arguments"
import { Project } from "./project"

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

/** The same in JavaScript, of which an ES module can be made by other imports. */
const PLAIN = `
    const Ticket = withAutoSequenceColumns(
        new EntitySchema({
            name: "ticket",
            columns: { id: { type: "int", primary: true, generated: true }, area: { type: "varchar" } },
        }),
        { number: { strategy: "counter", uniqueWith: "area" } },
    )
    const options = { type: "better-sqlite3", database: ":memory:", entities: [Ticket] }
    const dataSource = new DataSource(withAutoSequence(options))`

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
        project.command("migration:generate", "-d", "data-source.ts", ...args)

    beforeEach(async () => {
        project = await Project.create(["better-sqlite3", "ts-node", "typescript", "@types"])
        await project.write("tsconfig.json", JSON.stringify(TSCONFIG))
        await project.write("data-source.ts", DATA_SOURCE)
    })
    afterEach(() => project.remove())

    it("writes a migration that runs, and nothing once it has run", async () => {
        const first = await generate("migrations/CreateTickets", "-t", "1767225600000")
        expect(first).to.eql({
            status: 0,
            stdout: `Wrote ${join("migrations", "1767225600000-CreateTickets.ts")}\n`,
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
        const upToDate = {
            status: 0,
            stdout: "The database is up to date, there is nothing to migrate.\n",
            stderr: "",
        }
        expect(await generate("migrations/More")).to.eql(upToDate)
        expect(await generate("--check")).to.eql(upToDate)
        expect(await migrations()).to.eql(["1767225600000-CreateTickets.ts"])
    })

    it("never overwrites a file", async () => {
        const args = ["migrations/Name", "--timestamp", "1767225600000"]
        await generate(...args)
        const before = await project.read("migrations/1767225600000-Name.ts")
        await project.write("data-source.ts", DATA_SOURCE.replaceAll("area", "place"))
        const { status, stdout, stderr } = await generate(...args)
        expect({ status, stdout }).to.eql({ status: 1, stdout: "" })
        expect(stderr).to.match(/^migrations.1767225600000-Name\.ts exists already.*\n$/)
        expect(await project.read("migrations/1767225600000-Name.ts")).to.equal(before)
    })

    it("prints it, or says that there is one, without a file", async () => {
        const printed = await generate("migrations/Name", "--dryrun", "-t", "1767225600000")
        expect(printed.stdout).to.match(/^import type .*class Name1767225600000 .*}\n$/s)
        expect({ ...printed, stdout: "" }).to.eql({ status: 0, stdout: "", stderr: "" })
        expect(await generate("migrations/Name", "--dr", "-t", "1767225600000")).to.eql(printed)

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
    ] as const)
        it(`loads data sources from ${name}`, async () => {
            await project.write(file, text)
            const result = await project.command("migration:generate", "-d", file, "--check")
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

    it("says in a sentence why it can't load one", async () => {
        await project.write("none.js", "module.exports = { a: 1 }")
        await project.write("broken.js", "throw new Error('no such thing')")
        await project.write(
            "several.ts",
            `${DATA_SOURCE}\nexport const b = new DataSource(${OPTIONS})`,
        )
        for (const [file, sentence] of [
            ["missing.ts", /^There is no file .*missing\.ts\.\n$/],
            ["none.js", /^.*none\.js exports no DataSource\.\n$/],
            ["broken.js", /^.*broken\.js can't be loaded: no such thing\n$/],
            ["several.ts", /^.*several\.ts exports 2 data sources, and must export one\.\n$/],
        ] as const) {
            const result = await project.command("migration:generate", "-d", file, "Name")
            expect(result.stderr).to.match(sentence)
            expect({ ...result, stderr: "" }).to.eql({ status: 1, stdout: "", stderr: "" })
        }
        const verbose = await project.command(
            "migration:generate",
            "--verbose",
            "-d",
            "broken.js",
            "N",
        )
        expect(verbose.stderr).to.match(/\n +at .*Cause: Error: no such thing\n +at /s)
    })

    it("says what to install where nothing loads TypeScript", async () => {
        const bare = await Project.create(["better-sqlite3"])
        try {
            await bare.write("data-source.ts", DATA_SOURCE)
            const { status, stderr } = await bare.command(
                ...["migration:generate", "-d", "data-source.ts", "Name"],
            )
            expect(status).to.equal(1)
            expect(stderr).to.match(/^The data source is in TypeScript.*npm install.*ts-node.*\n$/)
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
                expect(status).to.equal(1)
                expect(stderr).to.match(
                    /^ts-node can't be started: .*TypeScript 7: npm install .* typescript@5;.*\n$/,
                )
            } finally {
                await newer.remove()
            }
        })

    it("says in a sentence what is wrong with the data source", async () => {
        await project.write(
            "data-source.ts",
            DATA_SOURCE.replace("tickets.db", "tsconfig.json/x.db"),
        )
        const { status, stderr } = await generate("migrations/Name")
        expect(status).to.equal(1)
        expect(stderr.trim().split("\n")).to.have.lengthOf(1)

        await project.write("data-source.ts", DATA_SOURCE)
        const wrong = await generate("migrations/Name", "--order-by", "Ticket.nothing")
        expect(wrong.status).to.equal(1)
        expect(wrong.stderr).to.equal(
            'orderBy names "nothing" of Ticket, which is no column of it. It has id, area, number.\n',
        )
        expect((await generate("migrations/Name", "--order-by", "Ticket.area")).status).to.equal(0)
    })

    it("refuses wrong arguments with its usage", async () => {
        const usual = ["migration:generate", "-d", "data-source.ts"]
        for (const [args, sentence] of [
            [[], "There is no command."],
            [["migration:run"], 'There is no command "migration:run".'],
            [["migration:generate", "Name"], "There is no data source."],
            [usual, "There is no path."],
            [[...usual, "one", "two"], "There is more than one path: one, two."],
            [[...usual, "Name", "--pretty"], "Unknown option '--pretty'"],
            [[...usual, "Name", "--order-by", "issuedAt"], "give <entity>.<property>."],
            [[...usual, "Name", "--rename", "a.b"], "give <former name>=<name>."],
            [[...usual, "Name", "-t", "yesterday"], "give milliseconds since 1970."],
            [[...usual, "Name.ts"], "without an extension."],
            [[...usual, "to/1st"], "which can't name a class."],
            [["migration:generate", "Name", "-d"], "argument missing"],
        ] as const) {
            const { status, stdout, stderr } = await project.command(...args)
            expect({ status, stdout }).to.eql({ status: 2, stdout: "" })
            expect(stderr.split("\n\n")[0]).to.include(sentence)
            expect(stderr).to.include("\n\nUsage: typeorm-autosequence migration:generate")
        }
        expect(await migrations()).to.eql([])
    })

    it("prints its usage and its version", async () => {
        const help = await project.command("--help")
        expect(help.stdout).to.match(/^Usage: typeorm-autosequence migration:generate /)
        expect(help).to.include({ status: 0, stderr: "" })
        expect(await project.command("migration:generate", "-h")).to.eql(help)
        const { version } = JSON.parse(
            await project.read("node_modules/typeorm-autosequence/package.json"),
        )
        expect(await project.command("-v")).to.eql({
            status: 0,
            stdout: `${version}\n`,
            stderr: "",
        })
    })

    it("has the option of each name", () => {
        const usual = ["migration:generate", "--dataSource", "d", "p", "-t", "1767225600000"]
        const command = {
            ...{ name: "migration:generate", dataSource: "d", path: "p", orderBy: {} },
            ...{
                rename: {},
                renumber: false,
                outputJs: false,
                esm: false,
                dryRun: false,
                check: false,
            },
            timestamp: 1767225600000,
        }
        expect(parseCommand(usual)).to.eql(command)
        for (const [args, expected] of [
            [["-o", "--esm"], { outputJs: true, esm: true }],
            [["--dr", "--ch"], { dryRun: true, check: true }],
            [["--renumber"], { renumber: true }],
            [["--dryrun", "--check"], { dryRun: true, check: true }],
            [["--order-by", "A.b", "--order-by", "A.c.d"], { orderBy: { A: ["b", "c.d"] } }],
            [
                ["--rename", "a.b=c.d", "--rename", "e.f="],
                { rename: { "a.b": "c.d", "e.f": null } },
            ],
        ] as const)
            expect(parseCommand([...usual, ...args])).to.eql({ ...command, ...expected })
    })
})

import { expect } from "chai"
import { Project } from "./project"

/** Of which each second is a tenth of one, so that nobody waits for longer than a server has to answer. */
const CLOCK = `
    const { setTimeout: wait } = globalThis
    globalThis.setTimeout = (done, milliseconds, ...args) => wait(done, milliseconds / 10, ...args)`

/** More than a server has to answer. */
const SECONDS = 11

/** With what PGlite waits for when it starts. */
const dataSource = (waits: string) => `
    require("reflect-metadata")
    const { DataSource } = require("typeorm")
    const { PGliteDriver } = require("typeorm-pglite")
    const { withAutoSequence } = require("typeorm-autosequence")
    const setup = () => new Promise((resolve) => ${waits})
    const { driver } = new PGliteDriver({ extensions: { slow: { name: "slow", setup } } })
    exports.dataSource = new DataSource(withAutoSequence({ type: "postgres", driver, entities: [] }))`

describe("A database that starts in the process", () => {
    let project: Project

    before(async function () {
        // The package is built once, which takes as long as the machine is busy.
        this.timeout(300_000)
        project = await Project.create(["typeorm-pglite", "@electric-sql/pglite"])
        const late = `setTimeout(resolve, ${SECONDS * 1000}, {})`
        await project.write("late.js", CLOCK + dataSource(late))
        await project.write("never.js", dataSource("{}"))
    })
    after(() => project.remove())

    it("has as long as it takes, and as --timeout says", async () => {
        const migration = await project.command(
            ...["migration:generate", "-d", "late.js", "--dryrun"],
        )
        expect(migration).to.include({ status: 0, stderr: "" })
        const late = await project.ask("audit", "-d", "never.js", "--timeout", "0.1")
        expect(late.stderr).to.match(/^The postgres database can't be opened: .* within 0\.1 s\./)
        expect(late.status).to.equal(3)
    })
})

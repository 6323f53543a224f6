import { expect } from "chai"
import { Project } from "./project"

/** More than a server has to answer. */
const SECONDS = 11

const DATA_SOURCE = `
    require("reflect-metadata")
    const { DataSource } = require("typeorm")
    const { PGliteDriver } = require("typeorm-pglite")
    const { withAutoSequence } = require("typeorm-autosequence")
    const setup = () => new Promise((resolve) => setTimeout(resolve, ${SECONDS * 1000}, {}))
    const { driver } = new PGliteDriver({ extensions: { slow: { name: "slow", setup } } })
    exports.dataSource = new DataSource(withAutoSequence({ type: "postgres", driver, entities: [] }))`

describe("A database that starts in the process", () => {
    let project: Project

    before(async function () {
        // The package is built once, which takes as long as the machine is busy.
        this.timeout(300_000)
        project = await Project.create(["typeorm-pglite", "@electric-sql/pglite"])
        await project.write("data-source.js", DATA_SOURCE)
    })
    after(() => project.remove())

    it("has as long as it takes, and as --timeout says", async () => {
        const migration = await project.command(
            ...["migration:generate", "-d", "data-source.js", "--dryrun"],
        )
        expect(migration).to.include({ status: 0, stderr: "" })
        const late = await project.command("audit", "-d", "data-source.js", "--timeout", "1")
        expect(late.stderr).to.match(/^The postgres database can't be opened: .* within 1 s\./)
        expect(late.status).to.equal(3)
    })
})

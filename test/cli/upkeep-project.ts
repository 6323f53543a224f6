import { Project } from "./project"

/** Data sources in JavaScript, so that no compiler is waited for. */
export const DATA_SOURCES = `
    const { DataSource, EntitySchema, Not } = require("typeorm")
    const { withAutoSequence, withAutoSequenceColumns } = require("typeorm-autosequence")
    const Invoice = withAutoSequenceColumns(
        new EntitySchema({
            name: "Invoice",
            tableName: "invoice",
            columns: {
                id: { type: "int", primary: true, generated: true },
                company: { type: "varchar", length: 40 },
                issuedOn: { type: "date", nullable: true },
                status: { type: "varchar", length: 10, default: "final" },
            },
        }),
        {
            number: {
                strategy: "counter", uniqueWith: "company", journal: true, nullable: true,
                period: { of: "issuedOn", by: "year" }, when: { status: Not("draft") },
            },
        },
    )
    const Ticket = withAutoSequenceColumns(
        new EntitySchema({
            name: "Ticket",
            tableName: "ticket",
            columns: { id: { type: "int", primary: true, generated: true } },
        }),
        { number: { strategy: "counter" } },
    )
    const Tag = new EntitySchema({
        name: "Tag",
        tableName: "tag",
        columns: {
            id: { type: "int", primary: true, generated: true },
            contentType: { type: "varchar", length: 20 },
            objectId: { type: "int" },
        },
    })
    const entities = [Invoice, Ticket, Tag]
    exports.of = (options) => new DataSource(withAutoSequence({ ...options, entities }))
    exports.entities = entities`

/** Fills a database with what an audit is to find, and with what it is not. */
const FILL = `
    const { installAutoSequence } = require("typeorm-autosequence")
    const { dataSource } = require("./data-source.js")
    module.exports = async (which) => {
        await dataSource.initialize()
        await dataSource.synchronize()
        await installAutoSequence(dataSource)
        if (which === "empty") return dataSource.destroy()
        const save = (entity, rows) => dataSource.getRepository(entity).save(rows)
        for (const company of ["Acme & <Sons>", "Beta"])
            for (const year of [2025, 2026])
                await save("Invoice", Array.from({ length: 12 }, (_, i) =>
                    ({ company, issuedOn: year + "-" + String(i + 1).padStart(2, "0") + "-05" })))
        await save("Ticket", Array.from({ length: 8 }, () => ({})))
        await save("Tag", [2, 3, 5].map((objectId) => ({ contentType: "Ticket", objectId })))
        const path = (name) => dataSource.getMetadata(name).tablePath.split(".").map((part) => dataSource.driver.escape(part)).join(".")
        const q = (sql) => dataSource.query(sql.replace(/{(\\w+)}/g, (_, name) => path(name)).replace(/~(\\w+)~/g, (_, name) => dataSource.driver.escape(name)))
        await q("DELETE FROM {Invoice} WHERE ~company~ = 'Beta' AND ~issuedOn~ IN ('2026-04-05', '2026-05-05', '2026-12-05')")
        await q("DELETE FROM {Ticket} WHERE ~number~ = 3")
        await q("UPDATE {AutoSequenceCounter} SET ~last~ = 5 WHERE ~series~ = 'ticket.number'")
        const [{ scope }] = (await dataSource.getRepository("AutoSequenceCounter").find({ where: { series: "invoice.number" } }))
            .filter(({ scope }) => /0042|Beta/i.test(scope) && /2026/.test(scope))
        const row = { id: "900", series: "invoice.number", scope, kind: "skip", first: "4", last: "4", reason: "printed on paper", by: "ann", at: new Date(0) }
        await dataSource.getRepository("AutoSequenceEvent").insert(row)
        await dataSource.destroy()
    }`

/** An application with the package, in an empty project, on a database of these options. */
export async function upkeepProject(options: object, ...args: string[]): Promise<Project> {
    const project = await Project.create(["better-sqlite3", "pg", "mysql2"])
    await project.write("data-sources.js", DATA_SOURCES)
    await project.write("fill.js", FILL)
    await connectTo(project, "data-source.js", options)
    if (args[0] !== "none") {
        const { status, stderr } = await project.call("fill.js", ...args)
        if (status !== 0) throw new Error(stderr)
    }
    return project
}

export async function connectTo(project: Project, file: string, options: object): Promise<void> {
    await project.write(
        file,
        `exports.dataSource = require("./data-sources.js").of(${JSON.stringify(options)})`,
    )
}

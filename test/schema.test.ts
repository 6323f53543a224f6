import { execFile } from "node:child_process"
import { mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { expect } from "chai"
import type { DataSource } from "typeorm"
import { onEachDatabase } from "./support/databases"
import { schemaEntities } from "./support/schema-entities"
import { SnakeCase } from "./support/snake-case"
import { isTypeORM1 } from "./support/typeorm-version"

const schemaOf = (ds: DataSource) => (ds.options as { schema: string }).schema

/** What synchronize or a migration would do now. */
async function pendingChanges(ds: DataSource): Promise<string[]> {
    const { upQueries } = await ds.driver.createSchemaBuilder().log()
    return upQueries.map(({ query }) =>
        query
            .replaceAll(`"${schemaOf(ds)}".`, "")
            .replace(/ +/g, " ")
            .trim(),
    )
}

/** The indexes of each table without names, primary keys left out. */
async function indexes(ds: DataSource): Promise<Record<string, string[]>> {
    const rows = (await ds.query(
        `SELECT tablename, indexdef FROM pg_indexes
         WHERE schemaname = $1 AND indexname NOT LIKE 'PK%' ORDER BY tablename, indexdef`,
        [schemaOf(ds)],
    )) as { tablename: string; indexdef: string }[]
    const byTable: Record<string, string[]> = {}
    for (const { tablename, indexdef } of rows) {
        const unique = indexdef.startsWith("CREATE UNIQUE") ? "unique " : ""
        const definition = unique + indexdef.replace(/^.* USING btree /, "")
        byTable[tablename] = [...(byTable[tablename] ?? []), definition].sort()
    }
    return byTable
}

/** Runs TypeORM's own command, as a user does. */
async function generateMigration(url: string, schema: string) {
    const directory = await mkdtemp(join(tmpdir(), "autosequence-migrations-"))
    try {
        await symlink(resolve("node_modules"), join(directory, "node_modules"))
        await writeFile(
            join(directory, "data-source.ts"),
            `import { DataSource } from "typeorm"
            import { withAutoSequence } from ${JSON.stringify(resolve("src"))}
            import { schemaEntities } from ${JSON.stringify(resolve("test/support/schema-entities"))}
            export default new DataSource(
                withAutoSequence({
                    type: "postgres",
                    url: ${JSON.stringify(url)},
                    schema: ${JSON.stringify(schema)},
                    entities: schemaEntities,
                }),
            )`,
        )
        const command = [
            ...["-r", "ts-node/register", "-r", "reflect-metadata"],
            ...["-r", resolve("test/support/typeorm-version.ts")],
            `node_modules/typeorm${isTypeORM1 ? "" : "-0.3"}/cli-ts-node-commonjs.js`,
            ...["migration:generate", "-d", join(directory, "data-source.ts")],
            join(directory, "changes"),
        ]
        const output = await new Promise<string>((done) => {
            execFile(process.execPath, command, (_, stdout, stderr) => done(stdout + stderr))
        })
        const files = (await readdir(directory)).filter((name) => name.includes("changes"))
        return { output, files }
    } finally {
        await rm(directory, { recursive: true })
    }
}

onEachDatabase("schema", (db) => {
    it("is up to date after synchronize", async () => {
        const ds = await db().connect(schemaEntities)
        expect(await pendingChanges(ds)).to.eql([])
    })

    it("is up to date after synchronize with a naming strategy", async () => {
        const ds = await db().connect(schemaEntities, { namingStrategy: new SnakeCase() })
        expect(await pendingChanges(ds)).to.eql([])
        expect((await indexes(ds)).by_two_nullables).to.eql([
            "unique (hall, number) WHERE (row_no IS NULL)",
            "unique (hall, row_no, number)",
            "unique (number) WHERE ((hall IS NULL) AND (row_no IS NULL))",
            "unique (row_no, number) WHERE (hall IS NULL)",
        ])
    })

    it("is up to date for TypeORM's own migration:generate", async () => {
        const ds = await db().connect(schemaEntities)
        const { output, files } = await generateMigration(db().url, schemaOf(ds))
        expect(output).to.include("No changes in database schema were found")
        expect(files).to.eql([])
    })

    it("gets back just an index that was dropped", async () => {
        const ds = await db().connect(schemaEntities)
        const [index] = (await ds.query(
            `SELECT indexname FROM pg_indexes
             WHERE schemaname = $1 AND tablename = 'by_nullable' AND indexdef LIKE '% WHERE %'`,
            [schemaOf(ds)],
        )) as { indexname: string }[]
        await ds.query(`DROP INDEX ${schemaOf(ds)}."${index?.indexname}"`)
        expect(await pendingChanges(ds)).to.eql([
            `CREATE UNIQUE INDEX "${index?.indexname}" ON "by_nullable" ("number") WHERE "area" IS NULL`,
        ])
        await ds.synchronize()
        expect(await pendingChanges(ds)).to.eql([])
    })

    it("has exactly the indexes that keep numbers unique", async () => {
        const ds = await db().connect(schemaEntities)
        expect(await indexes(ds)).to.eql({
            plain: ["unique (number)"],
            by_column: ["unique (year, number)"],
            by_embedded: ['unique ("addressCountry", number)'],
            by_nullable: ["unique (area, number)", "unique (number) WHERE (area IS NULL)"],
            by_two_nullables: [
                'unique ("rowNo", number) WHERE (hall IS NULL)',
                'unique (hall, "rowNo", number)',
                'unique (hall, number) WHERE ("rowNo" IS NULL)',
                'unique (number) WHERE ((hall IS NULL) AND ("rowNo" IS NULL))',
            ],
            by_composite_key: ['unique ("branchCountry", "branchCity", number)'],
            root: ["(kind)", 'unique ("childNumber")', "unique (year, number)"],
            in_embedded: ['unique ("numberingNumber")'],
            two_numbers: ["unique (total)", "unique (year, of_year)"],
            by_entity_schema: ["unique (project, number)"],
        })
    })

    it("has the number's columns with type, NOT NULL and no default", async () => {
        const ds = await db().connect(schemaEntities)
        const rows = (await ds.query(
            `SELECT table_name, column_name, data_type, is_nullable, column_default
             FROM information_schema.columns
             WHERE table_schema = $1 AND column_name ~ 'umber$|^total$|^of_year$'`,
            [schemaOf(ds)],
        )) as Record<string, string | null>[]
        expect(rows.map((row) => Object.values(row).join(" ").trim()).sort()).to.eql([
            "by_column number bigint NO",
            "by_composite_key number integer NO",
            "by_embedded number integer NO",
            "by_entity_schema number integer NO",
            "by_nullable number integer NO",
            "by_two_nullables number integer NO",
            "in_embedded numberingNumber integer NO",
            "plain number integer NO",
            "root childNumber integer YES",
            "root number integer NO",
            "two_numbers of_year integer YES",
            "two_numbers total integer NO",
        ])
        const [{ comment }] = (await ds.query(
            `SELECT col_description('${schemaOf(ds)}.two_numbers'::regclass, attnum) AS comment
             FROM pg_attribute
             WHERE attrelid = '${schemaOf(ds)}.two_numbers'::regclass AND attname = 'of_year'`,
        )) as [{ comment: string }]
        expect(comment).to.equal("draft")
    })
})

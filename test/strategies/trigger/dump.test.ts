import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect } from "chai"
import type { DataSource } from "typeorm"
import { installAutoSequence, verifyAutoSequence } from "../../../src"
import { changeEntities } from "../../migrations/migrate"
import { onEachDatabase, onEveryDatabase, type PostgresDatabase } from "../../support/databases"
import { rejection } from "../../support/errors"
import { catalogueOf } from "./catalogue"
import { hasTriggers, letters, numbersOf, post, TRIGGER } from "./letters"
import { findProgram, run, skipWithout } from "./programs"

const ODD = `l'"\\ \\\\\`\${0}$autosequence$ $$ %s ?`

/** Letters whose counters only a counter table can tell: the last one of box 1 is gone. */
async function fill(dataSource: DataSource): Promise<void> {
    await post(dataSource, 1, 2, 1, 1, 2)
    await dataSource.getRepository("Letter").delete({ box: 1, number: 3 })
}

/** Expects the one to hold what the other one held, and to go on in the same way. */
async function expectRestored(restored: DataSource, source: DataSource): Promise<void> {
    await verifyAutoSequence(restored)
    expect(await catalogueOf(restored)).to.eql(await catalogueOf(source))
    expect(await numbersOf(restored)).to.eql({ 1: [1, 2], 2: [1, 2] })
    expect(await post(restored, 1, 2, 3)).to.eql([4, 3, 1])
    expect(await post(source, 1, 2, 3)).to.eql([4, 3, 1])
}

let directory = ""
const inDirectory = (name: string) => join(directory, name)

async function withDirectory(): Promise<void> {
    directory = await mkdtemp(join(tmpdir(), "autosequence-dump-"))
}

async function withoutDirectory(): Promise<void> {
    await rm(directory, { recursive: true, force: true })
}

onEachDatabase("triggers and a dump", (db) => {
    let programs = { dump: "", psql: "" }
    const copies: string[] = []

    before(async function () {
        const probe = await db().connect([])
        const [row] = await probe
            .query<{ v: string }[]>("SHOW server_version_num AS v")
            .catch(() =>
                probe.query<{ v: string }[]>("SELECT current_setting('server_version_num') AS v"),
            )
        await db().close()
        const server = Math.floor(Number(row?.v) / 10_000)
        const dump = await findProgram("pg_dump", (major) => major >= server)
        const psql = await findProgram("psql")
        if (!dump || !psql) return skipWithout(this, `pg_dump ${server} and psql`)
        programs = { dump, psql }
    })
    beforeEach(withDirectory)
    afterEach(async () => {
        for (const name of copies.splice(0)) await db().query(`DROP DATABASE ${name} WITH (FORCE)`)
        await withoutDirectory()
    })

    async function newDatabase(): Promise<string> {
        const name = `autosequence_copy_${process.pid}_${copies.length}`
        await db().query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`)
        copies.push(name)
        const url = new URL((db() as PostgresDatabase).url)
        url.pathname = name
        return url.href
    }

    /** The schema of a data source. */
    const schemaOf = ({ options }: DataSource) => (options as { schema: string }).schema

    async function dump(source: DataSource, ...options: string[]): Promise<string> {
        const file = inDirectory("dump.sql")
        const args = [...options, `--schema=${schemaOf(source)}`, `--file=${file}`]
        await run(programs.dump, [...args, (db() as PostgresDatabase).url])
        return file
    }

    const restore = (url: string, file: string) =>
        run(programs.psql, ["-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", file, url])

    it("go into another database with everything, and numbers go on", async () => {
        const entities = [letters({ ...TRIGGER, series: ODD })]
        const source = await db().connect(entities)
        await fill(source)
        const url = await newDatabase()
        await restore(url, await dump(source))
        const restored = await changeEntities(db(), source, entities, { ...{ url } })
        await expectRestored(restored, source)
        await restored.destroy()
    })

    /** An empty schema of the same name in another database, where all is installed. */
    async function installed(source: DataSource, table: string) {
        const url = await newDatabase()
        await run(programs.psql, ["-X", "-q", "-c", `CREATE SCHEMA ${schemaOf(source)}`, url])
        const restored = await changeEntities(db(), source, [letters(TRIGGER, table)], {
            ...{ url },
            synchronize: true,
        })
        await verifyAutoSequence(restored)
        return { restored, url }
    }

    it("keep numbers and counters that are loaded as data alone", async () => {
        const source = await db().connect([letters(TRIGGER)])
        await fill(source)
        const { restored, url } = await installed(source, "letter")
        await restore(url, await dump(source, "--data-only"))
        await expectRestored(restored, source)
        await restored.destroy()
    })

    // Its rows are loaded first, and make counters that are in the way of those of the dump.
    const first = "a_letter"

    it("stay out of data that is loaded without triggers, whatever comes first", async () => {
        const source = await db().connect([letters(TRIGGER, first)])
        await fill(source)
        const { restored, url } = await installed(source, first)
        await restore(url, await dump(source, "--data-only", "--disable-triggers"))
        await expectRestored(restored, source)
        await restored.destroy()
    })

    it("refuse data whose rows come before their counters, and keep nothing of it", async () => {
        const source = await db().connect([letters(TRIGGER, first)])
        await fill(source)
        const { restored, url } = await installed(source, first)
        const error = await rejection(restore(url, await dump(source, "--data-only")))
        expect(error.message).to.include("autosequence_counter").and.include("duplicate key")
        expect(await numbersOf(restored)).to.eql({})
        expect(await post(restored, 1)).to.eql([1])
        await restored.destroy()
    })
})

onEveryDatabase(
    "triggers and a dump",
    (db) => {
        let programs = { dump: "", client: "" }

        before(async function () {
            const dump = (await findProgram("mariadb-dump")) ?? (await findProgram("mysqldump"))
            const client = (await findProgram("mariadb")) ?? (await findProgram("mysql"))
            if (!dump || !client) return skipWithout(this, "mariadb-dump and mariadb")
            programs = { dump, client }
        })
        beforeEach(withDirectory)
        afterEach(withoutDirectory)

        // Of tables, the counters are now the first one, now the last one.
        for (const table of ["letter", "a_letter"])
            it(`go with the table ${table} into another database, and numbers go on`, async () => {
                const entities = [letters({ ...TRIGGER, series: ODD }, table)]
                const source = await db().connect(entities)
                await fill(source)
                const url = new URL((source.options as { url: string }).url)
                const login = [
                    `--host=${url.hostname}`,
                    `--port=${url.port || "3306"}`,
                    `--user=${decodeURIComponent(url.username)}`,
                    "--default-character-set=utf8mb4",
                ]
                const password = { MYSQL_PWD: decodeURIComponent(url.password) }
                const file = inDirectory("dump.sql")
                const name = url.pathname.slice(1)
                await run(programs.dump, [...login, `--result-file=${file}`, name], password)

                const copy = `${name}_copy`
                await db().query(`CREATE DATABASE ${copy} CHARACTER SET utf8mb4`)
                try {
                    const args = [...login, `--execute=source ${file}`, copy]
                    await run(programs.client, args, password)
                    url.pathname = copy
                    const restored = await changeEntities(db(), source, entities, {
                        ...{ url: url.href },
                    })
                    await expectRestored(restored, source)
                    await installAutoSequence(restored)
                } finally {
                    await db().query(`DROP DATABASE ${copy}`)
                }
            })
    },
    (can) => hasTriggers(can) && !can.tableLock,
)

import { expect } from "chai"
import {
    Column,
    type DataSource,
    Entity,
    type FindOptionsWhere,
    Index,
    type Logger,
    ManyToOne,
    PrimaryColumn,
    PrimaryGeneratedColumn,
} from "typeorm"
import { findByPseudoKey, PseudoKey, resolvePseudoKey, wherePseudoKey } from "../../src"
import { keySql } from "../../src/series/scopes/scope-key"
import { dialectOf } from "../../src/dialects"
import type { Dialect } from "../../src/dialects/dialect"
import { keyTableOf } from "../../src/series/own-table"
import { storedKeysOf } from "../../src/keys/resolve-keys"
import { columnName, tableName } from "../../src/typeorm/names"
import { onEveryDatabase, type TestDatabase } from "../support/databases"

const ROWS = 20_000
const secret = "of forty bytes, and no random ones, sure"

@Entity()
class Owner {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "int" }) tenant!: number
    @PseudoKey({ prefix: "own", history: true }) publicId!: string
    @PseudoKey() plain!: string
    @PseudoKey({ prefix: "sea", seal: { column: "id", secret } }) sealed!: string
}

@Entity()
class Thing {
    @PrimaryGeneratedColumn() id!: number
    @Index() @ManyToOne(() => Owner) owner!: Owner
    @PseudoKey({ uniqueWith: "owner", history: true }) label!: string
}

@Entity()
class Note {
    @PrimaryColumn({ type: "int" }) tenant!: number
    @PrimaryColumn({ type: "varchar", length: 40 }) name!: string
    @PseudoKey({ uniqueWith: "tenant", history: true }) slug!: string
}

/** The statements that a look-up sends, with their parameters. */
class Capture implements Logger {
    readonly selects: { query: string; parameters: unknown[] }[] = []
    logQuery(query: string, parameters: unknown[] = []): void {
        if (/^\s*SELECT\b/i.test(query)) this.selects.push({ query, parameters })
    }
    logQueryError(): void {}
    logQuerySlow(): void {}
    logSchemaBuild(): void {}
    logMigration(): void {}
    log(): void {}
}

type Explain = (dataSource: DataSource, query: string, parameters: unknown[]) => Promise<string[]>

/** What a plan does that takes longer the more rows there are. */
const findScans: Record<TestDatabase["kind"], Explain> = {
    postgres: scansOfPostgres,
    pglite: scansOfPostgres,
    mariadb: scansOfMariaDb,
    "better-sqlite3": scansOfSqlite,
    sqljs: scansOfSqlite,
}

async function scansOfPostgres(dataSource: DataSource, query: string, parameters: unknown[]) {
    const rows = await dataSource.query<Record<string, string>[]>(`EXPLAIN ${query}`, parameters)
    const lines = rows.flatMap((row) => Object.values(row))
    expect(lines.join("\n")).to.match(/Index (Only )?Scan|Bitmap Index Scan/)
    return lines.filter((line) => /Seq Scan/.test(line))
}

async function scansOfMariaDb(dataSource: DataSource, query: string, parameters: unknown[]) {
    const rows = await dataSource.query<
        { table: string | null; type: string; rows: string; Extra: string | null }[]
    >(`EXPLAIN ${query}`, parameters)
    return rows
        .filter(({ table, type, rows: count, Extra }) => {
            if (Extra?.includes("json_table")) return false
            const isLarge = table !== null && (Number(count) > 100 || /^(ALL|index)$/.test(type))
            return isLarge
        })
        .map((row) => JSON.stringify(row))
}

async function scansOfSqlite(dataSource: DataSource, query: string, parameters: unknown[]) {
    const rows = await dataSource.query<{ detail: string }[]>(
        `EXPLAIN QUERY PLAN ${query}`,
        parameters,
    )
    const lines = rows.map(({ detail }) => detail)
    expect(lines.join("\n")).to.match(/SEARCH/)
    // All of what a series has are as many rows as there are.
    return lines.filter((line) =>
        /^SCAN (?!.*(CONSTANT ROW|VIRTUAL TABLE))|\(series=\?\)$/.test(line),
    )
}

/** Fills the tables, the row 7 having the key `…k7` and having had `…f7`. */
async function fill(dataSource: DataSource, { kind }: TestDatabase): Promise<void> {
    const e = (name: string) => dataSource.driver.escape(name)
    const [owner, thing, note] = [Owner, Thing, Note].map((one) =>
        tableName(dataSource.getMetadata(one)),
    ) as [string, string, string]
    const history = keyTableOf(dataSource)
    const isMariaDb = kind === "mariadb"
    const concat = (...parts: string[]) =>
        isMariaDb ? `CONCAT(${parts.join(", ")})` : parts.join(" || ")
    const numbers = {
        mariadb: `(SELECT seq AS n FROM seq_1_to_${ROWS})`,
        postgres: `generate_series(1, ${ROWS})`,
        pglite: `generate_series(1, ${ROWS})`,
        "better-sqlite3": "",
        sqljs: "",
    }[kind]
    const from =
        numbers === ""
            ? "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c " +
              `WHERE n < ${ROWS}) SELECT n FROM c) s`
            : isMariaDb
              ? `${numbers} s`
              : `${numbers} s(n)`
    const run = (sql: string) => dataSource.query(sql)
    await run(
        `INSERT INTO ${owner} (id, tenant, ${e("publicId")}, plain) ` +
            `SELECT n, n % 50, ${concat("'own_k'", "n")}, ${concat("'k'", "n")} FROM ${from}`,
    )
    await run(
        `INSERT INTO ${thing} (id, ${e("ownerId")}, label) ` +
            `SELECT n, n, ${concat("'k'", "n")} FROM ${from}`,
    )
    await run(
        `INSERT INTO ${note} (tenant, name, slug) ` +
            `SELECT n % 50, ${concat("'n'", "n")}, ${concat("'k'", "n")} FROM ${from}`,
    )
    const columns = [history.series, history.scope, history.key, history.owner, history.retiredAt]
    for (const [entity, table, owners, scopes] of [
        [Owner, owner, concat(`'["'`, "id", `'"]'`), []],
        [Thing, thing, concat(`'["'`, "id", `'"]'`), ["owner"]],
        [Note, note, concat(`'["'`, "tenant", `'","'`, "name", `'"]'`), ["tenant"]],
    ] as const) {
        const [key] = storedKeysOf(dataSource.getMetadata(entity)).filter((one) => one.history)
        if (!key) throw new Error("There is no such key.")
        expect(key.scopeColumns.map(({ propertyName }) => propertyName)).to.eql(scopes)
        const scope = keySql(key.scopeColumns, dialectOf(dataSource) as Dialect, columnName)
        const text = `REPLACE(${columnName(key.column)}, 'k', 'f')`
        await run(
            `INSERT INTO ${history.name} (${columns.join(", ")}) ` +
                `SELECT '${key.name}', ${scope}, ${text}, ${owners}, CURRENT_TIMESTAMP FROM ${table}`,
        )
    }
    // Nobody does it on SQLite, where the planner guesses how many rows there are.
    if (findScans[kind] === scansOfSqlite) return
    for (const table of [owner, thing, note, history.name])
        await run(isMariaDb ? `ANALYZE TABLE ${table}` : `ANALYZE ${table}`)
}

onEveryDatabase("The plan of a look-up by pseudo key among 20 000 rows", (database) => {
    it("steps down indexes alone", async () => {
        const logger = new Capture()
        const dataSource = await database().connect([Owner, Thing, Note], { logger })
        await fill(dataSource, database())
        const { manager } = dataSource
        const { sealed } = await manager.findOneByOrFail(Owner, { id: 7777 })
        const where = { tenant: 27 }
        const thingOf = async (owner: FindOptionsWhere<Owner>) =>
            (await manager.find(Thing, { where: { owner } }))[0] ?? null
        const ofOwner = { owner: wherePseudoKey(manager, Owner, "own_f7777") }
        const lookUps: Record<string, () => Promise<object | null>> = {
            "stored key": () => findByPseudoKey(manager, Owner, "k7777"),
            "stored key and condition": () => findByPseudoKey(manager, Owner, "k7777", { where }),
            "current key": () => findByPseudoKey(manager, Owner, "own_k7777"),
            "retired key": () => findByPseudoKey(manager, Owner, "own_f7777"),
            "retired key and condition": () =>
                findByPseudoKey(manager, Owner, "own_f7777", { where }),
            "unknown key": async () =>
                (await findByPseudoKey(manager, Owner, "own_x")) === null ? {} : null,
            resolve: async () => (await resolvePseudoKey(manager, "own_f7777"))?.row ?? null,
            "sealed key": () => findByPseudoKey(manager, Owner, sealed),
            "current key in a scope": () => findByPseudoKey(manager, Note, "k7777", { where }),
            "retired key in a scope": () => findByPseudoKey(manager, Note, "f7777", { where }),
            "current key in the scope of a related row": () =>
                findByPseudoKey(manager, Thing, "k7777", { where: ofOwner }),
            "retired key in the scope of a related row": () =>
                findByPseudoKey(manager, Thing, "f7777", { where: ofOwner }),
            "related row": () => thingOf(wherePseudoKey(manager, Owner, "own_f7777")),
            "related row, by its stored key": () =>
                thingOf(wherePseudoKey(manager, Owner, "k7777")),
        }
        const scans: Record<string, string[]> = {}
        for (const [title, lookUp] of Object.entries(lookUps)) {
            logger.selects.length = 0
            expect(await lookUp(), title).not.to.equal(null)
            // By what no row has now, the former keys are looked at as well.
            const isFormer = /^(retired key|unknown|resolve)/.test(title)
            expect(logger.selects, title).to.have.length(isFormer ? 2 : 1)
            for (const { query, parameters } of [...logger.selects]) {
                const found = await findScans[database().kind](dataSource, query, parameters)
                if (found.length > 0) scans[title] = found
            }
        }
        expect(scans).to.eql({})
    })
    it("changes a key that keeps its history by indexes alone", async () => {
        const logger = new Capture()
        const dataSource = await database().connect([Owner, Thing, Note], { logger })
        await fill(dataSource, database())
        const owners = dataSource.getRepository(Owner)
        const owner = await owners.findOneByOrFail({ id: 7777 })
        logger.selects.length = 0
        await owners.save({ ...owner, publicId: "own_new" })
        const history = keyTableOf(dataSource).name
        const sent = logger.selects.filter(({ query }) => query.includes(history))
        expect(sent).not.to.eql([])
        const scans: string[] = []
        for (const { query, parameters } of sent)
            scans.push(...(await findScans[database().kind](dataSource, query, parameters)))
        expect(scans).to.eql([])
    })
})

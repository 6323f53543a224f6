import { expect } from "chai"
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    generateMigration,
    installAutoSequence,
    NotInstalledError,
    NumberOverflowError,
    ReadOnlyNumberError,
    type Strategy,
    verifyAutoSequence,
} from "../../../src"
import { changeEntities } from "../../migrations/migrate"
import { onEveryDatabase } from "../../support/databases"
import { expectRejects, rejection, triggerError } from "../../support/errors"
import { MAX_INT } from "../../support/numbered-entities"
import { storedCounters, storedNumbers } from "../../support/stored"
import { isTypeORM1 } from "../../support/typeorm-version"
import { catalogueOf } from "./catalogue"
import { hasTriggers } from "./letters"
import { tableName } from "../../support/typeorm"

const NAMES = [
    ...["order", "NEW", "Mixed Case", "v_last", "Größe数量", "x".repeat(63), "back\\slash"],
    ...["$autosequence$", "$$", "100%s %I", "question? :name $1", "-- not /* a */ remark;"],
    ...["it's", "line\nbreak"],
    // TypeORM 0.3 wants such names to be written twice, and doesn't find them again.
    ...(isTypeORM1 ? ['say "hi"', "tick`s"] : []),
]

/** The same name for a table, a column of its scope, its number and the series. */
function named(name: string, strategy: Strategy = "trigger") {
    // TypeORM can't look such a table up.
    const table = /['\\]/.test(name) ? "named" : name
    @Entity({ name: table })
    class Named {
        @PrimaryGeneratedColumn() id!: number
        @Column({ name: `n_${name}`.slice(0, 63), type: "int" }) box!: number
        @AutoSequenceColumn({ name, strategy, uniqueWith: "box", series: name })
        number!: number
    }
    return Named
}

/** TypeORM writes names with such characters into a statement as they are when it makes a table. */
async function makeTable(dataSource: DataSource): Promise<void> {
    const { columns, indices } = dataSource.getMetadata("Named")
    const escape = (name: string) => dataSource.driver.escape(name)
    const isPostgres = dataSource.options.type === "postgres"
    const table = tableName(dataSource.getMetadata("Named"))
    const [id, ...others] = columns.map(({ databaseName }) => escape(databaseName))
    await dataSource.query(
        `CREATE TABLE ${table} (${id!} ${isPostgres ? "serial" : "int AUTO_INCREMENT"} PRIMARY KEY, ` +
            `${others.map((column) => `${column} int NOT NULL`).join(", ")})`,
    )
    for (const index of indices)
        await dataSource.query(
            `CREATE UNIQUE INDEX ${escape(index.name)} ON ${table} ` +
                `(${index.columns.map(({ databaseName }) => escape(databaseName)).join(", ")})`,
        )
}

/** Texts that somebody might take apart, or for something else. */
const VALUES = [
    ...["", " ", "a", "A", "a ", " a", "ä", "a\u0308", "数", "🎉", "\u00a0", "NULL", "null"],
    ...["'", "''", '"', '""', "`", "\\", "\\\\", "\\'", '\\"', "\\n", "\n", "\r\n", "\t", "a\nb"],
    ...[
        "$",
        "$$",
        "$1",
        "$autosequence$",
        "$autosequence_$",
        "${x}",
        "%",
        "%s %I %L",
        "?",
        ":a",
        "@a",
    ],
    ...[
        ",",
        'a","b',
        '"a","b"',
        'v1:"a"',
        "v1#a",
        "0 1 2",
        "- -",
        " 3 4 5:x",
        "(1,2)",
        "{1}",
        "[]",
    ],
    "'); DROP TABLE letter; --",
    "' OR '1'='1",
    "\\'; DELETE FROM autosequence_counter; --",
    "$autosequence$; DROP TABLE letter; $autosequence$",
    '" || pg_sleep(100) || "',
    "'/*",
    "é".repeat(240),
    "é".repeat(251),
    "🎉".repeat(249),
    "🎉".repeat(250),
    `${'"'.repeat(130)}'`,
    "x".repeat(600),
]

onEveryDatabase(
    "triggers and names",
    (db) => {
        for (const name of NAMES)
            it(`number a table and columns that are called ${JSON.stringify(name)}`, async () => {
                const mustMake = name.includes(db().kind === "mariadb" ? "`" : '"')
                const before = mustMake ? await db().connect([]) : undefined
                const dataSource = before
                    ? await changeEntities(db(), before, [named(name)])
                    : await db().connect([named(name)])
                if (mustMake) {
                    await makeTable(dataSource)
                    await installAutoSequence(dataSource)
                }
                const repository = dataSource.getRepository("Named")
                const metadata = repository.metadata
                const escape = (column: string) =>
                    dataSource.driver.escape(
                        metadata.findColumnWithPropertyName(column)!.databaseName,
                    )
                const sql = (values: string) =>
                    `INSERT INTO ${tableName(metadata)} (${escape("box")}) VALUES ${values}`
                await verifyAutoSequence(dataSource)

                const rows = await repository.save([{ box: 1 }, { box: 2 }, { box: 1 }])
                expect(rows.map(({ number }) => number as number)).to.eql([1, 1, 2])
                await dataSource.query(sql("(1), (2)"))
                await repository.insert({ box: 2 })
                expect(await storedNumbers(repository)).to.eql([1, 1, 2, 2, 3, 3])
                expect(await storedCounters(dataSource)).to.eql([
                    { series: name, scope: 'v1:"1"', last: "3" },
                    { series: name, scope: 'v1:"2"', last: "3" },
                ])

                const change = `UPDATE ${tableName(metadata)} SET ${escape("number")} = 9`
                const refused = await rejection(dataSource.query(change))
                const error = triggerError(db().kind, ReadOnlyNumberError)
                expect(refused).to.be.instanceOf(error)
                const place = `Named.number (series ${name})`
                const said = error === ReadOnlyNumberError ? place : `${metadata.tableName}.${name}`
                expect(refused.message).to.include(`${said} of a stored row`)
                await repository.insert({ box: 3, number: MAX_INT })
                const text = `${place} can't hold the next number`
                await expectRejects(repository.insert({ box: 3 }), NumberOverflowError, text)

                const installed = await catalogueOf(dataSource)
                await installAutoSequence(dataSource)
                expect(await catalogueOf(dataSource)).to.eql(installed)
                const migration = await generateMigration(dataSource)
                expect(
                    migration?.up.filter(({ sql }) => /TRIGGER|FUNCTION/.test(sql ?? "")) ?? [],
                ).to.eql([])
                const plain = await changeEntities(db(), dataSource, [named(name, "counter")])
                await installAutoSequence(plain)
                const { triggers, functions } = await catalogueOf(plain)
                expect([...triggers, ...functions]).to.eql([])
                const missing = await rejection(repository.insert({ box: 1 }))
                expect(missing).to.be.instanceOf(triggerError(db().kind, NotInstalledError))
                await plain.getRepository("Named").save({ box: 1 })
                await installAutoSequence(dataSource)
                expect((await repository.save({ box: 1 })).number).to.equal(5)
            })

        /** Numbered by both strategies, in tables of their own. */
        async function both(): Promise<{ dataSource: DataSource; names: string[] }> {
            const isMariaDb = db().kind === "mariadb"
            const collation = isMariaDb ? "utf8mb4_nopad_bin" : undefined
            const make = (name: string, strategy: Strategy) => {
                @Entity({ name })
                class Note {
                    @PrimaryGeneratedColumn() id!: number
                    @Column({ type: "varchar", length: isMariaDb ? 700 : 20_000, collation })
                    box!: string
                    @Column({ type: "varchar", length: 20, nullable: true, collation })
                    part!: string | null
                    @AutoSequenceColumn({ strategy, uniqueWith: ["box", "part"], series: name })
                    number!: number
                }
                Object.defineProperty(Note, "name", { value: name })
                return Note
            }
            const entities = [make("counted", "counter"), make("triggered", "trigger")]
            return {
                dataSource: await db().connect(entities),
                names: ["counted", "triggered"],
            }
        }

        async function keysOf(dataSource: DataSource, of: string): Promise<[string, string][]> {
            const counters = await storedCounters(dataSource)
            const ofSeries = counters.filter(({ series }) => series === of)
            return ofSeries.map(({ scope, last }) => [scope, last])
        }

        it("give each text of a scope numbers and a key as counters do", async () => {
            const { dataSource, names } = await both()
            const long = db().kind === "mariadb" ? [] : ["y".repeat(10_240), "'\\\n".repeat(3413)]
            const values = [...VALUES, ...long].flatMap((box) => [
                { box, part: null },
                { box, part: "" },
                { box, part: "'" },
            ])
            for (const name of names) {
                const repository = dataSource.getRepository(name)
                for (let round = 1; round <= 2; round += 1) {
                    const saved = await repository.save(values.map((value) => ({ ...value })))
                    for (const { box, number } of saved)
                        expect(number, box.slice(0, 50)).to.equal(round)
                }
                for (const value of values.slice(0, 60))
                    expect((await repository.save({ ...value })).number).to.equal(3)
            }
            const [counted, triggered] = names as [string, string]
            const keys = await keysOf(dataSource, counted)
            expect(keys).to.have.lengthOf(values.length)
            expect(await keysOf(dataSource, triggered)).to.eql(keys)
        })

        it("tell scopes of two columns apart, wherever a comma is", async () => {
            const { dataSource, names } = await both()
            const pairs = [
                ["a", 'b","c'],
                ['a","b', "c"],
                ["a,b", "c"],
                ["a", "b,c"],
                ["a", null],
                ['a",NULL', null],
                ["a", "NULL"],
            ]
            for (const name of names)
                for (const [box, part] of pairs)
                    expect(
                        (await dataSource.getRepository(name).save({ box, part })).number,
                    ).to.equal(1)
            const [counted, triggered] = names as [string, string]
            expect(await keysOf(dataSource, triggered)).to.eql(await keysOf(dataSource, counted))
        })

        it("give the number of a row that is left out back to its scope, whatever that is called", async () => {
            const { dataSource } = await both()
            const repository = dataSource.getRepository("triggered")
            await repository.save({ box: "taken" })
            const table = tableName(repository.metadata)
            const isMariaDb = db().kind === "mariadb"
            const end = isMariaDb ? "ON DUPLICATE KEY UPDATE id = id" : "ON CONFLICT DO NOTHING"
            const [one, two] = isMariaDb ? ["?", "?"] : ["$1", "$2"]
            for (const value of VALUES) {
                const { id } = await repository.save({ box: value })
                await dataSource.query(
                    `INSERT INTO ${table} (id, box) VALUES (1, ${one}), (1, ${two}) ${end}`,
                    [value, value],
                )
                const [row] = await repository.find({ where: { id: Number(id) } })
                expect(row).to.include({ number: 1 })
                const next = await repository.save({ box: value })
                expect(next.number, value.slice(0, 50)).to.equal(2)
            }
        })

        it("count for a series whose name has any characters", async () => {
            const names = VALUES.filter((v) => v.trim() === v && v && v.length <= 255)
            const letters = names.map((name, at) => {
                @Entity({ name: `letter${at}` })
                class Letter {
                    @PrimaryGeneratedColumn() id!: number
                    @AutoSequenceColumn({ strategy: "trigger", series: name }) number!: number
                }
                return Letter
            })
            const dataSource = await db().connect(letters)
            for (const letter of letters) {
                const saved = await dataSource.getRepository(letter).save([{}, {}])
                expect(saved.map(({ number }) => number)).to.eql([1, 2])
            }
            expect(await storedCounters(dataSource)).to.have.deep.members(
                names.map((series) => ({ series, scope: "v1:", last: "2" })),
            )
            await verifyAutoSequence(dataSource)
        })
    },
    hasTriggers,
)

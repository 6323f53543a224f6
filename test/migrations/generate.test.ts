import { expect } from "chai"
import { Column, type DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    DuplicateRowsError,
    generateMigration,
    type GenerateMigrationOptions,
    InvalidOptionError,
    NotInstalledError,
    UnsupportedError,
} from "../../src"
import { servedEntities } from "../../src/schema/plan/inventory"
import { seriesOf } from "../../src/series/resolve-series"
import {
    onEachDatabase,
    onEveryDatabase,
    StatementLog,
    type TestDatabase,
} from "../support/databases"
import { rejection } from "../support/errors"
import { entitiesOf } from "../support/numbered-entities"
import { schemaEntities } from "../support/schema-entities"
import { SUPPORTED, type Way, WAYS } from "../support/strategies"
import { changeEntities, classOf, expectUpToDate, migrate, pendingOfTypeORM } from "./migrate"

/** Tickets that are numbered, or have a number that nobody gives. */
function tickets(options?: AutoSequenceColumnOptions, more?: "more") {
    @Entity("ticket")
    class Ticket {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 20, nullable: true }) area!: string | null
        number!: number
        title?: string
    }
    if (options) AutoSequenceColumn(options)(Ticket.prototype, "number")
    else Column({ type: "int", nullable: true })(Ticket.prototype, "number")
    if (more) Column({ type: "varchar", default: "`${none}`" })(Ticket.prototype, "title")
    return Ticket
}

async function tablesOf(dataSource: DataSource): Promise<string[]> {
    const runner = dataSource.createQueryRunner()
    try {
        const paths = dataSource.entityMetadatas.map(({ tablePath }) => tablePath)
        return (await runner.getTables(paths)).map(({ name }) => name)
    } finally {
        await runner.release()
    }
}

function waysOn({ kind }: TestDatabase): Way[] {
    return Object.values(WAYS).filter(
        ({ options: { strategy = "table-lock" } }) => SUPPORTED[strategy][kind] === true,
    )
}

/** Two rows of each entity, in one scope. */
async function fill(dataSource: DataSource): Promise<void> {
    const values = {
        ...{ year: "x", country: "x", city: "x", area: null, hall: null, rowNo: 1, project: "x" },
        ...{ address: { country: "x" }, branch: { country: "x", city: "x" }, ofYear: null },
    }
    await dataSource.getRepository("Branch").save({ country: "x", city: "x" })
    for (const metadata of servedEntities(dataSource))
        for (let row = 0; row < 2; row += 1)
            await dataSource
                .getRepository(metadata.target)
                .save(dataSource.getRepository(metadata.target).create(values))
}

async function numbersOf(dataSource: DataSource): Promise<Record<string, unknown[]>> {
    const numbers: Record<string, unknown[]> = {}
    for (const series of servedEntities(dataSource).flatMap(seriesOf)) {
        const rows = await dataSource
            .getRepository(series.metadata.target)
            .find({ order: { id: "ASC" } })
        numbers[series.name] = rows.map((row) => series.column.getEntityValue(row))
    }
    return numbers
}

/** Leaves the tables as they were before anybody thought of numbers. */
async function dropNumbers(dataSource: DataSource): Promise<void> {
    const runner = dataSource.createQueryRunner()
    for (const metadata of servedEntities(dataSource)) {
        const names = seriesOf(metadata).map(({ column }) => column.databaseName)
        const table = (await runner.getTable(metadata.tablePath))!
        for (const index of [...table.indices])
            if (index.columnNames.some((name) => names.includes(name)))
                await runner.dropIndex(table, index)
        await runner.dropColumns(table, names)
    }
    await runner.release()
}

onEveryDatabase("generateMigration", (db) => {
    it("writes all that an empty database lacks, and the way back", async () => {
        for (const way of waysOn(db())) {
            const entities = Object.values(entitiesOf(way))
            const before = await db().connect([])
            await before.dropDatabase()
            const { dataSource, migration } = await migrate(db(), before, entities)
            await expectUpToDate(dataSource)
            // There are no rows to be numbered or counted.
            const comments = migration.up.map(({ comment }) => comment ?? "")
            expect(comments.filter((one) => / of /.test(one) && !/^Triggers of /.test(one))).to.eql(
                [],
            )

            const ticket = dataSource.getRepository("Ticket")
            expect((await ticket.save([{}, {}])).map(({ number }) => number)).to.eql([1, 2])
            await dataSource.undoLastMigration()
            expect(await tablesOf(dataSource)).to.eql([])
            await dataSource.runMigrations()
            expect((await ticket.save({})).number).to.equal(1)
        }
    })

    it("adds numbers of all shapes to tables with rows", async function () {
        if (!db().can.tableLock) return this.skip()
        const before = await db().connect(schemaEntities)
        await fill(before)
        const numbers = await numbersOf(before)
        await dropNumbers(before)
        const { dataSource } = await migrate(db(), before, schemaEntities)
        await expectUpToDate(dataSource)
        // A column that is new tells no drafts.
        const filled = { "two_numbers.of_year": [1, 2] }
        expect(await numbersOf(dataSource)).to.eql({ ...numbers, ...filled })
    })

    it("makes the other changes of the entities as well", async () => {
        const before = await db().connect([tickets()])
        await before.getRepository("Ticket").insert([{}, {}])
        const { dataSource } = await migrate(db(), before, [
            tickets({ strategy: "counter" }, "more"),
        ])
        const rows = await dataSource.getRepository("Ticket").find({ order: { id: "ASC" } })
        expect(rows.map(({ number, title }) => [number, title])).to.eql([
            [1, "`${none}`"],
            [2, "`${none}`"],
        ])
        await expectUpToDate(dataSource)
    })

    it("writes nothing to the database", async () => {
        const before = await db().connect([tickets()])
        await before.getRepository("Ticket").insert([{}, {}])
        const logger = new StatementLog()
        const changed = await changeEntities(
            db(),
            before,
            [tickets({ strategy: "counter", uniqueWith: "area" })],
            { logger, logging: true },
        )
        const pending = await pendingOfTypeORM(changed)
        logger.statements.length = 0
        expect(await generateMigration(changed)).not.to.equal(undefined)
        const written = logger.statements.filter((sql) => !/^\s*(SELECT|PRAGMA|SHOW)\b/i.test(sql))
        expect(written).to.eql([])
        // What it lets TypeORM see for a moment is as it was.
        expect(await pendingOfTypeORM(changed)).to.eql(pending)
    })

    it("refuses numbers that are there twice, and says where", async () => {
        const before = await db().connect([tickets()])
        const repository = before.getRepository("Ticket")
        await repository.insert([
            { area: "a", number: 1 },
            { area: "a", number: 1 },
            { area: "a", number: 2 },
            { area: "a", number: 2 },
            { area: "b", number: 1 },
            { area: "b" },
            { area: "b" },
        ])
        const options = { strategy: "counter", uniqueWith: "area" } as const
        const changed = await changeEntities(db(), before, [tickets(options)])
        const error = (await rejection(generateMigration(changed))) as DuplicateRowsError
        expect(error).to.be.instanceOf(DuplicateRowsError)
        expect(error.code).to.equal("DUPLICATE_ROWS")
        expect(error.message).to.match(
            /^Ticket\.number: 2 numbers in \S*ticket\.number occur more than once/,
        )
        expect(error.message).to.include("for the same area")

        await changed.query(
            `DELETE FROM ${changed.getMetadata("Ticket").tablePath} WHERE id IN (1, 3)`,
        )
        const { dataSource } = await migrate(db(), changed, [tickets(options)])
        await expectUpToDate(dataSource)
    })

    it("refuses those of rows without a scope where an index covers them", async () => {
        const before = await db().connect([tickets()])
        await before.getRepository("Ticket").insert([{ number: 1 }, { number: 1 }])
        const options = { strategy: "counter", uniqueWith: "area" } as const
        const changed = await changeEntities(db(), before, [tickets(options)])
        if (db().can.partialIndexes)
            expect(await rejection(generateMigration(changed))).to.be.instanceOf(DuplicateRowsError)
        else await expectUpToDate((await migrate(db(), changed, [tickets(options)])).dataSource)
    })

    it("refuses what it can't do", async () => {
        const dataSource = await db().connect([tickets({ strategy: "counter" })])
        const wrong: GenerateMigrationOptions[] = [
            { orderBy: { Tickets: "id" } },
            { orderBy: { Ticket: "issued" } },
            { name: "1st" },
            { name: "" },
            { name: "a b/c" },
            { timestamp: 1 },
            { timestamp: NaN },
        ]
        for (const options of wrong)
            expect(await rejection(generateMigration(dataSource, options))).to.be.instanceOf(
                InvalidOptionError,
            )
        await dataSource.destroy()
        expect(await rejection(generateMigration(dataSource))).to.be.instanceOf(NotInstalledError)
    })

    it("is refused where the type of the data source is that of another server", async function () {
        if (db().kind !== "mariadb") return this.skip()
        const dataSource = await db().connect([tickets({ strategy: "counter" })], { type: "mysql" })
        const refused = await rejection(generateMigration(dataSource))
        expect(refused).to.be.instanceOf(UnsupportedError)
        expect((refused as Error).message).to.match(
            /server is MariaDB.* Give it the type "mariadb"/,
        )
        const sameOptions = await changeEntities(db(), dataSource, [
            tickets({ strategy: "counter" }),
        ])
        await expectUpToDate(sameOptions)
    })

    it("writes TypeScript, CommonJS and ES modules", async () => {
        const dataSource = await db().connect([tickets()])
        const changed = await changeEntities(db(), dataSource, [tickets({ strategy: "counter" })])
        const given = { name: "number-all_tickets now", timestamp: 1767225600000 }
        const name = "NumberAllTicketsNow1767225600000"
        const ofTypeScript = (await generateMigration(changed, given))!
        expect(ofTypeScript.name).to.equal(name)
        expect(new (classOf(ofTypeScript))()).to.include({ name })
        const commonjs = (await generateMigration(changed, { ...given, format: "commonjs" }))!
        expect(commonjs.source).to.include(`module.exports = class ${name} {`)
        const esm = (await generateMigration(changed, { ...given, format: "esm" }))!
        expect(esm.source).to.include(`export class ${name} {`)
        for (const { up, down } of [commonjs, esm])
            expect({ up, down }).to.eql({ up: ofTypeScript.up, down: ofTypeScript.down })
    })
})

onEachDatabase("generateMigration", (db) => {
    it("gives counters room to move in, and takes it back", async () => {
        const dataSource = await db().connect([tickets({ strategy: "counter" })])
        const options = async () => {
            const [row] = await dataSource.query(
                `SELECT reloptions FROM pg_class WHERE oid = '${counterTable}'::regclass`,
            )
            return row.reloptions
        }
        const counterTable = dataSource.getMetadata("AutoSequenceCounter").tablePath
        const migrated = await migrate(db(), dataSource, [tickets({ strategy: "counter" })])
        expect(await options()).to.eql(["fillfactor=50"])
        await migrated.dataSource.undoLastMigration()
        expect(await options()).to.equal(null)

        await dataSource.query(`ALTER TABLE ${counterTable} SET (fillfactor = 80)`)
        await expectUpToDate(dataSource)
    })

    it("works with one connection", async () => {
        const before = await db().connect([tickets()], { connections: 1 })
        const changed = await changeEntities(db(), before, [tickets({ strategy: "counter" })], {
            connections: 1,
        })
        expect((await generateMigration(changed))?.up).not.to.eql([])
    })
})

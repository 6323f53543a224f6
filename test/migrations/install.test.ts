import { expect } from "chai"
import { Column, type DataSource, Entity, ManyToOne, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    DuplicateRowsError,
    generateMigration,
    installAutoSequence,
    NotInstalledError,
    UnsupportedError,
    verifyAutoSequence,
} from "../../src"
import { onEachDatabase, onEveryDatabase, StatementLog } from "../support/databases"
import { rejection } from "../support/errors"
import { storedCounters } from "../support/stored"
import { changeEntities, pendingOfTypeORM, shapeOf } from "./migrate"

const SERIES = "numbers of tickets"
const NUMBERED = { strategy: "counter", series: SERIES, uniqueWith: "areaId" } as const

/** The application has grown a title as well, which is none of the library's business. */
function tickets(options?: AutoSequenceColumnOptions) {
    @Entity("ticket")
    class Ticket {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "int", nullable: true }) areaId!: number | null
        number!: number
        title?: string
    }
    if (options) {
        AutoSequenceColumn(options)(Ticket.prototype, "number")
        Column({ type: "varchar", default: "" })(Ticket.prototype, "title")
    }
    return Ticket
}

async function fill(dataSource: DataSource): Promise<void> {
    const rows = [1, 2, 1, null, 1, null].map((areaId) => ({ areaId }))
    await dataSource.getRepository("Ticket").insert(rows)
}

/** What the database has of it, without the columns that it doesn't know. */
async function numbersOf(dataSource: DataSource): Promise<unknown[]> {
    const { tablePath } = dataSource.getMetadata("Ticket")
    const rows = await dataSource.query(`SELECT * FROM ${tablePath} ORDER BY id`)
    return rows.map((row: { number: unknown }) => Number(row.number))
}

async function expectInstalled(dataSource: DataSource): Promise<void> {
    expect(await numbersOf(dataSource)).to.eql([1, 1, 2, 1, 3, 2])
    const counters = (await storedCounters(dataSource)).map(({ scope, last }) => [scope, last])
    expect(counters).to.eql([
        ['v1:"1"', "3"],
        ['v1:"2"', "1"],
        ["v1:NULL", "2"],
    ])
    await verifyAutoSequence(dataSource)
}

onEveryDatabase("installAutoSequence", (db) => {
    /** A data source whose database lacks everything but the table. */
    async function connect(options?: { logger: StatementLog }): Promise<DataSource> {
        const before = await db().connect([tickets()])
        await fill(before)
        await before.query(`DROP TABLE ${before.getMetadata("AutoSequenceCounter").tablePath}`)
        return changeEntities(db(), before, [tickets(NUMBERED)], { logging: true, ...options })
    }

    it("makes what numbers need, and nothing else", async () => {
        const dataSource = await connect()
        await installAutoSequence(dataSource)
        await expectInstalled(dataSource)
        const { columns } = await shapeOf(dataSource, "Ticket")
        expect(columns!.map(([name]) => name)).to.eql(["areaId", "id", "number"])
        // What is left is the application's.
        const left = await generateMigration(dataSource)
        expect(left?.up.map(({ sql }) => sql)).to.eql(await pendingOfTypeORM(dataSource))
        expect(left?.up.map(({ sql }) => sql).join()).to.include("title")
    })

    it("does nothing the second time", async () => {
        const logger = new StatementLog()
        const dataSource = await connect({ logger })
        await installAutoSequence(dataSource)
        const shape = await shapeOf(dataSource, "Ticket")
        logger.statements.length = 0
        await installAutoSequence(dataSource)
        const changes = logger.statements.filter((sql) =>
            /^(ALTER|CREATE|DROP|INSERT|UPDATE|DELETE)/.test(
                sql.replace(/.*autosequence_lock.*/, ""),
            ),
        )
        expect(changes).to.eql([])
        expect(await shapeOf(dataSource, "Ticket")).to.eql(shape)
        await expectInstalled(dataSource)
    })

    it("numbers rows in the order of a named column", async () => {
        const before = await db().connect([tickets()])
        await fill(before)
        const options = { ...NUMBERED, uniqueWith: [] }
        const dataSource = await changeEntities(db(), before, [tickets(options)])
        await installAutoSequence(dataSource, { orderBy: { Ticket: "areaId" } })
        expect(await numbersOf(dataSource)).to.eql([1, 4, 2, 5, 3, 6])
    })

    it("refuses where there is no table, and writes nothing", async () => {
        const before = await db().connect([])
        await before.query(`DROP TABLE ${before.getMetadata("AutoSequenceCounter").tablePath}`)
        const dataSource = await changeEntities(db(), before, [tickets(NUMBERED)])
        const error = await rejection(installAutoSequence(dataSource))
        expect(error).to.be.instanceOf(NotInstalledError)
        expect(error.message).to.include("ticket").and.include("migration:generate")
        expect((await shapeOf(dataSource, "AutoSequenceCounter")).columns).to.equal(undefined)
    })

    it("refuses where a column of the scope is missing", async () => {
        const before = await db().connect([tickets()])
        const { tablePath } = before.getMetadata("Ticket")
        await before.createQueryRunner().dropColumn(tablePath, "areaId")
        const dataSource = await changeEntities(db(), before, [tickets(NUMBERED)])
        const error = await rejection(installAutoSequence(dataSource))
        expect(error).to.be.instanceOf(NotInstalledError)
        expect(error.message).to.include(`no column ${tablePath}.areaId`)
    })

    it("refuses numbers that are there twice, and writes nothing", async () => {
        const options = { ...NUMBERED, uniqueWith: [] }
        const before = await db().connect([tickets({ strategy: "counter", nullable: true })])
        const { tablePath } = before.getMetadata("Ticket")
        await before.getRepository("Ticket").save([{}, {}])
        const [index] = (await before.createQueryRunner().getTable(tablePath))!.indices
        await before.createQueryRunner().dropIndex(tablePath, index!)
        await before.query(`UPDATE ${tablePath} SET number = 7`)
        const dataSource = await changeEntities(db(), before, [tickets(options)])
        const shape = await shapeOf(dataSource, "Ticket")
        expect(await rejection(installAutoSequence(dataSource))).to.be.instanceOf(
            DuplicateRowsError,
        )
        expect(await shapeOf(dataSource, "Ticket")).to.eql(shape)
    })

    it("keeps foreign keys, and the rows that refer to a table", async () => {
        @Entity("area")
        class Area {
            @PrimaryGeneratedColumn() id!: number
            number!: number
        }
        @Entity("note")
        class Note {
            @PrimaryGeneratedColumn() id!: number
            @ManyToOne(() => Area, { onDelete: "CASCADE" }) area!: Area
        }
        const before = await db().connect([Area, Note])
        const [area] = await before.getRepository(Area).save([{}, {}])
        await before.getRepository(Note).save([{ area }, { area }])
        const shape = await shapeOf(before, "Note")
        AutoSequenceColumn({ strategy: "counter" })(Area.prototype, "number")
        const dataSource = await changeEntities(db(), before, [Area, Note])
        await installAutoSequence(dataSource)
        expect(await dataSource.getRepository(Note).count()).to.equal(2)
        expect(await shapeOf(dataSource, "Note")).to.eql(shape)
        await dataSource.getRepository(Area).delete(area!.id)
        expect(await dataSource.getRepository(Note).count()).to.equal(0)
    })
})

onEveryDatabase(
    "installAutoSequence",
    (db) => {
        it("is run by twenty at the same time, and ends in one right schema", async () => {
            const before = await db().connect([tickets()], { connections: 1 })
            await fill(before)
            await before.query(`DROP TABLE ${before.getMetadata("AutoSequenceCounter").tablePath}`)
            const Ticket = tickets(NUMBERED)
            const all = await Promise.all(
                Array.from({ length: 20 }, () =>
                    changeEntities(db(), before, [Ticket], { connections: 1 }),
                ),
            )
            await Promise.all(all.map((dataSource) => installAutoSequence(dataSource)))
            for (const dataSource of all) await expectInstalled(dataSource)
            const { indexes } = await shapeOf(all[0]!, "Ticket")
            expect(indexes).to.have.lengthOf(db().can.partialIndexes ? 2 : 1)
        })
    },
    ({ parallel }) => parallel,
)

onEveryDatabase(
    "installAutoSequence",
    (db) => {
        it("is not part of a transaction on the one connection", async () => {
            const before = await db().connect([tickets()])
            const dataSource = await changeEntities(db(), before, [tickets(NUMBERED)])
            await dataSource.transaction(async () => {
                expect(await rejection(installAutoSequence(dataSource))).to.be.instanceOf(
                    UnsupportedError,
                )
            })
            await installAutoSequence(dataSource)
        })
    },
    ({ bigints }) => !bigints,
)

onEachDatabase("installAutoSequence", (db) => {
    it("sees what was committed while it waited, whatever the isolation level", async () => {
        const before = await db().connect([tickets()])
        await fill(before)
        const Ticket = tickets(NUMBERED)
        const all = await Promise.all(
            Array.from({ length: 3 }, () =>
                changeEntities(db(), before, [Ticket], {
                    connections: 1,
                    extra: { max: 1, options: "-c default_transaction_isolation=serializable" },
                }),
            ),
        )
        await Promise.all(all.map((dataSource) => installAutoSequence(dataSource)))
        for (const dataSource of all) await expectInstalled(dataSource)
    })
})

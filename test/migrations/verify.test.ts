import { expect } from "chai"
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    AutoSequenceSubscriber,
    InvalidOptionError,
    NotInstalledError,
    UnsupportedError,
    verifyAutoSequence,
} from "../../src"
import { onEveryDatabase, onOnePostgres, StatementLog } from "../support/databases"
import { rejection } from "../support/errors"
import { changeEntities } from "./migrate"

const COUNTED_ALONE = { strategy: "counter" } as const
const COUNTED = { strategy: "counter", uniqueWith: "area" } as const

function tickets(options?: AutoSequenceColumnOptions, collation?: string) {
    @Entity("ticket")
    class Ticket {
        @PrimaryGeneratedColumn() id!: number
        @Column({ type: "varchar", length: 20, nullable: true, collation }) area!: string | null
        @Column({ type: "simple-enum", enum: ["x", "y"] as const, default: "x" }) kind!: string
        number!: number
    }
    if (options) AutoSequenceColumn(options)(Ticket.prototype, "number")
    return Ticket
}

function other(options: AutoSequenceColumnOptions) {
    @Entity("other_ticket")
    class Other {
        @PrimaryGeneratedColumn() id!: number
        number!: number
    }
    AutoSequenceColumn(options)(Other.prototype, "number")
    return Other
}

async function problemsOf(dataSource: DataSource): Promise<string[]> {
    const error = await rejection(verifyAutoSequence(dataSource))
    expect(error).to.be.instanceOf(NotInstalledError)
    return error.message.split("\n")
}

onEveryDatabase("verifyAutoSequence", (db) => {
    const isMariaDb = () => db().kind === "mariadb"
    const exact = () => (isMariaDb() ? "utf8mb4_nopad_bin" : undefined)
    const remedy = /typeorm-autosequence migration:generate.*installAutoSequence\(dataSource\)\.$/
    const Ticket = (options?: AutoSequenceColumnOptions) => tickets(options, exact())

    it("accepts what is there, and writes nothing", async () => {
        const dataSource = await db().connect([Ticket(COUNTED)])
        await verifyAutoSequence(dataSource)
        expect(await dataSource.getRepository("AutoSequenceCounter").count()).to.equal(0)
    })

    it("misses the counter table", async () => {
        const dataSource = await db().connect([Ticket(COUNTED)])
        const { tablePath } = dataSource.getMetadata("AutoSequenceCounter")
        await dataSource.query(`DROP TABLE ${tablePath}`)
        const [problem, ...more] = await problemsOf(dataSource)
        expect(problem).to.match(remedy).and.include(`There is no table ${tablePath}`)
        expect(more).to.eql([])
    })

    it("does not miss it where nothing uses it", async function () {
        if (!db().can.tableLock) return this.skip()
        const dataSource = await db().connect([Ticket({ uniqueWith: "area" })])
        await dataSource.query(
            `DROP TABLE ${dataSource.getMetadata("AutoSequenceCounter").tablePath}`,
        )
        await verifyAutoSequence(dataSource)
    })

    it("misses a column of it, and its key", async () => {
        const dataSource = await db().connect([Ticket(COUNTED)])
        const { tablePath } = dataSource.getMetadata("AutoSequenceCounter")
        await dataSource.query(`DROP TABLE ${tablePath}`)
        await dataSource.query(
            `CREATE TABLE ${tablePath} (series varchar(99), scope varchar(99), ` +
                `last bigint, moved_at timestamp, PRIMARY KEY (series))`,
        )
        const [column, key] = await problemsOf(dataSource)
        expect(column).to.include(`${tablePath} has no column moved_by`)
        expect(key).to.include(`The primary key of ${tablePath} is (series), but must be`)
        expect(key).to.include("(scope, series)").and.include("migration:generate")
    })

    it("misses the entity of it", async () => {
        const known = await db().connect([Ticket(COUNTED)])
        const dataSource = new DataSource({
            ...known.options,
            entities: [Ticket(COUNTED)],
            subscribers: [AutoSequenceSubscriber],
            synchronize: db().kind === "sqljs",
        })
        await dataSource.initialize()
        try {
            const [problem, ...more] = await problemsOf(dataSource)
            expect(problem).to.include("withAutoSequence(options)")
            expect(more).to.eql([])
        } finally {
            await dataSource.destroy()
        }
    })

    it("misses table, column, NOT NULL and indexes", async () => {
        const noTable = await db().connect([], {})
        const lacking = await changeEntities(db(), noTable, [Ticket(COUNTED)])
        expect((await problemsOf(lacking)).join()).to.include("There is no table")

        const noColumn = await db().connect([Ticket()])
        const text = await problemsOf(await changeEntities(db(), noColumn, [Ticket(COUNTED)]))
        expect(text[0])
            .to.match(remedy)
            .and.match(/There is no column \S*ticket\.number\./)

        const nullable = await db().connect([Ticket({ ...COUNTED, nullable: true })])
        const strict = await changeEntities(db(), nullable, [Ticket(COUNTED)])
        const [isNullable, ...more] = await problemsOf(strict)
        expect(isNullable)
            .to.match(remedy)
            .and.match(/ticket\.number can be NULL/)
        expect(more).to.eql([])

        const runner = strict.createQueryRunner()
        const { tablePath } = strict.getMetadata("Ticket")
        for (const index of [...(await runner.getTable(tablePath))!.indices])
            await runner.dropIndex(tablePath, index)
        await runner.release()
        const indexes = (await problemsOf(strict)).slice(1)
        expect(indexes).to.have.lengthOf(db().can.partialIndexes ? 2 : 1)
        for (const index of indexes) expect(index).to.match(remedy)
    })

    it("refuses sharers of a series that disagree", async () => {
        const counted = { strategy: "counter", series: "shared" } as const
        const dataSource = await db().connect([
            Ticket(counted),
            other({ ...counted, incrementBy: 2 }),
        ])
        const error = await rejection(verifyAutoSequence(dataSource))
        expect(error).to.be.instanceOf(InvalidOptionError)
        expect(error.message).to.include("incrementBy")
    })

    it("refuses a strategy that the database can't do", async function () {
        if (db().can.tableLock) return this.skip()
        const dataSource = await db().connect([Ticket({ strategy: "table-lock" })])
        expect(await rejection(verifyAutoSequence(dataSource))).to.be.instanceOf(UnsupportedError)
    })
})

onEveryDatabase(
    "verifyAutoSequence",
    (db) => {
        it("refuses keys of counters that are taken for equal", async () => {
            const dataSource = await db().connect([tickets({ strategy: "counter" })])
            await dataSource.query(
                "ALTER TABLE autosequence_counter MODIFY scope varchar(255) " +
                    "CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL",
            )
            const [problem] = await problemsOf(dataSource)
            expect(problem).to.include(
                "autosequence_counter.scope has the collation utf8mb4_general_ci",
            )
            expect(problem).to.include("Give it the collation utf8mb4_bin")
        })
    },
    ({ tableLock }) => !tableLock,
)

onOnePostgres("verifyAutoSequence, of tables of one name in two schemas,", (db) => {
    it("tells them apart, and knows which one is not there", async () => {
        const schema = await db().createSchema()
        const entityIn = (name: string, of?: string) => {
            @Entity("ticket", { schema: of })
            class Ticket {
                @PrimaryGeneratedColumn() id!: number
                @AutoSequenceColumn(COUNTED_ALONE) number!: number
            }
            Object.defineProperty(Ticket, "name", { value: name })
            return Ticket
        }
        const [Own, Others] = [entityIn("Own"), entityIn("Others", schema)]
        const dataSource = await db().connect([Own, Others])
        await verifyAutoSequence(dataSource)
        const [index] = dataSource.getMetadata(Others).indices
        await dataSource.query(`DROP INDEX ${schema}."${index!.name}"`)
        const [missing, ...others] = await problemsOf(dataSource)
        expect(others).to.eql([])
        expect(missing).to.match(new RegExp(`^${schema}.ticket has no unique index over number`))
        await dataSource.query(`DROP TABLE ${schema}.ticket`)
        expect((await problemsOf(dataSource)).join()).to.match(
            new RegExp(`^There is no table ${schema}.ticket`),
        )
        await dataSource.synchronize()
        await dataSource.query(`DROP TABLE ${dataSource.getMetadata(Own).tablePath}`)
        expect((await problemsOf(dataSource)).join()).to.match(/^There is no table \S+.ticket/)
        await dataSource.synchronize()
        await verifyAutoSequence(dataSource)
    })

    it("asks for all of many tables at once", async () => {
        const entities = Array.from({ length: 20 }, (_, at) => {
            @Entity(`many_${at}`)
            class Many {
                @PrimaryGeneratedColumn() id!: number
                @AutoSequenceColumn(COUNTED_ALONE) number!: number
            }
            return Many
        })
        const log = new StatementLog()
        const dataSource = await db().connect(entities, { logging: ["query"], logger: log })
        log.statements.length = 0
        await verifyAutoSequence(dataSource)
        expect(log.statements).to.have.length.below(entities.length)
    })
})

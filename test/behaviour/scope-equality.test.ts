import { expect } from "chai"
import fc, { type Arbitrary } from "fast-check"
import {
    Column,
    type ColumnOptions,
    type DataSource,
    Entity,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    AutoSequenceColumn,
    generateMigration,
    installAutoSequence,
    UnknownScopeError,
    verifyAutoSequence,
} from "../../src"
import type { Kind } from "../support/databases"
import { expectRejects } from "../support/errors"
import { onEachCell } from "../support/matrix"
import { seed } from "../support/seed"
import { columnName, tableName } from "../support/typeorm"

const ROWS = 24
const COLLATION = "scope_equality"

/** What one collation or another takes for equal to something else here, or for nothing. */
const TEXT = fc.string({
    unit: fc.constantFrom(
        ...["a", "A", "á", "Å", "b", "ß", "s", "S", "i", "I", "İ", "ı", "1", "１", "😀", "😁"],
        ...[" ", " ", "\u0301", "\u00ad", "\t", "-", "'", '"', "\\", "%"],
    ),
    maxLength: 3,
})
const DATE = fc
    .date({ min: new Date("2001-01-01"), max: new Date("2001-01-03"), noInvalidDate: true })
    .map((date) => new Date(date.getTime() - (date.getTime() % 250)))
const UUID = fc
    .constantFrom("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12")
    .chain((uuid) =>
        fc.constantFrom(
            uuid,
            uuid.toUpperCase(),
            uuid.replaceAll("-", ""),
            `{${uuid}}`.slice(1, -1),
        ),
    )
const DECIMAL = fc.constantFrom(1, "1.0", "1.00", 1.5, "1.50", "-1", "0", "-0", 0.1, "0.10")
const DOUBLE = fc.oneof(DECIMAL, fc.constantFrom(0.1 + 0.2, 0.3, 1e21, -0))
const BYTES = fc.uint8Array({ max: 2, maxLength: 3 }).map((bytes) => Buffer.from(bytes))

type ScopeColumn = readonly [ColumnOptions, Arbitrary<unknown>]

const EVERYWHERE: readonly ScopeColumn[] = [
    [{ type: "varchar", length: "20" }, TEXT],
    [{ type: "int" }, fc.constantFrom(1, "1", "01", 1n, 0, -0, "-1", true, false)],
    [
        { type: "bigint" },
        fc.constantFrom("9007199254740993", 9007199254740993n, "9007199254740992"),
    ],
    [{ type: "decimal", precision: 10, scale: 2 }, DECIMAL],
    [{ type: Boolean }, fc.boolean()],
    [{ type: "date" }, fc.oneof(DATE, fc.constant("2001-01-01"))],
    [{ type: "simple-enum", enum: ["draft", "Final"] }, fc.constantFrom("draft", "Final")],
]

const POSTGRES: readonly ScopeColumn[] = [
    ...EVERYWHERE.map(([options, values]): ScopeColumn => {
        // A boolean is no integer there.
        return [options, options.type === "int" ? values.map(Number).map(String) : values]
    }),
    [{ type: "text", collation: COLLATION }, TEXT],
    [{ type: "varchar", length: "2" }, fc.constantFrom("a", "a ", "a  ", "aa", "aa  ")],
    [{ type: "char", length: "4" }, TEXT],
    [{ type: "citext" }, TEXT],
    [{ type: "uuid" }, UUID],
    [{ type: "numeric" }, DECIMAL],
    [{ type: "real" }, DOUBLE],
    [{ type: "double precision" }, DOUBLE],
    [{ type: "timestamp", precision: 0 }, DATE],
    [{ type: "timestamptz" }, DATE],
    [{ type: "time" }, fc.constantFrom("12:00", "12:00:00", "120000", "12:00:00.5")],
    [{ type: "bytea" }, BYTES],
    [{ type: "inet" }, fc.constantFrom("10.0.0.1", "10.0.0.1/32", "10.0.0.0/8")],
]

const SQLITE: readonly ScopeColumn[] = [
    ...EVERYWHERE,
    [{ type: "varchar", collation: "NOCASE" }, TEXT],
    [{ type: "varchar", collation: "RTRIM" }, TEXT],
    [{ type: "datetime" }, DATE],
    [{ type: "numeric" }, DOUBLE],
]

const mariaDb = (collations: readonly string[]): readonly ScopeColumn[] => [
    ...EVERYWHERE,
    ...collations.map((collation): ScopeColumn => [
        { type: "varchar", length: "20", charset: "utf8mb4", collation },
        TEXT,
    ]),
    [{ type: "char", length: "4" }, TEXT],
    [{ type: "binary", length: "4" }, BYTES],
    [{ type: "varbinary", length: "4" }, BYTES],
    [{ type: "uuid" }, UUID],
    [{ type: "year" }, fc.constantFrom(24, "24", 2024, "2024", 99, 1999, "5", 2005)],
    [{ type: "datetime", precision: 0 }, DATE],
    [{ type: "timestamp", precision: 0 }, DATE],
    [{ type: "time" }, fc.constantFrom("12:00", "12:00:00", "120000")],
    [{ type: "enum", enum: ["a", "B"] }, fc.constantFrom("a", "A", "b", "B")],
]

async function columnsOn(dataSource: DataSource, kind: Kind): Promise<readonly ScopeColumn[]> {
    if (kind === "better-sqlite3" || kind === "sqljs") return SQLITE
    if (kind === "postgres" || kind === "pglite") return POSTGRES
    const all = await dataSource.query<{ name: string }[]>(
        "SELECT FULL_COLLATION_NAME AS name FROM " +
            "information_schema.COLLATION_CHARACTER_SET_APPLICABILITY " +
            "WHERE CHARACTER_SET_NAME = 'utf8mb4' AND FULL_COLLATION_NAME NOT LIKE '%_ai_cs'",
    )
    const some = fc.subarray(
        all.map(({ name }) => name),
        { minLength: 3, maxLength: 3 },
    )
    return mariaDb([...(fc.sample(some, { seed, numRuns: 1 })[0] ?? []), "utf8mb4_bin"])
}

onEachCell("The equality of scopes", ({ way, database }) => {
    it("is that of the column, whatever its type and collation", async () => {
        const empty = await database().connect([])
        const kind = database().kind
        if (kind === "postgres" || kind === "pglite")
            await database().query(
                `CREATE COLLATION IF NOT EXISTS ${COLLATION}
                    (provider = icu, locale = 'und-u-ks-level1', deterministic = false)`,
            )
        if (kind === "postgres")
            await database().query("CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA pg_catalog")
        const columns = (await columnsOn(empty, kind)).filter(
            // PGlite has no such extension.
            ([{ type }]) => type !== "citext" || kind === "postgres",
        )

        class Scoped {
            @PrimaryGeneratedColumn() id!: number
        }
        for (const [at, [options]] of columns.entries()) {
            Column({ nullable: true, ...options })(Scoped.prototype, `scope${at}`)
            AutoSequenceColumn({ ...way.options, uniqueWith: `scope${at}` })(
                Scoped.prototype,
                `number${at}`,
            )
        }
        Entity("scoped")(Scoped)
        const dataSource = await database().connect([Scoped], { sameAs: empty })
        const rows = dataSource.getRepository(Scoped)

        /** Rows whose numbers are not those that counting by the column itself gives. */
        const wrong = async () => {
            const found: string[] = []
            const name = (property: string) => {
                const column = rows.metadata.findColumnWithPropertyName(property)
                return column ? columnName(column) : property
            }
            for (const [at, [{ type, collation }]] of columns.entries()) {
                const [scope, number] = [name(`scope${at}`), name(`number${at}`)]
                const table = tableName(rows.metadata)
                const misnumbered = await dataSource.query<object[]>(
                    `SELECT a.${scope} AS scope, a.${number} AS number FROM ${table} a WHERE a.${number} <> ` +
                        `(SELECT COUNT(*) FROM ${table} b WHERE b.id <= a.id AND ` +
                        `(b.${scope} = a.${scope} OR (b.${scope} IS NULL AND a.${scope} IS NULL)))`,
                )
                if (misnumbered.length > 0)
                    found.push(
                        `${String(type)} ${collation ?? ""} ${JSON.stringify(misnumbered.slice(0, 3))}`,
                    )
            }
            return found
        }

        const row = fc.record(
            Object.fromEntries(
                columns.map(([, values], at) => [`scope${at}`, fc.option(values, { freq: 8 })]),
            ),
        )
        await fc.assert(
            fc.asyncProperty(
                fc.array(row, { minLength: ROWS, maxLength: ROWS, size: "max" }),
                fc.array(row, { minLength: 3, maxLength: 3 }),
                async (together, alone) => {
                    await rows.save(together)
                    for (const one of alone) await rows.save(one)
                    expect(await wrong()).to.eql([])
                },
            ),
            { seed, numRuns: 2, endOnFailure: true },
        )

        await installAutoSequence(dataSource)
        await verifyAutoSequence(dataSource)
        expect(await generateMigration(dataSource)).to.equal(undefined)
    })
})

onEachCell(
    "A collation whose weights are not its equality",
    ({ way, database }) => {
        beforeEach(async function () {
            const bare = await database().connect([])
            const found = await bare.query<unknown[]>("SHOW COLLATION LIKE '%uca1400_ai_cs'")
            // MySQL has none.
            if (found.length === 0) this.skip()
        })

        it("is refused by a name, and the rows of other scopes are numbered", async () => {
            @Entity({ name: "letter" })
            class Letter {
                @PrimaryGeneratedColumn() id!: number
                @Column({
                    ...{ type: "varchar", length: 20, charset: "utf8mb4" },
                    ...{ collation: "uca1400_ai_cs", nullable: true },
                })
                box!: string | null
                @AutoSequenceColumn({ ...way.options, uniqueWith: "box" }) number!: number
            }
            const dataSource = await database().connect([Letter])
            const letters = dataSource.getRepository(Letter)
            await letters.save({ box: null })
            await expectRejects(
                letters.save({ box: "a" }),
                UnknownScopeError,
                "The scope of Letter.number has no counter key: box can't hold its value, or has a collation (_ai_cs)",
                "give the column another collation.",
            )
            await letters.save({ box: null })
            const rows = await letters.find({ order: { number: "ASC" } })
            expect(rows.map(({ box, number }) => [box, number])).to.eql([
                [null, 1],
                [null, 2],
            ])
        })

        if (!way.isInDatabase)
            it("is refused in a condition, by the name of its column", async () => {
                @Entity({ name: "letter" })
                class Letter {
                    @PrimaryGeneratedColumn() id!: number
                    @Column({ length: 20 }) box!: string
                    @Column({
                        ...{ type: "varchar", length: 20, charset: "utf8mb4" },
                        ...{ collation: "uca1400_ai_cs" },
                    })
                    state!: string
                    @AutoSequenceColumn({
                        ...way.options,
                        uniqueWith: "box",
                        when: { state: "sent" },
                    })
                    number!: number | null
                }
                const dataSource = await database().connect([Letter])
                await expectRejects(
                    dataSource.getRepository(Letter).save({ box: "a", state: "sent" }),
                    UnknownScopeError,
                    "state can't hold its value, or has a collation (_ai_cs)",
                )
            })
    },
    (_, { tableLock }) => !tableLock,
)

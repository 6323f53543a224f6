import { expect } from "chai"
import {
    Column,
    type ColumnOptions,
    type DataSource,
    Entity,
    ManyToOne,
    type ObjectLiteral,
    PrimaryColumn,
    PrimaryGeneratedColumn,
    type Relation,
    type Repository,
} from "typeorm"
import { AutoSequenceColumn, installAutoSequence } from "../../../src"
import { moveCounters } from "../../../src/numbers/counters/move-counters"
import { keyOf } from "../../../src/series/scopes/scope-key"
import { dialectOf } from "../../../src/dialects"
import type { Dialect } from "../../../src/dialects/dialect"
import {
    type Kind,
    onEachDatabase,
    onEveryDatabase,
    type TestDatabase,
} from "../../support/databases"
import { expectKeysAsInSql } from "../../support/keys"
import { counterTable, storedCounters } from "../../support/stored"
import { COUNTING, type Counting, worksOn } from "../../support/strategies"

function scopedBy(scope: ColumnOptions, strategy: Counting) {
    @Entity("scoped")
    class Scoped {
        @PrimaryGeneratedColumn() id!: number
        @Column({ name: "scope of it", ...scope }) scope!: unknown
        @AutoSequenceColumn({ strategy, uniqueWith: "scope" }) number!: number
    }
    return Scoped
}

@Entity()
class Branch {
    @PrimaryColumn({ type: "varchar", length: 20 }) country!: string
    @PrimaryColumn({ type: "bigint" }) code!: string
}

@Entity()
class Customer {
    @PrimaryGeneratedColumn() id!: number
}

class Address {
    @Column({ type: "varchar", nullable: true }) town!: string | null
}

function orderOf(strategy: Counting) {
    @Entity()
    class Order {
        @PrimaryGeneratedColumn() id!: number
        @ManyToOne(() => Customer, { nullable: true }) customer!: Relation<Customer> | null
        @ManyToOne(() => Branch, { nullable: true }) branch!: Relation<Branch> | null
        @Column(() => Address) address!: Address
        @AutoSequenceColumn({ strategy, uniqueWith: "customer" }) ofCustomer!: number
        @AutoSequenceColumn({ strategy, uniqueWith: "branch" }) ofBranch!: number
        @AutoSequenceColumn({ strategy, uniqueWith: "address.town" }) ofTown!: number
        @AutoSequenceColumn({ strategy, uniqueWith: ["address.town", "customer"] })
        ofBoth!: number
    }
    return Order
}

/** Settings of the session that change how values look as text. */
const SETTINGS: Partial<Record<Kind, readonly string[]>> = {
    postgres: [
        "SET DateStyle = 'German, DMY'",
        "SET TimeZone = 'Asia/Kolkata'",
        "SET bytea_output = 'escape'",
        "SET extra_float_digits = -15",
        "SET IntervalStyle = 'sql_standard'",
    ],
    mariadb: [
        "SET time_zone = '+05:30'",
        "SET collation_connection = 'utf8mb4_unicode_ci'",
        "SET sql_mode = CONCAT(@@sql_mode, ',PAD_CHAR_TO_FULL_LENGTH')",
    ],
}

interface Case {
    /** Undefined where the database has no such column. */
    readonly column: (kind: Kind) => ColumnOptions | undefined
    /** Values that are one scope together. */
    readonly groups: readonly (readonly unknown[])[]
}

const only =
    (...kinds: Kind[]) =>
    (column: ColumnOptions) =>
    (kind: Kind) =>
        kinds.includes(kind) ? column : undefined
const onPostgres = only("postgres", "pglite")
const onServers = only("postgres", "pglite", "mariadb")

/** MariaDB tells case and trailing blanks apart only where the column does. */
const text = (kind: Kind): ColumnOptions => ({
    type: "varchar",
    length: "600",
    ...(kind === "mariadb" ? { charset: "utf8mb4", collation: "utf8mb4_nopad_bin" } : undefined),
})

const noon = new Date("2024-02-29T12:00:00.000Z")
const later = new Date("2024-02-29T12:00:00.500Z")

const CASES: Record<string, Case> = {
    text: {
        column: (kind) => ({ ...text(kind), nullable: true }),
        groups: [
            ...[
                null,
                "null",
                "NULL",
                "",
                " ",
                "a",
                "A",
                "a ",
                "ä",
                "a\u0308",
                "😀",
                "😁",
                "ß",
                "ss",
            ],
            ...[
                "'",
                "''",
                '"',
                '""',
                "\\",
                "\\\\",
                "a,b",
                'a","b',
                "v1:",
                "%",
                "_",
                "\n",
                "\t",
                "1",
            ],
        ].map((value) => [value]),
    },
    "long text": {
        column: text,
        groups: [
            "a".repeat(250),
            "a".repeat(251),
            "b".repeat(600),
            `${"b".repeat(599)}c`,
            "😀".repeat(250),
            "😀".repeat(251),
            `${"😀".repeat(250)}😁`,
            '"'.repeat(125),
            '"'.repeat(126),
        ].map((value) => [value]),
    },
    "text of 10 kB": {
        column: only("better-sqlite3", "sqljs")({ type: "text" }),
        groups: [["x".repeat(10_000)], [`${"x".repeat(9999)}y`]],
    },
    "text of fixed length": {
        column: onServers({ type: "char", length: "5" }),
        groups: [["a", "a  "], ["a\t"], ["b"], [""]],
    },
    "text that ignores case": {
        column: (kind) =>
            kind === "postgres"
                ? { type: "citext" }
                : kind === "better-sqlite3" || kind === "sqljs"
                  ? { type: "varchar", collation: "NOCASE" }
                  : undefined,
        groups: [["A", "a"], ["b", "B"], ["AB", "Ab"], ["É"]],
    },
    integers: {
        column: () => ({ type: "int", nullable: true }),
        groups: [[1, "1", 1n], [-1, "-1"], [0, "0", -0], [null], [2 ** 31 - 1]],
    },
    "64-bit integers": {
        column: () => ({ type: "bigint" }),
        groups: [[1, "1", 1n], ["9007199254740993", 9007199254740993n], [9007199254740992n]],
    },
    decimals: {
        column: () => ({ type: "decimal", precision: 10, scale: 2 }),
        groups: [[1.5, "1.5", "1.50"], [1.25, "1.25"], [100, "100", "100.00"], ["-1.5"]],
    },
    "decimals of any length": {
        column: onPostgres({ type: "numeric" }),
        groups: [[1.5, "1.5", "1.5000"], ["0", "-0", "0.000"], ["12345678901234567890.1"]],
    },
    "floating-point numbers": {
        column: onPostgres({ type: "double precision" }),
        groups: [[0.1, "0.1"], [0.1 + 0.2], [0.3], [0, "-0"], ["NaN"]],
    },
    booleans: {
        column: () => ({ type: Boolean, nullable: true }),
        groups: [[true], [false], [null]],
    },
    enums: {
        column: () => ({ type: "simple-enum", enum: ["draft", "Final", 'in "review"'] }),
        groups: [["draft"], ["Final"], ['in "review"']],
    },
    UUIDs: {
        column: onServers({ type: "uuid" }),
        groups: [
            ["aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE"],
            ["aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeef"],
        ],
    },
    dates: {
        column: () => ({ type: "date" }),
        groups: [["2024-02-29", new Date(2024, 1, 29, 13)], ["2024-03-01"], ["1999-12-31"]],
    },
    datetimes: {
        column: (kind) =>
            kind === "mariadb"
                ? { type: "datetime", precision: 3 }
                : { type: kind === "postgres" || kind === "pglite" ? "timestamp" : "datetime" },
        groups: [[noon, new Date(noon)], [later]],
    },
    "datetimes rounded to seconds": {
        column: onServers({ type: "timestamp", precision: 0 }),
        groups: [[noon, new Date(noon.getTime() + 100)], [new Date(noon.getTime() + 2000)]],
    },
    "datetimes with a time zone": {
        column: (kind) =>
            kind === "mariadb"
                ? { type: "timestamp", precision: 3 }
                : onPostgres({ type: "timestamptz" })(kind),
        groups: [[noon, new Date(noon)], [later]],
    },
    times: {
        column: onServers({ type: "time" }),
        groups: [["12:00:00", "12:00"], ["00:00:01"]],
    },
    bytes: {
        column: onPostgres({ type: "bytea" }),
        groups: [[Buffer.from("a\\'\u0001")], [Buffer.from("A")], [Buffer.alloc(0)]],
    },
    "network addresses": {
        column: onPostgres({ type: "inet" }),
        groups: [["10.0.0.1", "10.0.0.1/32"], ["10.0.0.0/8"], ["::1", "0:0::1"]],
    },
}

for (const strategy of COUNTING)
    onEveryDatabase(
        `The scopes of strategy ${strategy} by`,
        (database) => {
            for (const [title, { column, groups }] of Object.entries(CASES))
                it(title, async function () {
                    const options = column(database().kind)
                    if (!options) return this.skip()
                    if (options.type === "citext") await createCitext(database())
                    const dataSource = await database().connect([scopedBy(options, strategy)])
                    await expectCountsPerGroup(dataSource, groups)
                })

            /** Values in one save each, all in one, and under other settings of the session. */
            async function expectCountsPerGroup(
                dataSource: DataSource,
                groups: readonly (readonly unknown[])[],
            ): Promise<void> {
                const repository: Repository<ObjectLiteral> = dataSource.getRepository("Scoped")
                const values = groups.flatMap((values, group) =>
                    values.map((scope) => ({ scope, group })),
                )
                const last = groups.map(() => 0)
                const next = () => values.map(({ group }) => (last[group] = (last[group] ?? 0) + 1))

                const expected = next()
                for (const [at, { scope }] of values.entries()) {
                    const { number } = await repository.save({ scope })
                    expect(number, String(scope)).to.equal(expected[at])
                }
                const rows = await repository.save(values.map(({ scope }) => ({ scope })))
                expect(rows.map(({ number }) => number as number)).to.eql(next())

                const runner = dataSource.createQueryRunner()
                try {
                    await expectKeysAsInSql(runner, repository.metadata)
                    for (const setting of SETTINGS[database().kind] ?? [])
                        await runner.query(setting)
                    await expectKeysAsInSql(runner, repository.metadata)
                    if (database().kind === "mariadb")
                        // Dates are sent without their zone there: in another one they are others.
                        await runner.query("SET time_zone = DEFAULT")
                    const more = await runner.manager
                        .getRepository(repository.target)
                        .save(values.map(({ scope }) => ({ scope })))
                    expect(more.map(({ number }) => number as number)).to.eql(next())
                    await expectKeysAsInSql(runner, repository.metadata)
                } finally {
                    await runner.release()
                }
                expect(await storedCounters(dataSource)).to.have.length(groups.length)
            }

            it("relations, embedded columns and both, NULLs among them", async () => {
                const Order = orderOf(strategy)
                const dataSource = await database().connect([Branch, Customer, Order])
                const [ada, bob] = await dataSource.getRepository(Customer).save([{}, {}])
                const branches = await dataSource.getRepository(Branch).save([
                    { country: "DE", code: "1" },
                    { country: "DE", code: "9007199254740993" },
                    { country: 'D"', code: "1" },
                ])
                const towns = [null, "Bonn", "null", "Köln"]
                const orders = dataSource.getRepository(Order)
                const last: Record<string, number> = {}
                const count = (...scope: unknown[]) => {
                    const key = JSON.stringify(scope)
                    return (last[key] = (last[key] ?? 0) + 1)
                }
                for (let i = 0; i < 3; i += 1) {
                    const wanted = [null, ada, bob, { id: ada?.id }].flatMap((customer, c) =>
                        towns.map((town, t) => {
                            const branch = (i + c + t) % 4 === 3 ? null : branches[(i + c + t) % 4]
                            return {
                                row: { customer, branch, address: { town } },
                                ids: [
                                    customer?.id ?? null,
                                    branch && [branch.country, branch.code],
                                    town,
                                ],
                            }
                        }),
                    )
                    const expected = wanted.map(({ ids: [customer, branch, town] }) => ({
                        ofCustomer: count("customer", customer),
                        ofBranch: count("branch", branch),
                        ofTown: count("town", town),
                        ofBoth: count("both", town, customer),
                    }))
                    const rows = orders.create(wanted.map(({ row }) => row) as object[])
                    if (i < 2) await orders.save(rows)
                    else for (const row of rows) await orders.save(row)
                    expect(
                        rows.map(({ ofCustomer, ofBranch, ofTown, ofBoth }) => ({
                            ofCustomer,
                            ofBranch,
                            ofTown,
                            ofBoth,
                        })),
                    ).to.eql(expected)
                }
                const runner = dataSource.createQueryRunner()
                await expectKeysAsInSql(runner, orders.metadata)
                await runner.release()
            })
        },
        worksOn(strategy),
    )

onEveryDatabase(
    "One counter, which both strategies move, of scopes by",
    (database) => {
        for (const [title, { column, groups }] of Object.entries(CASES))
            it(title, async function () {
                const options = column(database().kind)
                if (!options) return this.skip()
                if (options.type === "citext") await createCitext(database())
                const trigger = await database().connect([scopedBy(options, "trigger")])
                const counter = await database().connect([scopedBy(options, "counter")], {
                    sameAs: trigger,
                    synchronize: false,
                })
                const last = groups.map(() => 0)
                // Each makes the counters of half of the scopes, and goes on in those of the other.
                for (const turn of [0, 1, 2])
                    for (const [group, values] of groups.entries())
                        for (const scope of values) {
                            const dataSource = (group + turn) % 2 === 0 ? trigger : counter
                            const { number } = await dataSource
                                .getRepository<ObjectLiteral>("Scoped")
                                .save({ scope })
                            last[group] = (last[group] ?? 0) + 1
                            expect(number, String(scope)).to.equal(last[group])
                        }
                const counters = await storedCounters(trigger)
                expect(counters.map((one) => Number(one.last)).sort()).to.eql(last.sort())
            })
    },
    worksOn("trigger"),
)

onEveryDatabase("The counters of scopes", (database) => {
    it("have keys of 10 kB, which are hashed and not cut where the column is shorter", async () => {
        const dataSource = await database().connect([])
        const { expressions } = dialectOf(dataSource) as Dialect
        const texts = ["", "a", "A", "a ", "b"].map((end) => `${"x".repeat(10_000)}${end}`)
        const keys = texts.map((text) => keyOf([text], expressions))
        const runner = dataSource.createQueryRunner()
        const series = { name: "long", label: "long", base: 0n, columns: [] }
        for (const by of [1n, 2n]) {
            const moves = keys.map((key) => ({ key, by }))
            const moved = await moveCounters(runner, series, moves)
            expect(Object.fromEntries(moved)).to.eql(
                Object.fromEntries(keys.map((key) => [key, by === 1n ? 1n : 3n])),
            )
        }
        await runner.release()
        const counters = await storedCounters(dataSource)
        expect(counters.map(({ scope }) => scope)).to.have.members(keys)
    })
})

async function createCitext(database: TestDatabase): Promise<void> {
    await database.query("CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA pg_catalog")
}

onEachDatabase("A scope whose type is in a schema of its own", (database) => {
    for (const strategy of COUNTING)
        it(`goes on after the rows that are the same to it, by strategy ${strategy}`, async () => {
            const scope = { type: "citext" } as const
            const plain = await database().connect([])
            const { schema } = plain.options as { schema?: string }
            // A trigger does not look where its operators are.
            await database().query(`DROP EXTENSION IF EXISTS citext CASCADE`)
            await database().query(`CREATE EXTENSION citext WITH SCHEMA "${schema}"`)
            const extra = { options: `-c search_path=${schema},public` }
            const dataSource = await database().connect([scopedBy(scope, strategy)], {
                sameAs: plain,
                extra,
            })
            const rows = dataSource.getRepository<ObjectLiteral>("Scoped")
            for (const number of [4, 5]) await rows.save({ scope: "A", number })
            await dataSource.query(`DELETE FROM ${counterTable(dataSource)}`)
            if (strategy === "trigger") {
                // To look at rows by them would be a walk through the table for each new scope.
                for (const number of [1, 2, 3])
                    expect((await rows.save({ scope: "a" })).number).to.equal(number)
                await installAutoSequence(dataSource)
            }
            expect((await rows.save({ scope: "a" })).number).to.equal(6)
        })
})

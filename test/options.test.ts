import { expect } from "chai"
import {
    Column,
    DataSource,
    Entity,
    EntitySchema,
    type EntitySchemaOptions,
    ManyToOne,
    OneToMany,
    PrimaryGeneratedColumn,
} from "typeorm"
import {
    AutoSequenceColumn,
    type AutoSequenceColumnOptions,
    backfillPseudoKeys,
    findByPseudoKey,
    generateMigration,
    installAutoSequence,
    InvalidOptionError,
    keyEntity,
    NotInstalledError,
    resolvePseudoKey,
    Sequence,
    transactionWithRetry,
    UnsupportedError,
    verifyAutoSequence,
    wherePseudoKey,
    withAutoSequence,
    withAutoSequenceColumns,
    withPseudoKeys,
    withTableLock,
} from "../src"
import {
    onEachDatabase,
    onEveryDatabase,
    StatementLog,
    type PostgresDatabase,
} from "./support/databases"
import { expectErrorIs, expectRejects, expectThrows } from "./support/errors"

@Entity()
class Letter {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "varchar", length: 20 }) year!: string
    @AutoSequenceColumn({ uniqueWith: "year" }) number!: number
}

@Entity()
class Note {
    @PrimaryGeneratedColumn() id!: number
    @Column({ type: "text", nullable: true }) area?: string | null
    @AutoSequenceColumn({ uniqueWith: "area" }) number!: number
}

@Entity()
class Plain {
    @PrimaryGeneratedColumn() id!: number
}

@Entity()
class Customer {
    @PrimaryGeneratedColumn() id!: number
    @OneToMany(() => Visit, (visit) => visit.customer) visits!: Visit[]
    @AutoSequenceColumn({ uniqueWith: "visits" }) number!: number
}
@Entity()
class Visit {
    @PrimaryGeneratedColumn() id!: number
    @ManyToOne(() => Customer, (customer) => customer.visits) customer!: Customer
}

@Entity()
class UnknownScope {
    @PrimaryGeneratedColumn() id!: number
    @Column() year!: string
    @ManyToOne(() => Plain) plain!: Plain
    @AutoSequenceColumn({ uniqueWith: ["year", "month"] }) number!: number
}

@Entity()
class ScopedByItself {
    @PrimaryGeneratedColumn() id!: number
    @AutoSequenceColumn({ uniqueWith: "number" }) number!: number
}

@Entity()
class ColumnAbove {
    @PrimaryGeneratedColumn() id!: number
    @Column() @AutoSequenceColumn() number!: number
}

describe("@AutoSequenceColumn", () => {
    const decorate = (options: unknown) => () => {
        class Row {
            @AutoSequenceColumn(options as AutoSequenceColumnOptions) number!: number
        }
        return Row
    }
    const place = "@AutoSequenceColumn on Row.number: "

    describe("refuses, when the class is decorated,", () => {
        for (const name of ["startAt", "incrementBy"])
            for (const [value, shown] of [
                [0, "0"],
                [-1, "-1"],
                [1.5, "1.5"],
                [NaN, "NaN"],
                [Infinity, "Infinity"],
                [2 ** 53, "9007199254740992"],
                ["1", '"1"'],
                [null, "null"],
                [1n, "1"],
            ])
                it(`${name} ${typeof value === "bigint" ? "1n" : shown}`, () =>
                    expectThrows(
                        decorate({ [name]: value, type: "bigint" }),
                        InvalidOptionError,
                        `${place}${name} is ${shown}, give an integer from 1`,
                    ))

        for (const name of ["startAt", "incrementBy"])
            it(`${name} over the largest int`, () => {
                expectThrows(
                    decorate({ [name]: 3e9 }),
                    InvalidOptionError,
                    `${place}${name} is 3000000000`,
                    'Use type "bigint"',
                )
                expect(decorate({ [name]: 2 ** 31 - 1 })).not.to.throw()
                expect(decorate({ [name]: 3e9, type: "bigint" })).not.to.throw()
            })

        for (const [title, options, problem] of [
            ["a wrong type", { type: "smallint" }, 'type is "smallint", give "int" or "bigint".'],
            ["a class as type", { type: Number }, "type is "],
            [
                "a wrong strategy",
                { strategy: "max" },
                'strategy is "max", give one of table-lock, counter, trigger.',
            ],
            ["an empty uniqueWith", { uniqueWith: "" }, 'uniqueWith holds ""'],
            ["an empty name in uniqueWith", { uniqueWith: ["a", ""] }, 'uniqueWith holds ""'],
            ["uniqueWith of numbers", { uniqueWith: [1] }, "uniqueWith holds 1"],
            ["a function as uniqueWith", { uniqueWith: () => "a" }, "uniqueWith holds "],
            ["null as uniqueWith", { uniqueWith: [null] }, "uniqueWith holds null"],
            [
                "one name twice",
                { uniqueWith: ["a", "b", "a"] },
                "uniqueWith names a property twice",
            ],
            [
                "gapless for another strategy",
                { strategy: "table-lock", gapless: false },
                'gapless needs strategy "counter", and the strategy is "table-lock".',
            ],
            [
                "cache for another strategy",
                { strategy: "trigger", cache: 5 },
                "cache needs strategy ",
            ],
            [
                "series for another strategy",
                { strategy: "table-lock", series: "a" },
                "series needs strategy ",
            ],
            [
                "gapless that is no boolean",
                { strategy: "counter", gapless: "no" },
                'gapless is "no", give true or false.',
            ],
            [
                "cache for a gapless series",
                { strategy: "counter", cache: 5 },
                "cache needs gapless: false",
            ],
            [
                "a cache of nothing",
                { strategy: "counter", gapless: false, cache: 0 },
                "cache is 0, give an integer from 1",
            ],
            ...["", "a ", "a".repeat(256), 5].map(
                (series) =>
                    [
                        `${JSON.stringify(series).slice(0, 9)} as series`,
                        { strategy: "counter", series },
                        `series is ${JSON.stringify(series)}, give a name of 1 to 255 characters.`,
                    ] as const,
            ),
            ["options that are a string", "year", 'the options are "year", give an object.'],
            ["options that are null", null, "the options are null, give an object."],
        ] as const)
            it(title, () =>
                expectThrows(decorate(options), InvalidOptionError, `${place}${problem}`),
            )

        for (const [title, options, problem] of [
            ["a name that is a bigint", { name: 5n }, "name is 5, give a non-empty string."],
            ["an empty name", { name: "" }, 'name is "", give a non-empty string.'],
            ["a comment of a number", { comment: 5 }, "comment is 5, give a string."],
            ["nullable null", { nullable: null }, "nullable is null"],
            ["select of a text", { select: "no" }, 'select is "no", give true or false.'],
            [
                "half a transformer",
                { transformer: { to: String } },
                "transformer is [object Object]",
            ],
            [
                "an object that has no text",
                { startAt: { toString: null } },
                "startAt is [object Object], give an integer from 1",
            ],
            [
                "an object without a prototype",
                { strategy: Object.create(null) as unknown },
                "strategy is [object Object]",
            ],
        ] as const)
            it(title, () =>
                expectThrows(decorate(options), InvalidOptionError, `${place}${problem}`),
            )

        it("an unknown option, and lists those there are", () =>
            expectThrows(
                decorate({ startsAt: 5 }),
                InvalidOptionError,
                `${place}there is no option "startsAt". The options are startAt, incrementBy, ` +
                    "uniqueWith, period, when, assign, deletable, journal, settings, dates, strategy, gapless, cache, " +
                    "series, explicit, type, name, comment, nullable, primary, select, transformer.",
            ))

        it("options of @Column that make no sense for a number", () =>
            expectThrows(
                decorate({ default: 1 }),
                InvalidOptionError,
                'there is no option "default"',
            ))

        it("to stand on one property twice", () =>
            expectThrows(
                () => {
                    class Row {
                        @AutoSequenceColumn() @AutoSequenceColumn() number!: number
                    }
                    return Row
                },
                InvalidOptionError,
                `${place}another decorator has declared this column.`,
            ))

        it("to stand above @Column", () =>
            expectThrows(
                () => {
                    class Row {
                        @AutoSequenceColumn() @Column() number!: number
                    }
                    return Row
                },
                InvalidOptionError,
                `${place}another decorator has declared this column.`,
            ))

        it("a property that is named by a symbol", () =>
            expectThrows(
                () => {
                    const number = Symbol("number")
                    class Row {
                        @AutoSequenceColumn() [number]!: number
                    }
                    return Row
                },
                InvalidOptionError,
                "@AutoSequenceColumn on Row.Symbol(number): a property named by a symbol",
            ))

        it("a static property", () =>
            expectThrows(
                () => {
                    class Row {
                        @AutoSequenceColumn() static number: number
                    }
                    return Row
                },
                UnsupportedError,
                "static property",
            ))

        it("to be called as a standard decorator, and names the compiler's setting", () => {
            const standard = AutoSequenceColumn() as unknown as (
                value: undefined,
                context: object,
            ) => void
            expectThrows(
                () => standard(undefined, { kind: "field", name: "number" }),
                UnsupportedError,
                "experimentalDecorators",
            )
        })
    })

    describe("on a property that TypeScript has declared as something else", () => {
        it("is refused", () => {
            const declarations: [() => unknown, string, string][] = [
                [
                    () => {
                        class Row {
                            @AutoSequenceColumn() number!: string
                        }
                        return Row
                    },
                    "declared as String, but will hold a number",
                    "Declare it as number",
                ],
                [
                    () => {
                        class Row {
                            @AutoSequenceColumn() number!: boolean
                        }
                        return Row
                    },
                    "declared as Boolean",
                    "Declare it as number",
                ],
                [
                    () => {
                        class Row {
                            @AutoSequenceColumn({ nullable: true }) number!: Date
                        }
                        return Row
                    },
                    "declared as Date",
                    "Declare it as number",
                ],
                [
                    () => {
                        class Row {
                            @AutoSequenceColumn({ type: "bigint" }) number!: bigint
                        }
                        return Row
                    },
                    "declared as BigInt, but will hold a string",
                    "or give a transformer",
                ],
            ]
            for (const [declare, ...texts] of declarations)
                expectThrows(declare, InvalidOptionError, `${place}the property is `, ...texts)
        })

        it("is not refused where that fits, or can't be told", () => {
            class Fitting {
                @AutoSequenceColumn() number!: number
                @AutoSequenceColumn({ nullable: true }) draft!: number | null
                @AutoSequenceColumn({ type: "bigint" }) big!: string
                @AutoSequenceColumn({ type: "bigint" }) parsed!: number
                @AutoSequenceColumn({ transformer: { to: Number, from: BigInt } }) own!: bigint
                @AutoSequenceColumn() anything: unknown
                @AutoSequenceColumn() branded!: number & { readonly brand: "number" }
            }
            expect(Fitting).to.be.a("function")
        })
    })

    it("leaves nothing declared when it refuses", async () => {
        @Entity()
        class Row {
            @PrimaryGeneratedColumn() id!: number
        }
        expectThrows(
            () => AutoSequenceColumn({ startAt: 0 })(Row.prototype, "number"),
            InvalidOptionError,
        )
        const ds = new DataSource({ type: "sqljs", entities: [Row] })
        await ds.initialize()
        expect(ds.getMetadata(Row).columns.map((c) => c.propertyName)).to.eql(["id"])
        expect(ds.getMetadata(Row).indices).to.eql([])
        await ds.destroy()
    })
})

describe("What is no option, no entity and no data source", () => {
    const none = undefined as never
    const schemaOf = () =>
        new EntitySchema<{ id: number; number: number }>({
            name: "bare",
            columns: { id: { type: "int", primary: true, generated: true } } as never,
        })

    for (const [title, call, ...texts] of [
        ["withAutoSequence(undefined)", () => withAutoSequence(none), "withAutoSequence"],
        ["withAutoSequence(…, null)", () => withAutoSequence({}, null as never), "are null"],
        [
            "counterTable: null",
            () => withAutoSequence({}, { counterTable: null as never }),
            "The counter table",
            "is null, give an object.",
        ],
        [
            "a name of the counter table that is a bigint",
            () => withAutoSequence({}, { counterTable: { name: 5n as never } }),
            "The name of the counter table is 5, give a name.",
        ],
        [
            "a schema of the key table that is null",
            () => keyEntity({ schema: null as never }),
            "The schema of the key table is null, give a name.",
        ],
        [
            "withAutoSequenceColumns(undefined)",
            () => withAutoSequenceColumns(none, {}),
            "give an EntitySchema.",
        ],
        [
            "withAutoSequenceColumns of null",
            () => withAutoSequenceColumns(schemaOf(), null as never),
            "is null, give an object.",
        ],
        [
            "withPseudoKeys of a class",
            () => withPseudoKeys(Plain as never, {}),
            "give an EntitySchema.",
        ],
        ["wherePseudoKey(undefined)", () => wherePseudoKey(none, Plain, "a"), "give a DataSource."],
    ] as const)
        it(`${title} is refused`, () => expectThrows(call, InvalidOptionError, ...texts))

    it("are refused by functions that return promises", async () => {
        const dataSource = new DataSource({ type: "sqljs", entities: [Plain] })
        await dataSource.initialize()
        try {
            const work = () => Promise.resolve()
            for (const [call, ...texts] of [
                [() => verifyAutoSequence(none), "undefined, give a DataSource."],
                [() => installAutoSequence(none), "undefined, give a DataSource."],
                [() => installAutoSequence(dataSource, null as never), "options are null"],
                [() => generateMigration(5 as never), "5, give a DataSource."],
                [() => transactionWithRetry(none, work), "transactionWithRetry", "undefined"],
                [
                    () => transactionWithRetry(dataSource, work, { attempts: 5n as never }),
                    "attempts is 5",
                ],
                [() => withTableLock(dataSource, [], work), "no entity"],
                [() => withTableLock(none, Plain, work), "withTableLock", "give a DataSource."],
                [
                    () => withTableLock(dataSource, Letter, work),
                    'withTableLock was given "Letter", which is not an entity of the data source.',
                ],
                [() => withTableLock(dataSource, none, work), "undefined, which is not an entity"],
                [() => withTableLock(dataSource, Plain, work, null as never), "options are null"],
                [() => findByPseudoKey(dataSource.manager, Letter, "a"), '"Letter", which is no'],
                [
                    () => findByPseudoKey(dataSource.manager, {} as never, "a"),
                    "which is not an entity",
                ],
                [() => resolvePseudoKey(none, "a"), "give a DataSource."],
                [
                    () => resolvePseudoKey(dataSource, "a", { entity: null as never }),
                    "null, which is not an entity",
                ],
                [() => backfillPseudoKeys(dataSource, Letter), '"Letter", which is not an entity'],
                [() => new Sequence("a").next({ toString: null } as never), '"a"'],
            ] as const)
                await expectRejects(
                    (async () => {
                        await call()
                    })(),
                    InvalidOptionError,
                    ...texts,
                )
        } finally {
            await dataSource.destroy()
        }
    })
})

describe("A schema that is extended", () => {
    it("leaves the object that it was created with as it is", () => {
        interface Row {
            id: number
            number: number
            key: string
        }
        const columns = { id: { type: "int", primary: true, generated: true } }
        const options = { name: "extended", columns } as unknown as EntitySchemaOptions<Row>
        for (const name of ["one", "other"]) {
            const schema = new EntitySchema<Row>(options)
            expect(withAutoSequenceColumns(schema, { number: {} })).to.equal(schema)
            expect(withPseudoKeys(schema, { key: { prefix: name } })).to.equal(schema)
            expect(Object.keys(schema.options.columns)).to.eql(["id", "number", "key"])
            expect(schema.options.indices).to.have.length(2)
        }
        expect(options).to.eql({ name: "extended", columns })
        expect(Object.keys(columns)).to.eql(["id"])
    })
})

onEachDatabase("initialize()", (db) => {
    it("refuses a property in uniqueWith that is not there, and lists those there are", () =>
        expectRejects(
            db().connect([UnknownScope, Plain]),
            InvalidOptionError,
            'uniqueWith of UnknownScope.number names "month", which the entity does not have. ' +
                "It has id, year, plain.",
        ))

    it("refuses a one-to-many relation in uniqueWith", () =>
        expectRejects(
            db().connect([Customer, Visit]),
            InvalidOptionError,
            'uniqueWith of Customer.number names "visits", which is a one-to-many relation.',
        ))

    it("refuses the number itself in uniqueWith", () =>
        expectRejects(
            db().connect([ScopedByItself]),
            InvalidOptionError,
            'uniqueWith of ScopedByItself.number names "number", which is this column itself.',
        ))

    it("refuses a number that @Column stands above", () =>
        expectRejects(
            db().connect([ColumnAbove]),
            InvalidOptionError,
            "ColumnAbove.number is numbered, but another decorator declares it as well.",
        ))
})

onEachDatabase("verifyAutoSequence", (db) => {
    /** Drops those unique indexes of the table that have, or have not, a condition. */
    async function dropIndexes(
        ds: DataSource,
        entity: typeof Letter | typeof Note,
        where: boolean,
    ) {
        const { schema, tableName } = ds.getMetadata(entity)
        const indexes = (await ds.query(
            `SELECT indexname FROM pg_indexes
             WHERE schemaname = $1 AND tablename = $2 AND indexname LIKE 'IDX%'
                AND (indexdef LIKE '% WHERE %') = $3`,
            [schema, tableName, where],
        )) as { indexname: string }[]
        expect(indexes).to.have.length(1)
        for (const { indexname } of indexes) await ds.query(`DROP INDEX ${schema}."${indexname}"`)
    }

    async function problemsOf(ds: DataSource): Promise<string[]> {
        try {
            await verifyAutoSequence(ds)
        } catch (error) {
            expectErrorIs(error, NotInstalledError)
            return (error as Error).message.split("\n")
        }
        return []
    }
    const migrate = "Generate and run a migration (typeorm-autosequence migration:generate)"
    const remedy = `${migrate}, or call installAutoSequence(dataSource).`

    async function plain(database: PostgresDatabase, schema: string): Promise<DataSource> {
        const ds = new DataSource({
            type: "postgres",
            url: database.url,
            schema,
            entities: [Letter, Note],
        })
        return ds.initialize()
    }

    it("passes on a synchronized schema, and writes nothing", async () => {
        const logger = new StatementLog()
        const ds = await db().connect([Letter, Note, Plain], { logger })
        logger.statements.length = 0
        await verifyAutoSequence(ds)
        expect(logger.statements).not.to.eql([])
        for (const sql of logger.statements) expect(sql).to.match(/^\s*SELECT\b/i)
    })

    it("passes where nothing is numbered", async () => {
        const ds = await db().connect([Plain], { synchronize: false })
        await verifyAutoSequence(ds)
    })

    it("passes on a unique constraint that was made by hand", async () => {
        const ds = await db().connect([Letter])
        await dropIndexes(ds, Letter, false)
        const { tablePath } = ds.getMetadata(Letter)
        await ds.query(`ALTER TABLE ${tablePath} ADD UNIQUE (number, year)`)
        await verifyAutoSequence(ds)
    })

    it("reports a data source that is not initialised", async () => {
        const ds = new DataSource(withAutoSequence({ type: "postgres", entities: [Letter] }))
        await expectRejects(verifyAutoSequence(ds), NotInstalledError, "Call initialize() first")
    })

    it("reports a unique index that is missing", async () => {
        const ds = await db().connect([Letter, Note])
        await dropIndexes(ds, Letter, false)
        const { tablePath } = ds.getMetadata(Letter)
        expect(await problemsOf(ds)).to.eql([
            `${tablePath} has no unique index over year, number. ${remedy}`,
        ])
    })

    it("reports the index of the NULL scope that is missing", async () => {
        const ds = await db().connect([Letter, Note])
        await dropIndexes(ds, Note, true)
        const { tablePath } = ds.getMetadata(Note)
        expect(await problemsOf(ds)).to.eql([
            `${tablePath} has no unique index over number where area is NULL. ${remedy}`,
        ])
    })

    for (const [title, index] of [
        ["is not unique", "INDEX ON letter (year, number)"],
        ["has other columns", "UNIQUE INDEX ON letter (year, number, id)"],
        ["has a condition", "UNIQUE INDEX ON letter (year, number) WHERE number > 5"],
    ] as const)
        it(`is not content with an index that ${title}`, async () => {
            const ds = await db().connect([Letter])
            await dropIndexes(ds, Letter, false)
            const { tablePath } = ds.getMetadata(Letter)
            await ds.query(`CREATE ${index.replace("letter", tablePath)}`)
            expect(await problemsOf(ds)).to.have.length(1)
        })

    it("is not content with a NULL scope's index that has another condition", async () => {
        const ds = await db().connect([Note])
        await dropIndexes(ds, Note, true)
        const { tablePath } = ds.getMetadata(Note)
        await ds.query(`CREATE UNIQUE INDEX ON ${tablePath} (number) WHERE area = 'a'`)
        expect(await problemsOf(ds)).to.eql([
            `${tablePath} has no unique index over number where area is NULL. ${remedy}`,
        ])
    })

    it("reports a missing subscriber, table and indexes together", async () => {
        const schema = await db().createSchema()
        const ds = await db().connect([Note], { schema })
        await dropIndexes(ds, Note, false)
        await dropIndexes(ds, Note, true)
        const bare = await plain(db(), schema)
        try {
            expect(await problemsOf(bare)).to.eql([
                "The data source has no AutoSequenceSubscriber. Create the data source with withAutoSequence(options).",
                `There is no table ${schema}.letter. ${migrate}.`,
                `${schema}.note has no unique index over area, number. ${remedy}`,
                `${schema}.note has no unique index over number where area is NULL. ${remedy}`,
            ])
        } finally {
            await bare.destroy()
        }
    })
})

onEveryDatabase(
    "Where a strategy can't work",
    (database) => {
        const text =
            'Strategy "table-lock" does not work on "mariadb". It works on "postgres", ' +
            '"better-sqlite3", "sqljs". Strategy "counter" works there.'

        it("verifyAutoSequence refuses", async () => {
            const ds = await database().connect([Letter])
            await expectRejects(verifyAutoSequence(ds), UnsupportedError, text)
        })

        it("the first insert is refused, and nothing written", async () => {
            const ds = await database().connect([Letter])
            const repo = ds.getRepository(Letter)
            await expectRejects(repo.save({ year: "a" }), UnsupportedError, text)
            await expectRejects(
                ds.transaction((manager) => manager.insert(Letter, { year: "a" })),
                UnsupportedError,
                text,
            )
            await expectRejects(repo.save({ year: "a", number: 1 }), UnsupportedError, text)
            expect(await repo.count()).to.equal(0)
        })

        it("entities without numbers are saved", async () => {
            const ds = await database().connect([Letter, Plain])
            await ds.getRepository(Plain).save([{}, {}])
            expect(await ds.getRepository(Plain).count()).to.equal(2)
        })
    },
    (can) => !can.tableLock,
)

import { DataSource, type DataSourceOptions } from "typeorm"
import { installAutoSequence, withAutoSequence, type WithAutoSequenceOptions } from "../../src"
import { seriesOf } from "../../src/series/resolve-series"

export type Kind = "postgres" | "pglite" | "mariadb" | "better-sqlite3" | "sqljs"

/** What the tests ask of a database instead of asking for its name. */
export interface Capabilities {
    /** Whether there can be several connections at once. */
    readonly parallel: boolean
    readonly tableLock: boolean
    readonly partialIndexes: boolean
    /** Whether a statement that fails ends its transaction, whatever comes after it. */
    readonly failOnce: boolean
    /** Whether TypeORM tells which row an upsert has updated. */
    readonly upsertKeys: boolean
    /** What it takes for the end of a savepoint of plain SQL. */
    readonly savepointSql: RegExp
    /** Whether entities read back numbers past 2^53 exactly. */
    readonly bigints: boolean
}

/** Where the tables of a data source are: a schema, a database, a file. */
export interface Place<Options> {
    /** The options of a data source; `other` is one that is connected to the same place. */
    options(other?: DataSource): Options
    drop(): Promise<void>
}

/** The options that data sources of all databases have. */
type CommonOptions = Pick<DataSourceOptions, keyof DataSourceOptions>

export type ConnectOptions<Options = CommonOptions> = Partial<Options> &
    WithAutoSequenceOptions & {
        /** The largest number of connections, where there can be several. Default is 10. */
        readonly connections?: number
        /** Connects to the place of this data source. On sql.js to a copy of it. */
        readonly sameAs?: DataSource
        /** `false` connects to the place of the last data source of the test. Default is `true`. */
        readonly fresh?: boolean
    }

/** What a test has of its database: empty places of its own. */
export abstract class TestDatabase<Options extends DataSourceOptions = DataSourceOptions> {
    private static names = 0
    abstract readonly kind: Kind
    abstract readonly can: Capabilities
    private readonly places = new Map<DataSource, Place<Options>>()

    constructor(readonly name: string) {}

    protected static newName(): string {
        return `s${++TestDatabase.names}_${process.pid}`
    }

    protected abstract newPlace(options: ConnectOptions<Options>): Promise<Place<Options>>
    protected abstract poolOptions(connections: number): Partial<Options>
    /** Runs a statement on a connection of its own, where there can be one. */
    abstract query(sql: string): Promise<void>

    /** A data source with the tables of these entities. */
    async connect(
        entities: DataSourceOptions["entities"],
        options: ConnectOptions<Options> = {},
    ): Promise<DataSource> {
        const { connections = 10, fresh = true, counterTable, ...given } = options
        const { sameAs = fresh ? undefined : this.last, ...rest } = given
        const place = (sameAs && this.places.get(sameAs)) ?? (await this.newPlace(options))
        const dataSource = new DataSource(
            withAutoSequence<Options>(
                {
                    synchronize: true,
                    ...this.poolOptions(connections),
                    ...place.options(sameAs),
                    entities,
                    ...rest,
                },
                { counterTable },
            ),
        )
        this.places.set(dataSource, place)
        await dataSource.initialize()
        if (dataSource.options.synchronize && hasTriggers(dataSource))
            await installAutoSequence(dataSource)
        return dataSource
    }

    /** The data source that was connected last. */
    protected get last(): DataSource | undefined {
        return [...this.places.keys()].at(-1)
    }

    async close(): Promise<void> {
        for (const dataSource of this.places.keys())
            if (dataSource.isInitialized) await dataSource.destroy()
        const places = new Set(this.places.values())
        this.places.clear()
        for (const place of places) await place.drop()
    }
}

/** TypeORM synchronises tables, and knows nothing of triggers. */
function hasTriggers({ entityMetadatas }: DataSource): boolean {
    return entityMetadatas.some((metadata) =>
        seriesOf(metadata).some(({ strategy }) => strategy === "trigger"),
    )
}

import { DataSource, type DataSourceOptions } from "typeorm"
import { installAutoSequence, withAutoSequence, type WithAutoSequenceOptions } from "../../src"
import { seriesOf } from "../../src/series/resolve-series"
import { emptyTables } from "./empty-tables"

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
    /** Whether an UPDATE can be about the first rows of an order. */
    readonly limitsUpdates: boolean
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
        /**
         * Whether the tables that another test of the block has made of the same entities will do, without
         * their rows: for tests that change no table. Not for parallel writers of what is unique: InnoDB keeps
         * deleted rows in its indexes for a time, and has writers of the same values lock each other out.
         * Default is `false`.
         */
        readonly emptied?: boolean
    }

/** Tables that are there when their test is over. */
interface Tables<Options> {
    readonly entities: readonly unknown[]
    readonly place: Place<Options>
}

/** What a test has of its database: empty places of its own. */
export abstract class TestDatabase<Options extends DataSourceOptions = DataSourceOptions> {
    private static names = 0
    abstract readonly kind: Kind
    abstract readonly can: Capabilities
    /** What goes together with the places. */
    protected readonly dropped: (() => Promise<void>)[] = []
    private readonly places = new Map<DataSource, Place<Options>>()
    private readonly used: Tables<Options>[] = []
    private readonly left: Tables<Options>[] = []

    constructor(readonly name: string) {}

    protected static newName(): string {
        return `s${++TestDatabase.names}_${process.pid}`
    }

    protected abstract newPlace(options: ConnectOptions<Options>): Promise<Place<Options>>
    /** What an entity may name as the database of its table: another one, until {@link close}. */
    abstract otherDatabase(): Promise<string>
    protected abstract poolOptions(connections: number): Partial<Options>
    /** Runs a statement on a connection of its own, where there can be one. */
    abstract query(sql: string): Promise<void>

    /** A data source with the tables of these entities. */
    async connect(
        entities: DataSourceOptions["entities"],
        options: ConnectOptions<Options> = {},
    ): Promise<DataSource> {
        const {
            connections = 10,
            fresh = true,
            emptied,
            strategy,
            counterTable,
            ...given
        } = options
        const { sameAs = fresh ? undefined : this.last, ...rest } = given
        const left = emptied ? this.takeTables(entities) : undefined
        const place = left ?? (sameAs && this.places.get(sameAs)) ?? (await this.newPlace(options))
        if (emptied) this.used.push({ entities: entities as readonly unknown[], place })
        const dataSource = new DataSource(
            withAutoSequence<Options>(
                {
                    synchronize: !left,
                    ...this.poolOptions(connections),
                    ...place.options(sameAs),
                    entities,
                    ...rest,
                },
                { strategy, counterTable },
            ),
        )
        this.places.set(dataSource, place)
        await dataSource.initialize()
        if (left) await emptyTables(dataSource, left)
        else if (dataSource.options.synchronize && hasTriggers(dataSource))
            await installAutoSequence(dataSource)
        return dataSource
    }

    /** The data source that was connected last. */
    protected get last(): DataSource | undefined {
        return [...this.places.keys()].at(-1)
    }

    /** Those that the next test may use as well are left to it. */
    async close({ leavesTables = false } = {}): Promise<void> {
        for (const dataSource of this.places.keys())
            if (dataSource.isInitialized) await dataSource.destroy()
        const used = this.used.splice(0)
        if (leavesTables) this.left.push(...used)
        else for (const { place } of this.left.splice(0)) await place.drop()
        const kept = new Set(this.left.map(({ place }) => place))
        const places = new Set(this.places.values())
        this.places.clear()
        for (const place of places) if (!kept.has(place)) await place.drop()
        for (const drop of this.dropped.splice(0)) await drop()
    }

    private takeTables(entities: DataSourceOptions["entities"]): Place<Options> | undefined {
        const wanted = entities as readonly unknown[]
        const at = this.left.findIndex(
            (tables) =>
                tables.entities.length === wanted.length &&
                tables.entities.every((entity, i) => entity === wanted[i]),
        )
        return at === -1 ? undefined : this.left.splice(at, 1)[0]?.place
    }
}

/** TypeORM synchronises tables, and knows nothing of triggers. */
function hasTriggers({ entityMetadatas }: DataSource): boolean {
    return entityMetadatas.some((metadata) =>
        seriesOf(metadata).some(({ strategy }) => strategy === "trigger"),
    )
}

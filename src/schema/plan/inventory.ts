import { COUNTER_ENTITY, EVENT_ENTITY, KEY_ENTITY, SETTING_ENTITY } from "../../declared/own-tables"
import type { DataSource, EntityMetadata, QueryRunner, Table, TableIndex } from "typeorm"
import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import { refuseUnsupported } from "../../numbers/refuse-unsupported"
import { NotInstalledError } from "../../errors"
import type { StoredKey } from "../../keys/pseudo-key"
import { pseudoKeysOf } from "../../keys/resolve-keys"
import { findOwnEntity } from "../../series/own-table"
import { hasJournal, hasSettings } from "../../series/journal"
import { ownSeriesOf } from "../../series/own-series"
import { seriesOf } from "../../series/resolve-series"
import type { Document, Scoped, Series } from "../../series/series"
import { givenDataSource } from "../../typeorm/given"
import type { ColumnMetadata } from "../../typeorm/names"
import { allSeriesOf } from "../../series/sharers"
import { numberedCheck } from "../../series/when/numbered-check"
import { type Checks, findChecks, tightColumns } from "./checks"
import { type KeysToFill, keysToFill } from "./key-filling"
import { hasHistory } from "../../tables/key-entity"
import { hasUnnumbered, hasZeros } from "./number-rows"
import { isPeriodic, type PeriodicSeries } from "../../series/periods/period-sql"
import { findLoosePeriod, findStranded } from "./periods/periods"
import { type TextsToFill, textsToFill } from "./texts/texts-to-fill"
import { findRetyped, type Holder, holdersOf, type Retyped } from "./retyped-columns"
import { formerIndexes, indexesOf, isCountedIn } from "./indexes/indexes"
import { dataSourceOf } from "../../typeorm/compat"
import { readTables } from "../../typeorm/schema/read-tables"
import type { IndexMetadata } from "../../typeorm/version/version"

/** @internal What a table that is there lacks of what its numbered columns and its keys need. */
export interface ServedTable {
    readonly dataSource: DataSource
    readonly dialect: Dialect
    readonly metadata: EntityMetadata
    /** As the database has it. */
    readonly table: Table
    /** The numbered columns that are there. */
    readonly present: readonly Series[]
    /** Those that are not. */
    readonly missing: readonly Series[]
    /** Those whose rows may be without a number, or have 0 for none. */
    readonly blank: readonly Series[]
    /** Those whose scope has a column that is not there. */
    readonly withoutScope: readonly Series[]
    /** Those whose rows are given periods, before they are numbered. */
    readonly periods: readonly PeriodicSeries[]
    /** Those of them whose index is there, but rows have a number and no period. */
    readonly stranded: readonly PeriodicSeries[]
    /** Those whose rows may have periods by which they were not numbered. */
    readonly uncounted: readonly PeriodicSeries[]
    /** The pseudo keys that rows lack. */
    readonly keys: KeysToFill
    /** The texts of numbers that rows lack. */
    readonly texts: TextsToFill
    /** The columns that are not there. */
    readonly missingColumns: readonly ColumnMetadata[]
    /** The columns that become NOT NULL when their rows have numbers and keys. */
    readonly loose: readonly ColumnMetadata[]
    /** The columns that are NOT NULL, and whose rows are without a number first. */
    readonly tight: readonly ColumnMetadata[]
    /** The columns of numbers, keys and scopes that have another type. */
    readonly retyped: readonly Retyped[]
    readonly indexes: readonly IndexMetadata[]
    /** Those of former scopes. */
    readonly formerIndexes: readonly TableIndex[]
    readonly checks: Checks
}

/** @internal The tables of a data source that matter to numbers and keys, as the database has them. */
export interface Inventory {
    readonly dataSource: DataSource
    readonly dialect: Dialect
    readonly tables: readonly ServedTable[]
    /** Entities that have no table. */
    readonly withoutTable: readonly EntityMetadata[]
    /** Undefined where the data source does not know it. */
    readonly counter?: OwnTable
    /** The history of keys; undefined where there is none. */
    readonly history?: OwnTable
    /** Undefined where no number keeps one. */
    readonly journal?: OwnTable
    /** Those of series; undefined where there are none. */
    readonly settings?: OwnTable
    /** Whether rows that have 0 as their number are numbered. */
    readonly renumber: boolean
}

interface OwnTable {
    readonly metadata: EntityMetadata
    readonly table?: Table
    readonly retyped: readonly Retyped[]
}

/** @internal The entities that have tables of their own, with numbers or keys. */
export function servedEntities(dataSource: DataSource): EntityMetadata[] {
    return dataSource.entityMetadatas.filter(
        // The children of a single-table inheritance are in the table of their root.
        (metadata) => metadata.tableType !== "entity-child" && uniqueColumnsOf(metadata).length > 0,
    )
}

/** The numbers and keys of an entity. */
function uniqueColumnsOf(metadata: EntityMetadata): readonly (Series | Document | StoredKey)[] {
    const series = seriesOf(metadata)
    return [
        ...series,
        ...series.flatMap(({ documents }) => documents),
        ...pseudoKeysOf(metadata).stored,
    ]
}

/** @internal */
export function refuseUninitialized(dataSource: DataSource): void {
    if (!givenDataSource("The library", dataSource).isInitialized)
        throw new NotInstalledError("The data source is not initialized. Call initialize() first.")
}

/** @internal Refuses what can't work, whatever is in the database. */
export function refuseUnsupportedSeries(dataSource: DataSource): void {
    refuseUninitialized(dataSource)
    for (const series of dataSource.entityMetadatas.flatMap(seriesOf)) refuseUnsupported(series)
    allSeriesOf(dataSource)
}

interface InventoryOptions {
    /** Whether rows that have 0 as their number are numbered. */
    readonly renumber?: boolean
    /** Columns that have just been added. */
    readonly added?: readonly ColumnMetadata[]
}

/** @internal */
export async function takeInventory(
    runner: QueryRunner,
    dataSource: DataSource,
    { renumber = false, added = [] }: InventoryOptions = {},
): Promise<Inventory> {
    // A database without a dialect has been refused, unless nothing is to be done there.
    const dialect = dialectOf(dataSource) as Dialect
    const served = servedEntities(dataSource)
    const own = {
        counter: findOwnEntity(dataSource, COUNTER_ENTITY),
        history: hasHistory(dataSource) ? findOwnEntity(dataSource, KEY_ENTITY) : undefined,
        journal: hasJournal(dataSource) ? findOwnEntity(dataSource, EVENT_ENTITY) : undefined,
        settings: hasSettings(dataSource) ? findOwnEntity(dataSource, SETTING_ENTITY) : undefined,
    }
    const needed = Object.values(own).filter((metadata) => metadata !== undefined)
    const stored = await readTables(runner, [...served, ...needed])
    const tables: ServedTable[] = []
    for (const metadata of served) {
        const table = stored.get(metadata)
        if (table) tables.push(await compare(runner, dialect, { metadata, table, renumber, added }))
    }
    const ownTable = async (metadata: EntityMetadata | undefined) =>
        metadata && compareOwn(runner, dialect, metadata, stored.get(metadata))
    return {
        dataSource,
        dialect,
        tables,
        withoutTable: served.filter((metadata) => !stored.has(metadata)),
        counter: await ownTable(own.counter),
        history: await ownTable(own.history),
        journal: await ownTable(own.journal),
        settings: await ownTable(own.settings),
        renumber,
    }
}

async function compareOwn(
    runner: QueryRunner,
    dialect: Dialect,
    metadata: EntityMetadata,
    table: Table | undefined,
): Promise<OwnTable> {
    const holders = metadata.columns.map((column): Holder => ({
        column,
        content: column.isPrimary ? "key" : "scope",
    }))
    return {
        metadata,
        table,
        retyped: table ? await findRetyped(runner, dialect, { metadata, table, holders }) : [],
    }
}

/** @internal All columns of an inventory that change their types. */
export function retypedOf({ tables, counter, history }: Inventory): Retyped[] {
    return [...tables, counter, history].flatMap((one) => one?.retyped ?? [])
}

async function compare(
    runner: QueryRunner,
    dialect: Dialect,
    {
        metadata,
        table,
        renumber,
        added,
    }: Pick<ServedTable, "metadata" | "table"> & Required<InventoryOptions>,
): Promise<ServedTable> {
    const all = seriesOf(metadata)
    const stored = ({ column }: Scoped) => table.findColumnByName(column.databaseName)
    const unnumbered = all.filter(
        (series) => !series.column.isNullable && (stored(series)?.isNullable ?? true),
    )
    const unique = uniqueColumnsOf(metadata)
    const keys = await keysToFill(runner, metadata, table)
    const holders = holdersOf(metadata)
    const retyped = await findRetyped(runner, dialect, { metadata, table, holders })
    // In a column that is there, NULL may mean that a row gets its number later.
    const isNew = (one: Series) => !stored(one) || added.includes(one.column)
    const checks = await findChecks(runner, dialect, metadata, table)
    const texts = textsToFill(metadata, table, checks.missing)
    // Rows for which the condition holds already.
    const isUnchecked = (one: Series) => {
        const check = numberedCheck(one)
        return checks.missing.some(({ name }) => name === check?.name)
    }
    const fresh = ownSeriesOf(metadata).filter(
        (one) => one.column.isNullable && (isNew(one) || isUnchecked(one)),
    )
    const zeros: Series[] = []
    for (const series of renumber ? all : [])
        if (
            stored(series)?.isNullable === false &&
            !series.column.isNullable &&
            (retyped.some(({ column }) => column === series.column) ||
                (await hasZeros(runner, series)))
        )
            zeros.push(series)
    const overdue: Series[] = []
    for (const series of ownSeriesOf(metadata))
        // Rows that came another way, or before: none is committed without its number.
        if (series.assignsAtCommit && !fresh.includes(series) && stored(series)?.isNullable)
            if (await hasUnnumbered(runner, series, table)) overdue.push(series)
    const blank = [...unnumbered, ...fresh, ...zeros, ...overdue]
    const indexes = unique
        .flatMap((one) => indexesOf(metadata, one))
        .filter(({ name }) => !table.indices.some((index) => index.name === name))
    const periodic = all.filter(isPeriodic)
    const isIndexed = ({ column }: Series) =>
        !indexes.some(({ columns }) => columns.includes(column))
    const stranded = (await findStranded(runner, periodic, table)).filter(isIndexed)
    const loosePeriods = periodic.flatMap((series) => findLoosePeriod(series, table))
    const missingColumns = [
        ...unique.map(({ column }) => column),
        ...new Set(periodic.map(({ period }) => period.column)),
    ].filter(({ databaseName }) => !table.findColumnByName(databaseName))
    return {
        dataSource: dataSourceOf(metadata),
        dialect,
        metadata,
        table,
        present: all.filter((series) => stored(series)),
        missing: all.filter((series) => !stored(series)),
        blank,
        withoutScope: all.filter(({ scopeColumns }) =>
            scopeColumns.some(({ databaseName }) => !table.findColumnByName(databaseName)),
        ),
        keys,
        texts,
        // Where the index is there, rows have the periods by which they were numbered.
        periods: periodic.filter(
            (series) =>
                blank.some((one) => one.column === series.column) ||
                loosePeriods.includes(series.period.column) ||
                !table.findColumnByName(series.period.column.databaseName) ||
                !isIndexed(series) ||
                stranded.includes(series),
        ),
        stranded,
        uncounted: periodic.filter(
            (series) =>
                stored(series) &&
                table.findColumnByName(series.period.column.databaseName) &&
                !isCountedIn(series, metadata, table),
        ),
        missingColumns,
        loose: [
            ...[...unnumbered, ...keys.tightened, ...texts.tightened].map(({ column }) => column),
            ...new Set(loosePeriods),
        ],
        tight: tightColumns(all, table),
        retyped,
        indexes,
        formerIndexes: formerIndexes(metadata, table),
        checks,
    }
}

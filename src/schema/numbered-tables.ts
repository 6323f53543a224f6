import type { DataSource, EntityMetadata, QueryRunner, Table } from "typeorm"
import { refuseUnsupported } from "../allocation/supported"
import { NotInstalledError } from "../errors"
import { seriesOf } from "../series/resolve-series"
import type { Series } from "../series/series"
import { allSeriesOf } from "../series/sharers"
import { COUNTER_ENTITY } from "./counter-entity"
import { uniqueIndexesOf } from "./unique-number-index"

type IndexMetadata = EntityMetadata["indices"][number]

/** @internal What a table that is there lacks of what its numbered columns need. */
export interface NumberedTable {
    readonly metadata: EntityMetadata
    /** As the database has it. */
    readonly table: Table
    /** The numbered columns that are there. */
    readonly present: readonly Series[]
    /** Those that are not. */
    readonly missing: readonly Series[]
    /** Those that are to be NOT NULL, and are not there or can be NULL. */
    readonly unnumbered: readonly Series[]
    /** Those whose scope has a column that is not there. */
    readonly withoutScope: readonly Series[]
    readonly indexes: readonly IndexMetadata[]
}

/** @internal The tables of a data source that matter to numbers, as the database has them. */
export interface Inventory {
    readonly tables: readonly NumberedTable[]
    /** Entities that have no table. */
    readonly withoutTable: readonly EntityMetadata[]
    /** Undefined where the data source does not know it. */
    readonly counter?: { readonly metadata: EntityMetadata; readonly table?: Table }
}

/** @internal The entities that have numbered tables of their own. */
export function numberedEntities(dataSource: DataSource): EntityMetadata[] {
    return dataSource.entityMetadatas.filter(
        // The children of a single-table inheritance are in the table of their root.
        (metadata) => metadata.tableType !== "entity-child" && seriesOf(metadata).length > 0,
    )
}

/** @internal */
export function refuseUninitialized(dataSource: DataSource): void {
    if (!dataSource.isInitialized)
        throw new NotInstalledError("The data source is not initialized. Call initialize() first.")
}

/** @internal Refuses what can't work, whatever is in the database. */
export function refuseUnsupportedSeries(dataSource: DataSource): void {
    refuseUninitialized(dataSource)
    for (const series of dataSource.entityMetadatas.flatMap(seriesOf)) refuseUnsupported(series)
    allSeriesOf(dataSource)
}

/** @internal */
export async function takeInventory(
    runner: QueryRunner,
    dataSource: DataSource,
): Promise<Inventory> {
    const counterMetadata = dataSource.entityMetadatas.find(({ name }) => name === COUNTER_ENTITY)
    const tables: NumberedTable[] = []
    const withoutTable: EntityMetadata[] = []
    for (const metadata of numberedEntities(dataSource)) {
        const table = await runner.getTable(metadata.tablePath)
        if (table) tables.push(compare(metadata, table))
        else withoutTable.push(metadata)
    }
    return {
        tables,
        withoutTable,
        counter: counterMetadata && {
            metadata: counterMetadata,
            table: await runner.getTable(counterMetadata.tablePath),
        },
    }
}

function compare(metadata: EntityMetadata, table: Table): NumberedTable {
    const all = seriesOf(metadata)
    const stored = ({ column }: Series) => table.findColumnByName(column.databaseName)
    return {
        metadata,
        table,
        present: all.filter((series) => stored(series)),
        missing: all.filter((series) => !stored(series)),
        unnumbered: all.filter(
            (series) => !series.column.isNullable && (stored(series)?.isNullable ?? true),
        ),
        withoutScope: all.filter(({ scopeColumns }) =>
            scopeColumns.some(({ databaseName }) => !table.findColumnByName(databaseName)),
        ),
        indexes: all
            .flatMap((series) => indexesOf(metadata, series))
            .filter(({ name }) => !table.indices.some((index) => index.name === name)),
    }
}

/** The unique indexes of a series as TypeORM knows them. */
function indexesOf(metadata: EntityMetadata, series: Series): IndexMetadata[] {
    const uniques = uniqueIndexesOf(series)
    return metadata.indices.filter(
        (index) =>
            index.isUnique &&
            index.synchronize &&
            uniques.some(
                ({ columns, nulls }) =>
                    columns.length === index.columns.length &&
                    columns.every((column) => index.columns.includes(column)) &&
                    nulls.length > 0 === Boolean(index.where),
            ),
    )
}

import { type DataSource, type EntityMetadata, Table, TableForeignKey, TableIndex } from "typeorm"
import { dialectOf } from "../dialects"
import { hasCounters } from "../series/series"
import { type ColumnMetadata } from "../typeorm/names"
import { isSameColumn, sharersOf } from "../series/sharers"
import { dataSourceOf } from "../typeorm/compat"
import { fillKeys } from "./key-filling"
import { numberRows } from "./number-rows"
import type { Inventory, ServedTable } from "./inventory"
import type { Steps } from "./steps"

/** @internal Adds the columns that are missing, as ones that can be NULL yet. */
export async function addColumns(
    steps: Steps,
    { metadata, table, missingColumns }: ServedTable,
): Promise<void> {
    const { columns } = Table.create(metadata, dataSourceOf(metadata).driver)
    const added = columns.filter(({ name }) =>
        missingColumns.some(({ databaseName }) => databaseName === name),
    )
    if (added.length === 0) return
    // Their unique indexes come last.
    for (const column of added) Object.assign(column, { isNullable: true, isUnique: false })
    await steps.schema((runner) => runner.addColumns(table, added))
    for (const column of added)
        if (!table.findColumnByName(column.name)) table.addColumn(column.clone())
}

/** @internal Gives numbers to the rows that have none, in all tables of a data source. */
export async function numberExistingRows(
    steps: Steps,
    { tables, counter }: Inventory,
    order: ReadonlyMap<string, ColumnMetadata[]>,
): Promise<void> {
    const numbered = tables.flatMap(({ present }) => present)
    for (const { metadata, table, unnumbered, missing } of tables)
        for (const series of unnumbered) {
            const isCounter = hasCounters(series)
            const others = isCounter
                ? sharersOf(series).filter((s) => !isSameColumn(s, series))
                : []
            // Where the table lacks one column and has another, TypeORM renames that.
            const isRenamed = table.columns.length === metadata.columns.length
            const before = {
                ownRows: isRenamed || !missing.includes(series),
                sharers: others.filter((other) => numbered.some((s) => isSameColumn(s, other))),
                counters: isCounter && counter?.table !== undefined,
            }
            const statement = numberRows(series, before, order.get(metadata.tablePath) ?? [])
            await steps.sql(
                statement,
                `Rows of ${metadata.tablePath} that have no ${series.column.databaseName} get one.`,
            )
            // The next table with the same counters goes on after these.
            numbered.push(series)
        }
}

/** @internal Gives keys to the rows that have none, where SQL can make them. */
export async function fillKeysBySql(steps: Steps, { tables }: Inventory): Promise<void> {
    for (const { metadata, keys } of tables)
        for (const key of keys.bySql)
            await steps.sql(
                { sql: fillKeys(key) },
                `Rows of ${metadata.tablePath} that have no ${key.column.databaseName} get one.`,
            )
}

/** @internal Makes the columns NOT NULL that are filled now, and the unique indexes. */
export async function tighten(
    steps: Steps,
    table: Table,
    { metadata, loose, indexes }: ServedTable,
): Promise<void> {
    const changed = loose.flatMap((column) => {
        const oldColumn = table.findColumnByName(column.databaseName)
        if (!oldColumn) return []
        const newColumn = oldColumn.clone()
        newColumn.isNullable = false
        return [{ oldColumn, newColumn }]
    })
    if (changed.length > 0) await steps.schema((runner) => runner.changeColumns(table, changed))
    const add = () =>
        steps.schema((runner) => runner.createIndices(table, indexes.map(TableIndex.create)))
    const keys = foreignKeysOn(metadata, indexes)
    if (keys.length === 0) return indexes.length > 0 ? add() : undefined
    await steps.undoneWithout((runner) => runner.createForeignKeys(table.clone(), keys), add)
}

/** MySQL gives up the index that it made for a foreign key once there is another one. */
function foreignKeysOn(
    metadata: EntityMetadata,
    indexes: ServedTable["indexes"],
): TableForeignKey[] {
    const dataSource = dataSourceOf(metadata)
    if (!dialectOf(dataSource)?.schema.foreignKeysNeedIndex) return []
    return metadata.foreignKeys
        .filter((key) =>
            indexes.some(({ columns }) =>
                key.columns.every((column, at) => columns[at] === column),
            ),
        )
        .map((key) => TableForeignKey.create(key, dataSource.driver))
}

/** @internal A table as TypeORM would have it, and with the indexes that it leaves alone. */
export function tableAsDeclared(
    { driver }: DataSource,
    { metadata, table: stored }: ServedTable,
): Table {
    const table = Table.create(metadata, driver)
    table.foreignKeys = metadata.foreignKeys.map((key) => TableForeignKey.create(key, driver))
    const leftAlone = metadata.indices.filter(({ synchronize }) => !synchronize)
    table.indices.push(
        ...stored.indices.filter(({ name }) => leftAlone.some((index) => index.name === name)),
    )
    return table
}

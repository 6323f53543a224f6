import type { DataSource } from "typeorm"
import { COUNTER_ENTITY, KEY_ENTITY } from "../declared/own-tables"
import type { CounterTable } from "../dialects/counter-statements"
import type { KeyTable } from "../dialects/key-statements"
import { NotInstalledError } from "../errors"
import { columnName, tableName } from "../typeorm/names"

/** @internal */
export const NO_KEY_TABLE =
    "A pseudo key has a history, and the data source doesn't know its table. Create it with " +
    "withAutoSequence(options), or add autoSequenceEntities to its entities."

const NO_COUNTER_TABLE =
    "The data source doesn't know the counter table. Create it with withAutoSequence(options), or add " +
    "autoSequenceEntities to its entities."

const cache = new WeakMap<DataSource, Map<string, object>>()

/** @internal The counter table of a data source as SQL names it. */
export function counterTableOf(dataSource: DataSource): CounterTable {
    return ownTableOf(dataSource, COUNTER_ENTITY, NO_COUNTER_TABLE)
}

/** @internal The table of the history of keys as SQL names it. */
export function keyTableOf(dataSource: DataSource): KeyTable {
    return ownTableOf(dataSource, KEY_ENTITY, NO_KEY_TABLE)
}

/** @internal For a connection to the same database that has no entities. */
export function shareCounterTable(from: DataSource, to: DataSource): void {
    cache.set(to, new Map([[COUNTER_ENTITY, counterTableOf(from)]]))
}

/** Its columns by the names of their properties. */
function ownTableOf<Table extends object>(
    dataSource: DataSource,
    entity: string,
    problem: string,
): Table {
    let tables = cache.get(dataSource)
    if (!tables) cache.set(dataSource, (tables = new Map()))
    let table = tables.get(entity)
    if (!table) {
        const metadata = dataSource.entityMetadatas.find(({ name }) => name === entity)
        if (!metadata) throw new NotInstalledError(problem)
        const columns = metadata.columns.map((c) => [c.propertyName, columnName(c)])
        tables.set(entity, (table = { ...Object.fromEntries(columns), name: tableName(metadata) }))
    }
    return table as Table
}

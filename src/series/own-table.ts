import type { DataSource } from "typeorm"
import { COUNTER_ENTITY, KEY_ENTITY } from "../declared/own-tables"
import type { CounterTable } from "../dialects/statements/counter-statements"
import type { KeyTable } from "../dialects/statements/key-statements"
import { NotInstalledError } from "../errors"
import { columnName, tableName } from "../typeorm/names"

/** @internal */
export const NO_KEY_TABLE =
    "A pseudo key has a history, and the data source doesn't know its table. Create it with " +
    "withAutoSequence(options), or add autoSequenceEntities to its entities."

const NO_COUNTER_TABLE =
    "The data source doesn't know the counter table. Create it with withAutoSequence(options), or add " +
    "autoSequenceEntities to its entities."

type OwnTable = CounterTable | KeyTable

const cache = new WeakMap<DataSource, Map<string, OwnTable>>()

/** @internal The counter table of a data source as SQL names it. */
export function counterTableOf(dataSource: DataSource): CounterTable {
    return ownTableOf(dataSource, COUNTER_ENTITY, NO_COUNTER_TABLE) as CounterTable
}

/** @internal The table of the history of keys as SQL names it. */
export function keyTableOf(dataSource: DataSource): KeyTable {
    return ownTableOf(dataSource, KEY_ENTITY, NO_KEY_TABLE) as KeyTable
}

/** @internal For a connection to the same database that has no entities. */
export function shareCounterTable(from: DataSource, to: DataSource): void {
    cache.set(to, new Map([[COUNTER_ENTITY, counterTableOf(from)]]))
}

/** Its columns by the names of their properties. */
function ownTableOf(dataSource: DataSource, entity: string, problem: string): OwnTable {
    const tables = cache.get(dataSource) ?? new Map<string, OwnTable>()
    cache.set(dataSource, tables)
    let table = tables.get(entity)
    if (!table) {
        const metadata = dataSource.entityMetadatas.find(({ name }) => name === entity)
        if (!metadata) throw new NotInstalledError(problem)
        const columns = metadata.columns.map((c) => [c.propertyName, columnName(c)] as const)
        table = { ...Object.fromEntries(columns), name: tableName(metadata) } as unknown as OwnTable
        tables.set(entity, table)
    }
    return table
}

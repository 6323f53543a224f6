import type { DataSource, EntityMetadata } from "typeorm"
import { COUNTER_ENTITY, EVENT_ENTITY, KEY_ENTITY, SETTING_ENTITY } from "../declared/own-tables"
import type { CounterTable } from "../dialects/statements/counter-statements"
import type { KeyTable } from "../dialects/statements/key-statements"
import type { EventTable, SettingTable } from "../dialects/statements/journal/journal-tables"
import { NotInstalledError } from "../errors"
import { columnName, tableName } from "../typeorm/names"

/** @internal */
export const NO_KEY_TABLE =
    "A pseudo key has a history, and the data source doesn't know its table. Create it with " +
    "withAutoSequence(options), or add autoSequenceEntities to its entities."

/** @internal */
export const NO_EVENT_TABLE =
    "A number keeps a journal, and the data source doesn't know its table. Create it with " +
    "withAutoSequence(options), or add autoSequenceEntities to its entities."

/** @internal */
export const NO_SETTING_TABLE =
    "A number has settings, and the data source doesn't know their table. Create it with " +
    "withAutoSequence(options), or add autoSequenceEntities to its entities."

const NO_COUNTER_TABLE =
    "The data source doesn't know the counter table. Create it with withAutoSequence(options), or add " +
    "autoSequenceEntities to its entities."

type OwnTable = CounterTable | KeyTable | EventTable | SettingTable

const cache = new WeakMap<DataSource, Map<string, OwnTable>>()

/** @internal The entity of a table of the library's own, where the data source knows it. */
export function findOwnEntity(
    { entityMetadatas }: DataSource,
    entity: string,
): EntityMetadata | undefined {
    return entityMetadatas.find(({ name }) => name === entity)
}

/** @internal The counter table of a data source as SQL names it. */
export function counterTableOf(dataSource: DataSource): CounterTable {
    return ownTableOf(dataSource, COUNTER_ENTITY, NO_COUNTER_TABLE) as CounterTable
}

/** @internal The table of the history of keys as SQL names it. */
export function keyTableOf(dataSource: DataSource): KeyTable {
    return ownTableOf(dataSource, KEY_ENTITY, NO_KEY_TABLE) as KeyTable
}

/** @internal The journal as SQL names it. */
export function eventTableOf(dataSource: DataSource): EventTable {
    return ownTableOf(dataSource, EVENT_ENTITY, NO_EVENT_TABLE) as EventTable
}

/** @internal The settings of series as SQL names their table. */
export function settingTableOf(dataSource: DataSource): SettingTable {
    return ownTableOf(dataSource, SETTING_ENTITY, NO_SETTING_TABLE) as SettingTable
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
        const metadata = findOwnEntity(dataSource, entity)
        if (!metadata) throw new NotInstalledError(problem)
        const columns = metadata.columns.map((c) => [c.propertyName, columnName(c)] as const)
        table = {
            ...Object.fromEntries(columns),
            table: tableName(metadata),
            ...(entity === SETTING_ENTITY ? {} : { name: tableName(metadata) }),
        } as unknown as OwnTable
        tables.set(entity, table)
    }
    return table
}

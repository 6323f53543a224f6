import type { DataSource, EntityMetadata } from "typeorm"
import { entitiesRemedy } from "../declared/data-source-options"
import { COUNTER_ENTITY, EVENT_ENTITY, KEY_ENTITY, SETTING_ENTITY } from "../declared/own-tables"
import type { CounterTable } from "../dialects/statements/counter-statements"
import type { KeyTable } from "../dialects/statements/key-statements"
import type { EventTable, SettingTable } from "../dialects/statements/journal/journal-tables"
import { NotInstalledError } from "../errors"
import { oncePer } from "../once-per"
import { columnName, tableName } from "../typeorm/names"

const UNKNOWN = {
    [COUNTER_ENTITY]: "The data source doesn't know the counter table.",
    [KEY_ENTITY]: "A pseudo key has a history, and the data source doesn't know its table.",
    [EVENT_ENTITY]: "A number keeps a journal, and the data source doesn't know its table.",
    [SETTING_ENTITY]: "A number has settings, and the data source doesn't know their table.",
}

type OwnTable = CounterTable | KeyTable | EventTable | SettingTable

/** By their entities. */
const tablesOf = oncePer<DataSource, Map<string, OwnTable>>(() => new Map())

/** @internal The entity of a table of the library's own, where the data source knows it. */
export function findOwnEntity(
    { entityMetadatas }: DataSource,
    entity: string,
): EntityMetadata | undefined {
    return entityMetadatas.find(({ name }) => name === entity)
}

/** @internal The counter table of a data source as SQL names it. */
export function counterTableOf(dataSource: DataSource): CounterTable {
    return ownTableOf(dataSource, COUNTER_ENTITY) as CounterTable
}

/** @internal Finds one counter: its series is the parameter at this place, its scope the next one. */
export function whereCounter(dataSource: DataSource, place = 0): string {
    const { series, scope } = counterTableOf(dataSource)
    const parameter = (at: number) => dataSource.driver.createParameter("", at)
    return `WHERE ${series} = ${parameter(place)} AND ${scope} = ${parameter(place + 1)}`
}

/** @internal The table of the history of keys as SQL names it. */
export function keyTableOf(dataSource: DataSource): KeyTable {
    return ownTableOf(dataSource, KEY_ENTITY) as KeyTable
}

/** @internal The journal as SQL names it. */
export function eventTableOf(dataSource: DataSource): EventTable {
    return ownTableOf(dataSource, EVENT_ENTITY) as EventTable
}

/** @internal The settings of series as SQL names their table. */
export function settingTableOf(dataSource: DataSource): SettingTable {
    return ownTableOf(dataSource, SETTING_ENTITY) as SettingTable
}

/** @internal The error text for a data source whose entities lack one of the library's own tables. */
export function unknownTable(dataSource: DataSource, entity: keyof typeof UNKNOWN): string {
    return `${UNKNOWN[entity]} ${entitiesRemedy(dataSource)}`
}

/** @internal For a connection to the same database that has no entities. */
export function shareCounterTable(from: DataSource, to: DataSource): void {
    tablesOf(to).set(COUNTER_ENTITY, counterTableOf(from))
}

/** Its columns by the names of their properties. */
function ownTableOf(dataSource: DataSource, entity: keyof typeof UNKNOWN): OwnTable {
    const tables = tablesOf(dataSource)
    let table = tables.get(entity)
    if (!table) {
        const metadata = findOwnEntity(dataSource, entity)
        if (!metadata) throw new NotInstalledError(unknownTable(dataSource, entity))
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

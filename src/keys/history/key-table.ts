import type { DataSource } from "typeorm"
import { KEY_ENTITY } from "../../declared/own-tables"
import type { KeyTable } from "../../dialects/key-statements"
import { NotInstalledError } from "../../errors"
import { columnName, tableName } from "../../typeorm/names"

/** @internal */
export const NO_KEY_TABLE =
    "A pseudo key has a history, and the data source doesn't know its table. Create it with " +
    "withAutoSequence(options), or add autoSequenceEntities to its entities."

const cache = new WeakMap<DataSource, KeyTable>()

/** @internal The table of the history of keys as SQL names it. */
export function keyTableOf(dataSource: DataSource): KeyTable {
    let table = cache.get(dataSource)
    if (!table) {
        const metadata = dataSource.entityMetadatas.find(({ name }) => name === KEY_ENTITY)
        if (!metadata) throw new NotInstalledError(NO_KEY_TABLE)
        const column = (property: string) => {
            const found = metadata.findColumnWithPropertyName(property)
            return found ? columnName(found) : property
        }
        table = {
            name: tableName(metadata),
            series: column("series"),
            scope: column("scope"),
            key: column("key"),
            owner: column("owner"),
            retiredAt: column("retiredAt"),
        }
        cache.set(dataSource, table)
    }
    return table
}

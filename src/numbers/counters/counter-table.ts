import { COUNTER_ENTITY } from "../../declared/own-tables"
import type { DataSource } from "typeorm"
import type { CounterTable } from "../../dialects/dialect"
import { NotInstalledError } from "../../errors"
import { columnName, tableName } from "../../typeorm/names"

const cache = new WeakMap<DataSource, CounterTable>()

/** @internal The counter table of a data source as SQL names it. */
export function counterTableOf(dataSource: DataSource): CounterTable {
    let table = cache.get(dataSource)
    if (!table) {
        const metadata = dataSource.entityMetadatas.find(({ name }) => name === COUNTER_ENTITY)
        if (!metadata)
            throw new NotInstalledError(
                "The data source doesn't know the counter table. Create it with " +
                    "withAutoSequence(options), or add autoSequenceEntities to its entities.",
            )
        const column = (property: string) => {
            const found = metadata.findColumnWithPropertyName(property)
            return found ? columnName(found) : property
        }
        cache.set(
            dataSource,
            (table = {
                name: tableName(metadata),
                series: column("series"),
                scope: column("scope"),
                last: column("last"),
                movedBy: column("movedBy"),
                movedAt: column("movedAt"),
            }),
        )
    }
    return table
}

/** @internal For a connection to the same database that has no entities. */
export function shareCounterTable(from: DataSource, to: DataSource): void {
    cache.set(to, counterTableOf(from))
}

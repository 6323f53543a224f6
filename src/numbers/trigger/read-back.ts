import type { EntityMetadata } from "typeorm"
import { UnsupportedError } from "../../errors"
import { triggeredSeriesOf } from "../../series/own-series"
import { dataSourceOf } from "../../typeorm/compat"

const patched = new WeakSet<EntityMetadata>()

/**
 * Lets TypeORM read the numbers back that the database has made, in the statement that inserts the
 * row. It asks the metadata of an entity which columns those are, and that names only columns with
 * a default and the like. Drivers whose INSERT returns nothing would select them, and pair the rows
 * by position.
 * @internal
 */
export function readsBack(metadata: EntityMetadata): void {
    if (patched.has(metadata)) return
    const ask = (metadata as Partial<EntityMetadata>).getInsertionReturningColumns
    if (!ask)
        throw new UnsupportedError(
            "This version of TypeORM reads back inserted rows in another way than 0.3 and 1.x do. " +
                "Use one of those.",
        )
    const { driver } = dataSourceOf(metadata)
    metadata.getInsertionReturningColumns = () => {
        const columns = ask.call(metadata)
        if (driver.isReturningSqlSupported("insert"))
            for (const { column } of triggeredSeriesOf(metadata))
                if (!columns.includes(column)) columns.push(column)
        return columns
    }
    patched.add(metadata)
}

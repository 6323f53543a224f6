import type { DataSource, EntityMetadata } from "typeorm"
import { tableName } from "../../typeorm/names"

const tables = new WeakMap<DataSource, Map<string, EntityMetadata[]>>()

/** @internal The entities of a table, which SQL names so. */
export function metadatasOf(dataSource: DataSource, table: string): readonly EntityMetadata[] {
    let byName = tables.get(dataSource)
    if (!byName) {
        byName = new Map()
        for (const metadata of dataSource.entityMetadatas) {
            const name = tableName(metadata)
            const others = byName.get(name)
            if (others) others.push(metadata)
            else byName.set(name, [metadata])
        }
        tables.set(dataSource, byName)
    }
    return byName.get(table) ?? []
}

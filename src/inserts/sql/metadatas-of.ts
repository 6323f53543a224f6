import type { DataSource, EntityMetadata } from "typeorm"
import { groupBy } from "../../group-by"
import { oncePer } from "../../once-per"
import { tableName } from "../../typeorm/names"

const byTable = oncePer(({ entityMetadatas }: DataSource) => groupBy(entityMetadatas, tableName))

/** @internal The entities of a table, which SQL names so. */
export function metadatasOf(dataSource: DataSource, table: string): readonly EntityMetadata[] {
    return byTable(dataSource).get(table) ?? []
}

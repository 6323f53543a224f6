import type { EntityMetadata } from "typeorm"
import { isTimeZone } from "../../declared/time-zone"
import { dialectOf } from "../../dialects"
import type { ColumnMetadata } from "../../typeorm/names"
import { dataSourceOf } from "../../typeorm/compat"
import { columnsOfPath, findPath, type Path, pathSql } from "../path"

/** @internal Where the time zone of a period is: the same for all rows, or in a column that a row leads to. */
export interface Zone {
    /** As the options name it. */
    readonly path: string
    readonly fixed?: string
    readonly found?: Path
}

/** @internal Finds a zone, or a property that holds one; undefined where a name is neither. */
export function findZone(metadata: EntityMetadata, path: string): Zone | undefined {
    const found = findPath(metadata, path)
    if (found) return { path, found }
    return isTimeZone(path) ? { path, fixed: path } : undefined
}

/** @internal Whether it is in another row. */
export function isRelated({ found }: Zone): boolean {
    return found !== undefined && found.relations.length > 0
}

/** @internal The columns of the row itself that tell its zone. */
export function zoneColumns({ found }: Zone): readonly ColumnMetadata[] {
    return found ? columnsOfPath(found) : []
}

/** @internal The zone of a row as SQL; NULL where there is none. */
export function zoneSql(
    { fixed, found }: Zone,
    metadata: EntityMetadata,
    nameOf: (column: ColumnMetadata) => string,
    /** In which tables are whose entities name no schema. */
    schema?: string,
): string {
    if (found) return pathSql(found, nameOf, schema)
    const { periods } = dialectOf(dataSourceOf(metadata)) ?? {}
    return periods?.zone(fixed ?? "") ?? ""
}

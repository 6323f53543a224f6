import type { EntityMetadata } from "typeorm"
import { isTimeZone } from "../../declared/time-zone"
import { dialectOf } from "../../dialects"
import {
    type ColumnMetadata,
    columnName,
    type RelationMetadata,
    tableName,
} from "../../typeorm/names"
import { dataSourceOf } from "../../typeorm/compat"

/** @internal Where the time zone of a period is: the same for all rows, or in a column that a row leads to. */
export interface Zone {
    /** As the options name it. */
    readonly path: string
    readonly fixed?: string
    /** The relations that lead to the row with the column. */
    readonly relations: readonly RelationMetadata[]
    readonly column?: ColumnMetadata
}

/** @internal Finds a zone, or a property that holds one; undefined where a name is neither. */
export function findZone(metadata: EntityMetadata, path: string): Zone | undefined {
    const relations: RelationMetadata[] = []
    let at = metadata
    let rest = path
    for (;;) {
        const left = rest
        const column = at.columns.find((one) => one.propertyPath === left && !one.relationMetadata)
        if (column) return { path, relations, column }
        const relation = at.relations.find(
            ({ propertyPath, joinColumns }) =>
                joinColumns.length > 0 && left.startsWith(`${propertyPath}.`),
        )
        if (!relation) break
        relations.push(relation)
        at = relation.inverseEntityMetadata
        rest = left.slice(relation.propertyPath.length + 1)
    }
    return isTimeZone(path) ? { path, fixed: path, relations: [] } : undefined
}

/** @internal The columns of the row itself that tell its zone. */
export function zoneColumns({ relations: [relation], column }: Zone): readonly ColumnMetadata[] {
    if (relation) return relation.joinColumns
    return column ? [column] : []
}

/** @internal The zone of a row as SQL; NULL where there is none. */
export function zoneSql(
    { fixed, relations, column }: Zone,
    metadata: EntityMetadata,
    nameOf: (column: ColumnMetadata) => string,
    /** In which tables are whose entities name no schema. */
    schema?: string,
): string {
    const { periods } = dialectOf(dataSourceOf(metadata)) ?? {}
    if (fixed !== undefined) return periods?.zone(fixed) ?? ""
    if (!column) return ""
    const [first, ...others] = relations
    if (!first) return nameOf(column)
    const table = (relation: RelationMetadata) => tableName(relation.inverseEntityMetadata, schema)
    const equal = (relation: RelationMetadata, at: number, own: typeof nameOf) =>
        relation.joinColumns
            .map((one) => `z${at}.${columnName(one.referencedColumn ?? one)} = ${own(one)}`)
            .join(" AND ")
    const joins = others.map((relation, at) => {
        const on = equal(relation, at + 1, (one) => `z${at}.${columnName(one)}`)
        return ` JOIN ${table(relation)} z${at + 1} ON ${on}`
    })
    return (
        `(SELECT z${others.length}.${columnName(column)} FROM ${table(first)} z0${joins.join("")} ` +
        `WHERE ${equal(first, 0, nameOf)})`
    )
}

import type { EntityMetadata } from "typeorm"
import { type ColumnMetadata, columnName, type RelationMetadata, tableName } from "../typeorm/names"

/** @internal A column of a row, or of one that its relations lead to. */
export interface Path {
    /** As the options name it. */
    readonly path: string
    /** The relations that lead to the row with the column. */
    readonly relations: readonly RelationMetadata[]
    readonly column: ColumnMetadata
}

/** @internal Finds the column to which a path leads; undefined if there is no such path. */
export function findPath(metadata: EntityMetadata, path: string): Path | undefined {
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
        if (!relation) return undefined
        relations.push(relation)
        at = relation.inverseEntityMetadata
        rest = left.slice(relation.propertyPath.length + 1)
    }
}

/** @internal The columns of the row itself that tell it. */
export function columnsOfPath({ relations: [relation], column }: Path): readonly ColumnMetadata[] {
    return relation ? relation.joinColumns : [column]
}

/** @internal The value of a row as SQL; NULL where there is none. */
export function pathSql(
    { relations, column }: Path,
    nameOf: (column: ColumnMetadata) => string,
    /** In which tables are whose entities name no schema. */
    schema?: string,
): string {
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

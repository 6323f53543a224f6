import type { ColumnMetadata } from "./names"

const marked = new WeakSet<ColumnMetadata>()

/**
 * Lets TypeORM write a mark in the place of a column that a new row has no value for. It asks the
 * column for the value, and takes a function for SQL; the entity itself stays as it is. So the place
 * in the statement tells which entity the row is, whatever order TypeORM sends rows in.
 * @internal
 */
export function markPlaces(
    column: ColumnMetadata,
    idOf: (entity: object) => number | undefined,
    isNone = (value: unknown): boolean =>
        value === undefined || (value === null && !column.isNullable),
): void {
    if (marked.has(column)) return
    marked.add(column)
    const get = column.getEntityValue
    column.getEntityValue = (entity, transform) => {
        const value: unknown = get.call(column, entity, transform)
        if (!isNone(value)) return value
        const id = idOf(entity)
        return id === undefined ? value : () => `/*#${id}*/DEFAULT`
    }
}

/** @internal Whether places of a column are marked. */
export function isMarked(column: ColumnMetadata): boolean {
    return marked.has(column)
}

/** @internal Whether a statement has marks at all. */
export function hasMarks(sql: string): boolean {
    return sql.includes("/*#")
}

/** @internal The row that a mark is of. */
export function markedId(text: string): number | undefined {
    const id = /^\/\*#(\d+)\*\/DEFAULT$/.exec(text)?.[1]
    return id === undefined ? undefined : Number(id)
}

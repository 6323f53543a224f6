import type { ObjectLiteral } from "typeorm"
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
        if (typeof value === "function") holders.get(value)?.add(entity)
        if (!isNone(value)) return value
        const id = idOf(entity)
        if (id === undefined) return value
        const mark = () => `/*#${id}*/DEFAULT`
        if (column.isPrimary) holders.set(mark, holdersOf(entity, column))
        return mark
    }
}

/** What has a mark as the value of a primary key: save() makes an object of each row that it inserts. */
const holders = new WeakMap<object, Set<ObjectLiteral>>()
const holdersOfRows = new WeakMap<object, Map<ColumnMetadata, Set<ObjectLiteral>>>()

function holdersOf(entity: object, column: ColumnMetadata): Set<ObjectLiteral> {
    const ofRow = holdersOfRows.get(entity) ?? new Map<ColumnMetadata, Set<ObjectLiteral>>()
    holdersOfRows.set(entity, ofRow)
    const found = ofRow.get(column) ?? new Set()
    ofRow.set(column, found)
    return found
}

/**
 * Puts the value of a primary key in the places of its marks, once it is known: by it TypeORM finds the row, and sets
 * the foreign keys of those that belong to it.
 * @internal
 */
export function fillMarked(entity: object, column: ColumnMetadata, value: unknown): void {
    const ofRow = holdersOfRows.get(entity)
    for (const holder of ofRow?.get(column) ?? []) column.setEntityValue(holder, value)
    ofRow?.delete(column)
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

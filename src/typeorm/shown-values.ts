import type { ObjectLiteral } from "typeorm"
import type { ColumnMetadata } from "./names"

const guarded = new WeakSet<ColumnMetadata>()
/** By the paths of their properties. */
const shownValues = new WeakMap<object, Map<string, unknown>>()

/**
 * Lets a loaded entity show a value for a column that is NULL in the table. For TypeORM the column is as it is stored:
 * save() compares two loaded rows, and what one of them shows would hide that a caller sets the same value.
 * @internal
 */
export function showValue(column: ColumnMetadata, entity: ObjectLiteral, value: unknown): void {
    guard(column)
    column.setEntityValue(entity, value)
    const ofEntity = shownValues.get(entity) ?? new Map<string, unknown>()
    shownValues.set(entity, ofEntity.set(column.propertyPath, value))
}

/** @internal Whether an entity shows a value that is not in the table; not where the caller has set another one. */
export function isShown(column: ColumnMetadata, entity: ObjectLiteral): boolean {
    return shownValues.get(entity)?.has(column.propertyPath) === true && isUnset(column, entity)
}

function isUnset(column: ColumnMetadata, entity: ObjectLiteral): boolean {
    return column.getEntityValue(entity) === undefined
}

function guard(column: ColumnMetadata): void {
    if (guarded.has(column)) return
    guarded.add(column)
    const { getEntityValue, setEntityValue } = column
    const { propertyPath } = column
    column.getEntityValue = (entity, transform) => {
        const value: unknown = getEntityValue.call(column, entity, transform)
        const shown = shownValues.get(entity)?.get(propertyPath)
        if (shown === undefined || getEntityValue.call(column, entity) !== shown) return value
        // What a caller has not set; and what TypeORM compares it with.
        return transform ? null : undefined
    }
    column.setEntityValue = (entity, value) => {
        shownValues.get(entity)?.delete(propertyPath)
        setEntityValue.call(column, entity, value)
    }
}

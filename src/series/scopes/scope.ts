import { dialectOf } from "../../dialects"
import type { Scope } from "../../dialects/columns"
import { UnknownScopeError } from "../../errors"
import { dataSourceOf } from "../../typeorm/compat"
import { type ColumnMetadata, columnType } from "../../typeorm/names"

/** @internal */
export function scopeWith(values: Scope["values"]): Scope {
    return { values, key: JSON.stringify(values) }
}

/** @internal */
export function isMadeByDatabase(column: ColumnMetadata): boolean {
    return (
        column.isGenerated ||
        column.isCreateDate ||
        column.isUpdateDate ||
        column.isVersion ||
        column.generatedType !== undefined
    )
}

/**
 * A value as text that the column reads, NULL for NULL. What the driver would send as something else is
 * refused: {@link UnknownScopeError}.
 * @internal
 */
export function scopeText(column: ColumnMetadata, value: unknown): string | null {
    const text = findText(column, value)
    if (text !== undefined) return text
    const { entityMetadata, propertyPath } = column
    throw new UnknownScopeError(
        `${entityMetadata.name}.${propertyPath} makes a scope, and it is ${kindOf(value)}, which a ` +
            `column of type ${columnType(column)} does not store as what it is. Set another value.`,
    )
}

/** @internal The same of a property's value, which TypeORM makes another one of first. */
export function preparedText(column: ColumnMetadata, value: unknown): string | null {
    const { driver } = dataSourceOf(column.entityMetadata)
    return scopeText(column, driver.preparePersistentValue(value, column))
}

/** @internal The same, undefined for what is refused. */
export function findPreparedText(
    column: ColumnMetadata,
    value: unknown,
): string | null | undefined {
    const { driver } = dataSourceOf(column.entityMetadata)
    return findText(column, driver.preparePersistentValue(value, column))
}

function findText(column: ColumnMetadata, value: unknown): string | null | undefined {
    if (value === null || value === undefined) return null
    const dataSource = dataSourceOf(column.entityMetadata)
    const dialect = dialectOf(dataSource)
    return dialect ? dialect.scopeText(dataSource, value, column) : JSON.stringify(value)
}

/** Without the value: that is somebody's data. */
function kindOf(value: unknown): string {
    if (value instanceof Promise) return "a promise (is an await missing?)"
    // TypeORM makes a text of some dates.
    const isDate = value instanceof Date
    if (isDate || typeof value === "string")
        if (String(isDate ? value.getTime() : value).includes("NaN")) return "an invalid date"
    if (isDate) return "a date"
    if (value instanceof Uint8Array) return "bytes"
    if (Array.isArray(value)) return "a list"
    return typeof value === "object" ? "an object" : `such a ${typeof value}`
}

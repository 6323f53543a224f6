import { dialectOf } from "../../dialects"
import type { Scope } from "../../dialects/columns"
import { UnknownScopeError } from "../../errors"
import { dataSourceOf } from "../../typeorm/compat"
import type { Scoped } from "../series"
import { type ColumnMetadata, columnName, columnType } from "../../typeorm/names"

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
        `${entityMetadata.name}.${propertyPath} is part of a scope, but its value is ${kindOf(value)} that a ` +
            `column of type ${columnType(column)} does not store unchanged. Set another value.`,
    )
}

/** @internal What is read of a stored row for {@link scopeText}, column by column. */
export function scopeSqls({ dialect, scopeColumns }: Scoped, row = ""): string[] {
    return scopeColumns.map((column) => {
        const sql = row + columnName(column)
        return dialect.scopeSql?.(column, sql) ?? sql
    })
}

/** @internal Like {@link scopeText}, for the value of a property, which TypeORM prepares for the driver first. */
export function preparedText(column: ColumnMetadata, value: unknown): string | null {
    const { driver } = dataSourceOf(column.entityMetadata)
    return scopeText(column, driver.preparePersistentValue(value, column))
}

/** @internal Like {@link preparedText}, but undefined for values that it refuses. */
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
    return typeof value === "object" ? "an object" : `a ${typeof value}`
}

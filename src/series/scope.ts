import { dialectOf } from "../dialects"
import type { Scope } from "../dialects/columns"
import { dataSourceOf } from "../typeorm/compat"
import type { ColumnMetadata } from "../typeorm/names"

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

/** @internal A value as text that the column reads, NULL for NULL. */
export function preparedText(column: ColumnMetadata, value: unknown): string | null {
    const dataSource = dataSourceOf(column.entityMetadata)
    const prepared: unknown = dataSource.driver.preparePersistentValue(value, column)
    if (prepared === null || prepared === undefined) return null
    return dialectOf(dataSource)?.scopeText(dataSource, prepared) ?? JSON.stringify(prepared)
}

import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { dialectOf } from "../dialects"
import { dataSourceOf } from "../typeorm/compat"
import type { ColumnMetadata } from "../typeorm/names"
import type { RowCondition } from "../typeorm/rows/read-rows"

/**
 * The primary key of a row as one text, equal for what is equal: 1, "1" and 1n, a UUID in small and
 * in capital letters. The history keeps it in this form.
 * @internal
 */
export function primaryKeyText(metadata: EntityMetadata, row: ObjectLiteral): string {
    const dataSource = dataSourceOf(metadata)
    const dialect = dialectOf(dataSource)
    const values = metadata.primaryColumns.map((column) => {
        const value = preparedValue(column, row)
        if (value === null || value === undefined) return null
        const identity = dialect?.keys.identity(column)
        return identity
            ? identity.text(value)
            : (dialect?.scopeText(dataSource, value, column) ?? JSON.stringify(value))
    })
    return JSON.stringify(values)
}

/** @internal A value of a row as the driver sends it. */
export function preparedValue(column: ColumnMetadata, row: ObjectLiteral): unknown {
    const { driver } = dataSourceOf(column.entityMetadata)
    return driver.preparePersistentValue(column.getEntityValue(row), column)
}

/** @internal The condition that a primary key is. */
export function withPrimaryKey(
    { primaryColumns }: EntityMetadata,
    row: ObjectLiteral,
): RowCondition {
    return primaryColumns.map((column) => [column, preparedValue(column, row)])
}

/** @internal Whether a row has all of its primary key. */
export function hasPrimaryKey({ primaryColumns }: EntityMetadata, row: ObjectLiteral): boolean {
    return primaryColumns.every((column) => {
        const value: unknown = column.getEntityValue(row)
        return value !== undefined && value !== null && typeof value !== "function"
    })
}

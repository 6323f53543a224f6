import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { dialectOf } from "../../dialects"
import { preparedText } from "../../series/scope"
import { dataSourceOf } from "../../typeorm/compat"

/**
 * The primary key of a row as one text, equal for what is equal: 1, "1" and 1n, a UUID in small and
 * in capital letters. The history keeps it in this form.
 * @internal
 */
export function primaryKeyText(metadata: EntityMetadata, row: ObjectLiteral): string {
    const dialect = dialectOf(dataSourceOf(metadata))
    const values = metadata.primaryColumns.map((column) => {
        const text = preparedText(column, column.getEntityValue(row))
        return text === null ? null : (dialect?.canonicalText(column, text) ?? text)
    })
    return JSON.stringify(values)
}

/** @internal Whether a row has all of its primary key. */
export function hasPrimaryKey({ primaryColumns }: EntityMetadata, row: ObjectLiteral): boolean {
    return primaryColumns.every((column) => {
        const value: unknown = column.getEntityValue(row)
        return value !== undefined && value !== null && typeof value !== "function"
    })
}

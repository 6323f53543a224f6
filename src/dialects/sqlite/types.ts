import { type ColumnMetadata, columnType } from "../../typeorm/names"
import { canonicalInteger } from "../column-type"

// Any name is a type here, and parts of it say what the column does with values.

/** @internal */
export function canonicalText(column: ColumnMetadata, text: string): string | undefined {
    const type = columnType(column)
    if (/int/i.test(type)) return canonicalInteger(text)
    if (type === "boolean" || column.collation) return undefined
    return /char|text|clob|date|time/i.test(type) ? text : undefined
}

/** @internal */
export function keyText(column: ColumnMetadata, sql: string): string | undefined {
    const text = `CAST(${sql} AS TEXT)`
    if (column.collation?.toUpperCase() === "NOCASE") return `LOWER(${text})`
    if (column.collation?.toUpperCase() === "RTRIM") return `RTRIM(${text})`
    const isKey = /int|char|text|clob|date|time|bool|decimal|numeric/i.test(columnType(column))
    return isKey ? text : undefined
}

/** @internal A value as the column would store it. */
export function cast(column: ColumnMetadata, sql: string): string {
    const type = columnType(column)
    if (/int|bool/i.test(type)) return `CAST(${sql} AS INTEGER)`
    return /decimal|numeric/i.test(type) ? `CAST(${sql} AS NUMERIC)` : sql
}

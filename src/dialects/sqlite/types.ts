import { type ColumnMetadata, columnType } from "../../typeorm/names"
import { canonicalInteger, isDate, isInteger, plainText } from "../column-type"

type Affinity = "integer" | "text" | "decimal" | "date" | "other"

/**
 * What a column does with values. Any name is a type here, and parts of it say so: the first of these
 * that is in it.
 */
function affinityOf(column: ColumnMetadata): Affinity {
    const type = columnType(column)
    if (/int|bool/i.test(type)) return "integer"
    if (/char|clob|text/i.test(type)) return "text"
    if (/decimal|numeric/i.test(type)) return "decimal"
    return /date|time/i.test(type) ? "date" : "other"
}

/** @internal {@link Dialect.scopeText} */
export function scopeText(value: unknown, column: ColumnMetadata): string | undefined {
    const affinity = affinityOf(column)
    // Other numbers are written anew by the database where they become texts.
    if (affinity === "text" && typeof value === "number" && !Number.isSafeInteger(value))
        return undefined
    const text = plainText(typeof value === "boolean" ? Number(value) : value)
    if (text === undefined || !isTaken(text, affinity)) return undefined
    return affinity === "integer" ? canonicalInteger(text) : text
}

/** @internal {@link Dialect.scopeSql} */
export function scopeSql(column: ColumnMetadata, sql: string): string {
    return affinityOf(column) === "integer" ? `CAST(${sql} AS TEXT)` : sql
}

/** Others are stored in another form, or as they are beside values of the column's type. */
function isTaken(text: string, affinity: Affinity): boolean {
    switch (affinity) {
        case "integer":
            return isStoredInteger(text)
        case "decimal":
            return isNumber(text)
        case "date":
            return isNumber(text)
                ? isStoredInteger(text) && canonicalInteger(text) === text
                : isDate(text)
        case "text":
        case "other":
            return true
    }
}

function isNumber(text: string): boolean {
    return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text)
}

function isStoredInteger(text: string): boolean {
    return isInteger(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text)
}

/** @internal */
export function canonicalText(column: ColumnMetadata, text: string): string | undefined {
    const affinity = affinityOf(column)
    if (affinity === "integer") return canonicalInteger(text)
    return affinity === "date" || (affinity === "text" && !column.collation) ? text : undefined
}

/** @internal */
export function keyText(column: ColumnMetadata, sql: string): string | undefined {
    const text = `CAST(${sql} AS TEXT)`
    const affinity = affinityOf(column)
    switch (column.collation?.toUpperCase() ?? "BINARY") {
        case "NOCASE":
            return `LOWER(${text})`
        case "RTRIM":
            return `RTRIM(${text})`
        case "BINARY":
            if (affinity === "other") return undefined
            // The text has 15 digits.
            return affinity === "decimal"
                ? `CASE WHEN CAST(${text} AS NUMERIC) = ${sql} THEN ${text} ELSE printf('%!.17g', ${sql}) END`
                : text
        default:
            return undefined
    }
}

/** @internal A value as the column would store it. */
export function cast(column: ColumnMetadata, sql: string): string {
    const affinity = affinityOf(column)
    if (affinity === "integer") return `CAST(${sql} AS INTEGER)`
    return affinity === "decimal" ? `CAST(${sql} AS NUMERIC)` : sql
}

import { dataSourceOf } from "../../typeorm/compat"
import { type ColumnMetadata, columnType } from "../../typeorm/names"
import {
    canonicalDate,
    canonicalInteger,
    canonicalUuid,
    type ColumnType,
    type ColumnTypes,
    isDate,
    isInteger,
    isUuid,
} from "../column-type"

const text = (sql: string) => `CONVERT(${sql} USING utf8mb4)`
const asText = (sql: string) => text(`CAST(${sql} AS CHAR)`)

const INTEGER: ColumnType = { takes: isInteger, canonical: canonicalInteger, key: asText }
const TEXT: ColumnType = {
    canonical: (value, { collation = "" }) =>
        // Of those that compare characters, only these tell blanks at the end apart.
        /_bin$/.test(collation) && !/(nopad|0900)_bin$/.test(collation) ? trimmed(value) : value,
    collated: (value, column) =>
        !/bin$/.test(column.collation ?? "") || value.length > (lengthOf(column) ?? Infinity),
    key: (sql) => collatedText(sql),
}
const BINARY: ColumnType = {
    canonical: (hex, column) =>
        columnType(column) === "binary" ? hex.padEnd(2 * (lengthOf(column) ?? 0), "0") : hex,
    key: (sql) => text(`HEX(${sql})`),
}
const OTHER: ColumnType = { takes: isDate, key: asText }

/** @internal */
export const mysqlTypes: ColumnTypes = {
    tinyint: INTEGER,
    smallint: INTEGER,
    mediumint: INTEGER,
    int: INTEGER,
    bigint: INTEGER,
    // 0 is a year as a number, and another one as a text.
    year: {
        takes: (value) =>
            /^(0?[1-9]|[1-9]\d|190[1-9]|19[1-9]\d|20\d\d|21[0-4]\d|215[0-5])$/.test(value),
        canonical: (value) => {
            const year = Number(value)
            return String(year < 70 ? year + 2000 : year < 100 ? year + 1900 : year)
        },
        key: asText,
    },
    varchar: TEXT,
    text: TEXT,
    mediumtext: TEXT,
    longtext: TEXT,
    char: {
        ...TEXT,
        canonical: trimmed,
        key: (sql) => collatedText(`RTRIM(${sql})`),
    },
    binary: BINARY,
    varbinary: BINARY,
    enum: {
        takes: (value, column) => declaredOf(value, column) !== undefined,
        // It is stored as it was declared, in whatever case it is given.
        canonical: (value, column) => declaredOf(value, column) ?? value,
        key: text,
    },
    uuid: { takes: isUuid, canonical: canonicalUuid, key: asText },
    date: { takes: isDate, canonical: canonicalDate, key: asText },
    decimal: OTHER,
    datetime: OTHER,
    time: OTHER,
    // As text it depends on the time zone of the session.
    timestamp: { takes: isDate, key: (sql) => asText(`UNIX_TIMESTAMP(${sql})`) },
}

/**
 * Equal for texts that their collation takes for equal: the weights by which it compares them, and what
 * is read more easily where it compares the characters. Most take blanks at the end for nothing, also
 * those before characters without a weight. MariaDB has collations whose weights tell more apart than
 * they do.
 */
function collatedText(sql: string): string {
    const isPadded = `${sql} = CONCAT(${sql}, ' ')`
    const itself = `IF(${isPadded}, RTRIM(${sql}), ${sql})`
    const blank = `IF(${isPadded}, HEX(WEIGHT_STRING(CONCAT(LEFT(${sql}, 0), ' '))), '')`
    return (
        `CASE WHEN COLLATION(${sql}) LIKE '%bin' THEN ${text(itself)} ` +
        `WHEN COLLATION(${sql}) NOT LIKE '%_ai_cs' ` +
        `THEN ${text(`TRIM(TRAILING ${blank} FROM HEX(WEIGHT_STRING(${itself})))`)} END`
    )
}

function trimmed(value: string): string {
    return value.replace(/ +$/, "")
}

function declaredOf(value: string, column: ColumnMetadata): string | undefined {
    const declared = column.enum?.map(String)
    return declared?.find((one) => one.toLowerCase() === value.toLowerCase())
}

/** Undefined where the type has no length. */
function lengthOf(column: ColumnMetadata): number | undefined {
    const length = dataSourceOf(column.entityMetadata).driver.getColumnLength(column)
    if (length) return Number(length)
    return /^(char|binary)$/.test(columnType(column)) ? 1 : undefined
}

/** @internal Whether the texts of its values are hexadecimal. */
export function isBinary(column: ColumnMetadata): boolean {
    return mysqlTypes[columnType(column)] === BINARY
}

/** @internal */
export function isText(column: ColumnMetadata): boolean {
    return mysqlTypes[columnType(column)]?.collated !== undefined
}

/** @internal A parameter as the column would store it. */
export function cast(column: ColumnMetadata): string {
    const { precision, scale } = column
    const type = columnType(column)
    if (mysqlTypes[type] === INTEGER) return asInteger("?", column)
    switch (type) {
        case "decimal":
            return `CAST(? AS DECIMAL(${precision ?? 10}, ${scale ?? 0}))`
        case "datetime":
        case "timestamp":
            return `CAST(? AS DATETIME(${precision ?? 0}))`
        case "time":
            return `CAST(? AS TIME(${precision ?? 0}))`
        case "date":
            return "CAST(? AS DATE)"
        case "varchar":
        case "char":
            // What is longer by blanks alone is cut off.
            return `LEFT(?, ${String(lengthOf(column))})`
        case "binary":
        case "varbinary":
            return "UNHEX(?)"
        default:
            return "?"
    }
}

/** @internal A text as the integer of a column; another column's is left as it is. */
export function integerOf(sql: string, column: ColumnMetadata): string {
    return /int/.test(columnType(column)) ? asInteger(sql, column) : sql
}

function asInteger(sql: string, { unsigned }: ColumnMetadata): string {
    return `CAST(${sql} AS ${unsigned ? "UNSIGNED" : "SIGNED"})`
}

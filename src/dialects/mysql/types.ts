import { type ColumnMetadata, columnType } from "../../typeorm/names"
import {
    asItIs,
    canonicalDate,
    canonicalInteger,
    type ColumnType,
    type ColumnTypes,
} from "../column-type"

const text = (sql: string) => `CONVERT(${sql} USING utf8mb4)`
const asText = (sql: string) => text(`CAST(${sql} AS CHAR)`)

const INTEGER: ColumnType = { canonical: canonicalInteger, key: asText }
const TEXT: ColumnType = { canonical: asItIs, key: text }
const OTHER: ColumnType = { key: asText }

/** @internal */
export const mysqlTypes: ColumnTypes = {
    tinyint: INTEGER,
    smallint: INTEGER,
    mediumint: INTEGER,
    int: INTEGER,
    bigint: INTEGER,
    year: INTEGER,
    varchar: TEXT,
    text: TEXT,
    mediumtext: TEXT,
    longtext: TEXT,
    char: {
        canonical: (value) => value.replace(/ +$/, ""),
        key: (sql) => text(`RTRIM(${sql})`),
    },
    enum: {
        // It is stored as it was declared, in whatever case it is given.
        canonical: (value, column) =>
            String(
                column.enum?.find((e) => String(e).toLowerCase() === value.toLowerCase()) ?? value,
            ),
        key: text,
    },
    uuid: { canonical: (value) => value.toLowerCase(), key: asText },
    date: { canonical: canonicalDate, key: asText },
    decimal: OTHER,
    datetime: OTHER,
    time: OTHER,
    // As text it depends on the time zone of the session.
    timestamp: { key: (sql) => asText(`UNIX_TIMESTAMP(${sql})`) },
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

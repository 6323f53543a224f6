import {
    asItIs,
    canonicalDate,
    canonicalInteger,
    type ColumnType,
    type ColumnTypes,
} from "../column-type"

const text = (sql: string) => `${sql}::text`
// JSON has dates in one form, whatever DateStyle is.
const json = (sql: string) => `(to_json(${sql}) #>> '{}')`

const INTEGER: ColumnType = { canonical: canonicalInteger, key: text }
const TEXT: ColumnType = { canonical: asItIs, key: text }
const OTHER: ColumnType = { key: text }
// Adding 0 makes -0 the 0 that it is equal to.
const FLOAT: ColumnType = { key: (sql) => `encode(float8send(${sql}::float8 + 0), 'hex')` }

/** @internal */
export const postgresTypes: ColumnTypes = {
    smallint: INTEGER,
    integer: INTEGER,
    bigint: INTEGER,
    text: TEXT,
    enum: TEXT,
    "character varying": {
        canonical: (value, { length }) =>
            !length || value.length <= Number(length) ? value : undefined,
        key: text,
    },
    character: OTHER,
    citext: { key: (sql) => `lower(${sql}::text)` },
    uuid: {
        canonical: (value) => (/^[\da-f-]{36}$/i.test(value) ? value.toLowerCase() : undefined),
        key: text,
    },
    boolean: {
        canonical: (value) => (value === "true" || value === "false" ? value : undefined),
        key: text,
    },
    numeric: { key: (sql) => `trim_scale(${sql})::text` },
    real: FLOAT,
    "double precision": FLOAT,
    date: { canonical: canonicalDate, key: json },
    "time without time zone": OTHER,
    "timestamp without time zone": { key: json },
    "timestamp with time zone": { key: (sql) => json(`${sql} AT TIME ZONE 'UTC'`) },
    inet: OTHER,
    cidr: OTHER,
    macaddr: OTHER,
    bytea: { key: (sql) => `encode(${sql}, 'hex')` },
}

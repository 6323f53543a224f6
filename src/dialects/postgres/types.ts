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
import type { ColumnMetadata } from "../../typeorm/names"

const text = (sql: string) => `${sql}::text`
// JSON has dates in one form, whatever DateStyle is.
const json = (sql: string) => `(to_json(${sql}) #>> '{}')`

/** Whether it may be one of those that take different texts for equal. */
const isCollated = ({ collation = "C" }: ColumnMetadata) => !/^(C|POSIX|default)$/.test(collation)

/** Their hashes are those of what they compare. */
function collatedText(sql: string, column: ColumnMetadata): string {
    if (!isCollated(column)) return text(sql)
    const hash = (seed: number) => `hashtextextended(${sql}, ${seed})`
    // Other functions refuse such collations.
    return (
        `(CASE WHEN (SELECT collisdeterministic FROM pg_collation WHERE ` +
        `oid = pg_collation_for(${sql})::regcollation) THEN ${text(sql)} ` +
        `ELSE ${hash(0)} || ' ' || ${hash(1)} END COLLATE "C")`
    )
}

const INTEGER: ColumnType = { takes: isInteger, canonical: canonicalInteger, key: text }
const TEXT: ColumnType = {
    canonical: (value, column) => {
        const { length } = column
        const isKnown = !isCollated(column) && (!length || value.length <= Number(length))
        return isKnown ? value : undefined
    },
    key: collatedText,
}
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
    "character varying": TEXT,
    character: { key: (sql, column) => collatedText(`${sql}::text`, column) },
    // It compares so, whatever the collation of the column.
    citext: {
        key: (sql, { collation }) =>
            `lower(${sql}::text${collation === undefined ? "" : ' COLLATE "default"'})`,
    },
    uuid: { takes: isUuid, canonical: canonicalUuid, key: text },
    boolean: {
        canonical: (value) => (value === "true" || value === "false" ? value : undefined),
        key: text,
    },
    numeric: { key: (sql) => `trim_scale(${sql})::text` },
    real: FLOAT,
    "double precision": FLOAT,
    date: { takes: isDate, canonical: canonicalDate, key: json },
    "time without time zone": { takes: isDate, key: text },
    "timestamp without time zone": { takes: isDate, key: json },
    "timestamp with time zone": {
        takes: isDate,
        key: (sql) => json(`${sql} AT TIME ZONE 'UTC'`),
    },
    inet: OTHER,
    cidr: OTHER,
    macaddr: OTHER,
    bytea: { key: (sql) => `encode(${sql}, 'hex')` },
}

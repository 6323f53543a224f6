import { createHash } from "node:crypto"
import { dataSourceOf } from "../../typeorm/compat"
import { type ColumnMetadata, columnName, columnType, ofRow } from "../../typeorm/names"
import { claimAnew } from "../claim-anew"
import { decimalText, hexText, integerText, paddedText, textOf } from "../identity"
import type { Identity, KeyStatements, Locks } from "../statements/key-statements"
import { postgresText } from "./text"

/** @internal */
export const postgresKeys: KeyStatements = {
    isDuplicate: ({ code }) => code === "23505",
    identity,
    member: (json, at) => `(CAST(${json} AS json) ->> ${at})`,
    texts(parameter, columns) {
        const read = Array.from({ length: columns }, (_, at) => `e.v ->> ${at} AS c${at}`)
        return `(SELECT ${read.join(", ")} FROM json_array_elements(${parameter}::json) e(v)) r`
    },
    onClaimed: claimAnew,
    differ: (a, b) => `${a} <> ${b}`,
    // What has an OFFSET is planned by itself.
    joinByKey: (table, alias, condition) =>
        `CROSS JOIN LATERAL (SELECT * FROM ${table} ${alias} WHERE ${condition} OFFSET 0) ${alias}`,
    outlivesDuplicates: false,

    locks: {
        endWithTransaction: true,
        tryAll: (locks) => tryLocks(locks, ""),
        tryFirst: (locks) => tryLocks(locks, " LIMIT 1"),
        ofPlace: {
            lock: ({ place, isOfTransaction }) => ({
                sql: `SELECT ${isOfTransaction ? "pg_advisory_xact_lock" : "pg_advisory_lock"}($1::bigint)`,
                parameters: [idOf(place)],
            }),
            tryLock: ({ place, isOfTransaction }) => ({
                sql: `SELECT 1 AS "at" WHERE ${isOfTransaction ? "pg_try_advisory_xact_lock" : "pg_try_advisory_lock"}($1::bigint)`,
                parameters: [idOf(place)],
            }),
            unlock: ({ place }) => ({
                sql: "SELECT pg_advisory_unlock($1::bigint)",
                parameters: [idOf(place)],
            }),
        },
        unlock: ({ place, keys }) => ({
            sql:
                "SELECT pg_advisory_unlock_shared($1::bigint), (SELECT count(pg_advisory_unlock(" +
                "k.id::bigint)) FROM json_array_elements_text($2::json) k(id))",
            parameters: [idOf(place), idsOf(place, keys)],
        }),
    },

    write({ table, columns, primaryColumns, rows, onlyMissing }) {
        const { where, sets, records } = writtenValues(primaryColumns, columns, rows)
        const missing = columns.slice(0, 1).map((c) => ` AND ${ofRow(c)} IS NULL`)
        return {
            sql:
                `UPDATE ${table} AS t SET ${sets.join(", ")} ` +
                `FROM ${postgresKeys.texts("$1", where.length + sets.length)} ` +
                `WHERE ${where.join(" AND ")}${onlyMissing ? missing.join("") : ""}`,
            parameters: [JSON.stringify(records)],
        }
    },

    random(format, length) {
        // A call in each row: what a query without a row of its own gives is computed once.
        if (format === "uuid") return "gen_random_uuid()::text"
        // Of a random UUID, bytes 7 and 9 are not random.
        const start = "substr(uuid_send(gen_random_uuid()), 1, 6)"
        const end = "substr(uuid_send(gen_random_uuid()), 10, 7)"
        const bytes = Math.ceil((length * 3) / 4)
        const parts: string[] = []
        for (let count = 0; count < bytes; count += parts.length % 2 === 1 ? 6 : 7)
            parts.push(parts.length % 2 === 0 ? start : end)
        // A line of base64 has 76 characters.
        return length > 76
            ? undefined
            : `left(translate(encode(${parts.join(" || ")}, 'base64'), '+/', '-_'), ${length})`
    },
}

/**
 * Rows of a table `t` and what is written into them, from texts in columns `r.c0`, `r.c1` …: the primary key first.
 * @internal
 */
export function writtenValues(
    primaryColumns: readonly ColumnMetadata[],
    columns: readonly ColumnMetadata[],
    rows: readonly (readonly unknown[])[],
): { where: string[]; sets: string[]; records: (string | null)[][] } {
    const identities = primaryColumns.map((c) => identity(c) ?? asStored(c))
    const texts = [...identities, ...columns.map(asStored)]
    return {
        where: primaryColumns.map((c, at) => identities[at]?.is(ofRow(c), `r.c${at}`) ?? ""),
        sets: columns.map((c, at) => {
            const text = `r.c${primaryColumns.length + at}`
            return `${columnName(c)} = CAST(${text} AS ${columnType(c)})`
        }),
        records: rows.map((row) =>
            row.map((value, at) => (value === null ? null : (texts[at]?.text(value) ?? null))),
        ),
    }
}

/**
 * A lock on each key, and one on the place that all share: whoever takes so many keys that their
 * locks would fill the server's table locks the place alone.
 */
function tryLocks({ place, keys, isOfTransaction }: Locks, limit: string) {
    const lock = isOfTransaction ? "pg_advisory_xact_lock_shared" : "pg_advisory_lock_shared"
    const tryLock = isOfTransaction ? "pg_try_advisory_xact_lock" : "pg_try_advisory_lock"
    return {
        sql:
            `SELECT k.at - 1 AS "at" FROM (SELECT ${lock}($1::bigint)) p, ` +
            "json_array_elements_text($2::json) WITH ORDINALITY k(id, at) " +
            `WHERE ${tryLock}(k.id::bigint)${limit}`,
        parameters: [idOf(place), idsOf(place, keys)],
    }
}

function idsOf(place: string, keys: readonly string[]): string {
    return JSON.stringify(keys.map((key) => idOf(`${place}\0${key}`)))
}

function idOf(name: string): string {
    return String(createHash("sha256").update(name).digest().readBigInt64BE())
}

function identity(column: ColumnMetadata): Identity | undefined {
    if (column.isArray) return undefined
    const type = columnType(column)
    const as = (to: string, text: Identity["text"] = textOf): Identity => ({
        text,
        is: (name, kept) => `${name} = CAST(${kept} AS ${to})`,
    })
    switch (type) {
        case "smallint":
        case "integer":
        case "bigint":
            return as(type, integerText)
        case "uuid":
            return as(type, (value) => uuidText(String(value)))
        case "numeric":
            return as(type, decimalText)
        case "date":
        case "boolean":
            return as(type)
        case "character":
            return as("bpchar", paddedText)
        case "bytea":
            return {
                text: (value) => byteaText(value),
                is: (name, kept) => `${name} = decode(${kept}, 'hex')`,
            }
        case "character varying":
        case "text":
            return column.collation ? exactly(type) : as(type)
        case "citext":
            return exactly(type)
        case "enum":
            return { text: textOf, is: (name, kept) => `CAST(${name} AS text) = ${kept}` }
    }
    return undefined
}

/** For types that take different texts for equal. */
function exactly(type: string): Identity {
    return {
        text: textOf,
        is: (name, kept) =>
            `${name} = CAST(${kept} AS ${type}) AND CAST(${name} AS text) COLLATE "C" = ${kept}`,
    }
}

/** For types that have no one form. */
function asStored(column: ColumnMetadata): Identity {
    const dataSource = dataSourceOf(column.entityMetadata)
    const text = (value: unknown): string =>
        Array.isArray(value)
            ? `{${value.map(item).join(",")}}`
            : (postgresText(dataSource, value, column) ?? String(value))
    const item = (value: unknown): string => {
        if (value === null) return "NULL"
        return Array.isArray(value) ? text(value) : `"${text(value).replace(/["\\]/g, "\\$&")}"`
    }
    return {
        text,
        is: (name, text) =>
            `${name} = CAST(${text} AS ${columnType(column)}${column.isArray ? "[]" : ""})`,
    }
}

/** PostgreSQL reads it with other hyphens and in braces as well. */
function uuidText(text: string): string {
    const digits = text.replace(/[{}-]/g, "").toLowerCase()
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}

function byteaText(value: unknown): string {
    const [, hex] = typeof value === "string" ? (/^\\x([\da-f]*)$/i.exec(value) ?? []) : []
    return hex?.toLowerCase() ?? hexText(value)
}

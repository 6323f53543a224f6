import { createHash } from "node:crypto"
import { columnName, columnType } from "../../typeorm/names"
import type { KeyStatements, Locks } from "../key-statements"

/** @internal */
export const postgresKeys: KeyStatements = {
    isDuplicate: ({ code }) => code === "23505",
    member: (json, at, column) => `CAST(CAST(${json} AS json) ->> ${at} AS ${columnType(column)})`,
    ignoreDuplicates: () => "ON CONFLICT DO NOTHING",

    locks: {
        endWithTransaction: true,
        tryAll: (locks) => tryLocks(locks, ""),
        tryFirst: (locks) => tryLocks(locks, " LIMIT 1"),
        ofPlace: {
            lock: ({ place, isOfTransaction }) => ({
                sql: `SELECT ${isOfTransaction ? "pg_advisory_xact_lock" : "pg_advisory_lock"}($1::bigint)`,
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

    write({ table, column, primaryColumns, rows, onlyMissing }) {
        const names = primaryColumns.map((_, at) => `p${at}`)
        const types = primaryColumns.map((c, at) => `p${at} ${columnType(c)}`)
        const records = rows.map((row) =>
            Object.fromEntries([...names, "key"].map((name, at) => [name, textOf(row[at])])),
        )
        const where = primaryColumns.map((c, at) => `t.${columnName(c)} = w.p${at}`)
        if (onlyMissing) where.push(`t.${column} IS NULL`)
        return {
            sql:
                `UPDATE ${table} AS t SET ${column} = w.key FROM json_to_recordset($1::json) ` +
                `AS w(${types.join(", ")}, key varchar) WHERE ${where.join(" AND ")}`,
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

function textOf(value: unknown): unknown {
    return typeof value === "bigint" ? String(value) : value
}

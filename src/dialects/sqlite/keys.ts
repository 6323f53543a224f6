import { columnName } from "../../typeorm/names"
import type { KeyStatements } from "../key-statements"

/** @internal */
export const sqliteKeys: KeyStatements = {
    isDuplicate: ({ message }) => /^UNIQUE constraint failed/.test(String(message)),
    member: (json, at) => `json_extract(${json}, '$[${at}]')`,
    ignoreDuplicates: () => "ON CONFLICT DO NOTHING",

    write({ table, column, primaryColumns, rows, onlyMissing }) {
        const names = primaryColumns.map((_, at) => `p${at}`)
        const selects = rows.map(
            (_, at) =>
                `SELECT ${[...names, "key"].map((n) => (at > 0 ? "?" : `? AS ${n}`)).join(", ")}`,
        )
        const where = primaryColumns.map((c, at) => `t.${columnName(c)} = w.p${at}`)
        if (onlyMissing) where.push(`t.${column} IS NULL`)
        return {
            sql:
                `UPDATE ${table} AS t SET ${column} = w.key FROM (${selects.join(" UNION ALL ")}) w ` +
                `WHERE ${where.join(" AND ")}`,
            parameters: rows.flat(),
        }
    },

    random(format) {
        if (format !== "uuid") return undefined
        const hex = (bytes: number) => `lower(hex(randomblob(${bytes})))`
        return [
            hex(4),
            hex(2),
            `'4' || substr(${hex(2)}, 2)`,
            `substr('89ab', 1 + (random() & 3), 1) || substr(${hex(2)}, 2)`,
            hex(6),
        ].join(" || '-' || ")
    },
}

import { type ColumnMetadata, columnName, columnType, ofRow } from "../../typeorm/names"
import { claimAnew } from "../claim-anew"
import { decimalText, hexText, integerText, textOf } from "../identity"
import type { Identity, KeyStatements } from "../statements/key-statements"

/** @internal */
export const sqliteKeys: KeyStatements = {
    isDuplicate: ({ message }) => /^UNIQUE constraint failed/.test(String(message)),
    identity,
    member: (json, at) => `json_extract(${json}, '$[${at}]')`,
    texts(parameter, columns) {
        const read = Array.from(
            { length: columns },
            (_, at) => `json_extract(e.value, '$[${at}]') AS c${at}`,
        )
        return `(SELECT ${read.join(", ")} FROM json_each(${parameter}) e) r`
    },
    onClaimed: claimAnew,
    differ: (a, b) => `${a} <> ${b}`,
    joinByKey: (table, alias, condition) => `CROSS JOIN ${table} ${alias} ON ${condition}`,
    outlivesDuplicates: false,
    lastId: 'SELECT last_insert_rowid() AS "id"',

    write({ table, columns, primaryColumns, rows, onlyMissing }) {
        const names = [
            ...primaryColumns.map((_, at) => `p${at}`),
            ...columns.map((_, at) => `w${at}`),
        ]
        const selects = rows.map(
            (_, at) => `SELECT ${names.map((n) => (at > 0 ? "?" : `? AS ${n}`)).join(", ")}`,
        )
        const where = primaryColumns.map((c, at) => `${ofRow(c)} = w.p${at}`)
        if (onlyMissing) where.push(...columns.slice(0, 1).map((c) => `${ofRow(c)} IS NULL`))
        const sets = columns.map((c, at) => `${columnName(c)} = w.w${at}`)
        return {
            sql:
                `UPDATE ${table} AS t SET ${sets.join(", ")} FROM (${selects.join(" UNION ALL ")}) w ` +
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

/** Any name is a type here, and parts of it say what the column does with values. */
function identity(column: ColumnMetadata): Identity | undefined {
    const type = columnType(column)
    const as = (text: Identity["text"], read = (kept: string) => kept): Identity => ({
        text,
        is: (name, kept) => `${name} = ${read(kept)}`,
    })
    if (/int/i.test(type)) return as(integerText)
    if (/decimal|numeric/i.test(type)) return as(decimalText)
    if (/blob/i.test(type)) return as(hexText, (kept) => `unhex(${kept})`)
    if (/^bool|^date$/i.test(type)) return as(textOf)
    if (!/char|text|clob/i.test(type)) return undefined
    // By the index, which has the collation of the column, and exactly.
    return {
        text: textOf,
        is: (name, kept) => `${name} = ${kept} AND ${name} = ${kept} COLLATE BINARY`,
    }
}

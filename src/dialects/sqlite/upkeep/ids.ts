import type { IdStatements } from "../../statements/upkeep/id-statements"
import { inOwnTransaction } from "../../../typeorm/own-transaction"
import { select } from "../../../typeorm/statement"
import { quoted } from "../triggers"

/** @internal Columns with AUTOINCREMENT alone have one: others go on after the highest row. */
export const sqliteIds: IdStatements = {
    async sequencesOf(runner, { place, table, name }, column) {
        const schema = place === undefined ? "" : `${quoted(place)}.`
        const [created] = await select<{ sql: string }>(runner, {
            sql: `SELECT sql FROM ${schema}sqlite_master WHERE type = 'table' AND name = ?`,
            parameters: [table],
        })
        const [key] = await select<{ name: string }>(runner, {
            sql: `SELECT name FROM pragma_table_info(?${place === undefined ? "" : ", ?"}) WHERE pk = 1`,
            parameters: place === undefined ? [table] : [table, place],
        })
        if (!/\bAUTOINCREMENT\b/i.test(created?.sql ?? "") || key?.name !== column) return []
        const [last] = await select<{ last: string }>(runner, {
            sql: `SELECT CAST(seq AS TEXT) AS "last" FROM ${schema}sqlite_sequence WHERE name = ?`,
            parameters: [table],
        })
        return [
            {
                name: `${schema}sqlite_sequence ${table}`,
                columns: [{ table: name, column: quoted(column) }],
                start: 1n,
                step: 1n,
                end: 2n ** 63n - 1n,
                next: BigInt(last?.last ?? 0) + 1n,
            },
        ]
    },

    locked: (runner, _, work) =>
        inOwnTransaction(runner, async () => {
            // A statement that may write takes the lock of the whole database.
            await runner.query("UPDATE sqlite_sequence SET seq = seq WHERE FALSE")
            return work()
        }),

    setNext({ name }, next) {
        const [, schema = "", table] =
            /^((?:"(?:[^"]|"")+"\.)?)sqlite_sequence (.*)$/s.exec(name) ?? []
        return {
            // It has no key by which a row could be replaced.
            sql:
                `REPLACE INTO ${schema}sqlite_sequence (rowid, name, seq) VALUES ` +
                `((SELECT rowid FROM ${schema}sqlite_sequence WHERE name = ?), ?, ?)`,
            parameters: [table, table, Number(next - 1n)],
        }
    },

    async foreignKeys(runner, { table }, column) {
        const rows = await select<{ table: string; column: string }>(runner, {
            sql:
                `SELECT m.name AS "table", f."from" AS "column" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f ` +
                `WHERE m.type = 'table' AND f."table" = ? COLLATE NOCASE AND (f."to" IS NULL OR f."to" = ? COLLATE NOCASE)`,
            parameters: [table, column],
        })
        return rows.map((row) => ({ table: quoted(row.table), column: quoted(row.column) }))
    },
}

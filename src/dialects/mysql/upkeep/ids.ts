import type { IdStatements } from "../../statements/upkeep/id-statements"
import { select } from "../../../typeorm/statement"
import { quoted } from "../trigger/catalogue"

const ENDS: Readonly<Record<string, bigint>> = {
    tinyint: 7n,
    smallint: 15n,
    mediumint: 23n,
    int: 31n,
    bigint: 63n,
}

/** @internal */
export const mysqlIds: IdStatements = {
    async sequencesOf(runner, { place, table, name }, column) {
        const [found] = await select<{ next: string | null; type: string }>(runner, {
            sql:
                "SELECT CAST(t.AUTO_INCREMENT AS CHAR) AS `next`, c.COLUMN_TYPE AS `type` FROM information_schema.TABLES t " +
                "JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME " +
                "WHERE t.TABLE_SCHEMA = COALESCE(?, DATABASE()) AND t.TABLE_NAME = ? AND c.COLUMN_NAME = ? " +
                "AND c.EXTRA LIKE '%auto_increment%'",
            parameters: [place ?? null, table, column],
        })
        if (!found) return []
        const bits =
            (ENDS[/^\w+/.exec(found.type)?.[0] ?? "int"] ?? 31n) +
            (found.type.includes("unsigned") ? 1n : 0n)
        return [
            {
                name: `AUTO_INCREMENT of ${table}`,
                columns: [{ table: name, column: quoted(column) }],
                start: 1n,
                step: 1n,
                end: (1n << bits) - 1n,
                next: BigInt(found.next ?? 1),
            },
        ]
    },

    // ALTER TABLE ends a transaction, and works on a table that this session has locked.
    async locked(runner, tables, work) {
        await runner.query(`LOCK TABLES ${tables.map((table) => `${table} WRITE`).join(", ")}`)
        try {
            return await work()
        } finally {
            await runner.query("UNLOCK TABLES")
        }
    },

    setNext: ({ columns: [column] }, next) => ({
        sql: `ALTER TABLE ${column?.table ?? ""} AUTO_INCREMENT = ${next}`,
    }),

    foreignKeys: (runner, { place, table }, column) =>
        select(runner, {
            sql:
                "SELECT CONCAT('`', REPLACE(TABLE_SCHEMA, '`', '``'), '`.`', REPLACE(TABLE_NAME, '`', '``'), '`') AS `table`, " +
                "CONCAT('`', REPLACE(COLUMN_NAME, '`', '``'), '`') AS `column` FROM information_schema.KEY_COLUMN_USAGE " +
                "WHERE REFERENCED_TABLE_SCHEMA = COALESCE(?, DATABASE()) AND REFERENCED_TABLE_NAME = ? " +
                "AND REFERENCED_COLUMN_NAME = ?",
            parameters: [place ?? null, table, column],
        }),
}

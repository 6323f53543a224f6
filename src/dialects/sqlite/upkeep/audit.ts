import type { QueryRunner } from "typeorm"
import { dataSourceOf } from "../../../typeorm/compat"
import { select, type Statement } from "../../../typeorm/statement"
import type { AuditStatements, TablePlace } from "../../statements/upkeep/audit-statements"
import { cast } from "../types"

/** @internal */
export const sqliteAudit: AuditStatements = {
    look: {
        sql:
            `SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now') AS "at", sqlite_version() AS "version", ` +
            // The snapshot is taken with the first look at the database.
            `(SELECT COALESCE(NULLIF(file, ''), ':memory:') FROM pragma_database_list WHERE name = 'main' ` +
            `AND (SELECT COUNT(*) FROM sqlite_master) >= 0) AS "name"`,
    },

    async each(runner, statement, take) {
        const rows = iterated(runner, statement) ?? (await select(runner, statement))
        for (const row of rows) take(row as never)
    },

    columns: (table) => ({
        sql: `SELECT name, type, "notnull" = 0 AS "isNullable" FROM ${pragma("table_info", table)}`,
        parameters: placed(table),
    }),

    uniqueIndexes: (table) => ({
        sql:
            `SELECT l.name AS "index", i.name AS "column", 0 AS "joinsNulls" ` +
            `FROM ${pragma("index_list", table)} l JOIN pragma_index_info(l.name${table.place === undefined ? "" : ", ?"}) i ` +
            `WHERE l."unique" = 1 AND l.partial = 0 ORDER BY l.seq, i.seqno`,
        parameters: [...placed(table), ...(table.place === undefined ? [] : [table.place])],
    }),

    shown: (_, sql) => `CAST(${sql} AS TEXT)`,
    parameter: (column, placeholder) => cast(column, placeholder),
    number: (sql) => `CAST(${sql} AS INTEGER)`,
    integer: (sql) => `CAST(CAST(${sql} AS INTEGER) AS TEXT)`,
    moment: (sql) => `strftime('%Y-%m-%dT%H:%M:%fZ', ${sql})`,
    missingRight: () => undefined,
}

function pragma(name: string, { place }: TablePlace): string {
    return `pragma_${name}(?${place === undefined ? "" : ", ?"})`
}

function placed({ table, place }: TablePlace): string[] {
    return place === undefined ? [table] : [table, place]
}

interface Iterating {
    prepare(sql: string): { iterate?(...parameters: unknown[]): Iterable<unknown> }
}

/** The rows one by one, where the driver has such a way: sql.js has all of the database in memory anyway. */
function iterated(
    runner: QueryRunner,
    { sql, parameters = [] }: Statement,
): Iterable<unknown> | undefined {
    const { driver, options } = dataSourceOf(runner)
    if (options.type !== "better-sqlite3") return undefined
    const { databaseConnection } = driver as unknown as { databaseConnection?: Iterating }
    return databaseConnection?.prepare(sql).iterate?.(...parameters)
}

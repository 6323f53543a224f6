import type { AuditStatements, MissingRight } from "../../statements/upkeep/audit-statements"
import type { DriverError } from "../../driver-error"
import { select } from "../../../typeorm/statement"

const INSUFFICIENT_PRIVILEGE = "42501"
const CURSOR = "autosequence_audit"
const AT_ONCE = 2000

/** @internal */
export const postgresAudit: AuditStatements = {
    snapshot: {
        begin: [
            "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            // An audit of some of the rows would find nothing wrong: PostgreSQL refuses it instead.
            "SET LOCAL row_security = off",
        ],
        end: "ROLLBACK",
    },

    look: {
        sql:
            `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "at", ` +
            `current_setting('server_version') AS "version", current_database() AS "name"`,
    },

    async each(runner, { sql, parameters }, take) {
        await runner.query(`DECLARE ${CURSOR} NO SCROLL CURSOR FOR ${sql}`, parameters)
        for (;;) {
            const rows = await select(runner, { sql: `FETCH ${AT_ONCE} FROM ${CURSOR}` })
            for (const row of rows) take(row as never)
            if (rows.length < AT_ONCE) break
        }
        await runner.query(`CLOSE ${CURSOR}`)
    },

    columns: ({ name }) => ({
        sql:
            `SELECT a.attname AS "name", format_type(a.atttypid, NULL) AS "type", ` +
            `NOT a.attnotnull AS "isNullable" FROM pg_attribute a ` +
            `WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
        parameters: [name],
    }),

    uniqueIndexes: ({ name }) => ({
        sql:
            `SELECT i.indexrelid::text AS "index", a.attname AS "column", ` +
            // Before version 15 there is none.
            `COALESCE((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS "joinsNulls" ` +
            `FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_attribute a ` +
            `ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]) ` +
            `WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indisvalid ` +
            `AND i.indpred IS NULL AND i.indexprs IS NULL ` +
            // The rows of tables that inherit from this one are read with its own, and are in none of its indexes.
            `AND (t.relkind = 'p' OR NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = t.oid)) ` +
            `ORDER BY i.indexrelid, array_position(i.indkey::int2[], a.attnum)`,
        parameters: [name],
    }),

    shown: (_, sql) => `${sql}::text`,
    parameter: (_, placeholder) => placeholder,
    number: (sql) => `${sql}::text::numeric`,
    integer: (sql) => `(${sql})::numeric::text`,
    // It was written as the clock of the session shows it.
    moment: (sql) =>
        `to_char(${sql} AT TIME ZONE current_setting('TimeZone') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
    missingRight,
}

function missingRight({ code, message }: DriverError): MissingRight | undefined {
    if (code !== INSUFFICIENT_PRIVILEGE) return undefined
    const [, kind, name] = /^permission denied for (\w+) (.+)$/.exec(String(message)) ?? []
    if (kind === undefined) {
        const [, table] = /row-level security policy for table (.+)$/.exec(String(message)) ?? []
        return table === undefined ? {} : { right: "BYPASSRLS", on: table }
    }
    const right = kind === "schema" ? "USAGE" : kind === "table" ? "SELECT" : undefined
    return { right, on: `${kind} ${name ?? ""}` }
}

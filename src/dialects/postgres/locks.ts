import type { LockStatements } from "../statements/lock-statements"

const iso = (sql: string) => `to_char(${sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** @internal */
export const postgresLocks: LockStatements = {
    waiting: (table) => ({
        sql:
            // The version that others see of a row that a transaction has changed bears its id, and each transaction
            // holds the lock of its own.
            `SELECT c.${table.series} AS "series", c.${table.scope} AS "scope", NULL AS "place", ` +
            `h.pid::text AS "holder", ${iso("h.xact_start")} AS "since", h.usename AS "user", ` +
            `NULLIF(h.application_name, '') AS "program", h.state AS "state", w.pid::text AS "waiter", ` +
            `${iso("w.query_start")} AS "waiterSince", w.usename AS "waiterUser", ` +
            `NULLIF(w.application_name, '') AS "waiterProgram" FROM ${table.name} c ` +
            `JOIN pg_locks x ON x.locktype = 'transactionid' AND x.granted AND x.mode = 'ExclusiveLock' ` +
            `AND x.transactionid = c.xmax JOIN pg_stat_activity h ON h.pid = x.pid ` +
            // Whoever waits for a row has, or wants, the lock of its place.
            `LEFT JOIN pg_locks t ON t.locktype = 'tuple' AND t.database = (SELECT oid FROM pg_database WHERE datname = current_database()) ` +
            `AND t.relation = c.tableoid AND t.page = split_part(btrim(c.ctid::text, '()'), ',', 1)::int ` +
            `AND t.tuple = split_part(btrim(c.ctid::text, '()'), ',', 2)::int AND t.pid <> h.pid ` +
            `LEFT JOIN pg_stat_activity w ON w.pid = t.pid ORDER BY 1, 2, w.query_start`,
    }),
}

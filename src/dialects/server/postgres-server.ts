import { isPglite } from "../postgres/text"
import { TRIGGER_PREFIX } from "../statements/trigger-statements"
import { select } from "../../typeorm/statement"
import { poolSize, type ServerChecks, type ServerFinding, type TableRight } from "./server-checks"

const ANY_COLUMN = ["SELECT", "INSERT", "UPDATE"]

/** @internal */
export const postgresServer: ServerChecks = {
    product: () => ({ name: "PostgreSQL", oldest: "13.0" }),

    async settings(runner, { strategies }) {
        const [found] = await select<Settings>(runner, {
            sql:
                `SELECT pg_is_in_recovery() AS "isReplica", ` +
                `current_setting('transaction_read_only') = 'on' AS "isReadOnly", ` +
                `current_setting('default_transaction_isolation') AS "isolation", ` +
                `quote_ident(current_database()) AS "database"`,
        })
        const findings: ServerFinding[] = []
        if (!found || strategies.size === 0) return findings
        if (found.isReplica)
            findings.push({
                status: "problem",
                text: "The server is a replica, which refuses writes. Connect to the primary server.",
                remedy: null,
            })
        else if (found.isReadOnly)
            findings.push({
                status: "problem",
                text: "Transactions are read-only by default.",
                remedy: `ALTER DATABASE ${found.database} SET default_transaction_read_only = off`,
            })
        if (!found.isolation.startsWith("read "))
            findings.push({
                status: "warning",
                text:
                    `Transactions are "${found.isolation}" by default: of several that number rows of one scope at once, ` +
                    "one succeeds, and the others have to be repeated (transactionWithRetry).",
                remedy: `ALTER DATABASE ${found.database} SET default_transaction_isolation = 'read committed'`,
            })
        return findings
    },

    cluster: () => Promise.resolve(undefined),

    async missingRights(runner, { table, rights }) {
        const [found] = await select<Record<string, boolean | null>>(runner, {
            sql: `SELECT ${rights.map((right) => `${holds(right)} AS "${right}"`).join(", ")}`,
            parameters: [table],
        })
        return rights.filter((right) => found?.[right] === false)
    },

    async triggerRights(runner, table) {
        const [found] = await select<{ isOwner: boolean; schema: string | null }>(runner, {
            sql:
                `SELECT pg_has_role(c.relowner, 'USAGE') AS "isOwner", ` +
                `CASE WHEN NOT has_schema_privilege(current_schema(), 'CREATE') ` +
                `THEN quote_ident(current_schema()) END AS "schema" ` +
                `FROM pg_class c WHERE c.oid = to_regclass($1)`,
            parameters: [table],
        })
        if (!found) return []
        const findings: ServerFinding[] = []
        if (!found.isOwner)
            findings.push({
                status: "warning",
                text: `This user may not create the triggers of ${table}. Migrate as the owner of the table.`,
                remedy: null,
            })
        if (found.schema !== null)
            findings.push({
                status: "warning",
                text: `This user may not create trigger functions in the schema ${found.schema}.`,
                remedy: `GRANT CREATE ON SCHEMA ${found.schema} TO CURRENT_USER`,
            })
        return findings
    },

    async triggerOwners(runner, table, counter) {
        const may = ANY_COLUMN.map((right) => `has_table_privilege(p.proowner, c.oid, '${right}')`)
        const rows = await select<{ owner: string }>(runner, {
            sql:
                `SELECT DISTINCT quote_ident(pg_get_userbyid(p.proowner)) AS "owner" ` +
                `FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid, pg_class c ` +
                `WHERE t.tgrelid = to_regclass($1) AND c.oid = to_regclass($2) AND p.prosecdef ` +
                `AND left(t.tgname, length($3)) = $3 AND NOT (${may.join(" AND ")})`,
            parameters: [table, counter, TRIGGER_PREFIX],
        })
        return rows.map(({ owner }) => ({
            status: "problem",
            text: `The triggers of ${table} run with the rights of ${owner}, who may not update counters.`,
            remedy: `GRANT ${ANY_COLUMN.join(", ")} ON ${counter} TO ${owner}`,
        }))
    },

    async invalidIndexes(runner, table) {
        const rows = await select<{ name: string }>(runner, {
            sql:
                `SELECT i.indexrelid::regclass::text AS "name" FROM pg_index i ` +
                `WHERE i.indrelid = to_regclass($1) AND i.indisunique AND NOT i.indisvalid`,
            parameters: [table],
        })
        return rows.map(({ name }) => name)
    },

    async connections(runner, dataSource) {
        if (isPglite(dataSource)) return undefined
        const [found] = await select<{ allowed: string }>(runner, {
            sql:
                `SELECT LEAST(current_setting('max_connections')::int - ` +
                `CASE WHEN r.rolsuper THEN 0 ELSE current_setting('superuser_reserved_connections')::int END, ` +
                `NULLIF(r.rolconnlimit, -1), NULLIF(d.datconnlimit, -1)) AS "allowed" ` +
                `FROM pg_roles r, pg_database d ` +
                `WHERE r.rolname = current_user AND d.datname = current_database()`,
        })
        return found && { pool: poolSize(dataSource, "max"), allowed: Number(found.allowed) }
    },
}

interface Settings {
    readonly isReplica: boolean
    readonly isReadOnly: boolean
    readonly isolation: string
    readonly database: string
}

/** NULL where the table is not there. */
function holds(right: TableRight): string {
    if (right === "DELETE") return "has_table_privilege(to_regclass($1), 'DELETE')"
    if (right !== "LOCK") return `has_any_column_privilege(to_regclass($1), '${right}')`
    const any = "UPDATE, DELETE, TRUNCATE"
    // Version 17 has a right for it.
    return (
        "CASE WHEN current_setting('server_version_num')::int >= 170000 " +
        `THEN has_table_privilege(to_regclass($1), '${any}, MAINTAIN') ` +
        `ELSE has_table_privilege(to_regclass($1), '${any}') END`
    )
}

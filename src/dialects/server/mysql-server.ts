import type { QueryRunner } from "typeorm"
import { mysqlAudit } from "../mysql/upkeep/audit"
import { type DriverError, driverErrorOf } from "../driver-error"
import { select } from "../../typeorm/statement"
import { mysqlCluster } from "./mysql-cluster"
import { isOn, mysqlVariables } from "./mysql-variables"
import {
    poolSize,
    type ServerChecks,
    type ServerFinding,
    type TableRight,
    type TableUse,
} from "./server-checks"

const PROBES: Readonly<Record<string, (use: TableUse) => string>> = {
    SELECT: ({ table, column }) => `SELECT ${column} FROM ${table} WHERE FALSE`,
    INSERT: ({ table }) => `INSERT INTO ${table} () VALUES ()`,
    UPDATE: ({ table, column }) => `UPDATE ${table} SET ${column} = ${column} WHERE FALSE`,
    DELETE: ({ table }) => `DELETE FROM ${table} WHERE FALSE`,
}

/** Those who have one of these write to a server that is read-only for others. */
const BYPASSES_READ_ONLY = ["SUPER", "READ ONLY ADMIN", "READ_ONLY ADMIN", "CONNECTION_ADMIN"]

/** @internal */
export const mysqlServer: ServerChecks = {
    product: (version) =>
        /mariadb/i.test(version)
            ? { name: "MariaDB", oldest: "10.6.0" }
            : { name: "MySQL", oldest: "8.0.0" },

    async settings(runner, { strategies }) {
        if (strategies.size === 0) return []
        const found = await mysqlVariables(runner)
        const findings: ServerFinding[] = []
        const rights = await globalRights(runner)
        const isForbidden = isOn(found.super_read_only) || isOn(found.innodb_read_only)
        const mayWrite = BYPASSES_READ_ONLY.some((right) => rights.has(right))
        if (isForbidden || (isOn(found.read_only) && !mayWrite))
            findings.push({
                status: "problem",
                text:
                    "The server is read-only: it is a replica, or someone has set it so. Connect to the server that " +
                    "accepts writes.",
                remedy: null,
            })
        if (!/STRICT_(TRANS|ALL)_TABLES|TRADITIONAL/.test(found.sql_mode ?? ""))
            findings.push({
                status: "warning",
                text:
                    "sql_mode is not strict: the server changes values that don't fit instead of refusing them, and " +
                    "stores 0 where an INSERT leaves a number out.",
                remedy: "SET GLOBAL sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')",
            })
        if ((found.transaction_isolation ?? found.tx_isolation) === "SERIALIZABLE")
            findings.push({
                status: "warning",
                text:
                    "Transactions are SERIALIZABLE by default: reading rows locks them, and writers of one table run " +
                    "into deadlocks (transactionWithRetry repeats them).",
                remedy: "SET GLOBAL TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            })
        if (strategies.has("trigger") && isOn(found.log_bin) && found.binlog_format === "STATEMENT")
            findings.push({
                status: "warning",
                text: "binlog_format is STATEMENT: replicas run the triggers again, and may assign other numbers.",
                remedy: "SET GLOBAL binlog_format = 'ROW'",
            })
        return findings
    },

    cluster: mysqlCluster,

    async missingRights(runner, use) {
        const missing: TableRight[] = []
        for (const right of use.rights) {
            const probe = PROBES[right]
            // It takes the rights that the statement itself takes, those of roles among them.
            if (probe && (await isDenied(runner, `EXPLAIN ${probe(use)}`))) missing.push(right)
        }
        return missing
    },

    async triggerRights(runner) {
        const found = await mysqlVariables(runner)
        const rights = await globalRights(runner)
        return isOn(found.log_bin) &&
            !isOn(found.log_bin_trust_function_creators) &&
            !rights.has("SUPER")
            ? [
                  {
                      status: "warning",
                      text:
                          "This user may not create triggers: the server has a binary log and requires the privilege SUPER " +
                          "(error 1419).",
                      remedy: "SET GLOBAL log_bin_trust_function_creators = 1",
                  },
              ]
            : []
    },

    async triggerOwners(runner, table) {
        const [database, name] = table.replaceAll("`", "").split(".").slice(-2)
        const place = name === undefined ? [null, database] : [database, name]
        const rows = await select<{ definer: string | null; hidden: unknown; gone: unknown }>(
            runner,
            {
                sql:
                    "SELECT DISTINCT t.DEFINER AS `definer`, t.ACTION_STATEMENT IS NULL AS `hidden`, " +
                    // Who may not see other users sees none of them.
                    "1 < (SELECT COUNT(DISTINCT p.GRANTEE) FROM information_schema.USER_PRIVILEGES p) " +
                    "AND t.DEFINER <> CURRENT_USER() " +
                    "AND NOT EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES p " +
                    "WHERE REPLACE(p.GRANTEE, '''', '') = t.DEFINER) AS `gone` " +
                    "FROM information_schema.TRIGGERS t " +
                    "WHERE t.EVENT_OBJECT_SCHEMA = COALESCE(?, DATABASE()) AND t.EVENT_OBJECT_TABLE = ?",
                parameters: place,
            },
        )
        const findings: ServerFinding[] = []
        if (rows.some(({ hidden }) => Number(hidden) === 1))
            findings.push({
                status: "warning",
                text: `The user may not see the definitions of the triggers of ${table}, so they can't be checked.`,
                remedy: `GRANT TRIGGER ON ${table} TO …`,
            })
        for (const { definer, gone } of rows)
            if (Number(gone) === 1)
                findings.push({
                    status: "problem",
                    text:
                        `The triggers of ${table} run with the rights of ${String(definer)}, a user that does not exist ` +
                        "(error 1449). Create that user, or drop the triggers and migrate again.",
                    remedy: null,
                })
        return findings
    },

    invalidIndexes: () => Promise.resolve([]),

    async connections(runner, dataSource) {
        const found = await mysqlVariables(runner)
        const limits = [found.max_connections, found.max_user_connections].map(Number)
        // 0 is none.
        const allowed = Math.min(...limits.filter((limit) => limit > 0))
        return { pool: poolSize(dataSource, "connectionLimit"), allowed }
    },
}

async function isDenied(runner: QueryRunner, sql: string): Promise<boolean> {
    try {
        await runner.query(sql)
        return false
    } catch (error) {
        const { cause } = Object(error) as { cause?: unknown }
        const driverError =
            driverErrorOf(error) ?? driverErrorOf(cause) ?? (cause as DriverError | undefined)
        // What else is wrong with the table is told elsewhere.
        if (driverError?.errno === undefined) throw error
        return mysqlAudit.missingRight(driverError) !== undefined
    }
}

/** The rights of the user that hold everywhere. */
async function globalRights(runner: QueryRunner): Promise<ReadonlySet<string>> {
    const rows = await select<{ right: string }>(runner, {
        sql:
            "SELECT PRIVILEGE_TYPE AS `right` FROM information_schema.USER_PRIVILEGES " +
            "WHERE REPLACE(GRANTEE, '''', '') = CURRENT_USER()",
    })
    return new Set(rows.map(({ right }) => right))
}

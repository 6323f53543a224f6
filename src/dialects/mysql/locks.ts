import type { LockStatements } from "../statements/lock-statements"

const iso = (sql: string) =>
    `DATE_FORMAT(CONVERT_TZ(${sql}, @@session.time_zone, '+00:00'), '%Y-%m-%dT%H:%i:%s.000Z')`

const SESSIONS =
    "NULL AS `series`, NULL AS `scope`, l.LOCK_DATA AS `place`, CAST(ht.trx_mysql_thread_id AS CHAR) AS `holder`, " +
    `${iso("ht.trx_started")} AS \`since\`, hp.USER AS \`user\`, hp.HOST AS \`program\`, hp.COMMAND AS \`state\`, ` +
    "CAST(wt.trx_mysql_thread_id AS CHAR) AS `waiter`, " +
    `${iso("wt.trx_wait_started")} AS \`waiterSince\`, wp.USER AS \`waiterUser\`, wp.HOST AS \`waiterProgram\``
const OF_TRANSACTIONS =
    "LEFT JOIN information_schema.PROCESSLIST hp ON hp.ID = ht.trx_mysql_thread_id " +
    "LEFT JOIN information_schema.PROCESSLIST wp ON wp.ID = wt.trx_mysql_thread_id"
// Those who wait as well are in nobody's way but for the one before them.
const HOLDING = "ht.trx_state <> 'LOCK WAIT'"

/** @internal */
export const mysqlLocks: LockStatements = {
    waiting(table, { driver }) {
        const path = table.name.replaceAll("`", "").split(".")
        const name = path.at(-1) ?? ""
        const place = path.length > 1 ? (path[0] ?? "") : null
        // MariaDB has it, MySQL does not, and each has locks in tables of its own.
        if (driver.isReturningSqlSupported("insert"))
            return {
                sql:
                    `SELECT ${SESSIONS.replace("l.LOCK_DATA", "l.lock_data")} FROM information_schema.INNODB_LOCK_WAITS w ` +
                    "JOIN information_schema.INNODB_LOCKS l ON l.lock_id = w.requested_lock_id " +
                    "JOIN information_schema.INNODB_TRX ht ON ht.trx_id = w.blocking_trx_id " +
                    "JOIN information_schema.INNODB_TRX wt ON wt.trx_id = w.requesting_trx_id " +
                    `${OF_TRANSACTIONS} WHERE ${HOLDING} AND ` +
                    "l.lock_table = CONCAT('`', COALESCE(?, DATABASE()), '`.`', ?, '`')",
                parameters: [place, name],
            }
        return {
            sql:
                `SELECT ${SESSIONS} FROM performance_schema.data_lock_waits w ` +
                "JOIN performance_schema.data_locks l ON l.ENGINE_LOCK_ID = w.REQUESTING_ENGINE_LOCK_ID " +
                "JOIN information_schema.INNODB_TRX ht ON ht.trx_id = w.BLOCKING_ENGINE_TRANSACTION_ID " +
                "JOIN information_schema.INNODB_TRX wt ON wt.trx_id = w.REQUESTING_ENGINE_TRANSACTION_ID " +
                `${OF_TRANSACTIONS} WHERE ${HOLDING} AND ` +
                "l.OBJECT_SCHEMA = COALESCE(?, DATABASE()) AND l.OBJECT_NAME = ?",
            parameters: [place, name],
        }
    },
}

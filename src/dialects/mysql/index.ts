import type { DataSource, DataSourceOptions } from "typeorm"
import { textsOf } from "../column-type"
import type { Dialect, Upsert } from "../dialect"
import type { DriverError } from "../driver-error"
import { mysqlAudit } from "./upkeep/audit"
import { literal } from "./literal"
import { mysqlCounter } from "./counter"
import { mysqlJournal } from "./journal"
import { mysqlIds } from "./upkeep/ids"
import { mysqlKeys } from "./keys"
import { mysqlLocks } from "./locks"
import { mysqlPeriods } from "./periods"
import { mysqlSchema } from "./schema"
import { mysqlServer } from "../server/mysql-server"
import { lastNumbers, neighbours, scopeKeys, storedNumbers } from "./scopes"
import { mysqlText } from "./text"
import { mysqlTriggers } from "./trigger/catalogue"
import { mysqlTrigger } from "./trigger/trigger"
import { ownName } from "../own-name"
import { mysqlTypes } from "./types"

const LOCK_WAIT_TIMEOUT = 1205
const DEADLOCK = 1213
/** Of MariaDB with innodb_snapshot_isolation: the row has changed since the snapshot. */
const RECORD_HAS_CHANGED = 1020
/** A deadlock over the lock of AUTO_INCREMENT, which an INSERT … SELECT holds, is called so. */
const AUTO_INCREMENT_FAILED = 1467
const DATA_OUT_OF_RANGE = 1690
const SUBQUERY_NO_1_ROW = 1242
const NO_SUCH_TABLE = 1146
const LOCK_NOWAIT = 3572

const texts = textsOf(mysqlTypes)

/** @internal MariaDB and MySQL. */
export const mysql: Dialect = {
    syntax: { hasNumberedParameters: false, escapesByBackslash: true, absent: "DEFAULT" },
    hasPartialIndices: false,
    sharesRunner: false,
    rowLock: " FOR UPDATE",
    audit: mysqlAudit,
    server: mysqlServer,
    locks: mysqlLocks,
    ids: mysqlIds,
    counter: mysqlCounter,
    trigger: mysqlTrigger,
    schema: mysqlSchema,
    keys: mysqlKeys,
    journal: mysqlJournal,
    triggers: mysqlTriggers,
    periods: mysqlPeriods,
    keyCollation: { charset: "utf8mb4", collation: "utf8mb4_bin" },
    expressions: {
        text: (sql) => `CAST(${sql} AS CHAR)`,
        literal: (value) => (typeof value === "string" ? literal(value) : String(value)),
        concat: (...parts) => `CONCAT(${parts.join(", ")})`,
        leadingNumber: (text) => `CAST(REGEXP_SUBSTR(${text}, '^[0-9]+') AS SIGNED)`,
        padded: (number, width) =>
            `LPAD(${number}, GREATEST(${width}, CHAR_LENGTH(${number})), '0')`,
        greatest: (a, b) => `GREATEST(${a}, ${b})`,
        same: (a, b) => `${a} <=> ${b}`,
        fail: (number) => `(SELECT ${number} UNION ALL SELECT ${number})`,
        hash: (text) => `SHA2(${text}, 256)`,
        length: (text) => `CHAR_LENGTH(${text})`,
    },
    lastNumbers,
    storedNumbers,
    neighbours,
    scopeKeys,
    tellsUpserted: ({ driver }) => driver.isReturningSqlSupported("insert"),
    findUpsert,
    hasRolledBack: () => false,
    endsTransaction: ({ errno }) =>
        [DEADLOCK, RECORD_HAS_CHANGED, AUTO_INCREMENT_FAILED].includes(Number(errno)),
    isTransient: ({ errno }) =>
        [DEADLOCK, LOCK_WAIT_TIMEOUT, RECORD_HAS_CHANGED, AUTO_INCREMENT_FAILED].includes(
            Number(errno),
        ),
    isAborted: () => false,
    isFailure: ({ errno }) => errno === SUBQUERY_NO_1_ROW,
    isOutOfRange: ({ errno }) => errno === DATA_OUT_OF_RANGE,
    isMissingTable: ({ errno }) => errno === NO_SUCH_TABLE,
    isLocked: ({ errno }: DriverError) => errno === LOCK_WAIT_TIMEOUT || errno === LOCK_NOWAIT,
    scopeText: (dataSource, value, column) =>
        texts.takenText(column, mysqlText(dataSource, value, column)),
    ...texts,
    discard: (_, connection) => {
        ;(connection as { destroy(): void }).destroy()
    },
    // A node of a Galera cluster, after a conflict with another one (wsrep_retry_autocommit).
    repeatsStatements: {
        sql: "SHOW VARIABLES WHERE Variable_name = 'wsrep_on' AND Value = 'ON'",
        parameters: [],
    },
    separateConnection,
}

const UPDATE = " ON DUPLICATE KEY UPDATE "

function findUpsert(head: string, tail: string): Upsert | undefined {
    const [, update] = tail.split(UPDATE, 2)
    // TypeORM puts two blanks there.
    const isIgnore = /\bINSERT\s+IGNORE\s/.test(head)
    if (update === undefined && !isIgnore) return undefined
    return {
        skips: isIgnore,
        overwrites: (column) => update?.includes(`${column} = VALUES(`) ?? false,
        update: UPDATE,
        given: (column) => `VALUES(${column})`,
    }
}

function separateConnection({ options }: DataSource): DataSourceOptions | undefined {
    if (options.type !== "mysql" && options.type !== "mariadb") return undefined
    const { replication } = options
    const extra = options.extra as { connectAttributes?: { program_name?: string } } | undefined
    const named = extra?.connectAttributes
    const connectAttributes = { ...named, program_name: ownName(named?.program_name) }
    return {
        ...options,
        ...replication?.master,
        replication: undefined,
        poolSize: 1,
        extra: { ...extra, connectionLimit: 1, connectAttributes },
    }
}

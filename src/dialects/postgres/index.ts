import type { EventEmitter } from "node:events"
import type { DataSource, DataSourceOptions } from "typeorm"
import { textsOf } from "../column-type"
import type { Dialect } from "../dialect"
import { columnOf } from "../missing"
import { findOnConflict } from "../on-conflict"
import { isPostgresFailure, literal, plainLiteral, postgresFailure } from "./literal"
import { postgresAudit } from "./upkeep/audit"
import { postgresCounter } from "./counter"
import { postgresJournal } from "./journal"
import { postgresIds } from "./upkeep/ids"
import { postgresKeys } from "./keys"
import { postgresLocks } from "./locks"
import { postgresPeriods } from "./periods"
import { postgresSchema } from "./schema"
import { postgresServer } from "../server/postgres-server"
import { lastNumbers, neighbours, nextWithin, scopeKeys, storedNumbers } from "./scopes"
import { ownName } from "../own-name"
import { isPglite, postgresText } from "./text"
import { postgresTriggers } from "./trigger/catalogue"
import { postgresTrigger } from "./trigger/trigger"
import { postgresTypes } from "./types"

const texts = textsOf(postgresTypes)

/** @internal */
export const postgres: Dialect = {
    syntax: {
        ...{ hasNumberedParameters: true, escapesByBackslash: false, absent: "DEFAULT" },
        // The protocol counts them in 16 bits.
        limit: { count: 65_535, literal: plainLiteral },
    },
    hasPartialIndices: true,
    sharesRunner: false,
    rowLock: " FOR UPDATE",
    audit: postgresAudit,
    server: postgresServer,
    locks: postgresLocks,
    ids: postgresIds,
    counter: postgresCounter,
    trigger: postgresTrigger,
    schema: postgresSchema,
    keys: postgresKeys,
    journal: postgresJournal,
    triggers: postgresTriggers,
    periods: postgresPeriods,
    expressions: {
        text: (sql) => `${sql}::text`,
        // Without a type, it has that of the column.
        literal: (value) => literal(String(value)),
        concat: (...parts) => parts.join(" || "),
        leadingNumber: (text) => `substring(${text} from '^[0-9]+')::bigint`,
        padded: (number, width) =>
            width === 1
                ? `${number}::text`
                : `lpad(${number}::text, GREATEST(${width}, length(${number}::text)), '0')`,
        greatest: (a, b) => `GREATEST(${a}, ${b})`,
        same: (a, b) => `${a} IS NOT DISTINCT FROM ${b}`,
        fail: postgresFailure,
        hash: (text) => `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`,
        length: (text) => `char_length(${text})`,
    },
    lastNumbers,
    storedNumbers,
    neighbours,
    scopeKeys,
    tellsUpserted: () => true,
    findUpsert: findOnConflict,
    hasRolledBack: (result) => (result as { command?: string } | undefined)?.command === "ROLLBACK",
    // Every failed statement does, and COMMIT tells.
    endsTransaction: () => false,
    isTransient: (error) => ["40001", "40P01"].includes(String(error.code)),
    isAborted: (error) => error.code === "25P02",
    isFailure: isPostgresFailure,
    isOutOfRange: ({ code }) => code === "22003",
    isMissingTable: (error) => error.code === "42P01",
    missingColumn: ({ code, message }) =>
        code === "42703"
            ? columnOf(
                  /^column (?:(?<of>.+)\.)?"?(?<name>[^".]+?)"? (?:of relation "(?<table>.+)" )?does/,
                  message,
              )
            : undefined,
    isLocked: (error) => error.code === "55P03",
    scopeText: (dataSource, value, column) =>
        texts.takenText(column, postgresText(dataSource, value, column)),
    ...texts,
    discard: (dataSource, connection) => {
        if (isPglite(dataSource)) return
        void (connection as { end(): Promise<void> }).end().catch(() => {})
    },
    outliveConnections: ({ driver }) => {
        const { master } = driver as unknown as { master: EventEmitter }
        master.on("connect", (client: EventEmitter) => client.on("error", () => {}))
    },
    separateConnection,
    tableLock: {
        lock: (tables) => [{ sql: `LOCK TABLE ${tables.join(", ")} IN SHARE ROW EXCLUSIVE MODE` }],
        keepsSnapshot: (isolation) =>
            isolation !== "read committed" && isolation !== "read uncommitted",
        // These run without a snapshot in PostgreSQL, so that LOCK TABLE after them still comes first.
        takesSnapshot: (sql) =>
            !/^\s*(start|begin|set|show|savepoint|release|lock)\b[^;]*;?\s*$/i.test(sql),
        nextWithin,
    },
}

function separateConnection(dataSource: DataSource): DataSourceOptions | undefined {
    const { options } = dataSource
    if (options.type !== "postgres" || isPglite(dataSource)) return undefined
    const { replication } = options
    const extra = options.extra as object | undefined
    return {
        ...options,
        ...replication?.master,
        replication: undefined,
        poolSize: 1,
        applicationName: ownName(options.applicationName),
        // A process may end while the connection is idle.
        extra: { ...extra, max: 1, allowExitOnIdle: true },
    }
}

import type { DataSource, DataSourceOptions } from "typeorm"
import { type ColumnMetadata, columnType } from "../../typeorm/names"
import type { Dialect } from "../dialect"
import { findOnConflict } from "../on-conflict"
import { postgresCounter } from "./counter"
import { postgresKeys } from "./keys"
import { postgresSchema } from "./schema"
import { lastNumbers, scopeKeys, storedNumbers } from "./scopes"
import { postgresText } from "./text"
import { postgresTrigger } from "./trigger"

/** @internal */
export const postgres: Dialect = {
    syntax: { hasNumberedParameters: true, escapesByBackslash: false },
    hasPartialIndices: true,
    announcesErrors: true,
    sharesRunner: false,
    counter: postgresCounter,
    trigger: postgresTrigger,
    schema: postgresSchema,
    keys: postgresKeys,
    expressions: {
        text: (sql) => `${sql}::text`,
        concat: (...parts) => parts.join(" || "),
        greatest: (a, b) => `GREATEST(${a}, ${b})`,
        hash: (text) => `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`,
        length: (text) => `char_length(${text})`,
    },
    lastNumbers,
    storedNumbers,
    scopeKeys,
    tellsUpserted: () => true,
    findUpsert: findOnConflict,
    hasRolledBack: (result) => (result as { command?: string } | undefined)?.command === "ROLLBACK",
    // Every failed statement does, and COMMIT tells.
    endsTransaction: () => false,
    isTransient: (error) => ["40001", "40P01"].includes(String(error.code)),
    isAborted: (error) => error.code === "25P02",
    isOutOfRange: ({ code }) => code === "22003",
    isMissingTable: (error) => error.code === "42P01",
    isLocked: (error) => error.code === "55P03",
    scopeText: postgresText,
    canonicalText,
    keyText,
    separateConnection,
    tableLock: {
        lock: (tables) => [{ sql: `LOCK TABLE ${tables.join(", ")} IN SHARE ROW EXCLUSIVE MODE` }],
        keepsSnapshot: (isolation) =>
            isolation !== "read committed" && isolation !== "read uncommitted",
        // These run without a snapshot in PostgreSQL, so that LOCK TABLE after them still comes first.
        takesSnapshot: (sql) =>
            !/^\s*(start|begin|set|show|savepoint|release|lock)\b[^;]*;?\s*$/i.test(sql),
    },
}

function canonicalText(column: ColumnMetadata, text: string): string | undefined {
    switch (columnType(column)) {
        case "smallint":
        case "integer":
        case "bigint":
            return /^-?\d+$/.test(text) ? String(BigInt(text)) : undefined
        case "text":
        case "enum":
            return text
        case "character varying":
            return !column.length || text.length <= Number(column.length) ? text : undefined
        case "uuid":
            return /^[\da-f-]{36}$/i.test(text) ? text.toLowerCase() : undefined
        case "boolean":
            return text === "true" || text === "false" ? text : undefined
        case "date":
            return /^\d{4}-\d\d-\d\d$/.test(text) ? text : undefined
        default:
            return undefined
    }
}

function keyText(column: ColumnMetadata, sql: string): string | undefined {
    switch (columnType(column)) {
        case "smallint":
        case "integer":
        case "bigint":
        case "text":
        case "enum":
        case "character varying":
        case "character":
        case "uuid":
        case "boolean":
        case "time without time zone":
        case "inet":
        case "cidr":
        case "macaddr":
            return `${sql}::text`
        case "citext":
            return `lower(${sql}::text)`
        case "numeric":
            return `trim_scale(${sql})::text`
        case "real":
        case "double precision":
            // Adding 0 makes -0 the 0 that it is equal to.
            return `encode(float8send(${sql}::float8 + 0), 'hex')`
        // JSON has dates in one form, whatever DateStyle is.
        case "date":
        case "timestamp without time zone":
            return `(to_json(${sql}) #>> '{}')`
        case "timestamp with time zone":
            return `(to_json(${sql} AT TIME ZONE 'UTC') #>> '{}')`
        case "bytea":
            return `encode(${sql}, 'hex')`
        default:
            return undefined
    }
}

function separateConnection({ options, driver }: DataSource): DataSourceOptions | undefined {
    if (options.type !== "postgres") return undefined
    // PGlite has one session, whatever asks for another.
    const { master: pool } = driver as { master?: { totalCount?: unknown } }
    if (typeof pool?.totalCount !== "number") return undefined
    const { replication } = options
    const extra = options.extra as object | undefined
    return {
        ...options,
        ...replication?.master,
        replication: undefined,
        poolSize: 1,
        // A process may end while the connection is idle.
        extra: { ...extra, max: 1, allowExitOnIdle: true },
    }
}

import { kindOfType } from "../column-type"
import { type SchemaStatements, standardSchema } from "../statements/schema-statements"
import { quoted } from "./trigger/functions"

// Of our own choice: PostgreSQL has no names for advisory locks.
const INSTALL_LOCK = "1635087729, 1"
const MIGRATION_LOCK = "1635087729, 2"

const INDEX_DROPPED = /^(DROP INDEX (?:CONCURRENTLY )?(?:IF EXISTS )?)"([^"]+)"\.(.+)$/

/** @internal */
export const postgresSchema: SchemaStatements = {
    ...standardSchema,
    exactly: (text) => `(${text}) COLLATE "C"`,
    // By the index over both, whose collation this is. Without statistics PostgreSQL takes a series for a handful of
    // counters, and goes through all of them for each key; what has an OFFSET is planned by itself.
    joinCounter: ({ name, series, scope }, alias, ofSeries, key) =>
        `LEFT JOIN LATERAL (SELECT * FROM ${name} k WHERE k.${series} = ${ofSeries} ` +
        `AND k.${scope} = ${key} COLLATE "default" OFFSET 0) ${alias} ON TRUE`,
    counterSettings: {
        isMissing: ({ name }) => ({
            sql:
                `SELECT 1 FROM pg_class WHERE oid = to_regclass($1) AND NOT EXISTS ` +
                `(SELECT FROM unnest(reloptions) AS o(option) WHERE option LIKE 'fillfactor=%')`,
            parameters: [name],
        }),
        // Free space on each page, so that a counter moves without an entry in the index (HOT).
        add: ({ name }) => `ALTER TABLE ${name} SET (fillfactor = 50)`,
        remove: ({ name }) => `ALTER TABLE ${name} RESET (fillfactor)`,
    },
    isUuid: (sql) => `${sql} ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'`,
    isWhole: (sql) => `${sql}::text ~ '^-?(0|[1-9][0-9]*)([.]0+)?$'`,
    // TypeORM takes every generated column for one of type "serial".
    makesValues: ({ generatedIdentity }) => generatedIdentity !== undefined,
    retype({ table, column, from, to, type }) {
        const alter = `ALTER TABLE ${table} ALTER COLUMN ${column}`
        const [old, kind] = [kindOfType(from.type), kindOfType(to.type)]
        // Cast to a number itself, a fraction would be rounded; cast to a varchar(n), a text cut off.
        const whole = `trim_scale(${column}::text::numeric)::text`
        const value = `${kind === "integer" ? whole : `${column}::text`}${kind === "text" ? "" : `::${type}`}`
        return [
            ...(from.generatedIdentity ? [`${alter} DROP IDENTITY`] : []),
            `${alter} TYPE ${type}${old === kind ? "" : ` USING ${value}`}`,
            ...(to.generatedIdentity
                ? [`${alter} ADD GENERATED ${to.generatedIdentity} AS IDENTITY`]
                : []),
        ]
    },
    withoutSchema(sql, schemas) {
        // It does so for an index that it drops, and finds everything else by the search path.
        const [, drop = "", schema, rest = ""] = INDEX_DROPPED.exec(sql) ?? []
        return drop === "" || schemas.has(schema) ? sql : `${drop}${rest}`
    },
    sequences: {
        selectOwned: (table, column) => ({
            sql:
                `SELECT left(path, length(path) - length(quote_ident(name))) AS "schema", name FROM ` +
                `(SELECT oid::regclass::text AS path, relname::text AS name FROM pg_class ` +
                `WHERE oid = pg_get_serial_sequence($1, $2)::regclass) s`,
            parameters: [table, column],
        }),
        rename: (schema, name, to) =>
            `ALTER SEQUENCE ${schema}${quoted(name)} RENAME TO ${quoted(to)}`,
    },
    installLock: {
        isTransactional: true,
        isolation: "READ COMMITTED",
        take: [{ sql: `SELECT pg_advisory_xact_lock(${INSTALL_LOCK})` }],
    },
    migrationLock: {
        isTransactional: false,
        take: [{ sql: `SELECT pg_try_advisory_lock(${MIGRATION_LOCK})::int AS taken` }],
        release: { sql: `SELECT pg_advisory_unlock(${MIGRATION_LOCK})` },
    },
}

import type { Dialect } from "../dialect"
import { columnOf } from "../missing"
import { findOnConflict } from "../on-conflict"
import { sqliteAudit } from "./upkeep/audit"
import { sqliteCounter } from "./counter"
import { sqliteJournal } from "./journal"
import { sqliteIds } from "./upkeep/ids"
import { sqliteKeys } from "./keys"
import { sqlitePeriods } from "./periods"
import { sqliteSchema } from "./schema"
import { sqliteServer } from "../server/sqlite-server"
import { lastNumbers, neighbours, scopeKeys, storedNumbers } from "./scopes"
import { sqliteTriggers } from "./triggers"
import { canonicalText, keyText, scopeSql, scopeText } from "./types"

/** @internal SQLite by better-sqlite3 and sql.js. */
export const sqlite: Dialect = {
    syntax: { hasNumberedParameters: false, escapesByBackslash: false, absent: "NULL" },
    hasPartialIndices: true,
    sharesRunner: true,
    rowLock: "",
    audit: sqliteAudit,
    server: sqliteServer,
    ids: sqliteIds,
    counter: sqliteCounter,
    schema: sqliteSchema,
    keys: sqliteKeys,
    journal: sqliteJournal,
    triggers: sqliteTriggers,
    periods: sqlitePeriods,
    expressions: {
        text: (sql) => `CAST(${sql} AS TEXT)`,
        literal: (value) =>
            typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(Number(value)),
        concat: (...parts) => parts.join(" || "),
        leadingNumber: (text) =>
            `CASE WHEN ${text} GLOB '[0-9]*' THEN CAST(${text} AS INTEGER) END`,
        padded: (number, width) => `printf('%0${width}d', ${number})`,
        greatest: (a, b) => `MAX(${a}, ${b})`,
        same: (a, b) => `${a} IS ${b}`,
        fail: (number) => `json('autosequence ' || ${number})`,
        length: (text) => `LENGTH(${text})`,
    },
    lastNumbers,
    storedNumbers,
    neighbours,
    scopeKeys,
    tellsUpserted: () => false,
    findUpsert: (head, tail) =>
        head.startsWith("INSERT OR IGNORE ")
            ? { skips: true, overwrites: () => false, update: "", given: () => "" }
            : findOnConflict(head, tail),
    hasRolledBack: () => false,
    endsTransaction: () => false,
    isTransient: ({ code }) => /^SQLITE_BUSY/.test(String(code)),
    isAborted: () => false,
    isFailure: ({ message }) => message === "malformed JSON",
    // The statements that move counters see to it.
    isOutOfRange: ({ message }) => /^NOT NULL constraint failed: .*moved_by$/.test(String(message)),
    // There is no code of its own for it.
    isMissingTable: ({ message }) => /^no such table/.test(String(message)),
    missingColumn: ({ message }) =>
        columnOf(/^no such column: (?:(?<of>.+)\.)?(?<name>[^. ]+)/, message) ??
        columnOf(/^table (?<table>.+) has no column named (?<name>.+)$/, message),
    isLocked: ({ code }) => /^SQLITE_BUSY/.test(String(code)),
    scopeText: (_, value, column) => scopeText(value, column),
    scopeSql,
    canonicalText,
    isCollated: () => false,
    keyText,
    separateConnection: () => undefined,
    tableLock: {
        // Any statement that may write takes the lock of the whole database.
        lock: (tables) => tables.map((table) => ({ sql: `DELETE FROM ${table} WHERE FALSE` })),
        // A writer whose snapshot is not the latest is refused by SQLite itself.
        keepsSnapshot: () => false,
        takesSnapshot: () => false,
    },
}

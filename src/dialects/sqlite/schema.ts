import {
    type InstallLock,
    joinCounter,
    type SchemaStatements,
    standardSchema,
} from "../statements/schema-statements"

const LOCK: InstallLock = {
    isTransactional: true,
    // Any statement that writes takes the lock of the whole database. This is TypeORM's
    // transaction, which begins without it, and there may be no table yet.
    take: [
        { sql: "CREATE TABLE autosequence_lock (id INTEGER)" },
        { sql: "DROP TABLE autosequence_lock" },
    ],
}

/** @internal */
export const sqliteSchema: SchemaStatements = {
    ...standardSchema,
    exactly: (text) => text,
    joinCounter,
    isUuid: (sql) => `${sql} GLOB '${[8, 4, 4, 4, 12].map((n) => "[0-9a-f]".repeat(n)).join("-")}'`,
    isWhole: (sql) => `CAST(CAST(${sql} AS INTEGER) AS TEXT) = CAST(${sql} AS TEXT)`,
    makesValues: () => false,
    installLock: LOCK,
    migrationLock: LOCK,
}

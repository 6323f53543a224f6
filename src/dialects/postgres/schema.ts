import { type SchemaStatements, standardSchema } from "../schema-statements"

// Of our own choice: PostgreSQL has no names for advisory locks.
const INSTALL_LOCK = "1635087729, 1"

/** @internal */
export const postgresSchema: SchemaStatements = {
    ...standardSchema,
    exactly: (text) => `(${text}) COLLATE "C"`,
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
    installLock: {
        isTransactional: true,
        isolation: "READ COMMITTED",
        take: [{ sql: `SELECT pg_advisory_xact_lock(${INSTALL_LOCK})` }],
    },
}

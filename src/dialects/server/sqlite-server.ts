import { accessSync, constants } from "node:fs"
import { dataSourceOf } from "../../typeorm/compat"
import { select } from "../../typeorm/statement"
import type { ServerChecks, ServerFinding } from "./server-checks"

const READ_ONLY: ServerFinding = {
    status: "problem",
    text:
        "The database is read-only, because of the data source's options or the permissions of its file and " +
        "folder.",
    remedy: null,
}

/** @internal */
export const sqliteServer: ServerChecks = {
    // From there on an INSERT returns what it has stored.
    product: () => ({ name: "SQLite", oldest: "3.35.0" }),

    async settings(runner, { strategies }) {
        if (strategies.size === 0) return []
        const { options } = dataSourceOf(runner) as unknown as {
            options: { readonly?: boolean }
        }
        const [query] = await select<{ query_only: number }>(runner, { sql: "PRAGMA query_only" })
        const files = await select<{ file: string | null }>(runner, { sql: "PRAGMA database_list" })
        const isLocked = files.some(({ file }) => Boolean(file) && !isWritable(file as string))
        return options.readonly === true || query?.query_only === 1 || isLocked ? [READ_ONLY] : []
    },

    cluster: () => Promise.resolve(undefined),
    missingRights: () => Promise.resolve([]),
    triggerRights: () => Promise.resolve([]),
    triggerOwners: () => Promise.resolve([]),
    invalidIndexes: () => Promise.resolve([]),
    connections: () => Promise.resolve(undefined),
}

function isWritable(file: string): boolean {
    try {
        accessSync(file, constants.W_OK)
        return true
    } catch {
        return false
    }
}

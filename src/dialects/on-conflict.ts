import type { Upsert } from "./dialect"

/** @internal Reads an upsert as TypeORM writes it for PostgreSQL and SQLite. */
export function findOnConflict(sql: string): Upsert | undefined {
    if (!sql.includes(" ON CONFLICT ")) return undefined
    const [insert = "", conflict = ""] = sql.split(" ON CONFLICT ", 2)
    const [target = "", update = ""] = conflict.split(" DO UPDATE SET ", 2)
    return {
        skips: conflict.includes("DO NOTHING"),
        isInto: (table) => insert.includes(`INTO ${table}`),
        // A column that rows are recognised by has the same value already.
        overwrites: (column) =>
            update.includes(`${column} = EXCLUDED.`) && !target.includes(column),
    }
}

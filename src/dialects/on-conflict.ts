import type { Upsert } from "./dialect"

/** @internal Reads an upsert as TypeORM writes it for PostgreSQL and SQLite. */
export function findOnConflict(_: string, tail: string): Upsert | undefined {
    if (!tail.startsWith(" ON CONFLICT ")) return undefined
    const [conflict = "", update = ""] = tail.split(" DO UPDATE SET ", 2)
    const [, list] = / ON CONFLICT \( (.*?) \)/.exec(conflict) ?? []
    const target = list?.split(", ")
    return {
        skips: conflict.includes("DO NOTHING"),
        target,
        // A column that rows are recognised by has the same value already.
        overwrites: (column) =>
            update.includes(`${column} = EXCLUDED.`) && !(target?.includes(column) ?? false),
    }
}

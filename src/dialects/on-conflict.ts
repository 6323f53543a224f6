import type { Upsert } from "./dialect"

const UPDATE = " DO UPDATE SET "

/** @internal Reads an upsert as TypeORM writes it for PostgreSQL and SQLite. */
export function findOnConflict(_: string, tail: string): Upsert | undefined {
    if (!tail.startsWith(" ON CONFLICT ")) return undefined
    const [conflict = "", update = ""] = tail.split(UPDATE, 2)
    const [, list] = / ON CONFLICT \( (.*?) \)/.exec(conflict) ?? []
    const target = list?.split(", ")
    return {
        skips: conflict.includes("DO NOTHING"),
        target,
        // A column that rows are recognised by has the same value already.
        overwrites: (column) =>
            update.includes(`${column} = EXCLUDED.`) && !(target?.includes(column) ?? false),
        update: UPDATE,
        given: (column) => `EXCLUDED.${column}`,
    }
}

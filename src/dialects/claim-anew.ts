import type { KeyTable } from "./statements/key-statements"

/** @internal {@link KeyStatements.onClaimed} of PostgreSQL and SQLite. */
export function claimAnew({ name, series, scope, key, owner, retiredAt }: KeyTable): string {
    return (
        `ON CONFLICT (${series}, ${scope}, ${key}) DO UPDATE ` +
        `SET ${retiredAt} = EXCLUDED.${retiredAt} WHERE ${name}.${owner} = EXCLUDED.${owner}`
    )
}

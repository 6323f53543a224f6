import type { ObjectLiteral, QueryRunner } from "typeorm"
import type { Scope } from "../../dialects/columns"
import { claim, forget, ownerOf } from "./history"
import type { StoredKey } from "../pseudo-key"
import { loadScopes } from "../rows/stored-scope"

/** @internal A row in the table, and what it has as its key. */
export interface ClaimingRow {
    readonly id: ObjectLiteral
    readonly text: string
    /** Where it is known. */
    readonly scope?: Scope
}

/** @internal Writes the keys of rows down in their history. */
export async function claimKeys(
    runner: QueryRunner,
    key: StoredKey,
    rows: readonly ClaimingRow[],
): Promise<void> {
    const owned = rows.map((row) => ({ row, owner: ownerOf(key.metadata, row.id) }))
    // The primary key may have been that of a row which is gone: others choose it, or the
    // database has begun anew.
    await forget(
        runner,
        key,
        owned.map(({ owner }) => owner),
    )
    const unknown = rows.filter(({ scope }) => !scope)
    const loaded =
        unknown.length > 0
            ? await loadScopes(
                  runner,
                  key,
                  unknown.map(({ id }) => id),
              )
            : []
    const scopes = new Map(unknown.map((row, at) => [row, loaded[at]]))
    await claim(
        runner,
        owned.map(({ row, owner }) => ({
            key,
            scope: (row.scope ?? scopes.get(row)) as Scope,
            text: row.text,
            owner,
            isRetired: false,
        })),
    )
}

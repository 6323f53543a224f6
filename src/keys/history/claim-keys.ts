import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { KEY_LENGTH } from "../../declared/own-tables"
import type { Scope } from "../../dialects/columns"
import { UnsupportedError } from "../../errors"
import type { StoredKey } from "../pseudo-key"
import { primaryKeyText } from "../../inserts/primary-key"
import { loadScopes } from "../rows/stored-scope"
import { claim, forget } from "./history"
import type { Sender } from "../../typeorm/statement"

/** @internal A row in the table, and what it has as its key. */
export interface ClaimingRow {
    readonly id: ObjectLiteral
    readonly text: string
    /** Where it is known. */
    readonly scope?: Scope
    /** Whether the key was looked for, and found free. */
    readonly isFound?: boolean
}

/** @internal Writes the keys of rows down in their history. */
export async function claimKeys(
    runner: Sender,
    key: StoredKey,
    rows: readonly ClaimingRow[],
): Promise<void> {
    const owners = rows.map(({ id }) => ownerOf(key.metadata, id))
    // The primary key may have been that of a row which is gone: others choose it, or the
    // database has begun anew.
    await forget(runner, key, owners)
    const unknown = rows.filter(({ scope }) => !scope).map(({ id }) => id)
    const loaded = (await loadScopes(runner, key, unknown)).values()
    await claim(
        runner,
        key,
        rows.map(({ text, scope, isFound }, at) => ({
            text,
            isFound,
            scope: scope ?? (loaded.next().value as Scope),
            owner: owners[at] as string,
        })),
    )
}

/** @internal The primary key of a row as the history keeps it. */
export function ownerOf(metadata: EntityMetadata, row: ObjectLiteral): string {
    const owner = primaryKeyText(metadata, row)
    if (owner.length > KEY_LENGTH)
        throw new UnsupportedError(
            `The primary key of a row of ${metadata.tablePath} takes more than ${KEY_LENGTH} ` +
                "characters, which the history of its pseudo keys can't keep.",
        )
    return owner
}

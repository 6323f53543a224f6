import type { ObjectLiteral } from "typeorm"
import { groupBy } from "../../group-by"
import type { Insert } from "../../inserts/insert"
import { returnedRows } from "../../inserts/returned-rows"
import type { RowScopes } from "../../inserts/row-scope"
import type { Session } from "../../inserts/session"
import { claimKeys } from "../history/claim-keys"
import type { KeyLocks } from "../free/key-locks"
import type { KeyedRow } from "./keyed-row"
import { writeLateKeys } from "./late-keys"
import { findByKeys, primaryKeysOf } from "./stored-rows"

/** @internal Rows that are in the table by one INSERT. */
export interface InsertedRows {
    readonly insert: Insert
    readonly rows: readonly KeyedRow[]
    readonly scopes: RowScopes
    /** As the driver gave it. */
    readonly result: unknown
}

/** @internal */
export function hasHistory({ keys }: KeyedRow): boolean {
    return keys.some(({ history }) => history !== false)
}

/**
 * What is left to be done when rows are in the table: to write the keys that only the INSERT could
 * tell, and to write down the keys of a history.
 * @internal
 */
export async function finishKeys(
    session: Session,
    locks: KeyLocks,
    inserted: InsertedRows,
): Promise<void> {
    const { insert, rows, scopes, result } = inserted
    const late = rows.filter((row) => row.late.length > 0)
    if (late.length > 0) {
        await writeLateKeys(session, locks, late, scopes)
        correctReturned(insert, late, result)
    }
    const kept = rows.filter(hasHistory)
    if (kept.length === 0) return
    await findPrimaryKeys(session, { ...inserted, rows: kept })
    for (const [keys, ofClass] of groupBy(kept, (row) => row.keys))
        for (const key of keys)
            if (key.history !== false)
                await claimKeys(
                    session,
                    key,
                    ofClass.flatMap((row) => {
                        const text = row.textOf(key)
                        const scope = scopes.find(key, row.row)
                        const isFound = row.found.has(key)
                        return text === null
                            ? []
                            : { id: row.id as ObjectLiteral, text, scope, isFound }
                    }),
                )
}

async function findPrimaryKeys(
    session: Session,
    { insert, rows, scopes, result }: InsertedRows,
): Promise<void> {
    // Those of an upsert are known, and what it has returned may be of other rows.
    const told = insert.upsert ? undefined : primaryKeysOf(insert, result)
    for (const row of rows) row.id ??= told?.get(row.row)
    const unknown = rows.filter(({ id }) => !id)
    const withKeys = unknown.flatMap((row) => (row.keys[0] ? [{ row, key: row.keys[0] }] : []))
    await findByKeys(session, withKeys, scopes)
}

/** TypeORM puts on entities what the INSERT was asked to return. */
function correctReturned(insert: Insert, rows: readonly KeyedRow[], result: unknown): void {
    const returned = returnedRows(insert, result)
    for (const row of rows) {
        const values = returned?.[row.row.at]
        for (const key of row.late)
            if (values && key.column.databaseName in values)
                values[key.column.databaseName] = row.textOf(key)
    }
}

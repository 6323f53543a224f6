import type { ObjectLiteral } from "typeorm"
import type { Upsert } from "../../dialects/dialect"
import { UnsupportedError } from "../../errors"
import type { NumberedRow } from "../../inserts/assigner"
import type { Insert, InsertRow } from "../../inserts/insert"
import { returnedRows } from "../../inserts/returned-rows"
import type { RowScopes } from "../../inserts/row-scope"
import type { Session } from "../../inserts/session"
import { columnName } from "../../typeorm/names"
import type { StoredKey } from "../pseudo-key"
import { pseudoKeysOf, storedKeysOf } from "../resolve-keys"
import { entityOf, readRows, type RowCondition } from "../../typeorm/rows/read-rows"
import { withPrimaryKey } from "../../inserts/primary-key"
import { isMadeOfNumber, type KeyedRow } from "./keyed-row"
import { findByKeys, primaryKeysOf } from "./stored-rows"

/** @internal Refuses an upsert that would change a key without a trace in its history. */
export function refuseOverwrittenKeys({ rows: [row] }: Insert, upsert: Upsert): void {
    for (const key of row ? pseudoKeysOf(row.metadata).stored : []) {
        const followed = key.follows
            ? key.metadata.columns.find(
                  (one) => key.reads(one) && upsert.overwrites(columnName(one)),
              )
            : undefined
        if (followed)
            throw new UnsupportedError(
                `This upsert would change ${followed.propertyPath} of a stored row, which ${key.label} follows. Leave ` +
                    "it out of the rows, or out of orUpdate(), and change it by save().",
            )
        if (
            key.history !== false &&
            [key.column, ...key.scopeColumns].some((one) => upsert.overwrites(columnName(one)))
        )
            throw new UnsupportedError(
                `This upsert would change ${key.label} of a stored row, and the key has a history. Leave it ` +
                    "out of the rows, or out of orUpdate(), and change it by save().",
            )
    }
}

/**
 * Of some rows of an upsert those that were inserted, with their primary keys: a key that was made
 * for a row is in the table only if the row is.
 * @internal
 */
export async function findInserted(
    session: Session,
    rows: readonly KeyedRow[],
    scopes: RowScopes,
): Promise<KeyedRow[]> {
    const made = rows.flatMap((row) => (row.missing[0] ? [{ row, key: row.missing[0] }] : []))
    await findByKeys(session, made, scopes)
    return made.flatMap(({ row }) => (row.id ? [row] : []))
}

/** @internal Rows that were there before, as far as it can be known which ones they are. */
export async function findLeftOut(
    session: Session,
    insert: Insert,
    rows: readonly InsertRow[],
    columns: readonly StoredKey["column"][],
    result: unknown,
): Promise<Map<InsertRow, ObjectLiteral>> {
    const told = tellsUpserted(session, insert, result) ? primaryKeysOf(insert, result) : undefined
    const known = rows.flatMap((row) => {
        const id = told?.get(row)
        const condition = id ? withPrimaryKey(row.metadata, id) : withTarget(insert, row)
        return condition ? [{ row, condition }] : []
    })
    const [first] = known
    if (!first) return new Map()
    if (columns.length === 0 && told) return new Map(told)
    const { metadata } = first.row
    const read = [...metadata.primaryColumns, ...columns]
    const found = await readRows(
        session,
        metadata,
        read,
        known.map(({ condition }) => condition),
    )
    return new Map(
        known.flatMap(({ row }, at) => {
            const values = found[at]
            return values ? [[row, entityOf(read, values)] as const] : []
        }),
    )
}

/** Skipped rows are left out of what the statement returns, so that nobody knows which is which. */
function tellsUpserted({ dialect, dataSource }: Session, insert: Insert, result: unknown): boolean {
    return (
        insert.upsert?.skips === false &&
        dialect?.tellsUpserted(dataSource) === true &&
        returnedRows(insert, result) !== undefined
    )
}

/** What the statement itself recognises a row by. */
function withTarget({ upsert }: Insert, row: InsertRow): RowCondition | undefined {
    const condition = upsert?.target?.map((name) => {
        const column = row.metadata.columns.find((one) => columnName(one) === name)
        const cell = column && row.cell(column)
        return cell?.kind === "value" && cell.value !== null && cell.value !== undefined
            ? ([column as StoredKey["column"], cell.value] as const)
            : undefined
    })
    return condition?.every((one) => one !== undefined) ? condition : undefined
}

/** @internal Of the rows that an upsert has found those that wait for a key, as it may have given them their numbers. */
export function numberedDrafts(stored: ReadonlyMap<InsertRow, ObjectLiteral>): NumberedRow[] {
    return [...stored].flatMap(([{ metadata, entity }, id]) => {
        const isWaiting = storedKeysOf(metadata).some(
            (key) => isMadeOfNumber(key) && key.column.getEntityValue(id) === null,
        )
        return isWaiting ? [{ metadata, id, entities: entity ? [entity] : [] }] : []
    })
}

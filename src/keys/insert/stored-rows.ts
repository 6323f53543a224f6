import type { ObjectLiteral } from "typeorm"
import type { Insert, InsertRow } from "../../inserts/insert"
import { primaryKeyOf } from "../../inserts/inserted-row"
import type { RowScopes } from "../../inserts/row-scope"
import { dataSourceOf } from "../../typeorm/compat"
import type { StoredKey } from "../pseudo-key"
import { hasPrimaryKey } from "../../inserts/primary-key"
import { entityOf, readRows, type RowCondition } from "../../typeorm/rows/read-rows"
import type { KeyedRow } from "./keyed-row"
import type { Sender } from "../../typeorm/statement"

/**
 * Lets an INSERT tell the primary keys of its rows, where TypeORM has not asked for them. Those of an
 * upsert may be other ones than it was given.
 * @internal
 */
export function askForPrimaryKeys(insert: Insert, rows: readonly InsertRow[]): void {
    const [first] = rows
    if (!first || !dataSourceOf(first.metadata).driver.isReturningSqlSupported("insert")) return
    for (const column of first.metadata.primaryColumns)
        if (insert.upsert || rows.some((row) => !isSet(row, column))) insert.returnColumn(column)
}

/** @internal The primary keys of the rows of an INSERT; undefined where nobody has told one. */
export function primaryKeysOf(
    insert: Insert,
    result: unknown,
): ReadonlyMap<InsertRow, ObjectLiteral> {
    const keys = new Map<InsertRow, ObjectLiteral>()
    for (const row of insert.rows) {
        const { driver } = dataSourceOf(row.metadata)
        const id: ObjectLiteral = {}
        for (const [column, value] of primaryKeyOf(insert, row, result) ?? [])
            column.setEntityValue(id, driver.prepareHydratedValue(value, column))
        if (hasPrimaryKey(row.metadata, id)) keys.set(row, id)
    }
    return keys
}

/** @internal Looks rows of one entity up by keys that no other row can have. */
export async function findByKeys(
    runner: Sender,
    rows: readonly { readonly row: KeyedRow; readonly key: StoredKey }[],
    scopes: RowScopes,
): Promise<void> {
    const [first] = rows
    if (!first) return
    const { metadata } = first.row.row
    const found = await readRows(
        runner,
        metadata,
        metadata.primaryColumns,
        rows.map(({ row, key }) => withKey(key, row, scopes)),
    )
    for (const [at, { row }] of rows.entries()) {
        const values = found[at]
        row.id = values && entityOf(metadata.primaryColumns, values)
    }
}

/** Another scope may have the same key. */
function withKey(key: StoredKey, row: KeyedRow, scopes: RowScopes): RowCondition {
    const scope = scopes.find(key, row.row)
    const within = key.scopeColumns.map(
        (column, at) => [column, scope?.values[at] ?? null] as const,
    )
    return [[key.column, row.textOf(key)], ...(scope ? within : [])]
}

function isSet(row: InsertRow, column: Parameters<InsertRow["cell"]>[0]): boolean {
    const cell = row.cell(column)
    return cell.kind === "value" && cell.value !== null
}

import type { ObjectLiteral } from "typeorm"
import { UnsupportedError } from "../errors"
import type { Insert, InsertRow } from "../inserts/insert"
import { returnedRows } from "../inserts/returned-rows"
import type { Session } from "../inserts/session"
import { primaryKeysOf } from "../keys/insert/stored-rows"
import { entityOf, readRows, type RowCondition } from "../typeorm/rows/read-rows"
import { placeOf, type Series } from "../series/series"
import { select } from "../typeorm/statement"
import { type ColumnMetadata, columnName } from "../typeorm/names"

/**
 * The primary keys of rows of an INSERT. A row of an upsert that is not found by its own values is one that was
 * stored before, and has its number.
 * @internal
 */
export async function insertedIds(
    session: Session,
    insert: Insert,
    waiting: readonly { readonly row: InsertRow; readonly series: readonly Series[] }[],
    result: unknown,
): Promise<Map<InsertRow, ObjectLiteral>> {
    const ids = new Map(tellsIds(session, insert, result) ? primaryKeysOf(insert, result) : [])
    if (!insert.upsert) await addLast(session, insert, ids)
    const asked: { row: InsertRow; condition: RowCondition }[] = []
    for (const { row, series } of waiting.filter((one) => !ids.has(one.row))) {
        const condition = insert.upsert && uniqueValues(row)
        if (!condition) throw untold(series[0])
        asked.push({ row, condition })
    }
    if (asked.length === 0) return ids
    const { metadata } = insert
    const found = await readRows(
        session,
        metadata,
        metadata.primaryColumns,
        asked.map(({ condition }) => condition),
    )
    for (const [at, { row }] of asked.entries()) {
        const values = found[at]
        if (values) ids.set(row, entityOf(metadata.primaryColumns, values))
    }
    return ids
}

/** Where the driver says nothing, and keys are given in the order of the rows. */
async function addLast(
    session: Session,
    { rows, metadata }: Insert,
    ids: Map<InsertRow, ObjectLiteral>,
): Promise<void> {
    const { lastId } = session.dialect?.keys ?? {}
    const [column, ...others] = metadata.primaryColumns
    const isCounted = column?.generationStrategy === "increment" && others.length === 0
    if (!lastId || !isCounted || rows.some((row) => ids.has(row))) return
    const [found] = await select<{ id: number }>(session, { sql: lastId })
    for (const [at, row] of rows.entries()) {
        const id: ObjectLiteral = {}
        column.setEntityValue(id, Number(found?.id) - (rows.length - 1 - at))
        ids.set(row, id)
    }
}

/** Skipped rows are left out of what the statement returns, so that nobody knows which is which. */
function tellsIds({ dialect, dataSource }: Session, insert: Insert, result: unknown): boolean {
    const { upsert } = insert
    if (!upsert) return true
    const isReturned = returnedRows(insert, result) !== undefined
    return isReturned && (upsert.skips || dialect?.tellsUpserted(dataSource) === true)
}

/** What no other row has: what the statement recognises stored rows by, the primary key, or a unique index. */
function uniqueValues(row: InsertRow): RowCondition | undefined {
    const { primaryColumns, indices, uniques, columns } = row.metadata
    const { target = [] } = row.insert.upsert ?? {}
    const isMade = (set: ColumnMetadata[]) => set.some((column) => row.isAssigned(column))
    const sets = [
        columns.filter((column) => target.includes(columnName(column))),
        primaryColumns,
        ...indices.filter(({ isUnique, where }) => isUnique && !where).map((one) => one.columns),
        ...uniques.map((one) => one.columns),
    ].sort((one, other) => Number(isMade(one)) - Number(isMade(other)))
    for (const set of sets) {
        const values = set.flatMap((column): [ColumnMetadata, unknown][] => {
            const cell = row.cell(column)
            const isSet = cell.kind === "value" && cell.value !== null && cell.value !== undefined
            return isSet ? [[column, cell.value]] : []
        })
        if (values.length > 0 && values.length === set.length) return values
    }
    return undefined
}

function untold(series: Series | undefined): UnsupportedError {
    return new UnsupportedError(
        `${series ? placeOf(series) : "A number"} is made at COMMIT, but the INSERT doesn't tell the primary key of a row. Set ` +
            "the primary key, or another unique property, or insert one row at a time.",
    )
}

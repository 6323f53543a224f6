import { dataSourceOf } from "../../typeorm/compat"
import { isMarked } from "../../typeorm/marks"
import { type ColumnMetadata, columnName } from "../../typeorm/names"
import type { NewRow } from "../announced/new-row"
import type { InsertText, InsertTuple } from "./insert-text"

/**
 * Rows without a mark set all values themselves, or the statement names some columns only. Those of the call that came
 * last are meant, as the rows of one before it may never be sent; within a call, statements come in its order.
 * @internal
 */
export function unmarkedRows(
    text: InsertText,
    calls: readonly Iterable<NewRow>[],
): NewRow[] | undefined {
    for (const ofCall of calls) {
        const rows = rowsOf(ofCall, text)
        if (rows) return rows
    }
    return undefined
}

/** The first ones that can be those of the statement. */
function rowsOf(waiting: Iterable<NewRow>, text: InsertText): NewRow[] | undefined {
    const rows: NewRow[] = []
    for (const row of waiting) {
        const tuple = text.tuples[rows.length]
        if (tuple && canBe(row, text, tuple)) rows.push(row)
        if (rows.length === text.tuples.length) return rows
    }
    return undefined
}

/**
 * Whether a row has these values where it would have marks otherwise; in all places, where the
 * statement has no place for a mark: then the caller has named its columns, and gives it the rows.
 */
function canBe({ entity, metadata }: NewRow, text: InsertText, tuple: InsertTuple): boolean {
    const { driver } = dataSourceOf(metadata)
    const placeOf = (column: ColumnMetadata) => text.columns.indexOf(columnName(column))
    const lacksPlace = metadata.columns.some((c) => isMarked(c) && placeOf(c) < 0)
    return metadata.columns.every((column) => {
        const place = lacksPlace || isMarked(column) ? placeOf(column) : -1
        if (place < 0) return true
        const value: unknown = column.getEntityValue(entity)
        const cell = tuple.cellAt(place)
        if (value === undefined || value === null)
            return cell.kind !== "value" || cell.value === null
        if (typeof value === "function" || cell.kind !== "value") return cell.kind !== "value"
        const sent: unknown = driver.preparePersistentValue(value, column)
        return textOf(sent) === textOf(cell.value)
    })
}

/** Of numbers and texts; others are not told apart. */
function textOf(value: unknown): string | undefined {
    if (typeof value === "number" || typeof value === "bigint") return String(value)
    return typeof value === "string" ? value : undefined
}

import type { InsertRow } from "../../inserts/insert"
import { isMadeByDatabase } from "../../series/scopes/scope"
import { ownSeriesOf, triggeredSeriesOf } from "../../series/own-series"
import { madeColumns } from "../../series/series"
import { dataSourceOf } from "../../typeorm/compat"
import { type ColumnMetadata, columnType } from "../../typeorm/names"
import { storedKeysOf } from "../resolve-keys"
import { RowView } from "./row-view"

/**
 * A row as its INSERT is about to store it: what the entity has, and what is only among the values
 * of the statement, as numbers and defaults. What the database is to give is not known.
 * @internal
 */
export function viewOfInserting(row: InsertRow): RowView {
    const { metadata, entity = {} } = row
    const view = new RowView(entity, metadata, row)
    for (const column of metadata.columns) {
        // Foreign keys without a property, and what tells the classes of one table apart.
        if (column.isVirtual) continue
        const value = view.valueOf(column)
        if (isToCome(row, column, value)) view.setUnknown(column)
        else if (value === undefined || value === null || typeof value === "function") {
            const stored = storedValue(row, column)
            if (stored !== undefined) view.set(column, stored)
        }
    }
    view.setUnknownRelated()
    return view
}

/** @internal What the statement sets a column to, as an entity has it; undefined where it sets nothing. */
export function storedValue(row: InsertRow, column: ColumnMetadata): unknown {
    const cell = row.cell(column)
    const { default: fallback } = column
    if (cell.kind !== "value" && isLiteral(fallback)) return fallback
    if (cell.kind !== "value" || cell.value === null || cell.value === undefined) return undefined
    // Some drivers have the literal in the place of DEFAULT.
    if (isLiteral(fallback) && isLiteral(cell.value) && String(fallback) === String(cell.value))
        return fallback
    // Before a transformer, which makes of an integer what it likes.
    const isInteger = /^(tiny|small|medium)?int(eger)?$/.test(columnType(column))
    const isText = typeof cell.value === "string" || typeof cell.value === "bigint"
    return dataSourceOf(column.entityMetadata).driver.prepareHydratedValue(
        isInteger && isText ? Number(cell.value) : cell.value,
        column,
    )
}

/** Whether only the INSERT gives it, or it is a key that is not made yet. */
function isToCome(row: InsertRow, column: ColumnMetadata, value: unknown): boolean {
    const isKey = storedKeysOf(row.metadata).some((key) => key.column === column)
    const isOurs = isKey || ownSeriesOf(row.metadata).some((series) => series.column === column)
    const cell = row.cell(column)
    // A trigger makes more than the number: the period, the texts, and a date where there is none.
    const isTriggered = triggeredSeriesOf(row.metadata).some((series) =>
        madeColumns(series).includes(column),
    )
    if (isTriggered && !isLiteral(column.default) && (cell.kind !== "value" || cell.value === null))
        return true
    // What the entity has may be from an insert that failed.
    const isTold = value !== undefined && typeof value !== "function" && !column.isGenerated
    if (!isOurs && isTold) return false
    if (cell.kind === "value") return cell.value === null && (isKey || column.isGenerated)
    if (isOurs || isMadeByDatabase(column)) return true
    const { default: fallback } = column
    return fallback !== undefined && fallback !== null && !isLiteral(fallback)
}

function isLiteral(value: unknown): value is string | number | boolean {
    return ["string", "number", "boolean"].includes(typeof value)
}

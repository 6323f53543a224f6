import { isMadeByDatabase } from "../series/scopes/scope"
import { dataSourceOf } from "../typeorm/compat"
import type { ColumnMetadata } from "../typeorm/names"
import type { InsertRow } from "./insert"
import { literalOf } from "./sql/insert-text"

/** A value as the driver sends it, undefined where nothing is set; or why only the database knows it. */
type RowValue = { readonly value: unknown } | { readonly problem: string }

/** @internal What a row that is inserted is about to have in a column. */
export function rowValue(row: InsertRow, column: ColumnMetadata): RowValue {
    const cell = row.cell(column)
    if (cell.kind === "value") return { value: cell.value }
    const fallback = defaultOf(column)
    if (fallback && (cell.kind === "default" || cell.sql === fallback.sql))
        return { value: fallback.value }
    if (cell.kind === "expression")
        return { problem: "is a function (an SQL expression). Set a value." }
    if (column.default !== undefined && column.default !== null)
        return { problem: "is not set, and its default is the database's to give. Set it." }
    if (isMadeByDatabase(column))
        return { problem: "is made by the database. Use another property." }
    return { value: undefined }
}

/** @internal The default of a column, where it is a literal. */
export function defaultOf(column: ColumnMetadata): { sql: string; value: unknown } | undefined {
    const { default: value } = column
    if (value === undefined || value === null) return undefined
    const { driver } = dataSourceOf(column.entityMetadata)
    const sql = driver.normalizeDefault(column) ?? ""
    if (typeof value === "function") {
        const literal = literalOf(sql)
        return literal && { sql, value: literal.value }
    }
    return { sql, value: driver.preparePersistentValue(value, column) as unknown }
}

/** @internal Whether the caller has set a column of a row, be it by an expression. */
export function isSet(row: InsertRow, column: ColumnMetadata): boolean {
    const cell = row.cell(column)
    return cell.kind === "expression" || (cell.kind === "value" && cell.value !== null)
}

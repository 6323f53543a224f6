import type { Insert, InsertRow } from "./insert"
import { returnedRows } from "./returned-rows"
import { dataSourceOf } from "../typeorm/compat"
import type { ColumnMetadata } from "../typeorm/names"

/** @internal The primary key of a row that is in the table now; undefined where nobody tells. */
export function primaryKeyOf(
    insert: Insert,
    row: InsertRow,
    result: unknown,
): (readonly [ColumnMetadata, unknown])[] | undefined {
    const { metadata } = row
    const { driver } = dataSourceOf(metadata)
    const returned = returnedRows(insert, result)?.[row.at]
    const { raw } = Object(result) as { raw?: unknown }
    // Of several rows some drivers tell the first or the last alone.
    const counted = Array.isArray(raw)
        ? undefined
        : driver.createGeneratedMap(metadata, raw, row.at, insert.rows.length)
    const condition = metadata.primaryColumns.map((column) => {
        const cell = row.cell(column)
        // An upsert may have found a row that has another one than it was given.
        const value: unknown =
            returned?.[column.databaseName] ??
            (cell.kind === "value" && cell.value !== null
                ? cell.value
                : counted && column.getEntityValue(counted))
        return value === undefined || value === null ? undefined : ([column, value] as const)
    })
    return condition.every((one) => one !== undefined) ? condition : undefined
}

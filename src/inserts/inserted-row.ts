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
    const generated = driver.isReturningSqlSupported("insert")
        ? driver.createGeneratedMap(metadata, returnedRows(insert, result)?.[row.at], 0, 1)
        : driver.createGeneratedMap(
              metadata,
              (Object(result) as { raw?: unknown }).raw,
              row.at,
              insert.rows.length,
          )
    const condition = metadata.primaryColumns.map((column) => {
        const cell = row.cell(column)
        const value: unknown =
            cell.kind === "value" && cell.value !== null
                ? cell.value
                : generated && column.getEntityValue(generated)
        return value === undefined || value === null ? undefined : ([column, value] as const)
    })
    return condition.every((one) => one !== undefined) ? condition : undefined
}

import type { Insert, InsertRow } from "../../inserts/insert"
import { dataSourceOf } from "../../typeorm/compat"
import type { Condition } from "../stored-numbers"

/** @internal The primary key of a row that is in the table now; undefined where nobody tells. */
export function primaryKeyOf(
    insert: Insert,
    row: InsertRow,
    result: unknown,
): Condition | undefined {
    const { metadata } = row
    const { driver } = dataSourceOf(metadata)
    const { raw } = Object(result) as { raw?: unknown }
    const at = insert.rows.indexOf(row)
    const generated = driver.createGeneratedMap(metadata, raw, at, insert.rows.length)
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

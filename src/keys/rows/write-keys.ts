import type { EntityMetadata, ObjectLiteral } from "typeorm"
import { batches } from "../../batches"
import { dialectOf } from "../../dialects"
import type { Dialect } from "../../dialects/dialect"
import { dataSourceOf } from "../../typeorm/compat"
import { type ColumnMetadata, tableName } from "../../typeorm/names"
import type { Sender } from "../../typeorm/statement"
import type { StoredKey } from "../pseudo-key"
import { preparedValue } from "../../inserts/primary-key"

const BATCH = 500

/**
 * Writes keys into rows that are in the table; of a row its primary key is enough. Resolves to the number
 * of rows that were written.
 * @internal
 */
export async function writeKeys(
    runner: Sender,
    { metadata, column }: StoredKey,
    rows: readonly { readonly row: ObjectLiteral; readonly text: string | null }[],
    options: { readonly onlyMissing?: boolean } = {},
): Promise<number> {
    const written = rows.map(({ row, text }) => ({ row, values: [text] }))
    return writeValues(runner, metadata, [column], written, options)
}

/** @internal The same with values of any columns, as the driver sends them. */
export async function writeValues(
    runner: Sender,
    metadata: EntityMetadata,
    columns: readonly ColumnMetadata[],
    rows: readonly { readonly row: ObjectLiteral; readonly values: readonly unknown[] }[],
    { onlyMissing = false }: { readonly onlyMissing?: boolean } = {},
): Promise<number> {
    const { primaryColumns } = metadata
    const { keys } = dialectOf(dataSourceOf(metadata)) as Dialect
    let written = 0
    for (const batch of batches(rows, BATCH)) {
        const { sql, parameters } = keys.write({
            table: tableName(metadata),
            columns,
            primaryColumns,
            rows: batch.map(({ row, values }) => [
                ...primaryColumns.map((c) => preparedValue(c, row)),
                ...values,
            ]),
            onlyMissing,
        })
        const { affected } = await runner.query(sql, parameters, true)
        written += affected ?? 0
    }
    return written
}

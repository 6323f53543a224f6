import type { ObjectLiteral } from "typeorm"
import { columnName, tableName } from "../../typeorm/names"
import type { StoredKey } from "../pseudo-key"
import { preparedValue } from "./primary-key"
import type { Sender } from "../../typeorm/statement"

const BATCH = 500

/**
 * Writes keys into rows that are in the table; of a row its primary key is enough. Resolves to the number
 * of rows that were written.
 * @internal
 */
export async function writeKeys(
    runner: Sender,
    { dialect, metadata, column }: StoredKey,
    rows: readonly { readonly row: ObjectLiteral; readonly text: string | null }[],
    { onlyMissing = false } = {},
): Promise<number> {
    const { primaryColumns } = metadata
    let written = 0
    for (let start = 0; start < rows.length; start += BATCH) {
        const { sql, parameters } = dialect.keys.write({
            table: tableName(metadata),
            column: columnName(column),
            primaryColumns,
            rows: rows
                .slice(start, start + BATCH)
                .map(({ row, text }) => [
                    ...primaryColumns.map((c) => preparedValue(c, row)),
                    text,
                ]),
            onlyMissing,
        })
        const { affected } = await runner.query(sql, parameters, true)
        written += affected ?? 0
    }
    return written
}

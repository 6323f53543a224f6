import type { ObjectLiteral, QueryRunner } from "typeorm"
import { columnName, tableName } from "../../typeorm/names"
import type { StoredKey } from "../pseudo-key"

const BATCH = 500

/** @internal Writes keys into rows that are in the table; of a row its primary key is enough. */
export async function writeKeys(
    runner: QueryRunner,
    { dialect, metadata, column }: StoredKey,
    rows: readonly { readonly row: ObjectLiteral; readonly text: string | null }[],
    { onlyMissing = false } = {},
): Promise<void> {
    const { primaryColumns } = metadata
    for (let start = 0; start < rows.length; start += BATCH) {
        const { sql, parameters } = dialect.keys.write({
            table: tableName(metadata),
            column: columnName(column),
            primaryColumns,
            rows: rows
                .slice(start, start + BATCH)
                .map(({ row, text }) => [
                    ...primaryColumns.map((c): unknown => c.getEntityValue(row, true)),
                    text,
                ]),
            onlyMissing,
        })
        await runner.query(sql, parameters)
    }
}

import type { ObjectLiteral } from "typeorm"
import { readExpressions } from "../../typeorm/rows/read-rows"
import { withPrimaryKey } from "../../inserts/primary-key"
import { parseNumber } from "../../numbers/number-values"
import { keySql } from "../../series/scopes/scope-key"
import type { Series } from "../../series/series"
import { ofRow } from "../../typeorm/names"
import type { Sender } from "../../typeorm/statement"

/** @internal A stored row: its number, and the key of its scope. */
export interface NumberedRow {
    readonly number: bigint | undefined
    readonly key: string
}

/** @internal Undefined where there is no such row. */
export async function findRow(
    sender: Sender,
    { column, scopeColumns, metadata, dialect }: Series,
    id: ObjectLiteral,
    { isLocking }: { readonly isLocking: boolean },
): Promise<NumberedRow | undefined> {
    const expressions = [
        dialect.expressions.text(ofRow(column)),
        keySql(scopeColumns, dialect, ofRow),
    ]
    const lock = isLocking && dialect.rowLock !== ""
    const [row] = await readExpressions(
        sender,
        metadata,
        expressions,
        [withPrimaryKey(metadata, id)],
        { lock },
    )
    return row && { number: parseNumber(row[0]), key: String(row[1]) }
}

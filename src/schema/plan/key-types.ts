import type { EntityMetadata, Table, TableColumn } from "typeorm"
import type { StoredKey } from "../../keys/pseudo-key"
import { pseudoKeysOf } from "../../keys/resolve-keys"
import { type ColumnMetadata, columnName, columnType, tableName } from "../../typeorm/names"
import type { Steps } from "./steps"

/** @internal The column of a key that was there before, as one of another type. */
export interface Mistyped {
    readonly key: StoredKey
    readonly stored: TableColumn
}

/** @internal */
export function findMistyped(metadata: EntityMetadata, table: Table): Mistyped[] {
    return pseudoKeysOf(metadata).stored.flatMap((key) => {
        const { column, dialect } = key
        const stored = table.findColumnByName(column.databaseName)
        const isSame = stored?.type === columnType(column) && stored.length === column.length
        return stored && !isSame && dialect.keys.retype ? [{ key, stored: stored.clone() }] : []
    })
}

/** @internal Gives them the type of keys, and keeps what is in them. */
export async function retypeKeys(
    steps: Steps,
    mistyped: readonly Mistyped[],
    left: readonly ColumnMetadata[],
): Promise<void> {
    for (const { key, stored } of mistyped) {
        const { metadata, column, dialect } = key
        const to = { table: tableName(metadata), column: columnName(column) }
        const type = stored.length ? `${stored.type}(${stored.length})` : stored.type
        const isNullable = column.isNullable || left.includes(column)
        const forth = dialect.keys.retype?.({
            ...to,
            type: `${columnType(column)}(${column.length})`,
            collation: dialect.keyCollation,
            isNullable,
        })
        const back = dialect.keys.retype?.({ ...to, type, collation: stored, isNullable })
        if (forth && back)
            await steps.sql(
                { sql: forth },
                `The column ${column.databaseName} of ${metadata.tablePath} gets the type of keys.`,
                { sql: back },
            )
    }
}

import type { EntityMetadata, Table, TableColumn } from "typeorm"
import { dialectOf } from "../dialects"
import type { Dialect } from "../dialects/dialect"
import { pseudoKeysOf } from "../keys/resolve-keys"
import { type ColumnMetadata, columnName, columnType, tableName } from "../typeorm/names"
import { dataSourceOf } from "../typeorm/compat"
import type { Steps } from "./steps"

/** @internal The column of a key that was there before, as one of another type. */
export interface Mistyped {
    readonly column: ColumnMetadata
    readonly stored: TableColumn
}

/** @internal */
export function findMistyped(metadata: EntityMetadata, table: Table): Mistyped[] {
    const { keys } = dialectOf(dataSourceOf(metadata)) as Dialect
    if (!keys.retype) return []
    return pseudoKeysOf(metadata).stored.flatMap(({ column }) => {
        const stored = table.findColumnByName(column.databaseName)
        const isSame = stored?.type === columnType(column) && stored.length === column.length
        return stored && !isSame ? [{ column, stored: stored.clone() }] : []
    })
}

/**
 * Lets TypeORM see these columns as they are: it would drop them, with all keys, and add others.
 * @internal
 */
export async function withStoredTypes<T>(
    mistyped: readonly Mistyped[],
    work: () => Promise<T>,
): Promise<T> {
    const types = mistyped.map(({ column: { type, length } }) => ({ type, length }))
    for (const { column, stored } of mistyped)
        Object.assign(column, { type: stored.type, length: stored.length })
    try {
        return await work()
    } finally {
        for (const [at, { column }] of mistyped.entries()) Object.assign(column, types[at])
    }
}

/** @internal Gives them the type of keys, and keeps what is in them. */
export async function retypeKeys(
    steps: Steps,
    mistyped: readonly Mistyped[],
    left: readonly ColumnMetadata[],
): Promise<void> {
    for (const { column, stored } of mistyped) {
        const metadata = column.entityMetadata
        const dialect = dialectOf(dataSourceOf(metadata)) as Dialect
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

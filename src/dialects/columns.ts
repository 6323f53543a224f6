import type { DataSource, EntityMetadata } from "typeorm"
import type { ColumnMetadata } from "../typeorm/names"

/** @internal A value of a scope column as text that the column reads, NULL for NULL. */
export type ScopeValue = string | null

/** @internal The values of the scope columns of one row, in their order. */
export interface Scope {
    readonly values: readonly ScopeValue[]
    /** Equal only for equal values; the database may hold values equal whose keys differ. */
    readonly key: string
}

/** @internal A column whose values are unique in each scope, as SQL needs to know it. */
export interface ScopedColumn {
    readonly name: string
    readonly dataSource: DataSource
    readonly metadata: EntityMetadata
    readonly column: ColumnMetadata
    /** The columns whose values make the scope. */
    readonly scopeColumns: readonly ColumnMetadata[]
}

/** @internal A numbered column, as SQL needs to know it. */
export interface CountedColumn extends ScopedColumn {
    /** The largest number that the column holds. */
    readonly max: bigint
    /** The step between numbers. */
    readonly incrementBy: bigint
}

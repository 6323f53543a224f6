import type { EntityMetadata } from "typeorm"
import type { Strategy } from "../declared/number-options"
import { dataSourceOf } from "../typeorm/compat"

/** @internal */
export type ColumnMetadata = EntityMetadata["columns"][number]

/** @internal A property of `uniqueWith`; a relation can have several columns. */
export interface ScopeProperty {
    readonly path: string
    readonly columns: readonly ColumnMetadata[]
}

/** @internal A column whose values are unique in each scope on its own. */
export interface Scoped {
    readonly name: string
    readonly metadata: EntityMetadata
    readonly column: ColumnMetadata
    readonly scope: readonly ScopeProperty[]
    /** The columns of `scope`, one after the other. */
    readonly scopeColumns: readonly ColumnMetadata[]
}

/** @internal A numbered column of one entity in one data source. */
export interface Series extends Scoped {
    /** `<table>.<column>`, or the name that several share. */
    readonly name: string
    readonly strategy: Strategy
    readonly gapless: boolean
    /** How many numbers are taken from the counter at once. */
    readonly cache: bigint
    readonly startAt: bigint
    readonly incrementBy: bigint
    /** The largest number that the column holds. */
    readonly max: bigint
}

/** @internal Whether its last numbers are kept in the counter table. */
export function hasCounters({ strategy }: Pick<Series, "strategy">): boolean {
    return strategy !== "table-lock"
}

/** @internal The table of an entity as SQL names it; in this schema where the entity names none. */
export function tableName(metadata: EntityMetadata, schema?: string): string {
    const { driver } = dataSourceOf(metadata)
    return [metadata.schema ?? schema, metadata.tableName]
        .flatMap((part) => (part ? [driver.escape(part)] : []))
        .join(".")
}

/** @internal A column as SQL names it. */
export function columnName(column: ColumnMetadata): string {
    return dataSourceOf(column.entityMetadata).driver.escape(column.databaseName)
}

/** @internal The type of a column, by the name that the database has for it. */
export function columnType(column: ColumnMetadata): string {
    return dataSourceOf(column.entityMetadata).driver.normalizeType(column)
}

import type { EntityMetadata, ObjectLiteral } from "typeorm"
import type { Scope } from "../dialects/columns"
import { primaryKeyText } from "../inserts/primary-key"
import type { WaitingRow } from "../numbers/commit/waiting-rows"
import { type ShownValue, shownValue } from "../numbers/shown/shown-values"
import type { Series } from "../series/series"
import type { ColumnMetadata } from "../typeorm/names"

/** @internal A stored row that gets numbers before COMMIT. */
export interface LateRow {
    readonly metadata: EntityMetadata
    readonly id: ObjectLiteral
    /** Its place among all that wait. */
    readonly place: number
    /** By the names of their columns: classes of one table have series of their own. */
    readonly series: Map<string, Series>
    /** Where they are known, maybe former ones. */
    readonly scopes: Map<string, Scope>
    readonly entities: Set<WeakRef<ObjectLiteral>>
    /** Those that show what it has already as well: none whose row may have been skipped. */
    readonly unskipped: Set<WeakRef<ObjectLiteral>>
    /** Those that tell the first numbers of scopes. */
    readonly starting: Map<string, ObjectLiteral>
    /** What is written into it, as the driver sends it. */
    readonly values: Map<ColumnMetadata, unknown>
    /** What it has been given by then in other ways, as the driver reads it. */
    readonly stored: Map<ColumnMetadata, unknown>
}

/** @internal The rows that wait, once each, in the order in which they came. */
export function rowsOf(waiting: readonly WaitingRow[]): LateRow[] {
    const rows = new Map<string, LateRow>()
    for (const [place, one] of waiting.entries()) {
        const { metadata, series, id, scope, entity, starting } = one
        const name = series.column.databaseName
        const key = `${metadata.tablePath} ${primaryKeyText(metadata, id)}`
        const row = rows.get(key) ?? {
            ...{ metadata, id, place },
            series: new Map<string, Series>(),
            scopes: new Map<string, Scope>(),
            entities: new Set<WeakRef<ObjectLiteral>>(),
            unskipped: new Set<WeakRef<ObjectLiteral>>(),
            starting: new Map<string, ObjectLiteral>(),
            values: new Map<ColumnMetadata, unknown>(),
            stored: new Map<ColumnMetadata, unknown>(),
        }
        rows.set(key, row)
        row.series.set(name, series)
        if (scope) row.scopes.set(name, scope)
        if (entity) row.entities.add(entity)
        if (entity && !one.mayBeSkipped) row.unskipped.add(entity)
        if (starting) row.starting.set(name, starting)
    }
    return [...rows.values()]
}

/** @internal The entities of a row that are there still. */
export function entitiesOf({ entities }: LateRow): ObjectLiteral[] {
    return existing(entities)
}

/** @internal What entities show of a row that had its number by then: nothing that they show already. */
export function storedOf({ unskipped, stored }: LateRow): ShownValue[] {
    const values = existing(unskipped).flatMap((entity) =>
        [...stored].map(([column, value]) => shownValue(entity, column, value)),
    )
    return values.filter(({ entity, column }) => (column.getEntityValue(entity) ?? null) === null)
}

function existing(entities: Iterable<WeakRef<ObjectLiteral>>): ObjectLiteral[] {
    return [...entities].flatMap((entity): ObjectLiteral[] => {
        const found = entity.deref()
        return found ? [found] : []
    })
}

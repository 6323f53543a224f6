import type { ObjectLiteral } from "typeorm"
import type { Session } from "../../inserts/session"
import { dataSourceOf } from "../../typeorm/compat"
import type { ColumnMetadata } from "../../typeorm/names"
import type { GivenValue } from "../periods/give-periods"

const given = new WeakMap<object, Map<ColumnMetadata, unknown>>()

/** @internal Takes off an entity what it was given, and not set, when it is inserted again. */
export function hideGivenValues(entity: ObjectLiteral, columns: readonly ColumnMetadata[]): void {
    for (const column of columns)
        if (isShown(entity, column, given.get(entity)?.get(column)))
            column.setEntityValue(entity, undefined)
}

/** @internal Shows what the driver has read of a stored row. */
export function showValue(entity: ObjectLiteral, column: ColumnMetadata, read: unknown): void {
    const { driver } = dataSourceOf(column.entityMetadata)
    column.setEntityValue(entity, driver.prepareHydratedValue(read, column))
}

/** @internal A value on an entity, as TypeORM shows it. */
interface ShownValue {
    readonly entity: ObjectLiteral
    readonly column: ColumnMetadata
    readonly value: unknown
}

/**
 * Shows what rows that are in the table were given beside their numbers, as TypeORM would, until the
 * transaction is rolled back.
 * @internal
 */
export function showValues(session: Session, values: readonly GivenValue[]): void {
    const shown = values.flatMap(({ row: { entity }, column, value }) => {
        const { driver } = dataSourceOf(column.entityMetadata)
        return entity
            ? { entity, column, value: driver.prepareHydratedValue(value, column) as unknown }
            : []
    })
    showOnEntities(session, shown)
}

/** @internal */
export function showOnEntities(session: Session | undefined, values: readonly ShownValue[]): void {
    const shown: { entity: WeakRef<object>; column: ColumnMetadata; value: unknown }[] = []
    for (const { entity, column, value } of values) {
        // What the caller has set is the caller's.
        if (column.getEntityValue(entity) === value) continue
        column.setEntityValue(entity, value)
        given.set(
            entity,
            (given.get(entity) ?? new Map<ColumnMetadata, unknown>()).set(column, value),
        )
        shown.push({ entity: new WeakRef(entity), column, value })
    }
    session?.onRollback(() => {
        for (const { entity, column, value } of shown) {
            const found = entity.deref()
            if (found && isShown(found, column, value)) column.setEntityValue(found, undefined)
        }
    })
}

function isShown(entity: ObjectLiteral, column: ColumnMetadata, value: unknown): boolean {
    return value !== undefined && column.getEntityValue(entity) === value
}

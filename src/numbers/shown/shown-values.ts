import type { ObjectLiteral } from "typeorm"
import type { Session } from "../../inserts/session"
import { dataSourceOf } from "../../typeorm/compat"
import { fillMarked } from "../../typeorm/marks"
import type { ColumnMetadata } from "../../typeorm/names"
import type { NumberRequest } from "../number-request"
import { storedValue } from "../number-values"
import type { GivenValue } from "../periods/give-periods"
import { isSame, noteGiven } from "./given-values"

/** @internal A value that a stored row has, as its entity shows it. */
export interface ShownValue {
    readonly entity: ObjectLiteral
    readonly column: ColumnMetadata
    readonly value: unknown
}

/** @internal What the driver has read, or would send, as an entity shows it. */
export function shownValue(
    entity: ObjectLiteral,
    column: ColumnMetadata,
    read: unknown,
): ShownValue {
    const { driver } = dataSourceOf(column.entityMetadata)
    return { entity, column, value: driver.prepareHydratedValue(read, column) as unknown }
}

/** @internal Shows the numbers that rows were given, and not set. */
export function showNumbers(
    session: Session,
    requests: readonly Pick<NumberRequest, "series" | "row" | "number" | "explicit">[],
): void {
    const values: ShownValue[] = []
    for (const { series, row, number, explicit } of requests) {
        if (!row.entity || number === undefined || explicit !== undefined) continue
        const shown = shownValue(row.entity, series.column, storedValue(series, number))
        if (series.column.isPrimary) fillMarked(row.entity, series.column, shown.value)
        values.push(shown)
    }
    showValues(session, values)
}

/** @internal Shows what rows were given beside their numbers. */
export function showGiven(session: Session, values: readonly GivenValue[]): void {
    showValues(
        session,
        values.flatMap(({ row: { entity }, column, value }) =>
            entity ? [shownValue(entity, column, value)] : [],
        ),
    )
}

/**
 * Shows what stored rows have on their entities, as TypeORM would, until the transaction is rolled back.
 * @internal
 */
export function showValues(session: Session | undefined, values: readonly ShownValue[]): void {
    // A transaction can be long, and its entities need not be kept for it.
    const shown: {
        entity: WeakRef<object>
        column: ColumnMetadata
        value: unknown
        before: unknown
    }[] = []
    for (const { entity, column, value: own } of values) {
        const before: unknown = column.getEntityValue(entity)
        const set: unknown = column.getEntityValue(entity, true)
        column.setEntityValue(entity, own)
        const value: unknown = column.getEntityValue(entity, true)
        // What the caller has set is the caller's.
        if (isSame(set, value)) continue
        noteGiven(entity, column, value)
        if (session?.transaction) shown.push({ entity: new WeakRef(entity), column, value, before })
    }
    if (shown.length === 0) return
    session?.onRollback(() => {
        for (const { entity, column, value, before } of shown) {
            const found = entity.deref()
            if (found && isSame(column.getEntityValue(found, true), value))
                column.setEntityValue(found, before)
        }
    })
}

import type { ObjectLiteral } from "typeorm"
import type { Session } from "../../inserts/session"
import { dataSourceOf } from "../../typeorm/compat"
import { fillMarked } from "../../typeorm/marks"
import type { ColumnMetadata } from "../../typeorm/names"
import type { NumberRequest } from "../number-request"
import { storedValue } from "../number-values"
import type { GivenValue } from "../periods/give-periods"

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

/** What an entity was given: most have one value, for which a map would be dear. */
interface Given {
    /** Of the property: each class of a table has columns of its own. */
    readonly path: string
    value: unknown
    readonly next: Given | undefined
}

const given = new WeakMap<object, Given>()

function findGiven(entity: object, path: string): Given | undefined {
    let one = given.get(entity)
    while (one && one.path !== path) one = one.next
    return one
}

/** @internal Takes off an entity what it was given, and not set, when it is inserted again. */
export function hideGiven(entity: ObjectLiteral, columns: readonly ColumnMetadata[]): void {
    if (!given.has(entity)) return
    for (const column of columns) {
        const value = findGiven(entity, column.propertyPath)?.value
        if (value !== undefined && isSame(column.getEntityValue(entity, true), value))
            column.setEntityValue(entity, undefined)
    }
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
        const { propertyPath: path } = column
        const former = findGiven(entity, path)
        if (former) former.value = value
        else given.set(entity, { path, value, next: given.get(entity) })
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

/** @internal Shows what the driver has read of a stored row. */
export function showValue(entity: ObjectLiteral, column: ColumnMetadata, read: unknown): void {
    column.setEntityValue(entity, shownValue(entity, column, read).value)
}

function isSame(one: unknown, other: unknown): boolean {
    if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime()
    return one === other
}

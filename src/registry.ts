import type { DataSource, EntitySchema } from "typeorm"
import type { NumberingOptions } from "./options"

/** @internal A class, or the name of an EntitySchema that has none. */
export type Target = NonNullable<unknown>

/** @internal */
export interface NumberedColumn {
    readonly target: Target
    readonly propertyName: string
    readonly numbering: NumberingOptions
    /** The schema that declares it, where it isn't a class. */
    readonly schema?: EntitySchema<never>
}

// Global, so that two installed copies of this library know the same columns.
const KEY = Symbol.for("typeorm-autosequence.columns.1")
const store = globalThis as { [KEY]?: Map<Target, NumberedColumn[]> }
const columns = (store[KEY] ??= new Map<Target, NumberedColumn[]>())

/** @internal */
export function register(column: NumberedColumn): void {
    const ofTarget = columns.get(column.target)
    if (ofTarget) ofTarget.push(column)
    else columns.set(column.target, [column])
}

/** @internal */
export function findNumberedColumn(
    target: Target,
    propertyName: string,
    dataSource: DataSource,
): NumberedColumn | undefined {
    const found = (columns.get(target) ?? []).filter((c) => c.propertyName === propertyName)
    if (found.length < 2) return found[0]
    // Schemas are told apart by their names alone, so two data sources may each have an "Invoice".
    const entities: unknown[] = Object.values(dataSource.options.entities ?? {})
    return found.find((c) => entities.includes(c.schema)) ?? found.at(-1)
}

/** @internal Whether one of these classes numbers this property. */
export function isNumberedIn(targets: readonly Target[], propertyName: string): boolean {
    return targets.some((target) =>
        columns.get(target)?.some((column) => column.propertyName === propertyName),
    )
}

/** @internal Marks the subscribers of all installed copies. */
export const SUBSCRIBER = Symbol.for("typeorm-autosequence.subscriber")

/** @internal */
export function isAutoSequenceSubscriber(subscriber: object): boolean {
    return SUBSCRIBER in subscriber
}

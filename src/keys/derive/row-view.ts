import type { EntityMetadata, ObjectLiteral } from "typeorm"
import type { InsertRow } from "../../inserts/insert"
import type { ColumnMetadata } from "../../typeorm/names"

type Embedded = EntityMetadata["embeddeds"][number]

/** @internal A property that was asked for and is not known. */
export interface Unknown {
    readonly path: string
    /** Where it is one of a related row. */
    readonly relation?: string
}

/**
 * A copy of a row that the caller's functions are given: of its class, with what is known of it beside
 * what the entity tells. It notes what is read of it and not known.
 * @internal
 */
export class RowView {
    readonly object: ObjectLiteral
    /** Columns that are watched, and were asked for, with their values. */
    private readonly told = new Map<ColumnMetadata, unknown>()

    constructor(
        row: object,
        readonly metadata: EntityMetadata,
        /** Where it is about to be inserted. */
        readonly inserting?: InsertRow,
        private readonly read = new Set<Unknown>(),
    ) {
        const { target, embeddeds } = metadata
        const own = Object.getPrototypeOf(row) as object | null
        const prototype =
            own === Object.prototype && typeof target === "function"
                ? (target.prototype as object)
                : own
        this.object = copyOf(row, prototype, embeddeds)
    }

    /** What it was asked for since the last time: what it didn't know, and what was watched. */
    takeRead(): { unknown: Unknown[]; told: Map<ColumnMetadata, unknown> } {
        const read = { unknown: [...this.read], told: new Map(this.told) }
        this.read.clear()
        this.told.clear()
        return read
    }

    valueOf(column: ColumnMetadata): unknown {
        const value: unknown = column.getEntityValue(this.object)
        this.takeRead()
        return value
    }

    /** Notes it when a value is asked for that is known. */
    watch(column: ColumnMetadata): void {
        const { propertyName: name } = column
        const holder = this.holderOf(column)
        if (!holder || Object.getOwnPropertyDescriptor(holder, name)?.get) return
        const value: unknown = holder[name]
        Object.defineProperty(holder, name, {
            get: () => {
                this.told.set(column, value)
                return value
            },
            enumerable: true,
            configurable: true,
        })
    }

    set(column: ColumnMetadata, value: unknown): void {
        const holder = this.holderOf(column)
        if (holder) define(holder, column.propertyName, value)
        else column.setEntityValue(this.object, value)
    }

    setRelated(name: string, value: unknown): void {
        define(this.object, name, value)
    }

    /** Notes it when the value of a column is asked for. */
    setUnknown(column: ColumnMetadata, relation?: string): void {
        const { propertyPath: path } = column
        const holder = this.holderOf(column)
        if (!holder) return
        Object.defineProperty(holder, column.propertyName, {
            get: () => void this.read.add({ path, relation }),
            // A copy of the whole row does not ask for it.
            enumerable: false,
            configurable: true,
        })
    }

    /** The same for related rows that are there in part alone, as `{ id }`. */
    setUnknownRelated(): void {
        for (const { propertyName, isLazy, inverseEntityMetadata: inverse } of this.metadata
            .relations) {
            const value: unknown = isLazy ? undefined : this.object[propertyName]
            if (typeof value !== "object" || value === null || Array.isArray(value)) continue
            const related = new RowView(value, inverse, undefined, this.read)
            for (const column of inverse.columns)
                if (!column.isVirtual && related.valueOf(column) === undefined)
                    related.setUnknown(column, propertyName)
            define(this.object, propertyName, related.object)
        }
    }

    private holderOf({ embeddedMetadata }: ColumnMetadata): ObjectLiteral | undefined {
        let holder: unknown = this.object
        for (const { propertyName } of embeddedMetadata?.embeddedMetadataTree ?? [])
            holder = (holder as ObjectLiteral | null | undefined)?.[propertyName]
        return typeof holder === "object" && holder !== null ? holder : undefined
    }
}

function copyOf(row: object, prototype: object | null, embeddeds: readonly Embedded[]): object {
    const descriptors: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(row)
    for (const one of Object.values(descriptors)) one.configurable = true
    const copy = Object.create(prototype, descriptors) as ObjectLiteral
    for (const { propertyName, embeddeds: inner } of embeddeds) {
        const value: unknown = copy[propertyName]
        if (typeof value !== "object" || value === null) continue
        define(copy, propertyName, copyOf(value, Object.getPrototypeOf(value) as object, inner))
    }
    return copy
}

function define(object: object, name: string, value: unknown): void {
    Object.defineProperty(object, name, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
    })
}

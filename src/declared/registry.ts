import { type DataSource, type EntitySchema, InstanceChecker } from "typeorm"
import type { NumberingOptions } from "./numbers/number-options"
import type { DocumentOptions } from "./documents/document-options"
import type { SealedKeyOptions, StoredKeyOptions } from "./keys/key-options"

/** @internal A class, or the name of an EntitySchema that has none. */
export type Target = NonNullable<unknown>

/** @internal A property that was declared by a decorator, or with a schema. */
export interface Declared {
    readonly target: Target
    readonly propertyName: string
    /** The schema that declares it, where it isn't a class. */
    readonly schema?: EntitySchema<never>
}

/** @internal */
export interface NumberedColumn extends Declared {
    readonly numbering: NumberingOptions
}

/** @internal The text of a number. */
export interface DocumentColumn extends Declared {
    readonly options: DocumentOptions
}

/** @internal A pseudo key in a column. */
export interface StoredKeyColumn extends Declared {
    readonly options: StoredKeyOptions
}

/** @internal A pseudo key without a column. */
export interface SealedKeyProperty extends Declared {
    readonly options: SealedKeyOptions
}

/** @internal The declarations of one kind, such as numbers or keys. */
export class Registry<T extends Declared> {
    private readonly byTarget = new Map<Target, T[]>()

    register(declared: T): void {
        const ofTarget = this.byTarget.get(declared.target)
        if (ofTarget) ofTarget.push(declared)
        else this.byTarget.set(declared.target, [declared])
    }

    find(target: Target, propertyName: string, dataSource: DataSource): T | undefined {
        const found = this.of(target).filter((one) => one.propertyName === propertyName)
        if (!found.some(({ schema }) => schema)) return found[0]
        // Schemas are told apart by their names alone, so two data sources may each have an "Invoice".
        const entities: unknown[] = Object.values(dataSource.options.entities ?? {})
        const own = found.find(({ schema }) => entities.includes(schema))
        const hasOther = entities.some(
            (one) =>
                InstanceChecker.isEntitySchema(one) &&
                (one.options.target ?? one.options.name) === target,
        )
        return own ?? (hasOther ? undefined : found.at(-1))
    }

    of(target: Target): readonly T[] {
        return this.byTarget.get(target) ?? []
    }

    /** Whether one of these classes declares this property. */
    isDeclaredIn(targets: readonly Target[], propertyName: string): boolean {
        return targets.some((target) =>
            this.of(target).some((one) => one.propertyName === propertyName),
        )
    }
}

interface Registries {
    readonly documents: Registry<DocumentColumn>
    readonly numbers: Registry<NumberedColumn>
    readonly storedKeys: Registry<StoredKeyColumn>
    readonly sealedKeys: Registry<SealedKeyProperty>
}

// Global, so that two installed copies of this library know the same columns.
const KEY = Symbol.for("typeorm-autosequence.declared.3")
const store = globalThis as { [KEY]?: Registries }

/** @internal */
export const { numbers, documents, storedKeys, sealedKeys } = (store[KEY] ??= {
    documents: new Registry(),
    numbers: new Registry(),
    storedKeys: new Registry(),
    sealedKeys: new Registry(),
})

/** @internal Marks the subscribers of all installed copies. */
export const SUBSCRIBER = Symbol.for("typeorm-autosequence.subscriber")

/** @internal */
export function isAutoSequenceSubscriber(subscriber: object): boolean {
    return SUBSCRIBER in subscriber
}

import { Registry, type Declared } from "../registry"

/** @internal A property that shows the sealed key of the row that a relation leads to. */
export interface ReferenceProperty extends Declared {
    readonly relation: string
}

// Global, so that two installed copies of this library know the same properties.
const KEY = Symbol.for("typeorm-autosequence.sealed-references.1")
const store = globalThis as { [KEY]?: Registry<ReferenceProperty> }

/** @internal */
export const sealedReferences = (store[KEY] ??= new Registry<ReferenceProperty>())

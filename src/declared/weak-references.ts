import type { Target } from "./registry"

/** A column that was declared to point at rows of an entity without a foreign key. */
interface DeclaredReference {
    readonly target: Target
    readonly propertyName: string
    /** The entity that it points at: a class, or the name of an EntitySchema. */
    readonly to: () => unknown
    /** Under which values of other properties it does. */
    readonly where: Readonly<Record<string, string | number | boolean>>
}

const KEY = Symbol.for("typeorm-autosequence.weak-references.1")
const store = globalThis as { [KEY]?: DeclaredReference[] }

/** @internal Global, so that two installed copies of this library know the same columns. */
export const weakReferences: DeclaredReference[] = (store[KEY] ??= [])

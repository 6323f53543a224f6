import type { EntityManager, EntityMetadata, ObjectLiteral } from "typeorm"
import type { Flush } from "../../numbers/flush"
import { derive, type Derived } from "./derive"
import type { StoredKey } from "../pseudo-key"
import { type Place, RelatedRows } from "./related-rows"

/** @internal A row whose key is to be made of its fields. */
export interface DerivedRow {
    readonly key: StoredKey
    readonly entity: ObjectLiteral
    readonly metadata: EntityMetadata
    readonly isStored: boolean
}

/**
 * Derives the keys of rows, in their order; loads the related rows that this takes.
 * @internal
 */
export async function deriveKeys(
    rows: readonly DerivedRow[],
    manager: EntityManager,
    flush?: Flush,
): Promise<Exclude<Derived, { missing: Place }>[]> {
    const related = new RelatedRows(manager, flush)
    for (;;) {
        const derived = rows.map((row) => derive(row.key, row, related))
        const missing = derived.flatMap((one) =>
            typeof one === "object" && "missing" in one ? [one.missing] : [],
        )
        // Each turn gets one relation further, and what is not there counts as loaded.
        if (missing.length === 0) return derived as Exclude<Derived, { missing: Place }>[]
        await related.load(missing)
    }
}

/**
 * What `derive` gives for a row as it was loaded; undefined where it would take more than that.
 * @internal
 */
export function deriveShown(key: StoredKey, entity: ObjectLiteral): string | undefined {
    const { metadata } = key
    try {
        const derived = derive(key, { entity, metadata, isStored: true }, NOTHING_LOADED)
        return typeof derived === "object" && "text" in derived
            ? derived.text || undefined
            : undefined
    } catch {
        // A row without a key is shown without one, rather than not at all.
        return undefined
    }
}

const NOTHING_LOADED = {
    at: () => undefined,
    parentOf: () => undefined,
    cascades: false,
} as unknown as RelatedRows

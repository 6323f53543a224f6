import type { Scope } from "../../dialects/columns"
import { derive } from "../derive/derive"
import type { RowView } from "../derive/row-view"
import type { StoredKey } from "../pseudo-key"
import { called, type Candidates, random, suffixed } from "./candidates"

/** @internal A row that wants a key which no other row has. */
export interface Wish {
    readonly key: StoredKey
    readonly scope: Scope
    readonly candidates: Candidates
    /** Rows with the same text want the same keys. */
    readonly text?: string
    /** The key that it got; NULL as long as there is to be none. */
    got?: string | null
}

/** @internal What a row wants; its view has the related rows that `derive` reads. */
export function wishFor(
    key: StoredKey,
    scope: Scope,
    view: RowView,
    /** The first suffix for its text. */
    from?: (text: string) => number,
): Wish {
    const derived = key.derive && derive(key, view)
    if (derived?.text) {
        const { text, isExact } = derived
        const candidates = suffixed(text, key.longest, from?.(text))
        return { key, scope, candidates, text, got: isExact ? text : undefined }
    }
    const candidates = key.generateFor ? called(key, view.object) : random(key)
    return { key, scope, candidates, got: key.derive && !derived ? null : undefined }
}

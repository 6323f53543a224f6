import type { Scope } from "../../dialects/columns"
import { derive } from "../derive/derive"
import type { RowView } from "../derive/row-view"
import { InvalidKeyError } from "../../errors"
import type { StoredKey } from "../pseudo-key"
import { called, type Candidates, random } from "./candidates"
import { asTheyAre, Numbered, withRandomSuffix } from "./suffixes"

/** @internal A row that wants a key which no other row has. */
export interface Wish {
    readonly key: StoredKey
    readonly scope: Scope
    readonly candidates: Candidates
    /** Rows with the same text want the same keys. */
    readonly text?: string
    /** Keys that are the row's own, now or by its history: it may have them again. */
    readonly own?: ReadonlySet<string>
    /** The key that it got; NULL as long as there is to be none. */
    got?: string | null
}

interface WishOptions {
    /** The first number behind its text. */
    readonly from?: (text: string) => number
    readonly own?: ReadonlySet<string>
}

/** @internal What a row wants; its view has the related rows that `derive` reads. */
export function wishFor(
    key: StoredKey,
    scope: Scope,
    view: RowView,
    { from, own }: WishOptions = {},
): Wish {
    const derived = key.derive && derive(key, view)
    const [text] = derived?.texts ?? []
    if (derived && text !== undefined) {
        const { texts, isExact } = derived
        const isLookedFor = !isExact || texts.length > 1
        if (!isLookedFor && key.isReserved(text)) throw reservedError(key)
        const candidates = isExact
            ? asTheyAre(texts)
            : suffixed(key, texts, { from: texts.length > 1 ? 1 : from?.(text), own })
        return {
            ...{ key, scope, candidates, own },
            text: texts.join("\0"),
            got: isLookedFor ? undefined : text,
        }
    }
    const candidates = key.generateFor ? called(key, view.object) : random(key)
    return { key, scope, candidates, got: key.derive && !derived ? null : undefined }
}

function suffixed(
    key: StoredKey,
    texts: readonly string[],
    options: ConstructorParameters<typeof Numbered>[2],
): Candidates {
    return key.suffix === "random"
        ? withRandomSuffix(texts, key)
        : new Numbered(texts, key, options)
}

/** @internal */
export function reservedError({ label }: StoredKey): InvalidKeyError {
    return new InvalidKeyError(
        `${label}: the key is one of its reserved words. Set another one, or allow suffixes where derive makes it.`,
    )
}

import { InvalidKeyError } from "../../errors"
import { hasHead, headIn, readKey } from "../../declared/keys/key-form"
import type { StoredKey } from "../pseudo-key"

/** @internal Keys to try, in their order. */
export interface Candidates {
    /** The first ones, for so many rows that want the same. */
    first(rows: number): string[]
    /** So many more, or as many as there are; undefined when there are none. */
    next(size: number): string[] | undefined
}

const MAX_RANDOM = 1000
const MAX_CALLS = 20

/** @internal */
export function random({ generate }: StoredKey): Candidates {
    let left = MAX_RANDOM
    return {
        first: () => [generate()],
        next(size) {
            if (left <= 0) return undefined
            left -= size
            return [...new Set(Array.from({ length: size }, () => generate()))]
        },
    }
}

/** @internal Those of the caller's own function. */
export function called(key: StoredKey, row: object): Candidates {
    let attempt = 0
    return {
        first: () => [generated(key, row, attempt++)],
        next() {
            if (attempt === MAX_CALLS) return undefined
            return [generated(key, row, attempt++)]
        },
    }
}

function generated(key: StoredKey, row: object, attempt: number): string {
    let made: unknown
    try {
        made = key.generateFor?.(row, attempt)
    } catch (error) {
        throw new InvalidKeyError(
            `generate of ${key.label} has thrown an error. It has to make a key of every row.`,
            { cause: error },
        )
    }
    const text = typeof made === "string" ? prefixed(key, made) : made
    const read = readKey(text, key.letters)
    const isRight = read !== undefined && read === text && hasHead(read, key.head)
    if (isRight && matches(key, read)) return read
    throw new InvalidKeyError(
        `generate of ${key.label} has made something that is no key (of type ${typeof made}). A key is ` +
            `1 to 255 letters, digits and -, _, ., ~${isRight ? ", and has to match the pattern" : ""}.`,
    )
}

/** @internal Whether a key is what the pattern says, behind its prefix. */
export function matches(key: StoredKey, text: string): boolean {
    return key.pattern?.test(text.slice(headIn(key, text)?.length ?? 0)) ?? true
}

/** A function that writes the prefix itself is as right as one that does not. */
function prefixed({ head }: StoredKey, text: string): string {
    return hasHead(text, head) ? text : head + text
}

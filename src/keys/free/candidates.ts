import { InvalidKeyError } from "../../errors"
import { hasPrefix, isKey } from "../../declared/key-form"
import { cutAtWord } from "../derive/slug"
import type { StoredKey } from "../pseudo-key"

/** @internal Keys to try, in their order. */
export interface Candidates {
    /** The first ones, for so many rows that want the same. */
    first(rows: number): string[]
    /** A few more; undefined when there are none. */
    next(): string[] | undefined
}

const FIRST_BLOCK = 32
/** Nobody looks for their row behind a higher suffix than this. */
const MAX_SUFFIX = 10_000
const RANDOM_BLOCK = 64
const RANDOM_BLOCKS = 16
const MAX_CALLS = 20

/** @internal `acme`, then `acme-2`, `acme-3` …, none longer than this. */
export function suffixed(text: string, longest: number): Candidates {
    let next = 1
    let size = FIRST_BLOCK
    const block = (length: number): string[] => {
        const first = next
        next = Math.min(first + length, MAX_SUFFIX + 1)
        return Array.from({ length: next - first }, (_, at) => {
            const suffix = first + at === 1 ? "" : `-${first + at}`
            return cutAtWord(text, longest - suffix.length) + suffix
        })
    }
    return {
        first: block,
        next() {
            if (next > MAX_SUFFIX) return undefined
            const found = block(size)
            size *= 2
            return found
        },
    }
}

/** @internal */
export function random({ generate }: StoredKey): Candidates {
    let blocks = 0
    return {
        first: () => [generate()],
        next() {
            if (++blocks > RANDOM_BLOCKS) return undefined
            return [...new Set(Array.from({ length: RANDOM_BLOCK }, () => generate()))]
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
    if (isKey(text) && hasPrefix(text, key.prefix)) return text
    throw new InvalidKeyError(
        `generate of ${key.label} has made something that is no key (of type ${typeof made}). A key is ` +
            "1 to 255 letters, digits and -, _, ., ~.",
    )
}

/** A function that writes the prefix itself is as right as one that does not. */
function prefixed({ prefix }: StoredKey, text: string): string {
    return prefix === undefined || hasPrefix(text, prefix) ? text : `${prefix}_${text}`
}

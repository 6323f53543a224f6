import { InvalidKeyError } from "../../errors"
import { hasPrefix, isKey } from "../../declared/keys/key-form"
import { cutAtWord } from "../slug/cut"
import type { StoredKey } from "../pseudo-key"

/** @internal Keys to try, in their order. */
export interface Candidates {
    /** The first ones, for so many rows that want the same. */
    first(rows: number): string[]
    /** So many more, or as many as there are; undefined when there are none. */
    next(size: number): string[] | undefined
}

/** Nobody looks for their row behind a higher suffix than this. */
const MAX_SUFFIX = 10_000
const MAX_RANDOM = 1000
const MAX_CALLS = 20

/** @internal `acme`, then `acme-2`, `acme-3` …, from one of them on; none longer than this. */
export function suffixed(text: string, longest: number, from = 1): Candidates {
    let next = from
    const block = (length: number): string[] => {
        const first = next
        next = Math.min(first + length, MAX_SUFFIX + 1)
        return Array.from({ length: next - first }, (_, at) => {
            const suffix = first + at === 1 ? "" : `-${first + at}`
            return cutAtWord(text, longest - suffix.length) + suffix
        })
    }
    return { first: block, next: (size) => (next > MAX_SUFFIX ? undefined : block(size)) }
}

/**
 * The suffixes that were given out, so that one who comes back with the same texts goes on behind them.
 * @internal
 */
export class Suffixes {
    private static readonly MAX = 100_000
    private readonly next = new Map<string, number>()

    /** Where a text goes on. */
    from(place: string, text: string): number {
        return this.next.get(`${place} ${text}`) ?? 1
    }

    note(place: string, text: string, key: string): void {
        if (this.next.size >= Suffixes.MAX) this.next.clear()
        // Of a text that was cut nothing is known: it is looked for from the first one on.
        const suffix = key.startsWith(`${text}-`) ? key.slice(text.length + 1) : "1"
        this.next.set(`${place} ${text}`, Math.max(this.from(place, text), Number(suffix) + 1))
    }
}

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

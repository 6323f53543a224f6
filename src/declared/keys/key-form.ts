/** @internal The longest key, prefix included. */
export const MAX_LENGTH = 255

/** @internal The longest prefix. */
export const MAX_PREFIX = 32

/** @internal */
export const PREFIX_FORM = /^(?=.{1,32}$)[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*$/

/** @internal A UUID as all databases show it. */
export const UUID_FORM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Whether a value can be a pseudo key: 1 to 255 characters that mean the same in every part of a URL,
 * and are the same in every database. The length comes first, so that nothing long is looked through.
 * @internal
 */
export function isKey(value: unknown): value is string {
    return (
        typeof value === "string" &&
        value.length <= MAX_LENGTH &&
        /^[\w.~-]+$/.test(value) &&
        // As part of a path they lead elsewhere.
        value !== "." &&
        value !== ".."
    )
}

/**
 * Whether a value is a valid key if letters of all scripts are allowed.
 * @internal
 */
export function isUnicodeKey(value: unknown): value is string {
    return (
        isKey(value) ||
        (typeof value === "string" &&
            value.length <= MAX_LENGTH &&
            /^[\p{L}\p{M}\p{N}\p{Cf}_.~-]+$/u.test(value) &&
            // One that is not seen is no difference that a reader could tell.
            /[\p{L}\p{N}]/u.test(value))
    )
}

/**
 * A text as keys of a property are stored: composed (NFC), and not as URLs have letters beyond ASCII. Undefined
 * for what can be no key.
 * @internal
 */
export function readKey(text: unknown, letters: "ascii" | "unicode"): string | undefined {
    if (isKey(text)) return text
    if (letters === "ascii" || typeof text !== "string" || text.length > 9 * MAX_LENGTH)
        return undefined
    const key = decoded(text).normalize("NFC")
    return isUnicodeKey(key) ? key : undefined
}

function decoded(text: string): string {
    if (!text.includes("%")) return text
    try {
        return decodeURIComponent(text)
    } catch {
        return text
    }
}

/** @internal With what the keys of a property begin: the prefix and the delimiter; empty for none. */
export interface Heads {
    readonly head: string
    /** Those of keys that rows were given before. */
    readonly formerHeads: readonly string[]
}

/** @internal */
export function headOf(prefix: string | undefined, delimiter = "_"): string {
    return prefix === undefined ? "" : prefix + delimiter
}

/** @internal Whether a key begins like this, and has something behind it. */
export function hasHead(key: string, head: string): boolean {
    return key.startsWith(head) && key.length > head.length
}

/** @internal The prefix of a key, among the current and former prefixes of its property. */
export function headIn({ head, formerHeads }: Heads, key: string): string | undefined {
    return [head, ...formerHeads].find((one) => hasHead(key, one))
}

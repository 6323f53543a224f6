/** @internal The longest key, prefix included. */
export const MAX_LENGTH = 255

/** @internal The longest prefix. */
export const MAX_PREFIX = 32

/** @internal */
export const PREFIX_FORM = /^(?=.{1,32}$)[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*$/

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

/** @internal */
export function withPrefix(prefix: string | undefined, key: string): string {
    return prefix === undefined ? key : `${prefix}_${key}`
}

/** @internal Whether a key has this prefix, and something behind it. */
export function hasPrefix(key: string, prefix: string | undefined): boolean {
    if (prefix === undefined) return true
    return key.startsWith(`${prefix}_`) && key.length > prefix.length + 1
}

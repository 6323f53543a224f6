/** @internal Text as it gets to the database: half a surrogate pair becomes U+FFFD on its way. */
export function wellFormed(text: string): string {
    return /[\ud800-\udfff]/.test(text) ? Buffer.from(text).toString() : text
}

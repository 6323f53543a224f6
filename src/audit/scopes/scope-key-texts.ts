/**
 * The values that a key of the counter table was made of, where it shows them: those of a long one are hashed.
 * @internal
 */
export function textsOfKey(key: string): (string | null)[] | undefined {
    if (!key.startsWith("v1:")) return undefined
    const texts: (string | null)[] = []
    const value = /(?:NULL|"((?:[^"]|"")*)")(?:,|$)/gy
    value.lastIndex = "v1:".length
    while (value.lastIndex < key.length) {
        const found = value.exec(key)
        if (!found) return undefined
        texts.push(found[1]?.replaceAll('""', '"') ?? null)
    }
    return texts
}

/** @internal The values of a scope of a sequence by the names that they were given with. */
export function namedTextsOfKey(key: string): Record<string, string | null> | undefined {
    if (!key.startsWith("v1:")) return undefined
    const texts: [string, string | null][] = []
    const entry = /"((?:[^"]|"")*)"=(?:NULL|"((?:[^"]|"")*)")(?:,|$)/gy
    entry.lastIndex = "v1:".length
    while (entry.lastIndex < key.length) {
        const [found, name = "", text] = entry.exec(key) ?? []
        if (found === undefined) return undefined
        texts.push([name.replaceAll('""', '"'), text?.replaceAll('""', '"') ?? null])
    }
    return Object.fromEntries(texts)
}

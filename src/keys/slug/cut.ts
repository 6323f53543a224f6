/** Whoever reads a text sees these, and no half of one. */
const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" })

/** @internal The beginning of a slug: whole words, unless the first one is too long by itself. */
export function cutAtWord(slug: string, longest: number, separator = "-"): string {
    if (slug.length <= longest) return slug
    const end = slug.slice(0, longest + 1).lastIndexOf(separator)
    if (end > 0) {
        const words = slug.slice(0, end)
        return trimmed(words, separator)
    }
    let cut = ""
    for (const { segment } of letters.segment(slug.slice(0, longest + 32))) {
        if (cut.length + segment.length > longest) break
        cut += segment
    }
    return cut
}

function trimmed(words: string, separator: string): string {
    let end = words.length
    while (end > 0 && words.startsWith(separator, end - separator.length)) end -= separator.length
    return words.slice(0, end)
}

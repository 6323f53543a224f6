import slugify from "slugify"

/**
 * Makes a text fit for a URL: letters, digits, `-` and `_`, in the case that they have. Letters of
 * scripts that have no Latin spelling here are left out.
 * @internal
 */
export function slugOf(text: string): string {
    // Their names ("percent") are not what a reader expects of a name's punctuation.
    const words = text.normalize("NFC").replace(/[^\p{L}\p{M}\p{N}_]+/gu, " ")
    const slug = slugify(words, { strict: false }).replace(/[^\w-]/g, "")
    return slug.replace(/^-+|-+$/g, "")
}

/** @internal The beginning of a slug: whole words, unless the first one is too long by itself. */
export function cutAtWord(slug: string, longest: number): string {
    if (slug.length <= longest) return slug
    const words = slug.slice(0, longest + 1).replace(/-+[^-]*$/, "")
    return words.slice(0, longest)
}

import type { SlugOptions } from "../../declared/keys/slug-options"
import { checkedSlugOptions } from "../../declared/keys/slug-options"
import { cutAtWord } from "./cut"
import { spelled } from "./languages"

/**
 * Makes a string URL-safe, as `derive` of {@link PseudoKey} does: `"Crème brûlée, 50 %"` becomes
 * `"creme-brulee-50"`.
 *
 * Letters, digits and `_` are kept; everything between them becomes one separator. Letters of other
 * scripts are spelled in Latin letters, in the usual way if no `language` is given: "Αθήνα" becomes
 * "athina", "Київ" becomes "kiyiv", and with `language: "uk"` "kyiv". Chinese is spelled in pinyin.
 * In a string that has kana, or with `language: "ja"`, Chinese characters are skipped, because
 * their reading can't be determined. Scripts that don't write vowels are spelled without them.
 * `letters: "unicode"` keeps all letters as they are.
 *
 * The result may be empty.
 *
 * Errors: {@link InvalidOptionError} if the argument isn't a string, or an option is wrong.
 *
 * ```ts
 * import { slugify } from "typeorm-autosequence"
 *
 * console.log(slugify("Größe & Maß", { language: "de" })) // groesse-mass
 * console.log(slugify("Tea for two", { separator: "_", length: 8 })) // tea_for
 * ```
 */
export function slugify(text: string, options: SlugOptions = {}): string {
    return slugOf(text, checkedSlugOptions("slugify", text, options))
}

/** @internal The same with options that are known to be right. */
export function slugOf(
    text: string,
    { case: letterCase = "lower", separator = "-", length, language, letters }: SlugOptions,
): string {
    const isUnicode = letters === "unicode"
    const words = isUnicode ? text.normalize("NFC") : latin(text, language)
    const lower =
        letterCase === "keep" ? words : inSmallLetters(words, isUnicode ? language : undefined)
    const parted = isUnicode ? unicode(lower) : lower.replace(/[^A-Za-z0-9_]+/g, " ")
    const slug = parted.trim().replaceAll(/ +/g, separator).normalize("NFC")
    const ends = trimmedOf(slug, separator)
    return length === undefined ? ends : cutAtWord(ends, length, separator)
}

/** Letters of all scripts, digits and `_`, with blanks between. */
function unicode(words: string): string {
    return (
        words
            .replace(/[^\p{L}\p{M}\p{N}_\p{Cf}]+/gu, " ")
            // What joins letters and is not seen parts no words.
            .replace(/[\p{Cf}\p{Variation_Selector}]+/gu, "")
            // A mark that stood on something else, as an emoji, is left alone.
            .replace(/(?<![\p{L}\p{M}\p{N}])\p{M}+/gu, "")
    )
}

function inSmallLetters(words: string, language: string | undefined): string {
    return language === undefined ? words.toLowerCase() : words.toLocaleLowerCase(language)
}

/** A separator that is a letter of words as well, as `_`, stands alone at no end. */
function trimmedOf(slug: string, separator: string): string {
    let [start, end] = [0, slug.length]
    while (start < end && slug.startsWith(separator, start)) start += separator.length
    while (end > start && slug.startsWith(separator, end - separator.length))
        end -= separator.length
    return slug.slice(start, end)
}

const ASCII = /^[\0-\x7f]*$/
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/u

/** Letters, digits and `_` in Latin spelling, words with blanks between. */
function latin(text: string, language: string | undefined): string {
    if (ASCII.test(text)) return text
    const isJapanese = /^ja\b/i.test(language ?? "") || KANA.test(text)
    const words = text
        .normalize("NFKC")
        // What joins letters and is not seen.
        .replace(/\p{Cf}+/gu, "")
        .replace(/[^\p{L}\p{M}\p{N}_]+/gu, " ")
        .replace(isJapanese ? /\p{Script=Han}+/gu : /$^/, " ")
        .replaceAll("ẞ", "SS")
    // Beside a letter, marks as ` stand for sounds that have no letter.
    return transliterated(spelled(words, language)).replace(/[^A-Za-z0-9_ ]+/g, "")
}

type Transliteration = typeof import("transliteration")
let library: Transliteration | undefined

function transliterated(text: string): string {
    const plain = text.normalize("NFD").replace(/\p{M}+/gu, "")
    if (ASCII.test(plain)) return plain
    // Its tables take a tenth of a second, and most applications never need them.
    // oxlint-disable-next-line typescript/no-require-imports
    library ??= require("transliteration") as Transliteration
    return library.transliterate(text, { fixChineseSpacing: true })
}

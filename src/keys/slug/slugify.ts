import type { SlugOptions } from "../../declared/keys/slug-options"
import { checkedSlugOptions } from "../../declared/keys/slug-options"
import { cutAtWord } from "./cut"
import { spelled } from "./languages"

/**
 * Makes a text fit for a URL, as `derive` of {@link PseudoKey} does: `"Crème brûlée, 50 %"` becomes
 * `"creme-brulee-50"`.
 *
 * Letters, digits and `_` stay, everything between them becomes one separator. Letters of other scripts are
 * spelled in Latin ones, by what is usual where no `language` is given: "Αθήνα" becomes "athina", "Київ"
 * "kiyiv", and with `language: "uk"` "kyiv". Chinese is spelled as pinyin. The Chinese characters of a text that has kana,
 * or of `language: "ja"`, are left out, because nothing tells how they are read. Scripts that write no vowels
 * are spelled without them. `letters: "unicode"` keeps all letters as they are.
 *
 * What comes out may be empty.
 *
 * Errors: {@link InvalidOptionError} for what is no text, and for a wrong option.
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
    const [others, own] = isUnicode
        ? [/[^\p{L}\p{M}\p{N}_\p{Cf}]+/gu, /[^\p{L}\p{M}\p{N}_ ]/gu]
        : [/[^A-Za-z0-9_]+/g, undefined]
    // What joins letters and is not seen parts no words.
    const parted = lower.replace(others, " ").replace(own ?? /$^/, "")
    const slug = parted.trim().replaceAll(/ +/g, separator).normalize("NFC")
    const ends = trimmedOf(slug, separator)
    return length === undefined ? ends : cutAtWord(ends, length, separator)
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
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    library ??= require("transliteration") as Transliteration
    return library.transliterate(text, { fixChineseSpacing: true })
}

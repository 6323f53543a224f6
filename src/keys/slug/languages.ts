/** How languages write letters that others of the same script write otherwise. */
const OF_LANGUAGES: Readonly<Record<string, string>> = {
    de: "Ä Ae Ö Oe Ü Ue ä ae ö oe ü ue",
    da: "Æ Ae Ø Oe Å Aa æ ae ø oe å aa",
    nb: "Æ Ae Ø Oe Å Aa æ ae ø oe å aa",
    is: "Þ Th Ð D Æ Ae Ö O þ th ð d æ ae ö o",
    hr: "Đ Dj đ dj",
    sr: "Đ Dj đ dj Ђ Dj ђ dj Ж Z ж z Ј J ј j Љ Lj љ lj Њ Nj њ nj Ћ C ћ c Ц C ц c Ч C ч c Џ Dz џ dz Ш S ш s Х H х h",
    bg: "Щ Sht щ sht Ъ A ъ a Ь Y ь y Х H х h Ц Ts ц ts Й Y й y Ю Yu ю yu Я Ya я ya",
    uk: "Г H г h Ґ G ґ g Є Ye є ie И Y и y І I і i Ї Yi ї i Й Y й i Х Kh х kh Щ Shch щ shch Ю Yu ю iu Я Ya я ia Ь  ь ",
}
const SAME: Readonly<Record<string, string>> = { no: "nb", nn: "nb", bs: "hr" }

const spellings = new Map<string, Spelling>()

interface Spelling {
    readonly letters: RegExp
    readonly of: ReadonlyMap<string, string>
}

/** @internal The letters of a language as that writes them without accents; others stay as they are. */
export function spelled(text: string, language: string | undefined): string {
    const greek = GREEK.test(text) ? spelledGreek(text) : text
    const spelling = language === undefined ? undefined : spellingOf(language)
    return spelling
        ? greek.replace(spelling.letters, (letter) => spelling.of.get(letter) ?? letter)
        : greek
}

function spellingOf(tag: string): Spelling | undefined {
    const [given = ""] = tag.toLowerCase().split("-")
    const language = SAME[given] ?? given
    const table = OF_LANGUAGES[language]
    if (table === undefined) return undefined
    let spelling = spellings.get(language)
    if (!spelling) {
        const words = table.split(" ")
        const of = new Map<string, string>()
        for (let at = 0; at < words.length; at += 2) of.set(words[at] ?? "", words[at + 1] ?? "")
        spelling = { letters: new RegExp(`[${[...of.keys()].join("")}]`, "gu"), of }
        spellings.set(language, spelling)
    }
    return spelling
}

const GREEK = /\p{Script=Greek}/u
/** Two letters that are one sound; an accent on the first, or a diaeresis, says that they are two. */
const PAIRS = /([αεη])(υ\u0301?)(?=([\p{L}\p{N}]?))|(ο)υ\u0301?/giu
const VOICELESS = /^[θκξπσςτφχψ]$/iu

/** By ELOT 743, as passports and road signs have it: "Ευρώπη" is "Evropi", "Λουτρά" is "Loutra". */
function spelledGreek(text: string): string {
    return text
        .normalize("NFD")
        .replace(PAIRS, (_, vowel?: string, second?: string, next = "", o?: string) => {
            if (o !== undefined) return o === "ο" ? "ou" : "Ou"
            const consonant = next === "" || VOICELESS.test(String(next)) ? "f" : "v"
            const isUpper = second?.startsWith("Υ")
            return `${String(vowel)}${isUpper ? consonant.toUpperCase() : consonant}`
        })
        .normalize("NFC")
}

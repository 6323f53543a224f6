import type { PseudoKeyOptions } from "../../../src"

/** What all rows of the matrix have. */
export interface Row {
    id: number
    box: number
    title: string
    code: string | null
    slug: string | null
}

/** How keys are made, in the words of the model. */
export interface Style {
    readonly options: PseudoKeyOptions<Row>
    /** What a key made of a title may be, in its order; null for none yet, and [] for a random one. */
    texts(title: string): readonly string[] | null
    /** What comes behind the first text where all are taken: a number, something random, or an error. */
    readonly suffix: "number" | "random" | false
    /** What a random key looks like. */
    readonly random: RegExp
    readonly follows: boolean
    readonly isNullable?: boolean
    /** Whether keys of the same title are taken in turn, as those of `generate`. */
    readonly inTurn?: (attempt: number) => string
    /** Keys that a caller may set, and such as are refused. */
    readonly settable: readonly string[]
    readonly unsettable: readonly string[]
}

export const TITLES = [
    ...["Tea", "TEA!", "Tea 2", "Green tea", "Größe", "Αθήνα", "New", "???", "-"],
] as const

const NANOID = /^[\w-]{21}$/
const SLUGS: Record<string, string> = {
    ...{ Tea: "tea", "TEA!": "tea", "Tea 2": "tea-2", "Green tea": "green-tea" },
    ...{ Größe: "grosse", Αθήνα: "athina", New: "new", "???": "", "-": "" },
}
const LETTERS: Record<string, string> = { ...SLUGS, Größe: "größe", Αθήνα: "αθήνα" }

function slugs(by: Record<string, string>, head = "") {
    return (title: string) => (by[title] ? [head + by[title]] : [])
}

const title = ({ title: text }: Row) => text
const FOLLOWED = { from: title, follow: true }
const RESERVED = ["new", "edit"]
const WORDS = {
    suffix: "number",
    random: NANOID,
    follows: true,
    settable: ["tea", "tea-2", "tea-4", "green-tea", "mine"],
    unsettable: ["new", "EDIT", "a b", ".."],
} as const

const UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
const nothing = () => []

export const TITLED: Style = {
    ...WORDS,
    options: { derive: FOLLOWED, reserved: RESERVED },
    texts: slugs(SLUGS),
}

/** The others, each with a few variants. */
export const OTHERS: Readonly<Record<string, Style>> = {
    "random suffixes": {
        ...{ ...WORDS, suffix: "random", options: { derive: FOLLOWED, suffix: "random" } },
        texts: slugs(SLUGS),
        unsettable: ["a b", ""],
    },
    "no suffix": {
        ...{ ...WORDS, suffix: false, options: { derive: FOLLOWED, suffix: false } },
        texts: slugs(SLUGS),
        unsettable: ["a b"],
    },
    "several candidates": {
        ...WORDS,
        options: {
            derive: {
                from: (row: Row) => [row.title, `${row.title} of ${row.box}`],
                follow: true,
            },
            reserved: RESERVED,
        },
        // The box is added by the model.
        texts: slugs(SLUGS),
    },
    "all letters": {
        ...WORDS,
        options: { derive: FOLLOWED, letters: "unicode", reserved: RESERVED },
        texts: slugs(LETTERS),
        settable: [...WORDS.settable, "größe", "αθήνα"],
    },
    "no key yet": {
        ...WORDS,
        options: {
            derive: {
                from: (row: Row) => (row.title === "-" ? null : row.title),
                follow: true,
            },
            nullable: true,
            reserved: RESERVED,
        },
        isNullable: true,
        texts: (text) => (text === "-" ? null : slugs(SLUGS)(text)),
    },
    "keys that stay": {
        ...{ ...WORDS, follows: false, options: { derive: title, reserved: RESERVED } },
        texts: slugs(SLUGS),
    },
    "former prefixes": {
        ...WORDS,
        options: { derive: FOLLOWED, prefix: "PREFIX", formerPrefixes: ["FORMER", ""] },
        texts: slugs(SLUGS, "PREFIX_"),
        random: /^PREFIX_[\w-]{21}$/,
        settable: ["PREFIX_tea", "PREFIX_tea-2", "FORMER_tea", "tea", "PREFIX_mine"],
        unsettable: ["PREFIX_a b"],
    },
    "type ids": {
        ...{ ...WORDS, follows: false, options: { generate: "typeid", prefix: "PREFIX" } },
        texts: nothing,
        random: /^PREFIX_0[0-9a-hjkmnp-tv-z]{25}$/,
        settable: ["PREFIX_01h455vb4pex5vsknk084sn02q", "PREFIX_01h455vb4pex5vsknk084sn02r"],
        unsettable: ["PREFIX_mine", "01h455vb4pex5vsknk084sn02q"],
    },
    UUIDs: {
        ...{ ...WORDS, follows: false, options: { generate: "uuidv7", type: "uuid" } },
        texts: nothing,
        random: new RegExp(`^${UUID}$`),
        settable: ["01932c07-209c-7f31-8b5a-3f1f3a0c9c6e", "01932c07-209c-7f31-8b5a-3f1f3a0c9c6f"],
        unsettable: ["mine", "01932C07-209C-7F31-8B5A-3F1F3A0C9C6E"],
    },
    "a pattern": {
        ...{ ...WORDS, follows: false },
        options: {
            generate: (_: Row, attempt: number) => `AB-${String(attempt + 1).padStart(3, "0")}`,
            pattern: /[A-Z]{2}-\d{3}/,
        },
        texts: nothing,
        random: /^AB-\d{3}$/,
        inTurn: (attempt) => `AB-${String(attempt + 1).padStart(3, "0")}`,
        settable: ["AB-001", "AB-004", "ZZ-999"],
        unsettable: ["mine", "AB-1"],
    },
}

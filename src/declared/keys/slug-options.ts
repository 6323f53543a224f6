import { InvalidOptionError } from "../../errors"
import {
    type Form,
    integerFrom,
    oneOf,
    type Refuse,
    refuseOther,
    refuserOf,
    refuseUnknown,
} from "../options"
import { show } from "../show"

/** How a string is made URL-safe. */
export interface SlugOptions {
    /**
     * `"lower"` converts letters to lower case, `"keep"` leaves them as they are.
     *
     * Default: `"lower"`.
     */
    case?: "lower" | "keep"

    /**
     * The separator between words: `-`, `_`, `.` or `~`.
     *
     * Default: `"-"`.
     */
    separator?: "-" | "_" | "." | "~"

    /** The maximum number of characters. Longer strings are cut at the end of a word. */
    length?: number

    /**
     * The language of the string, such as `"de"` or `"de-AT"`, if it spells shared letters
     * differently: "ü" becomes "ue" in German and "u" in Turkish.
     *
     * Default: the usual spelling of each letter.
     */
    language?: string

    /**
     * `"ascii"` spells all letters in Latin ones, `"unicode"` keeps the letters of all scripts.
     *
     * Default: `"ascii"`.
     */
    letters?: "ascii" | "unicode"
}

const LANGUAGE: Form = [
    (value) => typeof value === "string" && /^[a-z]{2,3}(-[a-z0-9]{1,8})*$/i.test(value),
    'a language tag such as "de" or "de-AT"',
]
const FORMS = {
    case: oneOf("lower", "keep"),
    separator: oneOf("-", "_", ".", "~"),
    language: LANGUAGE,
    letters: oneOf("ascii", "unicode"),
} as const

/** @internal Refuses wrong options of this kind, the length aside. */
export function refuseWrongSlug(options: SlugOptions, refuse: Refuse): void {
    for (const [name, form] of Object.entries(FORMS)) {
        const value: unknown = options[name as keyof typeof FORMS]
        if (value !== undefined) refuseOther(`${name} is`, value, form, refuse)
    }
}

/** @internal */
export function checkedSlugOptions(
    caller: string,
    text: unknown,
    options: SlugOptions,
): SlugOptions {
    const refuse = refuserOf(caller)
    if (typeof text !== "string")
        throw new InvalidOptionError(`${caller} was given ${show(text)}, give a string.`)
    refuseUnknown(options, [...Object.keys(FORMS), "length"], refuse)
    refuseWrongSlug(options, refuse)
    if (options.length !== undefined)
        refuseOther("length is", options.length, integerFrom(1), refuse)
    return options
}

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

/** How a text is made fit for a URL. */
export interface SlugOptions {
    /**
     * `"lower"` makes all letters small, `"keep"` leaves them as they are.
     *
     * Default is `"lower"`.
     */
    case?: "lower" | "keep"

    /**
     * What stands between words: `-`, `_`, `.` or `~`.
     *
     * Default is `"-"`.
     */
    separator?: "-" | "_" | "." | "~"

    /** The most characters; what is longer is cut at the end of a word. */
    length?: number

    /**
     * The language of the text, as `"de"` or `"de-AT"`, where it has a spelling of its own for letters that it shares
     * with others: "ü" becomes "ue" in German and "u" in Turkish.
     *
     * Default is what is usual for each letter.
     */
    language?: string

    /**
     * `"ascii"` spells all letters in Latin ones, `"unicode"` keeps those of all scripts as they are.
     *
     * Default is `"ascii"`.
     */
    letters?: "ascii" | "unicode"
}

const LANGUAGE: Form = [
    (value) => typeof value === "string" && /^[a-z]{2,3}(-[a-z0-9]{1,8})*$/i.test(value),
    'a language tag as "de" or "de-AT"',
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
        throw new InvalidOptionError(`${caller} was given ${show(text)}, give a text.`)
    refuseUnknown(options, [...Object.keys(FORMS), "length"], refuse)
    refuseWrongSlug(options, refuse)
    if (options.length !== undefined)
        refuseOther("length is", options.length, integerFrom(1), refuse)
    return options
}

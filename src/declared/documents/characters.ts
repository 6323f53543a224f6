import type { Refuse } from "../options"
import { show } from "../show"

/** @internal The characters that a document number may have. */
export interface Characters {
    /** As the options have it. */
    readonly listed: string
    /** The same as a class of a regular expression, which databases read alike. */
    readonly pattern: string
    has(text: string): boolean
}

/**
 * @internal Reads a list of characters, as `"A-Z 0-9 / -"`: ranges have a hyphen between two letters or digits, a blank
 * separates what is listed.
 */
export function parseCharacters(listed: unknown, refuse: Refuse): Characters {
    if (typeof listed !== "string" || listed.trim() === "")
        return refuse(`characters is ${show(listed)}, give a list such as "A-Z 0-9 / -".`)
    const parts = [...listed.replaceAll(/\s+/g, "").matchAll(/([A-Za-z0-9])-([A-Za-z0-9])|./gsu)]
    const classes = parts.map(([one, from, to]) => {
        if (from === undefined || to === undefined) return escaped(one)
        if (from > to) refuse(`characters has the range ${one}, which is empty.`)
        return one
    })
    // A hyphen stands for itself at the end.
    const hyphen = classes.includes("-") ? "-" : ""
    const pattern = `^[${classes.filter((one) => one !== "-").join("")}${hyphen}]*$`
    const expression = new RegExp(pattern, "u")
    return { listed, pattern, has: (text) => expression.test(text) }
}

/** As PostgreSQL, MariaDB and JavaScript all take it within brackets. */
function escaped(character: string): string {
    return /[\\\]^[]/.test(character) ? `\\${character}` : character
}

import { KEY_LENGTH } from "../own-tables"
import { show } from "../show"

/** @internal Trailing blanks are nothing to some databases. */
export function isSeriesName(name: unknown): name is string {
    return (
        typeof name === "string" &&
        name !== "" &&
        name === name.trimEnd() &&
        name.length <= KEY_LENGTH
    )
}

/** @internal */
export function seriesProblem(name: unknown): string {
    return `series is ${show(name)}, give a name of 1 to ${KEY_LENGTH} characters.`
}

import type { Token } from "../../declared/documents/format"
import type { Path } from "../path"
import type { CivilDate } from "../periods/civil-date"
import type { Document } from "../series"

/** @internal What a text is made of beside the number. */
export interface DocumentValues {
    readonly day?: CivilDate
    readonly code?: string
    /** Whether tokens of what is not known stay as they are. */
    readonly isPartial?: boolean
    /** By the names of paths. */
    readonly texts: ReadonlyMap<string, string>
}

/** @internal A text whose number is left out. */
export interface DocumentFrame {
    readonly before: string
    /** How many digits the number has at least. */
    readonly width: number
    readonly after: string
}

/** @internal */
export function documentText({ before, width, after }: DocumentFrame, number: bigint): string {
    return `${before}${String(number).padStart(width, "0")}${after}`
}

/** @internal The paths of a format by their names. */
export function pathsOfTokens(tokens: readonly Token[]): string[] {
    return tokens.flatMap((token) => (token.kind === "value" ? [token.path] : []))
}

/** @internal What texts show of a row and of those that it leads to, one text after the other. */
export function shownPaths(documents: readonly Document[]): Path[] {
    return documents.flatMap(({ paths }) => [...paths.values()])
}

/** @internal Whether a function is to see the whole row. */
export function areViewed(documents: readonly Document[]): boolean {
    return documents.some(({ format }) => format.kind === "function")
}

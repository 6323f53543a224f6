import type { ColumnOptions } from "typeorm"
import { columnOptions } from "../column-options"
import {
    ANYTHING,
    integerFrom,
    type Refuse,
    refuserOf,
    refuseUnknown,
    refuseWrong,
    TEXT,
} from "../options"
import { scopePaths } from "../scope-paths"
import { show } from "../show"
import { type Characters, parseCharacters } from "./characters"
import { parseFormat, type Token } from "./format"

/** Makes the format of a row, where not all rows have the same. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- Rows of any entity.
export type FormatOf = (row: any) => string

/** What `@DocumentNumber` takes. */
export interface DocumentNumberOptions extends Pick<ColumnOptions, "name" | "comment" | "select"> {
    /** The property of the number that it shows, which an `@AutoSequenceColumn` declares. */
    of: string

    /**
     * What it looks like: text with tokens in it. `{0000}` is the number, which has as many digits at least, and more
     * where it is larger. `{YYYY}`, `{YY}`, `{MM}`, `{DD}` and `{Q}` (quarter) are of the date by which the number counts in
     * periods, `{FY}` and `{FY+1}` the fiscal years in which its period begins and ends, `{FY:2}` and `{FY+1:2}` their last two
     * digits. `{kind}` and `{company.code}` are properties of the row and of a relation. `{series.code}` is the code that
     * is registered for the scope (`settings()` of {@link seriesOf}). Any other character stands for itself; `{{` and `}}` are braces.
     *
     * A function of the row returns such a format. It gets the row with all its columns, and the relations that are
     * loaded on the entity. An object has one format for each value of the property that `by` names. Where the number
     * has `settings: true`, formats that were set by `settings()` of {@link seriesOf} go before these, from their day on.
     */
    format: string | FormatOf | Readonly<Record<string, string>>

    /** The property whose value chooses among the formats of an object: `"kind"`, `"company.country"`. */
    by?: string

    /**
     * Properties within whose values the text is unique; `[]` for the whole table.
     *
     * Default is the `uniqueWith` of the number.
     */
    uniqueWith?: string | string[]

    /** How many characters it may have. The longest text that rows can have is looked at when the data source is initialised. Default is 255. */
    maxLength?: number

    /** The characters that it may have, as `"A-Z 0-9 / -"`. Default is all. */
    characters?: string

    /**
     * The largest number, after which the series is full ({@link NumberOverflowError}).
     *
     * Default is the largest that the column of the number holds.
     */
    largest?: number
}

/** @internal */
export type Format =
    | { readonly kind: "fixed"; readonly tokens: readonly Token[] }
    | {
          readonly kind: "by"
          readonly by: string
          readonly formats: ReadonlyMap<string, readonly Token[]>
      }
    | { readonly kind: "function"; readonly of: FormatOf }

/** @internal */
export interface DocumentOptions {
    readonly of: string
    readonly format: Format
    readonly uniqueWith?: readonly string[]
    readonly maxLength: number
    /** Whether the options say so. */
    readonly isLimited: boolean
    readonly characters?: Characters
    readonly largest?: bigint
}

const COLUMN = ["name", "comment", "select"] as const
const FORMS = {
    of: TEXT,
    format: ANYTHING,
    by: TEXT,
    uniqueWith: ANYTHING,
    maxLength: integerFrom(1),
    characters: ANYTHING,
    largest: integerFrom(1),
}
const LENGTH = 255

/** @internal Refuses what can be seen to be wrong without the entity's metadata. */
export function splitDocumentOptions(
    place: string,
    options: DocumentNumberOptions,
): { document: DocumentOptions; column: ColumnOptions } {
    const refuse = refuserOf(place)
    refuseUnknown(options, [...Object.keys(FORMS), ...COLUMN], refuse)
    refuseWrong(options, FORMS, refuse)
    const { of, maxLength, largest } = options
    if ((of as unknown) === undefined) refuse("of is missing, name the property of the number.")
    const characters =
        options.characters === undefined ? undefined : parseCharacters(options.characters, refuse)
    const format = formatOf(options, refuse)
    for (const tokens of tokensOf(format)) refuseCharacters(tokens, characters, refuse)
    return {
        document: {
            of,
            format,
            uniqueWith:
                options.uniqueWith === undefined
                    ? undefined
                    : scopePaths(options.uniqueWith, refuse),
            maxLength: maxLength ?? LENGTH,
            isLimited: maxLength !== undefined,
            characters,
            largest: largest === undefined ? undefined : BigInt(largest),
        },
        column: {
            type: "varchar",
            length: maxLength ?? LENGTH,
            ...columnOptions(COLUMN, options, refuse),
        },
    }
}

function formatOf({ format, by }: DocumentNumberOptions, refuse: Refuse): Format {
    if (typeof format === "object" && (format as unknown) !== null) {
        if (by === undefined)
            return refuse(
                "format has several formats, and by is missing: name the property that chooses.",
            )
        const entries = Object.entries(format)
        if (entries.length === 0) refuse("format is an object without formats.")
        const formats = entries.map(([value, one]) => [value, tokensOfText(one, refuse)] as const)
        return { kind: "by", by, formats: new Map(formats) }
    }
    if (by !== undefined) refuse("by is for several formats, give format as an object of them.")
    if (typeof format === "function") return { kind: "function", of: format }
    return { kind: "fixed", tokens: tokensOfText(format, refuse) }
}

function tokensOfText(format: unknown, refuse: Refuse): readonly Token[] {
    if (typeof format !== "string" || format === "")
        return refuse(`format is ${show(format)}, give a text as "INV-{YYYY}-{0000}".`)
    return parseFormat(format, (problem) => refuse(`format ${problem}`))
}

/** @internal The formats that are known before there are rows. */
export function tokensOf(format: Format): readonly (readonly Token[])[] {
    if (format.kind === "fixed") return [format.tokens]
    return format.kind === "by" ? [...format.formats.values()] : []
}

/** @internal */
export function refuseCharacters(
    tokens: readonly Token[],
    characters: Characters | undefined,
    refuse: Refuse,
): void {
    if (!characters) return
    const texts = tokens.flatMap((one) => (one.kind === "text" ? [one.text] : []))
    const other = [...texts, "0"]
        .join("")
        .split("")
        .find((one) => !characters.has(one))
    if (other !== undefined)
        refuse(`format has "${other}", which is none of the characters "${characters.listed}".`)
}

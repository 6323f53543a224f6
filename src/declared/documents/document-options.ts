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

/** Returns the format of a row, if not all rows have the same format. */
// oxlint-disable-next-line typescript/no-explicit-any -- Rows of any entity.
export type FormatOf = (row: any) => string

/** Options of `@DocumentNumber`. */
export interface DocumentNumberOptions extends Pick<ColumnOptions, "name" | "comment" | "select"> {
    /** The property of the number to format, declared with `@AutoSequenceColumn`. */
    of: string

    /**
     * The format: text that contains tokens. `{0000}` is the number, padded to at least that many
     * digits and never cut. `{YYYY}`, `{YY}`, `{MM}`, `{DD}` and `{Q}` (quarter) come from the date
     * that determines the period. `{FY}` and `{FY+1}` are the fiscal years in which the period
     * begins and ends, `{FY:2}` and `{FY+1:2}` their last two digits. `{kind}` and `{company.code}`
     * are properties of the row and of a relation. `{series.code}` is the code registered for the
     * scope (`settings()` of {@link seriesOf}). All other characters are kept as they are; write
     * `{{` and `}}` for braces.
     *
     * A function returns the format for a row. It receives the row with all its columns, and with
     * the relations that are loaded on the entity. An object has one format for each value of the
     * property named by `by`. If the number has `settings: true`, formats set with `settings()` of
     * {@link seriesOf} take precedence, from their date on.
     */
    format: string | FormatOf | Readonly<Record<string, string>>

    /**
     * The property whose value selects the format from an object: `"kind"`, `"company.country"`.
     */
    by?: string

    /**
     * The properties within whose values the text is unique; `[]` for the whole table.
     *
     * Default: the `uniqueWith` of the number.
     */
    uniqueWith?: string | string[]

    /**
     * The maximum number of characters. It is checked against the longest text that rows can have
     * when the data source is initialized. Default: 255.
     */
    maxLength?: number

    /** The allowed characters, such as `"A-Z 0-9 / -"`. Default: all. */
    characters?: string

    /**
     * The largest number. After it the series is full ({@link NumberOverflowError}).
     *
     * Default: the largest number that its column can hold.
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
    if ((of as unknown) === undefined)
        refuse("of is missing, give the name of the numbered property.")
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
                "format has several formats, but by is missing: name the property that selects one.",
            )
        const entries = Object.entries(format)
        if (entries.length === 0) refuse("format is an object without formats.")
        const formats = entries.map(([value, one]) => [value, tokensOfText(one, refuse)] as const)
        return { kind: "by", by, formats: new Map(formats) }
    }
    if (by !== undefined) refuse("by needs several formats, give format as an object.")
    if (typeof format === "function") return { kind: "function", of: format }
    return { kind: "fixed", tokens: tokensOfText(format, refuse) }
}

function tokensOfText(format: unknown, refuse: Refuse): readonly Token[] {
    if (typeof format !== "string" || format === "")
        return refuse(`format is ${show(format)}, give a string such as "INV-{YYYY}-{0000}".`)
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
        refuse(`format has "${other}", which is not one of the characters "${characters.listed}".`)
}

import { oncePer } from "../../once-per"
import { tokensOf } from "../../declared/documents/document-options"
import type { Placeholder, Token } from "../../declared/documents/format"
import type { Document } from "../series"

/** @internal The parts of a text, as its format tells them. */
export interface TextParts {
    readonly number: bigint
    /** The name of its period, where the text tells it. */
    readonly period?: string
    /** What else it shows, by the names of properties; the code of the series as `series.code`. */
    readonly values: Readonly<Record<string, string>>
}

/** @internal Reads a text by the formats of a document, or by others; undefined for one of none. */
export function parseText(
    document: Document,
    text: string,
    formats: readonly (readonly Token[])[] = tokensOf(document.format),
): TextParts | undefined {
    for (const tokens of formats) {
        const parts = parseBy(document, tokens, text)
        if (parts) return { ...parts, values: { ...byOf(document, tokens), ...parts.values } }
    }
    return undefined
}

/** The value that chooses the format of a text. */
function byOf({ format }: Document, tokens: readonly Token[]): Record<string, string> {
    if (format.kind !== "by") return {}
    const chosen = [...format.formats].filter(([, one]) => one === tokens)
    return Object.fromEntries(chosen.map(([value]) => [format.by, value]))
}

function parseBy(
    { series: { period, max } }: Document,
    tokens: readonly Token[],
    text: string,
): TextParts | undefined {
    const found = expressionOf(tokens).exec(text)
    if (!found) return undefined
    const values: Record<string, string> = {}
    const dates = new Map<string, number>()
    let number: bigint | undefined
    for (const [at, token] of tokens.filter(isPlaceholder).entries()) {
        const part = found[at + 1] ?? ""
        if (token.kind === "number") number = BigInt(part)
        else if (token.kind === "date") {
            const value = dateOf(token, part)
            // The same part twice, or two years that do not follow each other.
            if ((dates.get(token.part) ?? value) !== value) return undefined
            dates.set(token.part, value)
        } else {
            const name = token.kind === "code" ? "series.code" : token.path
            if ((values[name] ?? part) !== part) return undefined
            values[name] = part
        }
    }
    if (number === undefined || number > max) return undefined
    return { number, period: period && periodOf(period.rule.by, dates), values }
}

function isPlaceholder(token: Token): token is Placeholder {
    return token.kind !== "text"
}

/** Two digits are of this century. */
function dateOf({ digits, plus, part }: Token & { kind: "date" }, text: string): number {
    const value = Number(text) - plus
    return digits === 2 && (part === "year" || part === "fiscalYear") ? 2000 + value : value
}

function periodOf(by: string, dates: ReadonlyMap<string, number>): string | undefined {
    const year = dates.get(by === "fiscalYear" ? "fiscalYear" : "year")
    if (year === undefined) return undefined
    const [month, day] = [dates.get("month"), dates.get("day")]
    const name = String(year).padStart(4, "0")
    const two = (value: number) => String(value).padStart(2, "0")
    switch (by) {
        case "quarter": {
            const quarter = dates.get("quarter") ?? (month && Math.ceil(month / 3))
            return quarter === undefined ? undefined : `${name}-Q${quarter}`
        }
        case "month":
            return month === undefined ? undefined : `${name}-${two(month)}`
        case "day":
            return month === undefined || day === undefined
                ? undefined
                : `${name}-${two(month)}-${two(day)}`
        default:
            return name
    }
}

const expressionOf = oncePer((tokens: readonly Token[]): RegExp => {
    const source = tokens.map((token) => {
        switch (token.kind) {
            case "text":
                return token.text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&")
            case "number":
                return token.width === 1
                    ? "(0|[1-9]\\d*)"
                    : `(\\d{${token.width}}|[1-9]\\d{${token.width},})`
            case "date":
                return PATTERNS[token.part]?.(token.digits) ?? ""
            case "code":
            case "value":
                return "(.+?)"
        }
    })
    return new RegExp(`^${source.join("")}$`, "su")
})

const PATTERNS: Readonly<Record<string, (digits: number) => string>> = {
    year: (digits) => `(\\d{${digits}})`,
    fiscalYear: (digits) => `(\\d{${digits}})`,
    month: () => "(0[1-9]|1[0-2])",
    day: () => "(0[1-9]|[12]\\d|3[01])",
    quarter: () => "([1-4])",
}

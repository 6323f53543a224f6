import type { Refuse } from "../options"

/** @internal What of a date a format shows: a fiscal year is the one in which it begins. */
export type DatePart = "year" | "month" | "day" | "quarter" | "fiscalYear"

/** @internal A piece of a format: text as it is, or what stands for it in a row. */
export type Token = { readonly kind: "text"; readonly text: string } | Placeholder

/** @internal A token that is replaced by a value of the row. */
export type Placeholder = { readonly source: string } & (
    | { readonly kind: "number"; readonly width: number }
    | {
          readonly kind: "date"
          readonly part: DatePart
          readonly digits: 1 | 2 | 4
          /** How many years are added. */
          readonly plus: number
      }
    | { readonly kind: "code" }
    | { readonly kind: "value"; readonly path: string }
)

const DATES: Readonly<Record<string, readonly [DatePart, 1 | 2 | 4]>> = {
    YYYY: ["year", 4],
    YY: ["year", 2],
    MM: ["month", 2],
    DD: ["day", 2],
    Q: ["quarter", 1],
}
const FISCAL_YEAR = /^FY(?:\+(\d))?(:2)?$/
const PATH = /^[\p{L}_$][\p{L}\p{N}_$]*(\.[\p{L}_$][\p{L}\p{N}_$]*)*$/u

/** @internal Parses a format; refuses an invalid one. */
export function parseFormat(format: string, refuse: Refuse): readonly Token[] {
    const tokens: Token[] = []
    for (const [found, doubled, name, wrong] of format.matchAll(
        /(\{\{|\}\})|\{([^{}]*)\}|([{}])|[^{}]+/g,
    )) {
        if (wrong !== undefined)
            refuse(
                `"${format}" has a ${wrong} that belongs to no token. To show the character itself, write ` +
                    `${wrong}${wrong}.`,
            )
        if (name !== undefined) tokens.push(tokenOf(name, format, refuse))
        else addText(tokens, doubled?.slice(1) ?? found)
    }
    const numbers = tokens.filter(({ kind }) => kind === "number").length
    if (numbers !== 1)
        refuse(
            `"${format}" has ${numbers === 0 ? "no number" : "the number more than once"}. Write {0000} once: as ` +
                "many zeros as the number has digits at least.",
        )
    return tokens
}

function addText(tokens: Token[], text: string): void {
    const last = tokens.at(-1)
    if (last?.kind === "text") tokens[tokens.length - 1] = { ...last, text: last.text + text }
    else tokens.push({ kind: "text", text })
}

function tokenOf(name: string, format: string, refuse: Refuse): Token {
    const source = `{${name}}`
    if (/^0+$/.test(name)) return { source, kind: "number", width: name.length }
    if (name === "series.code") return { source, kind: "code" }
    const date = Object.hasOwn(DATES, name) ? DATES[name] : undefined
    if (date) return { source, kind: "date", part: date[0], digits: date[1], plus: 0 }
    const [, plus = "0", short] = FISCAL_YEAR.exec(name) ?? []
    if (FISCAL_YEAR.test(name))
        return {
            source,
            kind: "date",
            part: "fiscalYear",
            digits: short ? 2 : 4,
            plus: Number(plus),
        }
    if (PATH.test(name)) return { source, kind: "value", path: name }
    return refuse(
        `"${format}" has the unknown token {${name}}. The tokens are {0000}, {YYYY}, {YY}, {MM}, {DD}, {Q}, ` +
            "{FY}, {FY+1}, {FY:2}, {series.code}, and properties such as {kind} and {company.code}.",
    )
}

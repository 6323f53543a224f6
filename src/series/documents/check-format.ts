import type { DatePart, Token } from "../../declared/documents/format"
import type { PeriodUnit } from "../../declared/numbers/period-options"
import type { Refuse } from "../../declared/options"
import { columnType } from "../../typeorm/names"
import type { Path } from "../path"
import type { ScopeProperty, Series } from "../series"
import { mayCollide } from "./collisions"

/** @internal What a format is checked against. */
export interface FormatRules {
    readonly series: Series
    /** The properties within whose values the text is unique. */
    readonly unique: readonly ScopeProperty[]
    /** The property that chooses the format. */
    readonly by?: string
    readonly paths: ReadonlyMap<string, Path>
    readonly refuse: Refuse
}

/** The parts of a date each of which, or each set of which, tells the period. */
const TOLD_BY: Readonly<Record<PeriodUnit, readonly (readonly DatePart[])[]>> = {
    year: [["year"]],
    fiscalYear: [["fiscalYear"]],
    quarter: [
        ["year", "quarter"],
        ["year", "month"],
    ],
    month: [["year", "month"]],
    day: [["year", "month", "day"]],
}

/** @internal Refuses a format by which two rows might get the same text. */
export function checkFormat(tokens: readonly Token[], rules: FormatRules): void {
    const { series, refuse } = rules
    const { period } = series
    const dates = tokens.flatMap((one) => (one.kind === "date" ? [one.part] : []))
    if (dates.length > 0 && !period)
        refuse(
            `format shows a date, but ${series.column.propertyPath} has no period. Give it one, or show a ` +
                "property instead.",
        )
    if (dates.includes("fiscalYear") && period?.rule.by !== "fiscalYear")
        refuse(
            `format shows a fiscal year, but the period of ${series.column.propertyPath} is by ` +
                `"${period?.rule.by ?? "none"}". Use {YYYY}.`,
        )
    refuseOpenScope(tokens, dates, rules)
    refuseAmbiguous(tokens, rules)
}

/** What the number counts by has to be in the text, unless that is unique within it. */
function refuseOpenScope(
    tokens: readonly Token[],
    dates: readonly DatePart[],
    { series, unique, by, refuse }: FormatRules,
): void {
    const shown = tokens.flatMap((one) => (one.kind === "value" ? [one.path] : []))
    for (const { path, columns } of series.scope) {
        if (unique.some((one) => one.path === path)) continue
        if ([...shown, ...(by ? [by] : [])].some((one) => isOf(one, path))) continue
        const { period } = series
        if (period && columns.includes(period.column)) {
            const isTold = TOLD_BY[period.rule.by].some((parts) =>
                parts.every((part) => dates.includes(part)),
            )
            if (isTold) continue
            const remedy = TOLD_BY[period.rule.by][0]?.map((part) => EXAMPLES[part]).join(" and ")
            refuse(
                "format does not show the period, but numbers start again in each period: two rows would get the " +
                    `same text. Add ${remedy ?? ""}.`,
            )
        }
        refuse(
            `format does not show ${path}, but numbers start again for each ${path}: two rows would get the same ` +
                `text. Add {${path}}, or name ${path} in uniqueWith.`,
        )
    }
}

const EXAMPLES: Readonly<Record<DatePart, string>> = {
    year: "{YYYY}",
    month: "{MM}",
    day: "{DD}",
    quarter: "{Q}",
    fiscalYear: "{FY}",
}

/** The number has to be told from what stands beside it. */
function refuseAmbiguous(tokens: readonly Token[], { unique, refuse }: FormatRules): void {
    const at = tokens.findIndex(({ kind }) => kind === "number")
    const varies = (token?: Token) =>
        token?.kind === "value" && !unique.some(({ path }) => isOf(token.path, path))
    const pathOf = (token?: Token) => (token?.kind === "value" ? token.path : "")
    const sides = [tokens.slice(0, at).reverse(), tokens.slice(at + 1)]
    for (const side of sides) {
        const found = side.findIndex(varies)
        const between = side.slice(0, Math.max(found, 0))
        const isTold = between.some((one) => one.kind === "text" && /\D/.test(one.text))
        if (found >= 0 && !isTold)
            refuse(
                `format has {${pathOf(side[found])}} directly beside the number, so one text could mean two numbers: ` +
                    "1 and 12 would read as 11 and 2. Put a character that is not a digit between them.",
            )
    }
    const [before, after] = sides.map((side) => side.find(varies))
    if (before && after)
        refuse(
            `format has {${pathOf(before)}} before the number and {${pathOf(after)}} after it. Their values may ` +
                "contain what stands between, so two rows could get the same text. Put both on one side.",
        )
}

function isOf(path: string, property: string): boolean {
    return path === property || path.startsWith(`${property}.`)
}

/** @internal Refuses formats of which two might make the same text of different numbers. */
export function refuseOverlap(
    formats: ReadonlyMap<string, readonly Token[]>,
    { series, unique, by = "", refuse }: FormatRules,
): void {
    // The texts of each are unique for themselves.
    if (unique.some(({ path }) => isOf(by, path))) return
    const sharesNumbers = !series.scope.some(({ path }) => isOf(by, path))
    const all = [...formats]
    for (const [at, [name, tokens]] of all.entries())
        for (const [other, others] of all.slice(at + 1)) {
            // Numbers of one series are different, and so are texts that are made of them alike.
            if (sharesNumbers && JSON.stringify(tokens) === JSON.stringify(others)) continue
            if (mayCollide(tokens, others))
                refuse(
                    `the formats for "${name}" and "${other}" might make the same text for different rows. Start them ` +
                        "with different letters.",
                )
        }
}

/** @internal The length of the longest text that a format makes; undefined where there is no longest. */
export function widestText(
    tokens: readonly Token[],
    { series, paths, refuse }: FormatRules,
): number {
    return tokens.reduce((sum, token) => {
        switch (token.kind) {
            case "text":
                return sum + Array.from(token.text).length
            case "number":
                return sum + Math.max(token.width, String(series.max).length)
            case "date":
                return sum + token.digits
            case "code":
                return sum + CODE_LENGTH
            case "value": {
                const length = lengthOf(paths.get(token.path))
                return length === undefined
                    ? refuse(
                          `maxLength is set, but {${token.path}} may have any length. Give its column a length.`,
                      )
                    : sum + length
            }
        }
    }, 0)
}

/** @internal The most characters that the code of a scope may have. */
export const CODE_LENGTH = 20

function lengthOf(path: Path | undefined): number | undefined {
    if (!path) return undefined
    const { length, enum: values } = path.column
    if (values) return Math.max(...values.map((one) => String(one).length))
    const type = columnType(path.column)
    if (/^uuid$/.test(type)) return 36
    if (/^(tinyint|smallint|int2)/.test(type)) return 6
    if (/^bigint|^int8/.test(type)) return 20
    if (/int/.test(type)) return 11
    return length ? Number(length) : undefined
}

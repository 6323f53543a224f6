import { textSql } from "../../series/documents/document-sql"
import type { Document, Series } from "../../series/series"
import { ofRow } from "../../typeorm/names"
import type { ReadCheck } from "./check"

/**
 * Whether the texts of numbers are made of their parts. A text is never changed, whatever becomes of the format: one that
 * shows its number in another form is worth a look, and one that does not show it is wrong.
 * @internal
 */
export function textChecks(series: Series, tellsDays: boolean): ReadCheck[] {
    return series.documents.flatMap((document) => {
        const expected = expectedText(document, tellsDays)
        const stored = ofRow(document.column)
        const columns = [stored, series.dialect.audit.integer(ofRow(series.column))]
        const where =
            expected === undefined
                ? undefined
                : `CASE WHEN ${stored} = ${series.dialect.schema.exactly(expected)} THEN 0 ELSE 1 END = 1`
        const { propertyPath } = document.column
        const found = (count: number) => (count === 1 ? "1 row has" : `${count} rows have`)
        const wrong: ReadCheck = {
            kind: "text",
            severity: "problem",
            columns,
            where,
            isWrong: ([text, number]) => !shows(document, text, number),
            text: (count) =>
                `${found(count)} a ${propertyPath} that doesn't show the number of the row.`,
        }
        if (where === undefined) return [wrong]
        const other: ReadCheck = {
            ...wrong,
            kind: "text-format",
            severity: "note",
            isWrong: ([text, number]) => shows(document, text, number),
            text: (count) =>
                `${found(count)} a ${propertyPath} that shows the number, but not in today's format.`,
        }
        return [wrong, other]
    })
}

/** Undefined where SQL alone does not know it: for a function, and for formats and codes that are set for a scope. */
function expectedText(document: Document, tellsDays: boolean): string | undefined {
    const { series, hasSettings, showsCode } = document
    if (hasSettings || showsCode || (series.period && !tellsDays)) return undefined
    return textSql(document)
}

/** Whether a number is among the digits of a text, be it right before or behind others. */
function shows({ format }: Document, text: unknown, number: unknown): boolean {
    if (typeof text !== "string") return false
    const token =
        format.kind === "fixed" ? format.tokens.find(({ kind }) => kind === "number") : undefined
    const padded = String(number).padStart(token?.kind === "number" ? token.width : 1, "0")
    return (text.match(/\d+/g) ?? []).some(
        (digits) =>
            BigInt(digits) === BigInt(String(number)) ||
            digits.endsWith(padded) ||
            digits.startsWith(padded),
    )
}

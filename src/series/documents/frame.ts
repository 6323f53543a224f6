import type { Token } from "../../declared/documents/format"
import { DocumentNumberError } from "../../errors"
import { type CivilDate, twoDigits } from "../periods/civil-date"
import { fiscalYearOf } from "../periods/period-name"
import type { Document } from "../series"
import type { DocumentFrame, DocumentValues } from "./document"

/** @internal The text before and after the number of a row. */
export function frameOf(
    document: Document,
    tokens: readonly Token[],
    values: DocumentValues,
): DocumentFrame {
    const at = tokens.findIndex(({ kind }) => kind === "number")
    const number = tokens[at]
    const write = (part: readonly Token[]) =>
        part.map((token) => textOf(document, token, values)).join("")
    return {
        before: write(tokens.slice(0, at)),
        width: number?.kind === "number" ? number.width : 1,
        after: write(tokens.slice(at + 1)),
    }
}

function textOf(document: Document, token: Token, values: DocumentValues): string {
    const left = values.isPartial && token.kind !== "text" ? token.source : undefined
    switch (token.kind) {
        case "text":
            return token.text
        case "number":
            return ""
        case "code":
            return (
                values.code ??
                left ??
                refuse(
                    document,
                    "needs a code that is not registered for the scope. Register it by settings() of seriesOf(), before the first number.",
                )
            )
        case "date":
            return values.day
                ? dateText(document, token, values.day)
                : (left ?? refuseNoDate(document))
        case "value": {
            const text = values.texts.get(token.path)
            if (text !== undefined && text !== "") return text
            if (left !== undefined) return left
            return refuse(
                document,
                `shows ${token.path}, which is not set. Set it before the row is numbered.`,
            )
        }
    }
}

function refuseNoDate(document: Document): never {
    return refuse(document, "shows a date, but the row has none.")
}

function dateText(
    document: Document,
    { part, digits, plus }: Token & { kind: "date" },
    day: CivilDate,
): string {
    const { period } = document.series
    switch (part) {
        case "month":
            return twoDigits(day.month)
        case "day":
            return twoDigits(day.day)
        case "quarter":
            return String(Math.ceil(day.month / 3))
        case "year":
        case "fiscalYear": {
            const year = part === "year" || !period ? day.year : fiscalYearOf(day, period.rule)
            return String(year + plus)
                .padStart(4, "0")
                .slice(-digits)
        }
    }
}

function refuse({ place }: Document, problem: string): never {
    throw new DocumentNumberError(`${place} ${problem}`)
}

/** @internal Refuses a text that the column can't hold, or that has other characters than it may. */
export function refuseText(document: Document, text: string): void {
    const { maxLength, characters } = document
    const length = Array.from(text).length
    if (length > maxLength)
        refuse(
            document,
            `would have ${length} characters, but may have at most ${maxLength}. Shorten the values that it ` +
                "shows, or the format.",
        )
    if (characters && !characters.has(text))
        refuse(
            document,
            `would have other characters than "${characters.listed}". Set the values that it shows without them.`,
        )
}

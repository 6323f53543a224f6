import type { ObjectLiteral } from "typeorm"
import { parseFormat, type Token } from "../../declared/documents/format"
import { DocumentNumberError } from "../../errors"
import { type DocumentFrame, documentText } from "../../series/documents/document"
import { frameOf, refuseText } from "../../series/documents/frame"
import { findPath, type Path } from "../../series/path"
import { type CivilDate, civilText } from "../../series/periods/civil-date"
import type { Document } from "../../series/series"
import { parseNumber } from "../number-values"
import type { ScopeSettings } from "./scope-settings"

/** What is known of a row that is about to be numbered. */
interface ShownRow {
    /** That of its date. */
    readonly day?: CivilDate
    /** What a path leads to, as it is stored; NULL or undefined for nothing. */
    valueOf(path: Path): unknown
    /** The row as a function of the options gets it. */
    view(): ObjectLiteral
    readonly settings?: ScopeSettings
}

/** @internal The text of a row, but for its number. */
export function rowFrame(document: Document, row: ShownRow): DocumentFrame {
    const tokens = tokensFor(document, row)
    const texts = new Map<string, string>()
    for (const token of tokens) {
        if (token.kind !== "value") continue
        const path = pathOf(document, token.path)
        const value = row.valueOf(path)
        if ((value ?? null) !== null) texts.set(token.path, textOf(document, token.path, value))
    }
    return frameOf(document, tokens, { day: row.day, texts, code: row.settings?.code })
}

function textOf({ place }: Document, path: string, value: unknown): string {
    try {
        return String(value)
    } catch (cause) {
        throw new DocumentNumberError(
            `${place}: ${path} of a row is an object that has no text. Set a string, a number or a date.`,
            { cause },
        )
    }
}

/** A format of a function shows the row's own columns: more than these is not known of all rows. */
function pathOf({ metadata, paths, place }: Document, name: string): Path {
    const known = paths.get(name)
    if (known) return known
    const path = findPath(metadata, name)
    if (path?.relations.length === 0) return path
    throw new DocumentNumberError(
        `${place}: the format that the function has returned shows ${name}, which is no column of the row. Put its ` +
            "value into the format.",
    )
}

function tokensFor(document: Document, row: ShownRow): readonly Token[] {
    const { format, paths, place } = document
    const set = formatOn(document, row.settings, row.day)
    if (set) return set
    if (format.kind === "fixed") return format.tokens
    if (format.kind === "function") {
        const text: unknown = format.of(row.view())
        if (typeof text !== "string" || text === "")
            throw new DocumentNumberError(
                `${place}: the function that is its format has returned no text (${text instanceof Promise ? "a promise" : typeof text}). Return a ` +
                    'format as "INV-{0000}".',
            )
        return parsed(document, text)
    }
    const path = paths.get(format.by)
    const value = path && row.valueOf(path)
    const isUnset = (value ?? null) === null
    const tokens = isUnset ? undefined : format.formats.get(textOf(document, format.by, value))
    if (tokens) return tokens
    const known = [...format.formats.keys()].join(", ")
    throw new DocumentNumberError(
        `${place} has a format for each ${format.by} (${known}), and ${format.by} of a row is ${
            isUnset ? "not set" : "another one"
        }. Set it, or add a format.`,
    )
}

/** @internal The format that holds on a day, where one is set for the scope. */
export function formatOn(
    document: Document,
    settings: ScopeSettings | undefined,
    day: CivilDate | undefined,
): readonly Token[] | undefined {
    if (!document.hasSettings || !settings) return undefined
    const date = day ? civilText(day) : new Date().toISOString().slice(0, 10)
    const found = settings.formats.find(({ since }) => since <= date)
    return found && parsed(document, found.format)
}

const MOST = 1000
const cache = new Map<string, readonly Token[]>()

function parsed({ place }: Document, format: string): readonly Token[] {
    let tokens = cache.get(format)
    if (!tokens) {
        tokens = parseFormat(format, (problem) => {
            throw new DocumentNumberError(`${place}: the format ${problem}`)
        })
        if (cache.size >= MOST) cache.clear()
        cache.set(format, tokens)
    }
    return tokens
}

/** @internal The text of a number; refuses one that can't be stored. */
export function checkedText(document: Document, frame: DocumentFrame, number: bigint): string {
    if (number < 0n)
        throw new DocumentNumberError(
            `${document.place} shows numbers from 0 on, and can't show ${number}. Set another number.`,
        )
    const text = documentText(frame, number)
    refuseText(document, text)
    return text
}

/** @internal Whether a text can be stored whatever its number is. */
export function fitsWhatever({
    document: { characters, maxLength, series },
    frame: { before, width, after },
}: {
    readonly document: Document
    readonly frame: DocumentFrame
}): boolean {
    const shown = before + after
    const digits = Math.max(width, String(series.max).length)
    return shown.length + digits <= maxLength && characters?.has(shown) !== false
}

/** @internal Refuses a text that the caller has set, unless the number goes with it that the caller has set as well. */
export function refuseOtherText(
    document: Document,
    text: unknown,
    number: bigint | undefined,
): void {
    const { place, series } = document
    if (number === undefined)
        throw new DocumentNumberError(
            `${place} is set, and is made of ${series.column.propertyPath}. Leave it undefined. To bring a number along, set ` +
                "both.",
        )
    const shown = typeof text === "string" ? [...text.matchAll(/\d+/g)] : []
    if (shown.some(([digits]) => parseNumber(digits) === number)) {
        refuseText(document, String(text))
        return
    }
    throw new DocumentNumberError(
        `${place} is set, and does not show the number that ${series.column.propertyPath} is set to. Leave the text ` +
            "undefined to have it made.",
    )
}

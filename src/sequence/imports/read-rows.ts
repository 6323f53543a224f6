import type { ObjectLiteral } from "typeorm"
import type { Token } from "../../declared/documents/format"
import type { Scope } from "../../dialects/columns"
import { AutoSequenceError, type ImportConflict } from "../../errors"
import { refuseNoOwnNumber, showNumber } from "../../numbers/number-values"
import { keptMoment, periodOfDate } from "../../numbers/periods/row-date"
import { checkedZone } from "../../numbers/periods/row-zones"
import { parseText } from "../../series/documents/parse-text"
import { isRelated } from "../../series/periods/zone"
import { preparedText, scopeWith } from "../../series/scopes/scope"
import type { Document, Series } from "../../series/series"
import { dataSourceOf } from "../../typeorm/compat"

/** @internal A historic row, with its number and scope. */
export interface ImportedRow {
    readonly index: number
    readonly text: string | null
    /** The row with its number, as it is inserted. */
    readonly row: ObjectLiteral
    readonly number: bigint
    readonly scope: Scope
}

/** @internal Reports a row that can't be imported, and why. */
export type Report = (
    kind: ImportConflict["kind"],
    at: { readonly index: number; readonly text: string | null },
    problem: string,
) => void

/** @internal Reads the number of a row out of its text, and its scope; undefined where that was reported. */
export function readRow(
    series: Series,
    document: Document | undefined,
    given: ObjectLiteral,
    {
        index,
        formats,
        report,
    }: { index: number; formats: readonly (readonly Token[])[]; report: Report },
): ImportedRow | undefined {
    const shown: unknown = document?.column.getEntityValue(given)
    const text = typeof shown === "string" ? shown : null
    const at = { index, text }
    const parts =
        document && text !== null
            ? (parseText(document, text, formats) ?? parseText(document, text))
            : undefined
    if (text !== null && !parts) {
        report("unreadable", at, "the text matches none of the formats.")
        return undefined
    }
    try {
        const own: unknown = series.column.getEntityValue(given)
        const set = own === undefined || own === null ? undefined : refuseNoOwnNumber(series, own)
        const number = parts?.number ?? set
        if (number === undefined) {
            report("incomplete", at, "it has neither a text nor a number.")
            return undefined
        }
        if (set !== undefined && set !== number) {
            report("contradiction", at, `the text shows ${number}, but the number is ${set}.`)
            return undefined
        }
        const row = { ...given }
        showNumber(series, row, number)
        const period = periodOf(series, row, parts?.period)
        if (period !== undefined && parts?.period !== undefined && period !== parts.period) {
            report(
                "contradiction",
                at,
                `the text is of period ${parts.period}, but the date is of ${period}.`,
            )
            return undefined
        }
        const scope = scopeWith(
            series.scopeColumns.map((column) =>
                column === series.period?.column
                    ? (period ?? null)
                    : preparedText(column, column.getEntityValue(row) ?? null),
            ),
        )
        return { ...at, row, number, scope }
    } catch (error) {
        if (!(error instanceof AutoSequenceError)) throw error
        report("incomplete", at, error.message)
        return undefined
    }
}

/** The period of the date of a row, or that of its text where only the database knows the zone. */
function periodOf(
    { period }: Series,
    row: ObjectLiteral,
    told: string | undefined,
): string | undefined {
    if (!period) return undefined
    const { date, zone, content } = period
    const { driver } = dataSourceOf(date.entityMetadata)
    const value: unknown = driver.preparePersistentValue(date.getEntityValue(row), date)
    const isSet = value !== undefined && value !== null
    const own: unknown = isRelated(zone) ? undefined : zone.found?.column.getEntityValue(row)
    const known = own === undefined ? zone.fixed : checkedZone(period, own)
    const timeZone = content === "day" ? "" : known
    if (isSet && timeZone !== undefined)
        return periodOfDate(period, keptMoment(period, value), timeZone)
    // The INSERT refuses another one.
    if (told !== undefined && isSet) period.column.setEntityValue(row, told)
    return isSet ? told : periodOfDate(period, value, timeZone ?? "UTC")
}

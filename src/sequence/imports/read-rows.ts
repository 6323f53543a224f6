import type { ObjectLiteral } from "typeorm"
import type { Token } from "../../declared/documents/format"
import type { Scope } from "../../dialects/columns"
import { AutoSequenceError, type ImportConflict, UnknownScopeError } from "../../errors"
import { defaultOf } from "../../inserts/row-value"
import { valuesOfPaths } from "../../numbers/documents/row-paths"
import { refuseNoOwnNumber, showNumber } from "../../numbers/number-values"
import { keptMoment, periodOfDate } from "../../numbers/periods/row-date"
import { checkedZone } from "../../numbers/periods/row-zones"
import { parseText } from "../../series/documents/parse-text"
import { columnsOfPath } from "../../series/path"
import { isRelated } from "../../series/periods/zone"
import { scopeText, scopeWith } from "../../series/scopes/scope"
import { type Document, placeOf, type Series } from "../../series/series"
import { dataSourceOf } from "../../typeorm/compat"
import type { ColumnMetadata } from "../../typeorm/names"
import type { Sender } from "../../typeorm/statement"

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
        zone,
        formats,
        report,
    }: {
        index: number
        zone: unknown
        formats: readonly (readonly Token[])[]
        report: Report
    },
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
        const period = periodOf(series, row, zone)
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
                    : scopeValue(series, column, row),
            ),
        )
        return { ...at, row, number, scope }
    } catch (error) {
        if (!(error instanceof AutoSequenceError)) throw error
        report("incomplete", at, error.message)
        return undefined
    }
}

/** What a row is about to have in a column, as the driver sends it; NULL for none. */
function valueOf(row: ObjectLiteral, column: ColumnMetadata): unknown {
    const own: unknown = column.getEntityValue(row)
    if (own === undefined) return defaultOf(column)?.value ?? null
    return dataSourceOf(column.entityMetadata).driver.preparePersistentValue(own, column) ?? null
}

function scopeValue(series: Series, column: ColumnMetadata, row: ObjectLiteral): string | null {
    const value = valueOf(row, column)
    if (value !== null || column.isNullable) return scopeText(column, value)
    throw new UnknownScopeError(
        `The scope of ${placeOf(series)} can't be known: ${column.propertyPath} is not set.`,
    )
}

/** The period of the date of a row. */
function periodOf({ period }: Series, row: ObjectLiteral, zone: unknown): string | undefined {
    if (!period) return undefined
    const date = valueOf(row, period.date)
    const isZoned = date !== null && period.content !== "day"
    const name = periodOfDate(
        period,
        keptMoment(period, date),
        isZoned ? checkedZone(period, zone) : "",
    )
    // The INSERT refuses another one: the zone may change before it.
    if (isRelated(period.zone)) period.column.setEntityValue(row, name)
    return name
}

/** @internal The time zones by which the periods of rows are told, in their order. */
export async function zonesOf(
    sender: Sender,
    { period, metadata }: Series,
    rows: readonly ObjectLiteral[],
): Promise<unknown[]> {
    const path = period?.content === "day" ? undefined : period?.zone.found
    if (!path) return rows.map(() => period?.zone.fixed)
    const columns = columnsOfPath(path)
    return valuesOfPaths(
        sender,
        rows.map((row) => ({
            path,
            metadata,
            values: columns.map((column) => valueOf(row, column)),
        })),
    )
}

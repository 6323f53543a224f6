import { documents as declared } from "../../declared/registry"
import { groupBy } from "../../group-by"
import type { Insert, InsertRow } from "../../inserts/insert"
import { RowScopes } from "../../inserts/row-scope"
import { isSet, rowValue } from "../../inserts/row-value"
import type { DocumentFrame } from "../../series/documents/document"
import { isOwnColumn } from "../../series/own-columns"
import { framedSeriesOf } from "../../series/own-series"
import type { Document, Series } from "../../series/series"
import type { ColumnMetadata } from "../../typeorm/names"
import type { Sender } from "../../typeorm/statement"
import { explicitNumber } from "../number-values"
import type { NumberRequest } from "../number-request"
import type { GivenValue, PeriodRequest } from "../periods/give-periods"
import { type AskedPath, pathOfRow, valuesOfPaths } from "./row-paths"
import { checkedText, refuseOtherText, rowFrame } from "./row-frame"
import { rowView } from "./row-view"
import { type ScopeSettings, settingsOfScopes, showsSettings } from "./scope-settings"

/** @internal A text that a row of an INSERT is to be given with its number. */
export interface TextRequest {
    readonly series: Series
    readonly document: Document
    readonly row: InsertRow
    /** The number that the caller has set. */
    readonly explicit?: bigint
}

/** @internal The same, made but for its number. */
export interface FramedText extends TextRequest {
    readonly frame: DocumentFrame
}

/** @internal The texts that rows of an INSERT are to be given. Refuses those that the caller has set otherwise. */
export function textRequests(insert: Insert): TextRequest[] {
    const requests: TextRequest[] = []
    for (const { row, one: series } of insert.rowsWith(framedSeriesOf)) {
        const explicit = explicitNumber(series, row)
        const isMade = explicit !== null && (explicit !== undefined || !series.assignsAtCommit)
        for (const document of ownDocuments(series, row)) {
            if (isSet(row, document.column)) refuseSetText(document, row, explicit ?? undefined)
            else if (isMade) requests.push({ series, document, row, explicit })
        }
    }
    return requests
}

/** @internal Whether it shows what other rows have. */
export function readsOthers({ paths }: Document): boolean {
    return [...paths.values()].some(({ relations }) => relations.length > 0)
}

/** @internal A text, and the row that it is given to. */
export interface MadeText extends FramedText {
    readonly text: string
}

/** @internal The texts of rows whose numbers are known. */
export function madeTexts(
    texts: readonly FramedText[],
    numbers: readonly NumberRequest[],
): MadeText[] {
    const byRow = groupBy(numbers, ({ row }) => row)
    return texts.flatMap((one): MadeText[] => {
        const { series, row, explicit, document, frame } = one
        const made = byRow.get(row)?.find((request) => request.series === series)
        const number = explicit ?? made?.number
        return number === undefined ? [] : [{ ...one, text: checkedText(document, frame, number) }]
    })
}

/** @internal */
export function givenText({ row, document, text }: MadeText): GivenValue {
    return { row, column: document.column, value: text }
}

/** @internal Refuses the text that a row comes with, unless it is that of the number that it comes with as well. */
export function refuseSetText(
    document: Document,
    row: InsertRow,
    explicit: bigint | undefined,
): void {
    refuseOtherText(document, valueOf(row, document.column), explicit)
}

/** @internal Those of a row: classes of one table have texts of their own. */
export function ownDocuments({ documents }: Series, { metadata }: InsertRow): readonly Document[] {
    return documents.filter(({ column }) => isOwnColumn(column, metadata.target, declared))
}

/** @internal Makes texts but for their numbers, of what rows are about to have, and what they lead to. */
export async function frameTexts(
    runner: Sender,
    requests: readonly TextRequest[],
    periods: readonly PeriodRequest[],
): Promise<FramedText[]> {
    const asked: (AskedPath & { readonly request: TextRequest })[] = []
    for (const request of requests)
        for (const path of request.document.paths.values())
            asked.push({ request, ...pathOfRow(path, request.row, request.document.place) })
    const found = await valuesOfPaths(runner, asked)
    const values = new Map<TextRequest, Map<unknown, unknown>>()
    for (const [at, { request, path }] of asked.entries()) {
        const own = values.get(request) ?? new Map<unknown, unknown>()
        values.set(request, own.set(path, found[at]))
    }
    const settings = await settingsOfRows(runner, requests)
    const periodsOf = groupBy(periods, ({ row }) => row)
    return requests.map((request) => {
        const { document, row, series } = request
        const own = values.get(request)
        return {
            ...request,
            frame: rowFrame(document, {
                day: periodsOf.get(row)?.find((one) => one.series === series)?.day,
                valueOf: (path) => (own?.has(path) ? own.get(path) : valueOf(row, path.column)),
                settings: settings.get(request),
                view: () => row.entity ?? rowView(row.metadata, knownValues(row)),
            }),
        }
    })
}

/** What is registered for the scopes of rows. */
async function settingsOfRows(
    runner: Sender,
    requests: readonly TextRequest[],
): Promise<Map<TextRequest, ScopeSettings | undefined>> {
    const found = new Map<TextRequest, ScopeSettings | undefined>()
    const scopes = new RowScopes()
    for (const [series, ofSeries] of groupBy(requests, (one) => one.series)) {
        if (!showsSettings(series)) continue
        const asked = ofSeries.map((one) => [one, scopes.of(series, one.row)] as const)
        const settings = await settingsOfScopes(
            runner,
            series,
            asked.map(([, scope]) => scope),
        )
        for (const [one, scope] of asked) found.set(one, settings.get(scope))
    }
    return found
}

function valueOf(row: InsertRow, column: ColumnMetadata): unknown {
    const found = rowValue(row, column)
    return "value" in found ? found.value : undefined
}

function knownValues(row: InsertRow): Map<ColumnMetadata, unknown> {
    return new Map(row.metadata.columns.map((column) => [column, valueOf(row, column)]))
}

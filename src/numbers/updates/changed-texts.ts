import { type Update, valueOfPiece } from "../../inserts/sql/update"
import type { Document } from "../../series/series"
import type { ColumnMetadata } from "../../typeorm/names"
import type { Sender } from "../../typeorm/statement"
import { checkedText, rowFrame } from "../documents/row-frame"
import { settingsOfScopes } from "../documents/scope-settings"
import { rowView } from "../documents/row-view"
import { parseNumber } from "../number-values"
import type { Change } from "./change"
import { dayOfRow } from "./changed-periods"
import type { ChangedRequest } from "./changed-requests"
import type { ChangedRows, StoredRow } from "./changed-rows"

/** @internal The texts of rows that are given another number, or their first one. */
export async function changedTexts(
    runner: Sender,
    change: Change,
    { periods }: ChangedRows,
    requests: readonly ChangedRequest[],
    entityOf: (row: StoredRow) => object | undefined,
): Promise<Map<StoredRow, Map<ColumnMetadata, string>>> {
    const { series, update } = change
    const texts = new Map<StoredRow, Map<ColumnMetadata, string>>()
    if (series.documents.length === 0) return texts
    const settings = await settingsOfScopes(
        runner,
        series,
        requests.map(({ scope }) => scope),
    )
    for (const { row, number, explicit, scope } of requests) {
        const given = number ?? explicit
        // One that is made for another scope may be the same.
        const isKept =
            explicit !== undefined && explicit === parseNumber(row.number) && !periods.has(row)
        if (given === undefined || isKept) continue
        const own = new Map<ColumnMetadata, string>()
        let at = 0
        for (const document of series.documents) {
            const values = new Map(
                [...document.paths.values()].map((path) => [path, row[`d${at++}`]]),
            )
            const frame = rowFrame(document, {
                // Who moves within a period keeps it.
                day: periods.get(row)?.day ?? dayOfRow(change, row),
                valueOf: (path) =>
                    values.has(path)
                        ? values.get(path)
                        : valueAfter(document, update, row, path.column),
                settings: settings.get(scope),
                view: () => viewAfter(document, update, row, entityOf(row)),
            })
            own.set(document.column, checkedText(document, frame, given))
        }
        texts.set(row, own)
    }
    return texts
}

function viewAfter(
    document: Document,
    update: Update,
    row: StoredRow,
    entity: object | undefined,
): object {
    const { metadata } = document
    const values = metadata.columns.map(
        (column) => [column, valueAfter(document, update, row, column)] as const,
    )
    return rowView(metadata, new Map(values), entity)
}

function valueAfter(
    { metadata }: Document,
    update: Update,
    row: StoredRow,
    column: ColumnMetadata,
): unknown {
    const set = update.valueOf(column)
    const value = set && valueOfPiece(set)
    return value === undefined ? row[`v${metadata.columns.indexOf(column)}`] : value
}

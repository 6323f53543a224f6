import type { Session } from "../../inserts/session"
import { type Update, valueOfPiece } from "../../inserts/sql/update"
import type { Document } from "../../series/series"
import type { ColumnMetadata } from "../../typeorm/names"
import { checkedText, rowFrame } from "../documents/row-frame"
import { settingsOfScopes } from "../documents/scope-settings"
import { rowView } from "../documents/row-view"
import { parseNumber } from "../number-values"
import type { Change } from "./change"
import { dayOfRow } from "./changed-periods"
import type { ChangedRequest, SetBeside } from "./changed-requests"
import type { ChangedRows, StoredRow } from "./changed-rows"
import { entityOf } from "./entities/updated-entities"

/** @internal The texts of rows that are given another number, or their first one. */
export async function changedTexts(
    session: Session,
    change: Change & ChangedRows,
    requests: readonly ChangedRequest[],
    beside: SetBeside,
): Promise<Map<StoredRow, Map<ColumnMetadata, string>>> {
    const { series, update, periods } = change
    const texts = new Map<StoredRow, Map<ColumnMetadata, string>>()
    if (series.documents.length === 0) return texts
    const settings = await settingsOfScopes(
        session,
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
            const after = (column: ColumnMetadata) =>
                beside(row, column) ?? valueAfter(document, update, row, column)
            const frame = rowFrame(document, {
                // Who moves within a period keeps it.
                day: periods.get(row)?.day ?? dayOfRow(change, row),
                valueOf(path) {
                    const set = path.relations.length === 0 && beside(row, path.column)
                    if (typeof set === "string") return set
                    return values.has(path) ? values.get(path) : after(path.column)
                },
                settings: settings.get(scope),
                view: () => viewAfter(document, after, entityOf(session, series, row)),
            })
            own.set(document.column, checkedText(document, frame, given))
        }
        texts.set(row, own)
    }
    return texts
}

function viewAfter(
    { metadata }: Document,
    valueOf: (column: ColumnMetadata) => unknown,
    entity: object | undefined,
): object {
    const values = metadata.columns.map((column) => [column, valueOf(column)] as const)
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

import type { Insert } from "../../inserts/insert"
import { returnedRows } from "../../inserts/returned-rows"
import type { Session } from "../../inserts/session"
import { keysOf } from "../../series/scopes/scope-key"
import type { FramedText } from "../documents/framed-texts"
import { fitsWhatever } from "../documents/row-frame"
import { frameSql } from "../../series/documents/document-sql"
import type { NumberRequest } from "../number-request"
import { noteOf } from "../../signals/note"
import { parseNumber } from "../number-values"
import { counterSeriesOf } from "./counter-series"
import { counterTableOf } from "../../series/own-table"

/**
 * Whether the INSERT of one row moves the counter itself, which saves a statement: not for values that are made of
 * the number, nor where a database has no such statement.
 * @internal
 */
export function movesWithin(
    session: Session,
    insert: Insert,
    [request, ...others]: readonly NumberRequest[],
    texts: readonly FramedText[],
): boolean {
    if (!request || others.length > 0 || insert.rows.length > 1 || insert.upsert) return false
    const { series, explicit } = request
    const { strategy, gapless, dialect } = series
    if (!dialect.counter.moveWithin || strategy !== "counter" || !gapless) return false
    // The date is looked at when the counter is locked, and a text when its number is known.
    if (series.ascends || texts.some((one) => one.series !== series || !fitsWhatever(one)))
        return false
    return explicit === undefined && !session.derives(insert)
}

/** @internal Lets the INSERT do so. */
export async function moveWithin(
    session: Session,
    insert: Insert,
    [request]: readonly NumberRequest[],
    texts: readonly FramedText[],
): Promise<void> {
    if (!request) return
    const { series, scope, row } = request
    const { counter } = series.dialect
    const [key = ""] = await keysOf(session, series, [scope])
    const { name, columns } = counterSeriesOf(series)
    const { incrementBy, max } = series
    const base = (request.first ?? series.startAt) - incrementBy
    const moves = { series: name, base, moves: [{ key, by: incrementBy }], columns, max }
    row.assignSql(series.column, "moved.last")
    for (const { document, frame } of texts)
        row.assignSql(document.column, frameSql(series.dialect, frame, "moved.last"))
    insert.selectFrom("moved", (parameter) => {
        const table = counterTableOf(series.dataSource)
        return (counter.moveWithin?.(table, moves, parameter) ?? "") + noteOf(series.name)
    })
    insert.returnColumn(series.column)
    session.transaction?.holdsSeries(series.name)
}

/** @internal Reads the number that such an INSERT has returned. */
export function readMovedWithin(
    insert: Insert,
    [request]: readonly NumberRequest[],
    result: unknown,
): void {
    if (!request) return
    const values = returnedRows(insert, result)?.[request.row.at]
    request.number = parseNumber(values?.[request.series.column.databaseName])
}

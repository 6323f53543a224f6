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
 * Lets the INSERT of one row move the counter itself, which saves a statement. Whether it does: not
 * for values that are made of the number, nor where a database has no such statement.
 * @internal
 */
export async function moveWithinInsert(
    session: Session,
    insert: Insert,
    [request, ...others]: readonly NumberRequest[],
    texts: readonly FramedText[],
): Promise<boolean> {
    if (!request || others.length > 0 || insert.rows.length > 1 || insert.upsert) return false
    const { series, scope, row, explicit } = request
    const { counter } = series.dialect
    const { moveWithin } = counter
    if (!moveWithin || series.strategy !== "counter" || !series.gapless) return false
    // The date is looked at when the counter is locked, and a text when its number is known.
    if (series.ascends || texts.some((one) => !fitsWhatever(one))) return false
    if (explicit !== undefined || session.derives(insert)) return false

    const [key = ""] = await keysOf(session, series, [scope])
    const { name, columns } = counterSeriesOf(series)
    const { incrementBy, max } = series
    const base = (request.first ?? series.startAt) - incrementBy
    const moves = { series: name, base, moves: [{ key, by: incrementBy }], columns, max }
    row.assignSql(series.column, "moved.last")
    for (const { document, frame } of texts)
        row.assignSql(document.column, frameSql(series.dialect, frame, "moved.last"))
    insert.selectFrom(
        "moved",
        (parameter) =>
            moveWithin.call(counter, counterTableOf(series.dataSource), moves, parameter) +
            noteOf(series.name),
    )
    insert.returnColumn(series.column)
    session.transaction?.holdsSeries(series.name)
    return true
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

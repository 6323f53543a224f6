import type { Beginning } from "../../dialects/dialect"
import type { Insert } from "../../inserts/insert"
import type { Session } from "../../inserts/session"
import { frameSql } from "../../series/documents/document-sql"
import { noteOf } from "../../signals/note"
import type { FramedText } from "../documents/framed-texts"
import { fitsWhatever } from "../documents/row-frame"
import type { NumberRequest } from "../number-request"
import { moveCounter } from "./move-counter"
import { readNext } from "./read-next"

/**
 * Lets the INSERT of one row take the number itself, which saves a statement, and returns whether it does: not for
 * values that are made of the number, nor where a database has no such statement.
 * @internal
 */
export async function takeWithin(
    session: Session,
    insert: Insert,
    [request, ...others]: readonly NumberRequest[],
    texts: readonly FramedText[],
): Promise<boolean> {
    if (!request || others.length > 0 || insert.rows.length > 1 || insert.upsert) return false
    const { series, row, explicit } = request
    // The date is looked at when the counter is locked, and a text when its number is known.
    if (series.ascends || texts.some((one) => one.series !== series || !fitsWhatever(one)))
        return false
    if (explicit !== undefined || session.derives(insert)) return false
    const begin = await beginningOf(session, request)
    if (!begin) return false
    insert.selectTaken((parameter) => begin(parameter) + noteOf(series.name))
    row.assignSql(series.column, "taken.number")
    for (const { document, frame } of texts)
        row.assignSql(document.column, frameSql(series.dialect, frame, "taken.number"))
    insert.returnColumn(series.column)
    return true
}

/** A query named `taken`, whose row has the `number`. */
async function beginningOf(
    session: Session,
    request: NumberRequest,
): Promise<Beginning | undefined> {
    const { strategy, gapless, dialect } = request.series
    if (strategy === "table-lock" && dialect.tableLock?.nextWithin)
        return readNext(session, request)
    const isMoved = strategy === "counter" && gapless && dialect.counter.moveWithin
    return isMoved ? moveCounter(session, request) : undefined
}

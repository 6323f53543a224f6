import { type ColumnMetadata, columnName } from "../../../typeorm/names"
import {
    changedEvents,
    moveEvent,
    type RowEvent,
    writeEvent,
} from "../../statements/journal/event-sql"
import type { TriggeredColumn } from "../../statements/trigger-statements"
import { mysqlJournal } from "../journal"
import { literal } from "../literal"
import { isBinary } from "../types"

const GIVES_NUMBERS = "COALESCE(@autosequence_given, FALSE)"

/** What the triggers of a column have for the journal; nothing where none is kept. */
interface EventBlocks {
    /** Forgets what is noted of the row before. */
    readonly forget: string
    /** Notes where the scope of a new row was before its number, which the writer has set. */
    readonly note: string
    /** Writes of a row that is in the table that its number was set. */
    readonly inserted: string
    /** Writes of a stored row that it has another number or none, and that the writer has set the number. */
    readonly changed: string
    /** Writes of a stored row whose number was taken off, and which gets the next one for it. */
    readonly renumbered: string
    /** Writes that a row with a number is deleted. */
    readonly deleted: string
}

/** @internal */
export function eventBlocks(column: TriggeredColumn): EventBlocks {
    if (!column.journal)
        return { forget: "", note: "", inserted: "", changed: "", renumbered: "", deleted: "" }
    const number = columnName(column.series.column)
    const text = (sql: string) => `CAST(${sql} AS CHAR)`
    const bytes = (sql: string, one: ColumnMetadata) =>
        isBinary(one) ? text(`HEX(${sql})`) : text(sql)
    const write = (event: RowEvent) =>
        writeEvent(column, mysqlJournal, { text, bytes, literal }, event)
    const deleted = write({ kind: "delete", row: "OLD" })
    const explicit = (before: string) =>
        write({ kind: "explicit", row: "NEW", more: [["before", text(before)]] })
    const before = `@autosequence_set_${column.pending}`
    return {
        forget: `
    SET ${before} = NULL;`,
        note: `
        IF NOT ${GIVES_NUMBERS} THEN
            SET ${before} = v_before;
        END IF;`,
        inserted: `
    IF ${before} IS NOT NULL THEN
        ${explicit(before)}
    END IF;`,
        changed: changedEvents(column, {
            deleted,
            moved: write(moveEvent(column, mysqlJournal, text)),
            explicit: explicit("v_before"),
            givesNumbers: GIVES_NUMBERS,
        }),
        renumbered: `
        IF OLD.${number} IS NOT NULL THEN
            ${deleted}
        END IF;`,
        deleted: `
        ${deleted}`,
    }
}

import { columnName } from "../../../typeorm/names"
import { moveEvent, type RowEvent, writeEvent } from "../../statements/journal/event-sql"
import type { TriggeredColumn } from "../../statements/trigger-statements"
import { mysqlJournal } from "../journal"
import { literal } from "../literal"

const GIVES_NUMBERS = "COALESCE(@autosequence_given, FALSE)"

/** What the triggers of a column have for the journal; nothing where none is kept. */
interface EventBlocks {
    /** Notes whether the writer has set the number of a new row. */
    readonly note: string
    /** Writes of a row that is in the table that its number was set. */
    readonly inserted: string
    /** Writes of a stored row that its number was set, or that it has another one. */
    readonly changed: string
    /** Writes that a row with a number is deleted. */
    readonly deleted: string
}

/** @internal */
export function eventBlocks(column: TriggeredColumn): EventBlocks {
    if (!column.journal) return { note: "", inserted: "", changed: "", deleted: "" }
    const number = columnName(column.series.column)
    const text = (sql: string) => `CAST(${sql} AS CHAR)`
    const write = (event: RowEvent) => writeEvent(column, mysqlJournal, { text, literal }, event)
    const explicit = write({ kind: "explicit", row: "NEW" })
    const isSet = `@autosequence_set_${column.pending}`
    return {
        note: `
    SET ${isSet} = NEW.${number} IS NOT NULL AND NOT ${GIVES_NUMBERS};`,
        inserted: `
    IF ${isSet} THEN
        ${explicit}
    END IF;`,
        changed: `
        IF OLD.${number} IS NOT NULL THEN
            ${write(moveEvent(column, mysqlJournal, text))}
        ELSEIF NEW.${number} IS NOT NULL AND NOT ${GIVES_NUMBERS} THEN
            ${explicit}
        END IF;`,
        deleted: `
        ${write({ kind: "delete", row: "OLD" })}`,
    }
}

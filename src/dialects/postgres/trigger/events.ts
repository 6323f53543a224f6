import { columnName } from "../../../typeorm/names"
import { moveEvent, type RowEvent, writeEvent } from "../../statements/journal/event-sql"
import type { TriggeredColumn } from "../../statements/trigger-statements"
import { postgresJournal } from "../journal"
import { literal } from "../literal"
import { raise } from "./raise"

/** Whether the numbers that a session sets are given by this library. */
const GIVES_NUMBERS = "COALESCE(current_setting('autosequence.given', true), '') = 'on'"

/** What the triggers of a column have for the journal; nothing where none is kept. */
interface EventBlocks {
    readonly declare: string
    /** Notes whether the writer has set the number of a new row. */
    readonly note: string
    /** What is put before the note of a row that is not known to be in the table. */
    readonly mark: string
    /** Writes of a row that is in the table that its number was set. */
    readonly inserted: string
    /** Writes of a stored row that its number was set, or that it has another one. */
    readonly changed: string
    /** Writes that a row with a number is deleted. */
    readonly deleted: string
}

/** @internal */
export function eventBlocks(column: TriggeredColumn): EventBlocks {
    const none = { declare: "", note: "", mark: "", inserted: "", changed: "", deleted: "" }
    if (!column.journal) return none
    const number = columnName(column.series.column)
    const text = (sql: string) => `(${sql})::text`
    const write = (event: RowEvent) => writeEvent(column, postgresJournal, { text, literal }, event)
    const moved = moveEvent(column, postgresJournal, text)
    return {
        declare: "\n    v_explicit text := '';",
        note: `
    IF NEW.${number} IS NOT NULL AND NOT ${GIVES_NUMBERS} THEN
        v_explicit := '+';
    END IF;`,
        mark: "v_explicit || ",
        inserted: `
    IF TG_LEVEL = 'ROW' THEN
        IF TG_OP = 'INSERT' THEN
            ${write({ kind: "explicit", row: "NEW" })}
        END IF;
        RETURN NULL;
    END IF;`,
        changed: `
    IF OLD.${number} IS NULL THEN
        IF NEW.${number} IS NOT NULL AND NOT ${GIVES_NUMBERS} THEN
            ${write({ kind: "explicit", row: "NEW" })}
        END IF;
    ELSE
        ${write(moved)}
    END IF;`,
        deleted: `
            ${write({ kind: "delete", row: "OLD" })}`,
    }
}

/** @internal Looks at rows with numbers that are to be deleted. */
export function keepStored(column: TriggeredColumn, allowsChanges: string): string {
    const { series, deletable, journal } = column
    if (deletable === true && !journal) return ""
    const said = postgresJournal.said?.("reason") ?? "NULL"
    const isFree =
        deletable === "withReason" ? `(${allowsChanges} OR ${said} IS NOT NULL)` : allowsChanges
    const hint =
        deletable === "withReason"
            ? "Say why: SET LOCAL autosequence.reason = ''…''."
            : "Void it instead. To delete one all the same: SET LOCAL autosequence.allow_changes = ''on''."
    const refusal =
        deletable === true
            ? ""
            : `
            IF NOT ${isFree} THEN
                ${raise(series, "notDeletable")},
                    HINT = '${hint}';
            END IF;`
    return `
    IF TG_OP = 'DELETE' THEN
        IF OLD.${columnName(series.column)} IS NOT NULL THEN${refusal}${eventBlocks(column).deleted}
        END IF;
        RETURN OLD;
    END IF;`
}

import { columnName } from "../../../typeorm/names"
import {
    changedEvents,
    moveEvent,
    type RowEvent,
    writeEvent,
} from "../../statements/journal/event-sql"
import type { TriggeredColumn } from "../../statements/trigger-statements"
import { postgresJournal } from "../journal"
import { literal } from "../literal"
import { counterSql } from "./counter-sql"
import { postgresSyntax, raise } from "./syntax"

/** Whether the numbers that a session sets are given by this library. */
const GIVES_NUMBERS = "COALESCE(current_setting('autosequence.given', true), '') = 'on'"

/** Of how many rows one setting keeps where their scopes were before. */
const BEFORES = 500

/** What the triggers of a column have for the journal; nothing where none is kept. */
interface EventBlocks {
    readonly declare: string
    /** Notes whether the writer has set the number of a new row. */
    readonly note: string
    /** What is put before the note of a row that is not known to be in the table: where its scope was, if its number was set. */
    readonly mark: string
    /** The note without that. */
    unmarked(note: string): string
    /** Looks where the scope of a stored row is before it gets a number. */
    readonly look: string
    /** Writes of a row that is in the table that its number was set. */
    readonly inserted: string
    /** Writes of a stored row that it has another number or none, and that the writer has set the number. */
    readonly changed: string
    /** Writes that a row with a number is deleted. */
    readonly deleted: string
}

const NONE: EventBlocks = {
    declare: "",
    note: "",
    mark: "",
    unmarked: (note) => note,
    look: "",
    inserted: "",
    changed: "",
    deleted: "",
}

/** @internal */
export function eventBlocks(column: TriggeredColumn): EventBlocks {
    if (!column.journal) return NONE
    const { c, isOf } = counterSql(column)
    const number = columnName(column.series.column)
    const text = (sql: string) => `(${sql})::text`
    const write = (event: RowEvent) => writeEvent(column, postgresJournal, { text, literal }, event)
    const deleted = write({ kind: "delete", row: "OLD" })
    const explicit = (before: string) =>
        write({ kind: "explicit", row: "NEW", more: [["before", text(before)]] })
    return {
        declare: "\n    v_explicit boolean := false;",
        note: `
    v_explicit := NEW.${number} IS NOT NULL AND NOT ${GIVES_NUMBERS};`,
        mark: "CASE WHEN v_explicit THEN '+' || COALESCE(v_before, v_last) || '+' ELSE '' END || ",
        unmarked: (note) => `regexp_replace(${note}, '^[+].*?[+]', '')`,
        look: `
        SELECT c.${c.last} INTO v_before FROM ${c.name} c WHERE ${isOf(column.keyOf("NEW"))} FOR NO KEY UPDATE;
        v_before := COALESCE(v_before, v_rows);`,
        inserted: `
    IF TG_LEVEL = 'ROW' THEN
        IF TG_OP = 'INSERT' THEN
            DECLARE
                v_place text := '${placeOfBefores(column)}' || (pg_trigger_depth() - 1) || '_';
                v_at integer := concat('0', current_setting(v_place || 'written', true));
            BEGIN
                v_set := set_config(v_place || 'written', (v_at + 1)::text, true);
                v_set := split_part(current_setting(v_place || v_at / ${BEFORES}, true), ' ', v_at % ${BEFORES} + 1);
                ${explicit("v_set")}
            END;
        END IF;
        RETURN NULL;
    END IF;`,
        changed: changedEvents(column, {
            deleted,
            moved: write(moveEvent(column, postgresJournal, text)),
            explicit: explicit("v_before"),
            givesNumbers: GIVES_NUMBERS,
        }),
        deleted: `
            ${deleted}`,
    }
}

/**
 * What a condition asks whose trigger writes of a new row that the writer has set its number: it notes that the row is in
 * the table. The trigger runs when all rows of the statement are, in the same order, so the condition keeps for it where
 * their scopes were: in several settings, as each is copied whenever it is read or written.
 * @internal
 */
export function noteExplicit(column: TriggeredColumn): string {
    return `
DECLARE
    v_name text := 'autosequence.unused_${column.pending}_' OPERATOR(pg_catalog.||) pg_catalog.pg_trigger_depth();
    v_note text := pg_catalog.current_setting(v_name, true);
    v_place text;
    v_at integer;
    v_set text;
BEGIN
    v_set := pg_catalog.set_config(v_name, '-', true);
    IF pg_catalog.left(v_note, 1) OPERATOR(pg_catalog.=) '+' THEN
        v_place := pg_catalog.concat('${placeOfBefores(column)}', pg_catalog.pg_trigger_depth(), '_');
        v_name := pg_catalog.concat(v_place, 'kept');
        v_at := pg_catalog.concat('0', pg_catalog.current_setting(v_name, true));
        v_set := pg_catalog.set_config(v_name, pg_catalog.int4pl(v_at, 1)::text, true);
        v_name := pg_catalog.concat(v_place, pg_catalog.int4div(v_at, ${BEFORES}));
        v_set := pg_catalog.set_config(v_name, pg_catalog.concat(
            pg_catalog.current_setting(v_name, true), pg_catalog.split_part(v_note, '+', 2), ' '), true);
        RETURN true;
    END IF;
    RETURN false;
END
`
}

function placeOfBefores({ pending }: TriggeredColumn): string {
    return `autosequence.before_${pending}_`
}

/** @internal Looks at rows with numbers that are to be deleted. */
export function keepStored(column: TriggeredColumn): string {
    const { allowsChanges } = postgresSyntax
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

import { columnName } from "../../../typeorm/names"
import type { TriggeredColumn } from "../../statements/trigger-statements"
import { literal } from "../literal"
import { counterSql } from "./counter-sql"
import { isCommitting, moveAlong, numberAtCommit } from "./commit"
import { eventBlocks, keepStored, noteExplicit } from "./events"
import { periodBlocks } from "../../statements/blocks/period-blocks"
import { postgresSyntax, raise } from "./syntax"
import { isOfKinds, lookAtRows, refuseDisorder } from "./rows"
import { slotsOf } from "./slots"
import { textBlocks } from "../../statements/blocks/text-blocks"

/** @internal The bodies of the functions that the triggers of a column call. */
export interface TriggerBodies {
    /** Gives a row its number. */
    readonly number: string
    /** Brings the counters to where the rows of a statement have left them. */
    readonly settle: string
    /** Refuses changes of stored rows. */
    readonly keep: string
    /** Notes that a row is in the table. */
    readonly inserted: string
    /** Has the row numbered whose transaction ends. */
    readonly commit: string
}

// Of our own choice, to keep clear of the locks of applications.
const LOCK = "1635087729"

/** @internal Whether rows get their numbers by other statements than their INSERT. */
export function isLate({ condition, assignsAtCommit }: TriggeredColumn): boolean {
    return condition !== undefined || assignsAtCommit
}

/** @internal */
export function triggerBodies(column: TriggeredColumn): TriggerBodies {
    const { series, base, keyOf } = column
    const { incrementBy: step, max } = series
    const sql = counterSql(column)
    const { c, name, insert, isOf, now, movedBy } = sql
    const slots = slotsOf(column, sql)
    const { pending, used, scopeAt, lastAt, place } = slots
    const period = periodBlocks(column, postgresSyntax)
    const shown = textBlocks(column, period.day, postgresSyntax)
    const disorder = refuseDisorder(column)
    const events = eventBlocks(column)
    const number = `NEW.${columnName(series.column)}`
    const stored = `OLD.${columnName(series.column)}`
    // A counter that is closed does not move.
    const isOpen = `c.${c.movedBy} >= 0`
    const refuseClosed = (indent: string) => `
${indent}IF v_moved < 0 THEN
${indent}    ${raise(series, "closed")};
${indent}END IF;`
    const move = `UPDATE ${c.name} c SET ${c.last} = GREATEST(c.${c.last}, ${base}) + ${step},
            ${c.movedBy} = ${movedBy} + ${step}, ${c.movedAt} = ${now}`
    const moveCounter = column.assignsAtCommit
        ? moveAlong(column, move, `${isOf("v_key")} AND ${isOpen}`)
        : `${move} WHERE ${isOf("v_key")} AND ${isOpen} RETURNING c.${c.last}, c.${c.movedBy} INTO v_last, v_moved;`
    const setTo = (last: string) => `${slots.setTo(last)} AND c.${c.last} <> ${last};`

    return {
        number: `
DECLARE
    ${slots.declarePending}
    v_key text;
    v_scope text;
    ${slots.variables}
    v_unused text;
    v_was_left_out boolean := false;
    v_before bigint;
    v_last bigint;
    v_moved bigint;
    v_rows bigint;
    v_set text;${column.assignsAtCommit ? "\n    v_at tid;" : ""}${period.declare}${shown.declare}${events.declare}
BEGIN${slots.giveBack}${leaveAlone(column)}${shown.refuse}${period.number}${events.note}
    v_key := ${keyOf("NEW")};
    v_scope := ${literal(place)} || v_key;
    IF current_setting(${used}, true) <> '' THEN
        ${slots.find}
    END IF;
    IF v_held = v_scope THEN
        v_before := current_setting(${lastAt})::bigint;
        v_last := GREATEST(v_before, COALESCE(${number}, GREATEST(v_before, ${base}) + ${step}));
        v_set := set_config(${lastAt}, v_last::text, true);
    ELSIF ${number} IS NULL THEN
        IF COALESCE(current_setting(${pending}, true), '') = '' THEN
            -- Who waits in this line does not crowd around the row. One such lock is enough for a
            -- transaction, as it may have thousands of scopes.
            v_set := pg_advisory_xact_lock(${LOCK}, hashtext(v_scope));
        END IF;
        ${moveCounter}
        IF NOT FOUND THEN
            ${lookAtRows(column)}
            ${insert}
                VALUES (${name}, v_key, v_rows + ${step}, ${step}, ${now})
                ON CONFLICT (${c.series}, ${c.scope}) DO UPDATE SET ${c.last} = GREATEST(c.${c.last}, ${base}) + ${step},
                ${c.movedBy} = ${step}, ${c.movedAt} = EXCLUDED.${c.movedAt} WHERE ${isOpen}
                RETURNING c.${c.last}, c.${c.movedBy} INTO v_last, v_moved;
            IF NOT FOUND THEN
                ${raise(series, "closed")};
            END IF;
        END IF;
        v_before := v_last - ${step};
    ELSE
        -- Who closes it waits for this row, and writers of the scope do not.
        SELECT c.${c.last}, c.${c.movedBy} INTO v_last, v_moved FROM ${c.name} c WHERE ${isOf("v_key")} FOR KEY SHARE;${refuseClosed("        ")}
        IF v_last IS NULL OR ${column.ascends ? "true" : `v_last < ${number}`} THEN
            ${lookAtRows(column)}
            ${insert}
                VALUES (${name}, v_key, v_rows, 0, ${now})
                ON CONFLICT (${c.series}, ${c.scope}) DO NOTHING;
            SELECT c.${c.last}, c.${c.movedBy} INTO v_before, v_moved FROM ${c.name} c WHERE ${isOf("v_key")} FOR NO KEY UPDATE;${refuseClosed("            ")}
            UPDATE ${c.name} c SET ${c.last} = GREATEST(v_before, ${number}),
                ${c.movedBy} = ${movedBy} + GREATEST(${number} - v_before, 0), ${c.movedAt} = ${now}
                WHERE ${isOf("v_key")} RETURNING c.${c.last}, c.${c.movedBy} INTO v_last, v_moved;
        END IF;
    END IF;
    IF v_held = '' AND v_before IS NOT NULL AND (v_moved > ${step} OR v_was_left_out) THEN
        -- A partition that is written to by its own name has no trigger for the statement.
        IF NOT (SELECT relispartition FROM pg_class WHERE oid = TG_RELID) THEN
            ${slots.find}
            IF v_held = '' THEN
                v_set := set_config(${scopeAt}, v_scope, true);
                v_set := set_config(${lastAt}, v_last::text, true);
                v_set := set_config(${used}, concat_ws(' ', NULLIF(current_setting(${used}, true), ''), v_slot), true);
            END IF;
        END IF;
    END IF;
    IF ${number} IS NULL AND v_last > ${max} THEN
        ${raise(series, "overflow")};
    END IF;
    ${number} := COALESCE(${number}, v_last);${disorder}${shown.write}
    v_set := set_config(${pending}, ${events.mark}COALESCE(v_before::text || ' ' || v_last::text || ' ' || v_scope, '-'), true);
    RETURN NEW;
END
`,

        // It runs as whoever inserts, with whatever search path.
        inserted: column.journal
            ? noteExplicit(column)
            : `
BEGIN
    RETURN pg_catalog.set_config('autosequence.unused_${column.pending}_' OPERATOR(pg_catalog.||) pg_catalog.pg_trigger_depth(), '-', true) IS NULL;
END
`,

        settle: `
DECLARE
    ${slots.declarePending}
    v_used text;
    v_scope text;
    ${slots.variables}
    v_unused text;
    v_was_left_out boolean;
    v_before bigint;
    v_last bigint;
    v_set text;
BEGIN${events.inserted}${slots.giveBack}
    v_used := current_setting(${used}, true);
    IF v_used <> '' THEN
        FOREACH v_slot IN ARRAY string_to_array(v_used, ' ') LOOP
            v_scope := current_setting(${scopeAt}, true);
            CONTINUE WHEN COALESCE(NOT starts_with(v_scope, ${literal(place)}), true);
            v_last := current_setting(${lastAt})::bigint;
            ${setTo("v_last")}
            v_set := set_config(${scopeAt}, '', true);
        END LOOP;
        v_set := set_config(${used}, '', true);
    END IF;
    RETURN NULL;
END
`,

        keep: `
DECLARE
    v_rows bigint;
    v_before bigint;
    v_moved bigint;${period.declare}${shown.declare}
BEGIN${keepStored(column)}${period.keep}${shown.keep}
    IF (${stored}, ${keyOf("OLD")}) IS NOT DISTINCT FROM (${number}, ${keyOf("NEW")}) THEN
        RETURN NEW;
    END IF;
    IF ${stored} IS NOT NULL
        AND COALESCE(current_setting('autosequence.allow_changes', true), '') <> 'on' THEN
        ${raise(series, "changed")},
            HINT = 'Numbers are not editable. To correct one all the same: SET LOCAL autosequence.allow_changes = ''on''.';
    END IF;
    IF ${number} IS NOT NULL THEN
        ${lookAtRows(column)}${events.look}
        ${insert}
            VALUES (${name}, ${keyOf("NEW")}, GREATEST(${number}, v_rows), 0, ${now})
            ON CONFLICT (${c.series}, ${c.scope}) DO UPDATE SET ${c.last} = EXCLUDED.${c.last},
            ${c.movedBy} = 0, ${c.movedAt} = EXCLUDED.${c.movedAt} WHERE c.${c.last} < EXCLUDED.${c.last} AND ${isOpen};
        SELECT c.${c.movedBy} INTO v_moved FROM ${c.name} c WHERE ${isOf(keyOf("NEW"))} FOR KEY SHARE;${refuseClosed("        ")}${disorder}
    END IF;${
        shown.write &&
        `
    IF ${stored} IS NULL THEN${shown.write}
    END IF;`
    }${events.changed}
    RETURN NEW;
END
`,

        commit: numberAtCommit(column),
    }
}

/** Rows that get no number, or none yet, or have one. */
function leaveAlone(column: TriggeredColumn): string {
    const { kinds, condition, assignsAtCommit, series } = column
    const number = `NEW.${columnName(series.column)}`
    const ofOthers = kinds ? [`NOT ${isOfKinds(kinds, "NEW")}`] : []
    const isDue = [
        ...(assignsAtCommit ? [isCommitting(column)] : []),
        ...(condition ? [`COALESCE(${condition("NEW")}, false)`] : []),
    ].join(" AND ")
    const early = isLate(column)
        ? // A number that an UPDATE sets is looked at by the trigger before.
          [`(CASE WHEN ${number} IS NULL THEN NOT (${isDue}) ELSE TG_OP = 'UPDATE' END)`]
        : []
    const all = [...ofOthers, ...early]
    if (all.length === 0) return ""
    return `
    IF ${all.join(" OR ")} THEN
        RETURN NEW;
    END IF;`
}

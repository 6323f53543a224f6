import {
    CURRENT_SCHEMA_HASH,
    shortHash,
    type TriggeredColumn,
} from "../../statements/trigger-statements"
import { literal } from "../literal"
import type { CounterSql } from "./counter-sql"
import { eventBlocks } from "./events"

const SLOTS = 128

/**
 * What triggers keep in settings, which belong to the transaction and go back with a savepoint. The first row of a
 * transaction moves the counter. Where others of its scope follow, they take their numbers from settings: the
 * counter would have a version for each row, and each row would walk over all of those before. Anybody may write
 * such settings, so they never move a counter further than an INSERT could.
 */
interface Slots {
    /** The name of the setting that keeps the number of a row that is not known to be in the table. */
    readonly declarePending: string
    readonly pending: string
    readonly variables: string
    /** What the names of scopes begin with, as the settings of all columns are in one place. */
    readonly place: string
    /** The slots that are in use, as a setting. */
    readonly used: string
    readonly scopeAt: string
    readonly lastAt: string
    /** Ends at the slot of `v_scope`, or at one that is free, or at a third scope's. */
    readonly find: string
    /** Sets a counter to where settings say that it is. */
    setTo(last: string): string
    /** Takes the number of a row back that was left out. */
    readonly giveBack: string
}

/** @internal */
export function slotsOf(
    column: TriggeredColumn,
    { c, isOf, movedBy, isMovedHere }: CounterSql,
): Slots {
    const counted = column.counted.place + column.counted.name
    const lengthOf = (text: string) =>
        Array.from(text.replace(CURRENT_SCHEMA_HASH, shortHash(""))).length
    const place = `${lengthOf(counted)}:${counted}`
    const key = `substr(v_scope, ${lengthOf(place) + 1})`

    // A trigger that runs between may insert a row of its own, one level deeper.
    const pendingAt = (hash: string) => `'autosequence.unused_${hash}_' || (pg_trigger_depth() - 1)`
    const pending = "v_pending"
    const scopeAt = "'autosequence.scope' || v_slot"
    const lastAt = "'autosequence.last' || v_slot"
    const find = `v_slot := (hashtext(v_scope) & ${SLOTS - 1})::text;
        v_held := current_setting(${scopeAt}, true);
        IF v_held IS DISTINCT FROM v_scope THEN
            FOR v_probe IN 0..3 LOOP
                v_slot := ((hashtext(v_scope)::bigint + v_probe) & ${SLOTS - 1})::text;
                v_held := COALESCE(current_setting(${scopeAt}, true), '');
                EXIT WHEN v_held = v_scope OR v_held = '';
            END LOOP;
        END IF;`
    const setTo = (last: string) =>
        `UPDATE ${c.name} c SET ${c.last} = ${last}, ${c.movedBy} = ${movedBy} + ${last} - c.${c.last}
                WHERE ${isOf(key)} AND ${isMovedHere} AND ${last} >= c.${c.last} - c.${c.movedBy}`
    const giveBackOf = (pending: string) => `
    v_unused := ${eventBlocks(column).unmarked(`current_setting(${pending}, true)`)};
    IF length(v_unused) > 1 THEN
        v_was_left_out := true;
        -- A row was left out, by ON CONFLICT or by another trigger.
        v_before := split_part(v_unused, ' ', 1)::bigint;
        v_last := split_part(v_unused, ' ', 2)::bigint;
        v_scope := substr(v_unused, length(v_before::text) + length(v_last::text) + 3);
        ${find}
        IF v_held = v_scope THEN
            IF current_setting(${lastAt}) = v_last::text THEN
                v_set := set_config(${lastAt}, v_before::text, true);
            END IF;
        ELSE
            ${setTo("v_before")} AND c.${c.last} = v_last;
        END IF;
        v_set := set_config(${pending}, '-', true);
        v_before := NULL;
        v_held := '';
    END IF;`
    return {
        declarePending: `v_pending text := ${pendingAt(column.pending)};`,
        pending,
        variables: `v_slot text;
    v_held text := '';`,
        place,
        used: literal(`autosequence.used_${column.counted.place}${shortHash(column.counted.name)}`),
        scopeAt,
        lastAt,
        find,
        setTo,
        giveBack: column.givesBack
            .map((hash) => giveBackOf(hash === column.pending ? pending : pendingAt(hash)))
            .join(""),
    }
}

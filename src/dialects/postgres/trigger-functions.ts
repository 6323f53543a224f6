import type { CountedColumn } from "../columns"
import { type ColumnMetadata, columnName, columnType, tableName } from "../../typeorm/names"
import {
    CURRENT_SCHEMA_HASH,
    RAISED,
    raisedTexts,
    shortHash,
    type TriggeredColumn,
} from "../statements/trigger-statements"
import { lastWhere } from "./counter"
import { literal } from "./literal"
import { periodBlocks } from "./trigger-period"

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
}

const OWN_TABLE = "{autosequence:own table}"
/** @internal */
export const ALLOWS_CHANGES =
    "COALESCE(current_setting('autosequence.allow_changes', true), '') = 'on'"

const SLOTS = 128
// Of our own choice, to keep clear of the locks of applications.
const LOCK = "1635087729"

/**
 * The first row of a transaction moves the counter. Where others of its scope follow, they take
 * their numbers from settings, which belong to the transaction and go back with a savepoint: the
 * counter would have a version for each row, and each row would walk over all of those before.
 * Anybody may write such settings, so they never move a counter further than an INSERT could.
 * @internal
 */
export function triggerBodies(column: TriggeredColumn): TriggerBodies {
    const { counter: c, series, base, keyOf, kinds } = column
    const { incrementBy: step, max } = series
    const name = literal(series.name)
    const counted = column.counted.place + column.counted.name
    const lengthOf = (text: string) =>
        Array.from(text.replace(CURRENT_SCHEMA_HASH, shortHash(""))).length
    const place = `${lengthOf(counted)}:${counted}`
    const keyFrom = lengthOf(place) + 1
    const texts = raisedTexts(series)
    const period = periodBlocks(column, ALLOWS_CHANGES)

    // A trigger that runs between may insert a row of its own, one level deeper.
    const pendingAt = (hash: string) => `'autosequence.unused_${hash}_' || (pg_trigger_depth() - 1)`
    const unused = "v_pending"
    const declarePending = `v_pending text := ${pendingAt(column.pending)};`
    const used = literal(
        `autosequence.used_${column.counted.place}${shortHash(column.counted.name)}`,
    )
    const scopeAt = (slot: string) => `'autosequence.scope' || ${slot}`
    const lastAt = (slot: string) => `'autosequence.last' || ${slot}`
    // Ends at the slot of v_scope, or at one that is free, or at a third scope's.
    const findSlot = `v_slot := (hashtext(v_scope) & ${SLOTS - 1})::text;
        v_held := current_setting(${scopeAt("v_slot")}, true);
        IF v_held IS DISTINCT FROM v_scope THEN
            FOR v_probe IN 0..3 LOOP
                v_slot := ((hashtext(v_scope)::bigint + v_probe) & ${SLOTS - 1})::text;
                v_held := COALESCE(current_setting(${scopeAt("v_slot")}, true), '');
                EXIT WHEN v_held = v_scope OR v_held = '';
            END LOOP;
        END IF;`
    const slotVariables = `v_slot text;
    v_held text;`

    const number = `NEW.${columnName(series.column)}`
    const insert = `INSERT INTO ${c.name} AS c (${c.series}, ${c.scope}, ${c.last}, ${c.movedBy}, ${c.movedAt})`
    const isOf = (key: string) => `c.${c.series} = ${name} AND c.${c.scope} = ${key}`
    // The time zone is the session's to set.
    const now = "(CURRENT_TIMESTAMP AT TIME ZONE 'UTC')"
    const isMovedHere = `c.${c.movedAt} = ${now}`
    const movedBy = `CASE WHEN ${isMovedHere} THEN c.${c.movedBy} ELSE 0 END`
    // The operators of citext are not on the search path, so no index would help to look at the rows of
    // each new scope. The unique index guards them, but not those of other tables.
    const isSeen = column.sharers.length > 1 || !series.scopeColumns.some(isCitext)
    const lastIn = (table?: string, row = "NEW") =>
        column.sharers
            .map((sharer) => {
                const isOwn = sharer.metadata.tablePath === series.metadata.tablePath
                return lastInRows(sharer, column, isOwn && table ? table : undefined, row)
            })
            .join(", ")
    const renamed = `SELECT GREATEST(${base}, ${lastIn(OWN_TABLE, "($1)").replaceAll("%", "%%")})`
    // A table that was renamed since, or a partition, which is looked at with the others.
    const lookAtRows = isSeen
        ? `IF TG_TABLE_NAME = ${literal(series.metadata.tableName)} THEN
            v_rows := GREATEST(${base}, ${lastIn()});
        ELSE
            EXECUTE format(${literal(renamed.replaceAll(OWN_TABLE, "%1$s"))}, COALESCE(pg_partition_root(TG_RELID), TG_RELID)::regclass)
                USING NEW INTO v_rows;
        END IF;`
        : `v_rows := ${base};`

    const setTo = (last: string, key: string) =>
        `UPDATE ${c.name} c SET ${c.last} = ${last}, ${c.movedBy} = ${movedBy} + ${last} - c.${c.last}
                WHERE ${isOf(key)} AND ${isMovedHere} AND ${last} >= c.${c.last} - c.${c.movedBy}`
    const giveBackOf = (pending: string) => `
    v_unused := current_setting(${pending}, true);
    IF length(v_unused) > 1 THEN
        v_was_left_out := true;
        -- A row was left out, by ON CONFLICT or by another trigger.
        v_before := split_part(v_unused, ' ', 1)::bigint;
        v_last := split_part(v_unused, ' ', 2)::bigint;
        v_scope := substr(v_unused, length(v_before::text) + length(v_last::text) + 3);
        ${findSlot}
        IF v_held = v_scope THEN
            IF current_setting(${lastAt("v_slot")}) = v_last::text THEN
                v_set := set_config(${lastAt("v_slot")}, v_before::text, true);
            END IF;
        ELSE
            ${setTo("v_before", `substr(v_scope, ${keyFrom})`)} AND c.${c.last} = v_last;
        END IF;
        v_set := set_config(${pending}, '-', true);
    END IF;`
    const giveBack = column.givesBack
        .map((hash) => giveBackOf(hash === column.pending ? unused : pendingAt(hash)))
        .join("")

    const onlyKinds = kinds
        ? `
    IF COALESCE(NEW.${columnName(kinds.column)}::text NOT IN (${kinds.values.map(literal).join(", ")}), true) THEN
        RETURN NEW;
    END IF;`
        : ""

    return {
        number: `
DECLARE
    ${declarePending}
    v_key text;
    v_scope text;
    ${slotVariables}
    v_unused text;
    v_was_left_out boolean := false;
    v_before bigint;
    v_last bigint;
    v_moved bigint;
    v_rows bigint;
    v_set text;${period.declare}
BEGIN${onlyKinds}${giveBack}${period.number}
    v_key := ${keyOf("NEW")};
    v_scope := ${literal(place)} || v_key;
    v_before := NULL;
    v_moved := 0;
    v_held := '';
    IF current_setting(${used}, true) <> '' THEN
        ${findSlot}
    END IF;
    IF v_held = v_scope THEN
        v_before := current_setting(${lastAt("v_slot")})::bigint;
        v_last := GREATEST(v_before, COALESCE(${number}, GREATEST(v_before, ${base}) + ${step}));
        v_set := set_config(${lastAt("v_slot")}, v_last::text, true);
    ELSIF ${number} IS NULL THEN
        IF COALESCE(current_setting(${unused}, true), '') = '' THEN
            -- Who waits in this line does not crowd around the row. One such lock is enough for a
            -- transaction, as it may have thousands of scopes.
            v_set := pg_advisory_xact_lock(${LOCK}, hashtext(v_scope));
        END IF;
        UPDATE ${c.name} c SET ${c.last} = GREATEST(c.${c.last}, ${base}) + ${step},
            ${c.movedBy} = ${movedBy} + ${step}, ${c.movedAt} = ${now}
            WHERE ${isOf("v_key")} RETURNING c.${c.last}, c.${c.movedBy} INTO v_last, v_moved;
        IF NOT FOUND THEN
            ${lookAtRows}
            ${insert}
                VALUES (${name}, v_key, v_rows + ${step}, ${step}, ${now})
                ON CONFLICT (${c.series}, ${c.scope}) DO UPDATE SET ${c.last} = GREATEST(c.${c.last}, ${base}) + ${step},
                ${c.movedBy} = ${step}, ${c.movedAt} = EXCLUDED.${c.movedAt}
                RETURNING c.${c.last}, c.${c.movedBy} INTO v_last, v_moved;
        END IF;
        v_before := v_last - ${step};
    ELSE
        SELECT c.${c.last} INTO v_last FROM ${c.name} c WHERE ${isOf("v_key")};
        IF v_last IS NULL OR v_last < ${number} THEN
            ${lookAtRows}
            ${insert}
                VALUES (${name}, v_key, v_rows, 0, ${now})
                ON CONFLICT (${c.series}, ${c.scope}) DO NOTHING;
            SELECT c.${c.last} INTO v_before FROM ${c.name} c WHERE ${isOf("v_key")} FOR NO KEY UPDATE;
            UPDATE ${c.name} c SET ${c.last} = GREATEST(v_before, ${number}),
                ${c.movedBy} = ${movedBy} + GREATEST(${number} - v_before, 0), ${c.movedAt} = ${now}
                WHERE ${isOf("v_key")} RETURNING c.${c.last}, c.${c.movedBy} INTO v_last, v_moved;
        END IF;
    END IF;
    IF v_held = '' AND v_before IS NOT NULL AND (v_moved > ${step} OR v_was_left_out) THEN
        -- A partition that is written to by its own name has no trigger for the statement.
        IF NOT (SELECT relispartition FROM pg_class WHERE oid = TG_RELID) THEN
            ${findSlot}
            IF v_held = '' THEN
                v_set := set_config(${scopeAt("v_slot")}, v_scope, true);
                v_set := set_config(${lastAt("v_slot")}, v_last::text, true);
                v_set := set_config(${used}, concat_ws(' ', NULLIF(current_setting(${used}, true), ''), v_slot), true);
            END IF;
        END IF;
    END IF;
    IF ${number} IS NULL THEN
        IF v_last > ${max} THEN
            RAISE EXCEPTION USING ERRCODE = '${RAISED.overflow}', MESSAGE = ${literal(texts.overflow)};
        END IF;
        ${number} := v_last;
    END IF;
    v_set := set_config(${unused}, COALESCE(v_before::text || ' ' || v_last::text || ' ' || v_scope, '-'), true);
    RETURN NEW;
END
`,

        // It runs as whoever inserts, with whatever search path.
        inserted: `
BEGIN
    RETURN pg_catalog.set_config('autosequence.unused_${column.pending}_' OPERATOR(pg_catalog.||) pg_catalog.pg_trigger_depth(), '-', true) IS NULL;
END
`,

        settle: `
DECLARE
    ${declarePending}
    v_used text := current_setting(${used}, true);
    v_scope text;
    ${slotVariables}
    v_unused text;
    v_was_left_out boolean;
    v_before bigint;
    v_last bigint;
    v_set text;
BEGIN${giveBack}
    IF v_used <> '' THEN
        FOREACH v_slot IN ARRAY string_to_array(v_used, ' ') LOOP
            v_scope := current_setting(${scopeAt("v_slot")}, true);
            CONTINUE WHEN COALESCE(NOT starts_with(v_scope, ${literal(place)}), true);
            v_last := current_setting(${lastAt("v_slot")})::bigint;
            ${setTo("v_last", `substr(v_scope, ${keyFrom})`)} AND c.${c.last} <> v_last;
            v_set := set_config(${scopeAt("v_slot")}, '', true);
        END LOOP;
        v_set := set_config(${used}, '', true);
    END IF;
    RETURN NULL;
END
`,

        keep: `
DECLARE
    v_rows bigint;${period.declare}
BEGIN${period.keep}
    IF (OLD.${columnName(series.column)}, ${keyOf("OLD")}) IS NOT DISTINCT FROM (${number}, ${keyOf("NEW")}) THEN
        RETURN NEW;
    END IF;
    IF OLD.${columnName(series.column)} IS NOT NULL
        AND COALESCE(current_setting('autosequence.allow_changes', true), '') <> 'on' THEN
        RAISE EXCEPTION USING ERRCODE = '${RAISED.changed}', MESSAGE = ${literal(texts.changed)},
            HINT = 'Numbers are not editable. To correct one all the same: SET LOCAL autosequence.allow_changes = ''on''.';
    END IF;
    IF ${number} IS NOT NULL THEN
        ${lookAtRows}
        ${insert}
            VALUES (${name}, ${keyOf("NEW")}, GREATEST(${number}, v_rows), 0, ${now})
            ON CONFLICT (${c.series}, ${c.scope}) DO UPDATE SET ${c.last} = EXCLUDED.${c.last},
            ${c.movedBy} = 0, ${c.movedAt} = EXCLUDED.${c.movedAt} WHERE c.${c.last} < EXCLUDED.${c.last};
    END IF;
    RETURN NEW;
END
`,
    }
}

/** The highest number that a column with the same counters has in the scope of the new row. */
function lastInRows(
    sharer: CountedColumn,
    { series, schema }: TriggeredColumn,
    table = tableName(sharer.metadata, schema),
    row = "NEW",
): string {
    const values = sharer.scopeColumns.map((column, at) => {
        const own = series.scopeColumns[at] ?? column
        const value = `${row}.${columnName(own)}`
        const isSameType = columnType(own) === columnType(column)
        const type = columnType(column)
        return `${isSameType ? value : `${value}::text::${type}`} AS ${columnName(column)}`
    })
    const last = lastWhere(sharer, sharer.scopeColumns, [], { table, equal })
    return values.length > 0 ? `(SELECT ${last} FROM (SELECT ${values.join(", ")}) s)` : last
}

function isCitext(column: ColumnMetadata): boolean {
    return columnType(column) === "citext"
}

function equal(column: ColumnMetadata, a: string, b: string): string {
    return isCitext(column) ? `lower(${a}::text) = lower(${b}::text)` : `${a} = ${b}`
}

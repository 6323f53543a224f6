import { columnName } from "../../../typeorm/names"
import { periodBlocks } from "../../statements/blocks/period-blocks"
import type { RAISED } from "../../statements/raised"
import { textBlocks } from "../../statements/blocks/text-blocks"
import type { TriggeredColumn } from "../../statements/trigger-statements"
import { literal } from "../literal"
import { lastInRows } from "../scopes"
import { eventBlocks } from "./events"
import { mysqlJournal } from "../journal"
import { refuseDisorder } from "./order"
import { mysqlSyntax } from "./syntax"

/** What the triggers of a column do. */
interface TriggerBodies {
    /** Gives a row its number. */
    readonly number: string
    /** Forgets that number, as the row is in the table. */
    readonly insert: string
    /** Refuses changes of stored rows. */
    readonly keep: string
    /** Refuses to delete rows with a number; undefined where they may be deleted. */
    readonly delete?: string
    /**
     * Nothing, but where an UPDATE gives numbers: then the same as {@link insert}. The server reads it last, and
     * stops at one that it can't read: whoever finds it knows that the others were read.
     */
    readonly end: string
}

const { allowsChanges } = mysqlSyntax

/** @internal */
export function triggerBodies(triggered: TriggeredColumn): TriggerBodies {
    const { series, schema, pending, counter: c, base, keyOf, sharers, kinds } = triggered
    const { condition, deletable, ascends, journal } = triggered
    const events = eventBlocks(triggered)
    const { incrementBy: step, max } = series
    const name = literal(series.name)
    const column = columnName(series.column)
    // It outlives a statement that fails, so it says which statement it is of: NOW() does not move
    // while one runs.
    const unused = `@autosequence_unused_${pending}`
    const isOf = (key: string) => `${c.series} = ${name} AND ${c.scope} = ${key}`
    const insert = `INSERT INTO ${c.name} (${c.series}, ${c.scope}, ${c.last}, ${c.movedBy}, ${c.movedAt})`
    const stored = sharers.map(
        (sharer) => `COALESCE(${lastInRows(sharer, series, schema)}, ${base})`,
    )
    const inRows = stored.reduce((a, b) => `GREATEST(${a}, ${b})`, String(base))
    // A trigger that reads rows locks them and the gaps beside them, so that new scopes would wait for
    // each other. It does so where the unique index guards nothing: NULLs, and the rows of other tables.
    // No last number is so low: it stands for a counter that is closed.
    const closed = "-9223372036854775807"
    const lastOf = `CASE WHEN ${c.movedBy} < 0 THEN ${closed} ELSE ${c.last} END`
    const unguarded =
        sharers.length > 1
            ? ["TRUE"]
            : series.scopeColumns
                  .filter((scope) => scope.isNullable)
                  .map((scope) => `NEW.${columnName(scope)} IS NULL`)
    const start = (variable: string) =>
        unguarded.length === 0
            ? `SET ${variable} = ${base};`
            : `IF ${unguarded.join(" OR ")} THEN
                SET ${variable} = ${inRows};
            ELSE
                SET ${variable} = ${base};
            END IF;`
    const declareTexts =
        "DECLARE v_key VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;\n" +
        "    DECLARE v_text VARCHAR(255) CHARACTER SET utf8mb4;"
    // The row before was left out, or has become an update. Anybody may set such a variable, so it gives
    // back no more than the last move. There is no comment inside: some clients leave those out.
    const giveBack = `
    IF LEFT(${unused}, 26) = NOW(6) THEN
        SET v_key = SUBSTRING(${unused}, CHAR_LENGTH(SUBSTRING_INDEX(${unused}, ' ', 4)) + 2);
        SET v_before = CAST(SUBSTRING_INDEX(SUBSTRING_INDEX(${unused}, ' ', 3), ' ', -1) AS SIGNED);
        SET v_last = CAST(SUBSTRING_INDEX(SUBSTRING_INDEX(${unused}, ' ', 4), ' ', -1) AS SIGNED);
        UPDATE ${c.name} SET ${c.movedBy} = ${c.movedBy} - (${c.last} - v_before), ${c.last} = v_before
            WHERE ${isOf("v_key")} AND ${c.last} = v_last AND ${c.movedAt} = CURRENT_TIMESTAMP
            AND ${c.last} - ${c.movedBy} <= v_before;
        SET v_before = NULL;
        SET v_last = NULL;
    END IF;
    SET ${unused} = NULL;`
    const signal = (kind: keyof typeof RAISED) => `
            ${mysqlSyntax.raise(series, kind)}`
    // Made before it is read: to look for a counter that is not there locks the gap in which others are to make theirs.
    const lock = `
        ${insert} VALUES (${name}, v_key, NULL, 0, CURRENT_TIMESTAMP) ON DUPLICATE KEY UPDATE ${c.last} = ${c.last};
        SET v_before = (SELECT ${lastOf} FROM ${c.name} WHERE ${isOf("v_key")} FOR UPDATE);
        IF v_before = ${closed} THEN${signal("closed")}
        END IF;`
    const raise = (to: string) => `
        IF v_before IS NULL THEN
            ${start("v_before")}
        END IF;
        SET v_last = GREATEST(v_before, ${to});
        UPDATE ${c.name} SET ${c.movedBy} = v_last - v_before, ${c.last} = v_last, ${c.movedAt} = CURRENT_TIMESTAMP
            WHERE ${isOf("v_key")};`
    const period = periodBlocks(triggered, mysqlSyntax)
    const shown = textBlocks(triggered, period.day, mysqlSyntax)
    const disorder = refuseDisorder(triggered)
    const isDue = condition && `COALESCE(${condition("NEW")}, FALSE)`
    const isOfOthers =
        kinds &&
        `NOT COALESCE(NEW.${columnName(kinds.column)} IN (${kinds.values.map(literal).join(", ")}), FALSE)`
    const isLeftAlone = [
        ...(isOfOthers ? [isOfOthers] : []),
        ...(isDue ? [`(NEW.${column} IS NULL AND NOT ${isDue})`] : []),
    ].join(" OR ")
    const others = (block: string) =>
        isLeftAlone && block ? `\n    IF NOT (${isLeftAlone}) THEN${block}\n    END IF;` : block
    const take = `
        ${insert} VALUES (${name}, v_key, NULL, ${step}, CURRENT_TIMESTAMP)
            ON DUPLICATE KEY UPDATE ${c.last} = IF(${c.movedBy} < 0, ${c.last}, GREATEST(${c.last}, ${base}) + ${step}),
            ${c.movedBy} = IF(${c.movedBy} < 0, ${c.movedBy} - 1, ${step}), ${c.movedAt} = CURRENT_TIMESTAMP;
        SET v_last = (SELECT ${lastOf} FROM ${c.name} WHERE ${isOf("v_key")});
        IF v_last = ${closed} THEN${signal("closed")}
        END IF;
        IF v_last IS NULL THEN
            ${start("v_last")}
            SET v_last = v_last + ${step};
            UPDATE ${c.name} SET ${c.last} = v_last WHERE ${isOf("v_key")};
        END IF;
        IF v_last > ${max} THEN${signal("overflow")}
        END IF;
        SET v_before = v_last - ${step};
        SET NEW.${column} = v_last;`
    const note = `SET ${unused} = CONCAT_WS(' ', NOW(6), v_before, v_last, v_key);`
    const forget = `SET ${unused} = NULL`
    const changed = `
    IF NOT (OLD.${column} <=> NEW.${column}) OR v_key <> ${keyOf("OLD")} THEN
        IF OLD.${column} IS NOT NULL AND NOT ${allowsChanges} THEN${signal("changed")}
        END IF;
        IF NEW.${column} IS NOT NULL THEN${lock}${raise(`NEW.${column}`)}${disorder}
        END IF;${events.changed}
    END IF;`
    // A draft that the UPDATE makes a row with a number.
    const becomesDue = [
        `NEW.${column} IS NULL AND (OLD.${column} IS NULL OR ${allowsChanges})`,
        ...(isOfOthers ? [`NOT (${isOfOthers})`] : []),
        isDue,
    ].join(" AND ")
    const keep = `${shown.keep}${period.keep}
    SET v_key = ${keyOf("NEW")};${changed}${
        shown.write &&
        `
    IF OLD.${column} IS NULL THEN${shown.write}
    END IF;`
    }`

    return {
        number: `BEGIN
    ${declareTexts}
    DECLARE v_before BIGINT;
    DECLARE v_last BIGINT;${period.declare}${shown.declare}${events.forget}${giveBack}${others(shown.refuse)}${others(period.number)}
    SET v_key = ${keyOf("NEW")};
    ${isLeftAlone ? `IF ${isLeftAlone} THEN\n        SET v_last = NULL;\n    ELSEIF` : "IF"} NEW.${column} IS NULL THEN${take}${disorder}
    ELSE${lock}
        IF v_before IS NULL OR ${ascends ? "TRUE" : `v_before < NEW.${column}`} THEN${raise(`NEW.${column}`)}
        END IF;${events.note}${disorder}
    END IF;
    IF v_last IS NOT NULL THEN
        ${note}
    END IF;${shown.write}
END`,

        insert: journal ? `BEGIN${events.inserted}\n    ${forget};\nEND` : forget,
        end: isDue ? forget : "BEGIN END",

        keep: `BEGIN
    ${declareTexts}
    DECLARE v_before BIGINT;
    DECLARE v_last BIGINT;${period.declare}${shown.declare}${giveBack}${
        isDue
            ? `
    IF ${becomesDue} THEN${events.renumbered}${period.number}
        SET v_key = ${keyOf("NEW")};${take}${disorder}${shown.write}
        ${note}
    ELSE${keep}
    END IF;`
            : keep
    }
END`,

        delete: deletable === true && !journal ? undefined : deletion(triggered, events.deleted),
    }
}

/** Looks at rows with numbers that are to be deleted. */
function deletion({ series, deletable }: TriggeredColumn, event: string): string {
    const said = deletable === "withReason" ? mysqlJournal.said?.("reason") : undefined
    const isFree = said === undefined ? allowsChanges : `(${allowsChanges} OR ${said} IS NOT NULL)`
    const refusal =
        deletable === true
            ? ""
            : `
        IF NOT ${isFree} THEN
            ${mysqlSyntax.raise(series, "notDeletable")}
        END IF;`
    return `BEGIN
    DECLARE v_text VARCHAR(255) CHARACTER SET utf8mb4;
    IF OLD.${columnName(series.column)} IS NOT NULL THEN${refusal}${event}
    END IF;
END`
}

import { columnName } from "../../typeorm/names"
import { RAISED, raisedTexts, type TriggeredColumn } from "../statements/trigger-statements"
import { literal } from "./literal"
import { lastInRows } from "./scopes"
import { periodBlocks } from "./trigger-period"

/** @internal What the triggers of a column do. */
export interface TriggerBodies {
    /** Gives a row its number. */
    readonly number: string
    /** Forgets that number, as the row is in the table. */
    readonly insert: string
    /** Refuses changes of stored rows. */
    readonly keep: string
    /**
     * Nothing. The server reads it last, and stops at one that it can't read: whoever finds it knows that
     * the others were read.
     */
    readonly end: string
}

/** @internal */
export const ALLOWS_CHANGES = "COALESCE(@autosequence_allow_changes, FALSE)"

/** @internal */
export function triggerBodies(triggered: TriggeredColumn): TriggerBodies {
    const { series, schema, pending, counter: c, base, keyOf, sharers, kinds } = triggered
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
    const raise = (to: string) => `
        ${insert} VALUES (${name}, v_key, NULL, 0, CURRENT_TIMESTAMP) ON DUPLICATE KEY UPDATE ${c.last} = ${c.last};
        SET v_before = (SELECT ${c.last} FROM ${c.name} WHERE ${isOf("v_key")} FOR UPDATE);
        IF v_before IS NULL THEN
            ${start("v_before")}
        END IF;
        SET v_last = GREATEST(v_before, ${to});
        UPDATE ${c.name} SET ${c.movedBy} = v_last - v_before, ${c.last} = v_last, ${c.movedAt} = CURRENT_TIMESTAMP
            WHERE ${isOf("v_key")};`
    const texts = raisedTexts(series)
    const period = periodBlocks(triggered, ALLOWS_CHANGES)
    const isNumbered = kinds
        ? `NEW.${columnName(kinds.column)} IN (${kinds.values.map(literal).join(", ")})`
        : "TRUE"
    const forKinds = (block: string) =>
        kinds && block ? `\n    IF COALESCE(${isNumbered}, FALSE) THEN${block}\n    END IF;` : block

    return {
        number: `BEGIN
    ${declareTexts}
    DECLARE v_before BIGINT;
    DECLARE v_last BIGINT;${period.declare}${giveBack}${forKinds(period.number)}
    SET v_key = ${keyOf("NEW")};
    IF NOT COALESCE(${isNumbered}, FALSE) THEN
        SET v_last = NULL;
    ELSEIF NEW.${column} IS NULL THEN
        ${insert} VALUES (${name}, v_key, NULL, ${step}, CURRENT_TIMESTAMP)
            ON DUPLICATE KEY UPDATE ${c.last} = GREATEST(${c.last}, ${base}) + ${step},
            ${c.movedBy} = ${step}, ${c.movedAt} = CURRENT_TIMESTAMP;
        SET v_last = (SELECT ${c.last} FROM ${c.name} WHERE ${isOf("v_key")});
        IF v_last IS NULL THEN
            ${start("v_last")}
            SET v_last = v_last + ${step};
            UPDATE ${c.name} SET ${c.last} = v_last WHERE ${isOf("v_key")};
        END IF;
        IF v_last > ${max} THEN
            SET v_text = ${literal(texts.overflow)};
            SIGNAL SQLSTATE '${RAISED.overflow}' SET MESSAGE_TEXT = v_text;
        END IF;
        SET v_before = v_last - ${step};
        SET NEW.${column} = v_last;
    ELSE
        SET v_before = (SELECT ${c.last} FROM ${c.name} WHERE ${isOf("v_key")});
        IF v_before IS NULL OR v_before < NEW.${column} THEN${raise(`NEW.${column}`)}
        END IF;
    END IF;
    IF v_last IS NOT NULL THEN
        SET ${unused} = CONCAT_WS(' ', NOW(6), v_before, v_last, v_key);
    END IF;
END`,

        insert: `SET ${unused} = NULL`,
        end: "BEGIN END",

        keep: `BEGIN
    ${declareTexts}
    DECLARE v_before BIGINT;
    DECLARE v_last BIGINT;${period.declare}${giveBack}${period.keep}
    SET v_key = ${keyOf("NEW")};
    IF NOT (OLD.${column} <=> NEW.${column}) OR v_key <> ${keyOf("OLD")} THEN
        IF OLD.${column} IS NOT NULL AND NOT ${ALLOWS_CHANGES} THEN
            SET v_text = ${literal(texts.changed)};
            SIGNAL SQLSTATE '${RAISED.changed}' SET MESSAGE_TEXT = v_text;
        END IF;
        IF NEW.${column} IS NOT NULL THEN${raise(`NEW.${column}`)}
        END IF;
    END IF;
END`,
    }
}

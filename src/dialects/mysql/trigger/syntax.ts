import type { TriggerSyntax } from "../../statements/blocks/trigger-syntax"
import { RAISED, raisedTexts } from "../../statements/raised"
import { literal } from "../literal"
import { mysqlPeriods } from "../periods"

/** @internal */
export const mysqlSyntax: TriggerSyntax = {
    periods: mysqlPeriods,
    declarePeriod: `
    DECLARE v_zone VARCHAR(64) CHARACTER SET utf8mb4;
    DECLARE v_day DATE;
    DECLARE v_period VARCHAR(10) CHARACTER SET utf8mb4;`,
    declareText: "\n    DECLARE v_shown TEXT CHARACTER SET utf8mb4;",
    set: (target, value) => `SET ${target} = ${value};`,
    raise: (series, kind) => `SET v_text = ${literal(raisedTexts(series)[kind])};
            SIGNAL SQLSTATE '${RAISED[kind]}' SET MESSAGE_TEXT = v_text;`,
    same: (a, b) => `${a} <=> ${b}`,
    matches: (text, pattern) => `${text} REGEXP BINARY ${literal(pattern)}`,
    allowsChanges: "COALESCE(@autosequence_allow_changes, FALSE)",
}

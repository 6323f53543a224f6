import type { CountedColumn } from "../../columns"
import type { TriggerSyntax } from "../../statements/blocks/trigger-syntax"
import { RAISED, raisedTexts } from "../../statements/raised"
import { literal } from "../literal"
import { postgresPeriods } from "../periods"

/** @internal How a trigger refuses what a statement does. */
export function raise(series: CountedColumn, kind: keyof typeof RAISED): string {
    return `RAISE EXCEPTION USING ERRCODE = '${RAISED[kind]}', MESSAGE = ${literal(raisedTexts(series)[kind])}`
}

/** @internal */
export const postgresSyntax: TriggerSyntax = {
    periods: postgresPeriods,
    declarePeriod: `
    v_zone text;
    v_day date;
    v_period text;`,
    declareText: "\n    v_shown text;",
    set: (target, value) => `${target} := ${value};`,
    raise: (series, kind) => `${raise(series, kind)};`,
    same: (a, b) => `${a} IS NOT DISTINCT FROM ${b}`,
    matches: (text, pattern) => `${text} ~ ${literal(pattern)}`,
    allowsChanges: "COALESCE(current_setting('autosequence.allow_changes', true), '') = 'on'",
}

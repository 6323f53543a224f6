import type { CountedColumn } from "../../columns"
import type { PeriodStatements } from "../period-statements"
import type { RAISED } from "../raised"

/** @internal What databases write differently of what their triggers do. */
export interface TriggerSyntax {
    readonly periods: PeriodStatements
    /** Declares the variables of periods: `v_zone`, `v_day` and `v_period`. */
    readonly declarePeriod: string
    /** Declares `v_shown`, a text of a number. */
    readonly declareText: string
    /** Gives a variable, or a column of the row, a value. */
    set(target: string, value: string): string
    /** Refuses what a statement does. */
    raise(series: CountedColumn, kind: keyof typeof RAISED): string
    /** Whether two values are the same, NULL among them. */
    same(a: string, b: string): string
    /** Whether a text matches a pattern. */
    matches(text: string, pattern: string): string
    /** Whether the session has allowed changes of numbers. */
    readonly allowsChanges: string
}

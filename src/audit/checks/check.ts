import type { FindingKind } from "../types"

/** @internal How many rows something was found of. */
export const rows = (count: number, one: string, several: string): string =>
    count === 1 ? `1 row ${one}` : `${count} rows ${several}`

/** @internal What may be wrong with a row. */
interface Check {
    readonly kind: FindingKind
    readonly severity: "problem" | "note"
    /** Says what was found. */
    text(count: number): string
}

/** @internal A check that the database makes itself. */
export interface SqlCheck extends Check {
    /** A condition that is true for the rows `t` that are wrong. */
    readonly wrong: string
}

/** @internal A check for which every row with a number is read. */
export interface ReadCheck extends Check {
    /** What is read of the rows `t`, as SQL. */
    readonly columns: readonly string[]
    /** Which of them may be wrong; undefined for all. */
    readonly where?: string
    isWrong(values: readonly unknown[]): boolean
}

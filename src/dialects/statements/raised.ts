import type { CountedColumn } from "../columns"

/** @internal The SQLSTATEs that triggers raise. */
export const RAISED = {
    overflow: "AS001",
    changed: "AS002",
    noPeriod: "AS003",
    otherPeriod: "AS004",
    moved: "AS005",
    notDeletable: "AS006",
    dateOrder: "AS007",
    leftAtCommit: "AS008",
    noText: "AS011",
    otherText: "AS012",
    changedText: "AS013",
    closed: "AS009",
} as const

/** @internal What an SQLSTATE of ours says. */
export function raisedKind(state: unknown): keyof typeof RAISED | undefined {
    return (Object.keys(RAISED) as (keyof typeof RAISED)[]).find((kind) => RAISED[kind] === state)
}

/** @internal */
export const NO_PERIOD = "counts in periods, and the date of a row, or its time zone, tells none."

/** @internal What they begin with: what a column is called where nobody knows of entities. */
export function raisedPlace({ metadata, column }: CountedColumn): string {
    return `${metadata.tableName}.${column.databaseName}`
}

/** @internal The texts of what they raise, which name the column and no value of a row. */
export function raisedTexts(series: CountedColumn): Record<keyof typeof RAISED, string> {
    const place = raisedPlace(series)
    return {
        overflow: `${place} can't hold the next number, its largest number is ${series.max}.`,
        changed: `${place} of a stored row, or a column of its scope, was to be changed.`,
        noPeriod: `${place} ${NO_PERIOD}`,
        otherPeriod: `${place} counts in periods, and a row was given another one than its date's.`,
        moved: `${place} counts in periods, and a row with a number was to be given a date of another one.`,
        notDeletable: `${place} keeps rows with a number from being deleted, and one was to be.`,
        dateOrder: `${place} is numbered in the order of dates, and the date of a row was not in it.`,
        noText: `${place} has a text that can't be made: what it shows is not set, or is too long, or has other characters than it may.`,
        otherText: `${place} has a text, which was set without the number.`,
        changedText: `${place} of a stored row has a text, which was to be changed.`,
        closed: `${place} was to be given in a scope or period that is closed.`,
        leftAtCommit: `${place} was to be numbered at COMMIT, and a row got no number: a trigger is disabled, or another one has taken it away.`,
    }
}

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

/** @internal The kind of error that one of the library's own SQLSTATEs stands for. */
export function raisedKind(state: unknown): keyof typeof RAISED | undefined {
    return (Object.keys(RAISED) as (keyof typeof RAISED)[]).find((kind) => RAISED[kind] === state)
}

/** @internal */
export const NO_PERIOD = "has a period, but the date or time zone of a row gives none."

/** @internal The name of a column in SQL, with which the texts of these errors begin. */
export function raisedPlace({ metadata, column }: CountedColumn): string {
    return `${metadata.tableName}.${column.databaseName}`
}

/** @internal The texts that triggers raise. Each begins with {@link raisedPlace} and a space, and shows no value of a row. */
export function raisedTexts(series: CountedColumn): Record<keyof typeof RAISED, string> {
    const place = raisedPlace(series)
    return {
        overflow: `${place} can't hold the next number, its largest number is ${series.max}.`,
        changed: `${place} of a stored row, or a column of its scope, can't be changed.`,
        noPeriod: `${place} ${NO_PERIOD}`,
        otherPeriod: `${place} has a period, but the period of a row does not match its date.`,
        moved: `${place} has a period, and the date of a row with a number can't move to another one.`,
        notDeletable: `${place} does not allow rows with a number to be deleted.`,
        dateOrder: `${place} is numbered in the order of dates, which the date of a row breaks.`,
        noText:
            `${place} has a text that can't be made: a value that it shows is not set, too long or has forbidden ` +
            "characters.",
        otherText: `${place} has a text, which can't be set without the number.`,
        changedText: `${place} of a stored row has a text, which can't be changed.`,
        closed: `${place} can't be assigned, because the scope or period is closed.`,
        leftAtCommit: `${place} has no number at COMMIT: a trigger is disabled, or another one has removed the number.`,
    }
}

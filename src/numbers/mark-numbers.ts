import { NewRow } from "../inserts/announced/new-row"
import { isLate, type Series } from "../series/series"
import { isMarked } from "../typeorm/marks"

/** @internal Lets INSERTs tell the places where numbers are to come. */
export function markNumbers(all: readonly Series[]): void {
    for (const series of all) {
        const { column, period, documents } = series
        if (isMarked(column)) continue
        // NULL asks for a number of COMMIT, and for one of a draft as soon as the condition holds.
        NewRow.mark([column], isLate(series) ? isNothing : undefined)
        // A row that has its number has no other place that tells which entity is to show these.
        const beside = documents.map((document) => document.column)
        NewRow.mark(period ? [period.column, ...beside] : beside, isNothing)
    }
}

function isNothing(value: unknown): boolean {
    return value === undefined || value === null
}

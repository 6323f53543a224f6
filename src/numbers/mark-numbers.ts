import { NewRow } from "../inserts/announced/new-row"
import type { Series } from "../series/series"

/** @internal Lets INSERTs tell the places where numbers are to come. */
export function markNumbers(all: readonly Series[]): void {
    for (const { column, when } of all)
        // A draft's NULL asks for a number as soon as the condition holds.
        NewRow.mark([column], when && ((value) => value === undefined || value === null))
}

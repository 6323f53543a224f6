import { NewRow } from "../inserts/announced/new-row"
import { groupBy } from "../group-by"
import type { Series } from "../series/series"

/** @internal Lets INSERTs tell the places where numbers are to come. */
export function markNumbers(all: readonly Series[]): void {
    for (const [isConditional, ofKind] of groupBy(all, ({ when }) => when !== undefined)) {
        const columns = ofKind.map(({ column }) => column)
        // A draft's NULL asks for a number as soon as the condition holds.
        if (isConditional) NewRow.mark(columns, (value) => value === undefined || value === null)
        else NewRow.mark(columns)
    }
}

import { driverErrorOf } from "../dialects/driver-error"
import { groupBy } from "../group-by"
import type { Session } from "../inserts/session"
import { writeValues } from "../keys/rows/write-keys"
import { duplicateNumberError } from "../numbers/duplicate-numbers"
import { refuseUnknownStart } from "../numbers/first-number"
import type { NumberSource } from "../numbers/number-source"
import { storedValue } from "../numbers/number-values"
import { refuseEarlierDates } from "../numbers/periods/date-order"
import { giveLateTexts, lateFrames } from "./late-texts"
import type { LateRequest } from "./late-requests"
import type { LateRow } from "./late-row"

/**
 * Gives rows that wait their numbers, and the periods with them. The counters are locked in the same order by all
 * transactions: series by series, and in each the keys of its scopes.
 * @internal
 */
export async function numberRows(
    source: NumberSource,
    requests: readonly LateRequest[],
): Promise<LateRow[]> {
    const bySeries = [...groupBy(requests, ({ series }) => series.name)].sort(([a], [b]) =>
        a < b ? -1 : 1,
    )
    for (const [, ofSeries] of bySeries) {
        await source.takeNumbers(ofSeries)
        refuseUnknownStart(ofSeries)
        await refuseEarlierDates(source.session, ofSeries)
        for (const request of ofSeries) {
            const { series, row, number } = request
            if (number === undefined) continue
            row.values.set(series.column, storedValue(series, number))
            giveLateTexts(row, lateFrames(request), number)
        }
    }
    const rows = [...new Set(requests.map(({ row }) => row))]
    await writeRows(source.session, rows)
    return rows
}

async function writeRows(session: Session, rows: readonly LateRow[]): Promise<void> {
    const shapeOf = ({ metadata, values }: LateRow) =>
        [metadata.name, ...[...values.keys()].map(({ databaseName }) => databaseName)].join()
    for (const ofShape of groupBy(rows, shapeOf).values()) {
        const [{ metadata, values, series }] = ofShape as [LateRow, ...LateRow[]]
        const written = ofShape.map((row) => ({ row: row.id, values: [...row.values.values()] }))
        try {
            await writeValues(session, metadata, [...values.keys()], written)
        } catch (error) {
            const cause = driverErrorOf(error)
            throw (cause && duplicateNumberError([...series.values()], cause, () => true)) ?? error
        }
    }
}

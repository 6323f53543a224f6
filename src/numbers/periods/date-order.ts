import { batches } from "../../batches"
import { DateOrderError } from "../../errors"
import { groupBy } from "../../group-by"
import type { Session } from "../../inserts/session"
import { placeOf, type Series } from "../../series/series"
import { sharersOf } from "../../series/sharers"
import { ofRow } from "../../typeorm/names"
import { select } from "../../typeorm/statement"
import type { CountedRequest } from "../number-request"
import { dateSql, orderOf, storedDate } from "./row-date"

/** MariaDB reads them by a SELECT each, of which it joins so many. */
const BATCH = 200

/** @internal A row that has its number, and is about to be written. */
export interface DatedRequest extends CountedRequest {
    /** As the driver sends it. */
    readonly date: unknown
    /** Gives it another date, where the one that it has is the moment at which it was asked for. */
    readonly catchUp?: (date: unknown) => void
}

/**
 * Refuses rows whose dates are not in the order of their numbers, be it with each other or with the rows
 * that are stored. To be called while their counters, or their table, are locked.
 * @internal
 */
export async function refuseEarlierDates(
    session: Session,
    requests: readonly DatedRequest[],
): Promise<void> {
    const ascending = requests.filter(({ series }) => series.ascends)
    for (const ofSeries of groupBy(ascending, ({ series }) => series.name).values()) {
        const scopes = groupBy(ofSeries, ({ group, scope }) => group ?? scope.key)
        const sorted = [...scopes.values()].map(byNumber)
        const neighbours = await neighboursOf(session, sorted.flatMap(besideStored))
        for (const ofScope of sorted) refuseOrder(ofScope, neighbours)
    }
}

interface Dated {
    readonly date: unknown
    readonly order: number
}

type Neighbours = ReadonlyMap<DatedRequest, { readonly low?: Dated; readonly high?: Dated }>

function refuseOrder(sorted: readonly DatedRequest[], neighbours: Neighbours): void {
    let last: Dated | undefined
    for (const request of sorted) {
        const { series, date, catchUp } = request
        const { low, high } = neighbours.get(request) ?? {}
        const before = last && low ? (last.order < low.order ? low : last) : (last ?? low)
        last = datedOf(series, date)
        if (!last) continue
        if (before && last.order < before.order) {
            // Another one has got its number since.
            if (!catchUp || before.order > Date.now()) throw earlierDate(series)
            catchUp(before.date)
            last = before
        }
        if (high && high.order < last.order) throw earlierDate(series)
    }
}

const numberOf = ({ number, explicit }: DatedRequest) => number ?? explicit ?? 0n

function byNumber(requests: readonly DatedRequest[]): DatedRequest[] {
    return [...requests].sort((a, b) => (numberOf(a) < numberOf(b) ? -1 : 1))
}

/** Numbers that are made are above all that are stored, so that none but the first is beside one of these. */
function besideStored(sorted: readonly DatedRequest[]): DatedRequest[] {
    const firstMade = sorted.find(({ explicit }) => explicit === undefined)
    return sorted.filter((one) => one === firstMade || one.explicit !== undefined)
}

async function neighboursOf(
    session: Session,
    requests: readonly DatedRequest[],
): Promise<Neighbours> {
    const found = new Map<DatedRequest, { low?: Dated; high?: Dated }>()
    for (const sharer of requests[0] ? sharersOf(requests[0].series) : []) {
        const { dialect, period } = sharer
        if (!period) continue
        const date = dateSql(period, dialect, ofRow(period.date))
        for (const batch of batches(requests, BATCH)) {
            const numbers = batch.map((one) => ({
                scope: one.scope,
                number: String(numberOf(one)),
            }))
            const rows = await select<{ at: string | number; low: unknown; high: unknown }>(
                session,
                dialect.neighbours(sharer, date, numbers),
            )
            for (const { at, ...row } of rows) {
                const request = batch[Number(at)] as DatedRequest
                const own = found.get(request) ?? {}
                const low = datedOf(sharer, storedDate(period, row.low))
                const high = datedOf(sharer, storedDate(period, row.high))
                if (low && !(own.low && own.low.order > low.order)) own.low = low
                if (high && !(own.high && own.high.order < high.order)) own.high = high
                found.set(request, own)
            }
        }
    }
    return found
}

function datedOf({ period }: Series, date: unknown): Dated | undefined {
    const isDate = period && date !== null && date !== undefined
    return isDate ? { date, order: orderOf(period, date) } : undefined
}

function earlierDate(series: Series): DateOrderError {
    const path = series.period?.date.propertyPath ?? ""
    return new DateOrderError(
        `The numbers of ${placeOf(series)} are in the order of ${path} (dates: "ascending"), but the date of a row is ` +
            "before that of a lower number of its scope, or after that of a higher one. Give the row a date that fits.",
    )
}

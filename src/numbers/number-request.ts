import type { Scope } from "../dialects/columns"
import { groupBy } from "../group-by"
import type { Insert, InsertRow } from "../inserts/insert"
import type { RowScopes } from "../inserts/row-scope"
import { keepsJournal } from "../series/journal"
import { allocatedSeriesOf } from "../series/own-series"
import type { Series } from "../series/series"
import { firstNumber } from "./first-number"
import { explicitNumber } from "./number-values"

/** @internal A number of a scope. */
export interface CountedRequest {
    readonly series: Series
    readonly scope: Scope
    /** The number that the caller has set. */
    readonly explicit?: bigint
    /** The first number of the scope, where the row tells it. */
    readonly first?: bigint
    /** Where its scope was before a number that the caller has set. */
    before?: bigint
    /** The number that it got, or has. */
    number?: bigint
    /** The scope of that number, as the database sees it. */
    group?: string
    /** Whether its number, once it has one, is lost where its row is. */
    isLeased?: boolean
}

/** @internal One number of a row that is about to be inserted. */
export interface NumberRequest extends CountedRequest {
    readonly row: InsertRow
}

/**
 * The numbers that the rows of an INSERT ask for, series by series, in the order in which counters
 * are locked.
 * @internal
 */
export function numberRequests(insert: Insert, scopes: RowScopes): NumberRequest[] {
    const requests: NumberRequest[] = []
    for (const { row, one: series } of insert.rowsWith(allocatedSeriesOf)) {
        const request = requestOf(series, row, scopes)
        if (request) requests.push(request)
    }
    return [...groupBy(requests, ({ series }) => series.name)]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([, ofSeries]) => (ofSeries.some(asksDatabase) ? ofSeries : []))
}

function requestOf(series: Series, row: InsertRow, scopes: RowScopes): NumberRequest | undefined {
    const explicit = explicitNumber(series, row)
    if (explicit === null) return undefined
    const isOptional = !asksDatabase({ series, explicit })
    const scope = isOptional ? scopes.find(series, row) : scopes.of(series, row)
    const first = explicit === undefined ? firstNumber(series, row.entity) : undefined
    return scope && { series, row, scope, explicit, first }
}

/**
 * A number that the caller has set raises the counter; without one it is there to be read. The journal says where its
 * scope was before.
 */
function asksDatabase({ series, explicit }: Pick<NumberRequest, "series" | "explicit">): boolean {
    if (explicit === undefined || series.strategy === "counter" || series.ascends) return true
    return keepsJournal(series)
}

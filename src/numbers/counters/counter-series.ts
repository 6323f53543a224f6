import { placeOf, type Series } from "../../series/series"
import { sharersOf } from "../../series/sharers"
import { beforeFirst } from "../number-values"

/** @internal A series as its counters see it, which may have no column at all. */
export interface CounterSeries {
    readonly name: string
    /** What errors call it. */
    readonly label: string
    /** Numbers go on after it where the counter is lower: the first number less one step. */
    readonly base: bigint
    /** The columns whose rows a new counter goes on after. */
    readonly columns: readonly Series[]
}

/** @internal The series of a column as its counters see it. */
export function counterSeriesOf(series: Series): CounterSeries {
    return {
        name: series.name,
        label: placeOf(series),
        base: beforeFirst(series),
        columns: sharersOf(series),
    }
}

import { UnknownScopeError } from "../../errors"
import type { LastNumber } from "../../dialects/dialect"
import { closedError } from "../../numbers/counters/counter-errors"
import { nextNumber, beforeFirst, parseNumber } from "../../numbers/number-values"
import { scopeWith, preparedText } from "../../series/scopes/scope"
import { hasCounters, placeOf, type Series } from "../../series/series"
import { select, type Sender } from "../../typeorm/statement"
import { findLast } from "../counter"
import { readCounter } from "../journal/lock-counter"
import { columnKey, type SequenceKey } from "../scope"
import { ruleOfSeries } from "./found-series"

/** @internal The last number of a scope: that of its counter, or the highest of its rows. */
export async function findLastOf(
    sender: Sender,
    series: Series,
    key: SequenceKey,
): Promise<bigint | null> {
    if (hasCounters(series)) return findLast(sender, { rule: ruleOfSeries(series), key })
    const scope = scopeWith(
        series.scopeColumns.map((column, at) => preparedText(column, key.values[at])),
    )
    const [row] = await select<LastNumber>(sender, series.dialect.lastNumbers(series, [scope]))
    return parseNumber(row?.last) ?? null
}

/** @internal Throws if nothing is numbered in a scope any more. */
export async function refuseClosedScope(
    sender: Sender,
    series: Series,
    key: SequenceKey,
): Promise<void> {
    if (!hasCounters(series)) return
    const place = await columnKey(sender, series, key)
    const counter = await readCounter(sender, series, place.key, { isLocking: false })
    if (counter?.isClosed) throw closedError(placeOf(series))
}

/** @internal The number that comes next in a scope, as long as nobody takes it. */
export function numberAfter(series: Series, last: bigint | null): bigint {
    if (last === null && series.startOf)
        throw new UnknownScopeError(
            `The first number of this scope of ${placeOf(series)} is unknown: startAt is a function of a row, ` +
                "and there is no row yet. Set it with setNext().",
        )
    return nextNumber(series, last ?? beforeFirst(series))
}

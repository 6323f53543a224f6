import { InvalidNumberError, NumberTakenError } from "../../errors"
import { counterSeriesOf } from "../../numbers/counters/counter-series"
import { moveCounters } from "../../numbers/counters/move-counters"
import { raiseCounters } from "../../numbers/counters/raise-counters"
import { Leases } from "../../numbers/leases/leases"
import type { Said } from "../../numbers/journal/said"
import { writeEvents } from "../../numbers/journal/write-events"
import { keepsJournal } from "../../series/journal"
import { nextNumber, refuseNoOwnNumber, shownText } from "../../numbers/number-values"
import { placeOf, type Series } from "../../series/series"
import type { Sender } from "../../typeorm/statement"
import { columnKey, type SequenceKey } from "../scope"

/** @internal Lets a scope go on at a number, which no number of it has reached yet. */
export async function raiseTo(
    sender: Sender,
    series: Series,
    given: SequenceKey,
    value: unknown,
    said: Said = {},
): Promise<void> {
    const number = refuseNoOwnNumber(series, value)
    const shown = (one: bigint) => shownText(series, one)
    if (number < 1n)
        throw new InvalidNumberError(
            `setNext() of ${placeOf(series)} was given ${shown(number)}. Give an integer from ${shown(1n)} to ` +
                `${shown(series.max)}.`,
        )
    const { key, scope } = await columnKey(sender, series, given)
    const counted = counterSeriesOf(series)
    // The counter goes on after the rows of its scope, and is locked from here on.
    const last = (await moveCounters(sender, counted, [{ key, by: 0n, scope }])).get(key)
    const next = nextNumber(series, last ?? counted.base)
    if (number < next)
        throw new NumberTakenError(
            `setNext() of ${placeOf(series)} was given ${shown(number)}, but the next number of the scope is ` +
                `${shown(next)}: lower ones were assigned. Give ${shown(next)} or a higher number.`,
        )
    await raiseCounters(sender, counted, [{ key, to: number - series.incrementBy }])
    // Those that were taken ahead are lower.
    if (!series.gapless) Leases.of(series.metadata)?.forget(series, key)
    if (number === next || !keepsJournal(series)) return
    const { incrementBy } = series
    const to = number - incrementBy
    // The scope need not come to that number by its steps.
    const passed = next + ((number - 1n - next) / incrementBy) * incrementBy
    const details = { before: String(last ?? counted.base), after: String(to) }
    await writeEvents(
        sender,
        series.name,
        [{ kind: "set", key, first: next, last: passed, details }],
        said,
    )
}

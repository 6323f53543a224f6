import type { LastNumber } from "../../dialects/dialect"
import { InvalidNumberError, NumberTakenError, StaleSnapshotError } from "../../errors"
import { counterSeriesOf } from "../../numbers/counters/counter-series"
import { raiseCounters } from "../../numbers/counters/raise-counters"
import type { ReasonOptions } from "../../numbers/journal/with-reason"
import { writeEvents } from "../../numbers/journal/write-events"
import { refuseNoOwnNumber, shownText } from "../../numbers/number-values"
import { placeOf, type Series } from "../../series/series"
import { sharersOf } from "../../series/sharers"
import { ofRow, tableName } from "../../typeorm/names"
import { Parameters } from "../../typeorm/rows/parameters"
import { select, type Sender } from "../../typeorm/statement"
import { columnKey, type SequenceKey } from "../scope"
import { type CounterPlace, lockCounter } from "./lock-counter"
import { readEvents } from "./read-events"

/** @internal Numbers that are declared unused. */
export interface Skipped {
    readonly from: bigint
    readonly to: bigint
}

/** @internal Declares numbers of a scope unused; numbers go on after them. */
export async function skipRange(
    sender: Sender,
    series: Series,
    given: SequenceKey,
    { from: first, to: last, ...said }: ReasonOptions & { from: unknown; to: unknown },
): Promise<void> {
    const [from, to] = [refuseNoOwnNumber(series, first), refuseNoOwnNumber(series, last)]
    const shown = (number: bigint) => shownText(series, number)
    const refuse = (problem: string): never => {
        throw new InvalidNumberError(
            `${placeOfRange(series, { from, to })} can't be skipped: ${problem} Nothing was written.`,
        )
    }
    if (from > to) refuse("the first is above the last.")
    if (from < series.startAt) refuse(`numbers start at ${shown(series.startAt)}.`)
    const place = await columnKey(sender, series, given)
    const counter = await lockCounter(sender, series, place)
    const { incrementBy } = series
    const next = counter + incrementBy
    if (from > next)
        refuse(
            `the next number of the scope is ${shown(next)}. Start there, or the numbers before would be a gap.`,
        )
    if ((to - from) % incrementBy !== 0n || (next - from) % incrementBy !== 0n)
        refuse(
            `numbers of this scope are ${incrementBy} apart: ${shown(next - incrementBy)}, ${shown(next)}, ` +
                `${shown(next + incrementBy)}.`,
        )
    await refuseSkipped(sender, series, place, { from, to })
    if (from < next) {
        await refuseTaken(sender, series, place, { from, to })
        await refuseOldSnapshot(sender, series, place, { from, to })
    }
    if (to > counter) await raiseCounters(sender, counterSeriesOf(series), [{ key: place.key, to }])
    await writeEvents(
        sender,
        series.name,
        [{ kind: "skip", key: place.key, first: from, last: to }],
        said,
    )
}

async function refuseSkipped(
    sender: Sender,
    series: Series,
    { key }: CounterPlace,
    { from, to }: Skipped,
): Promise<void> {
    const wanted = { series: series.name, keys: [key], from, to, kinds: ["skip"] as const }
    const [found] = await readEvents(sender, wanted, { isLatest: true })
    const shown = (number: bigint) => shownText(series, number)
    if (found)
        throw new NumberTakenError(
            `${placeOfRange(series, { from, to })} can't be skipped: ${shown(found.first ?? from)} to ` +
                `${shown(found.last ?? to)} were already skipped. Nothing was written.`,
        )
}

function placeOfRange(series: Series, { from, to }: Skipped): string {
    const shown = (number: bigint) => shownText(series, number)
    return `Numbers ${shown(from)} to ${shown(to)} of ${placeOf(series)}`
}

/** Names some of the numbers that rows have. */
async function refuseTaken(
    sender: Sender,
    series: Series,
    { scope }: CounterPlace,
    { from, to }: Skipped,
): Promise<void> {
    const taken: string[] = []
    for (const { metadata, column, scopeColumns, dialect, dataSource } of sharersOf(series)) {
        const { driver } = dataSource
        const parameters = new Parameters(dataSource)
        const where = scopeColumns.map((one, at) => {
            const value = scope.values[at] ?? null
            if (value === null) return `${ofRow(one)} IS NULL`
            return `${ofRow(one)} = ${parameters.add(value)}`
        })
        const number = ofRow(column)
        const rows = await select<{ number: string }>(sender, {
            sql:
                `SELECT ${dialect.expressions.text(number)} AS ${driver.escape("number")} FROM ${tableName(metadata)} t ` +
                `WHERE ${[...where, `${number} >= ${from}`, `${number} <= ${to}`].join(" AND ")} ` +
                `ORDER BY ${number} LIMIT 6${dialect.keys.latest ?? ""}`,
            parameters: parameters.values,
        })
        taken.push(...rows.map((row) => row.number))
    }
    if (taken.length === 0) return
    const named = taken
        .slice(0, 5)
        .map((number) => shownText(series, BigInt(number)))
        .join(", ")
    throw new NumberTakenError(
        `${placeOfRange(series, { from, to })} can't be skipped: rows have ` +
            `${named}${taken.length > 5 ? " and others" : ""}. Nothing was written.`,
    )
}

/**
 * A trigger leaves a counter as it is that is ahead of a number that was set: writers would wait otherwise. So whoever
 * has an older snapshot sees neither the row, nor by the counter that there may be one.
 */
async function refuseOldSnapshot(
    sender: Sender,
    series: Series,
    { scope }: CounterPlace,
    range: Skipped,
): Promise<void> {
    const { strategy, dialect } = series
    if (strategy !== "trigger") return
    const [row] = await select<LastNumber>(sender, dialect.lastNumbers(series, [scope]))
    if (!row || !dialect.tableLock?.keepsSnapshot(row.isolation)) return
    throw new StaleSnapshotError(
        `${placeOfRange(series, range)} can't be skipped in a ${row.isolation.toUpperCase()} transaction: some were passed ` +
            "over, and it may not see rows that were given them since it began. Use READ COMMITTED. Nothing was written.",
    )
}

import type { AuditEvent, AuditRange } from "../types"

/** @internal Consecutive missing numbers, before their reason is looked up. */
export interface MissingRange {
    readonly from: bigint
    readonly to: bigint
    readonly place: AuditRange["place"]
}

/** @internal An entry of the journal about the numbers of a scope. */
export interface RangeEvent extends AuditEvent {
    readonly first: bigint
    readonly last: bigint
    /** Where the scope was before a number that was set; undefined where the entry doesn't say it. */
    readonly before?: bigint
    /** Of very many entries only the first ones are kept with their reasons; the others still explain numbers. */
    readonly isBare?: boolean
}

/** @internal How a series counts. */
export interface RangeRule {
    readonly incrementBy: bigint
    /** Whether it may lose numbers (`gapless: false`). */
    readonly isLossy: boolean
}

/** @internal The numbers between two that rows have; none where they follow each other. */
export function between(
    low: bigint,
    high: bigint,
    { startAt, incrementBy }: { readonly startAt: bigint; readonly incrementBy: bigint },
): MissingRange[] {
    // Below the first number nothing is missing that was ever to be given.
    const first = low + incrementBy < startAt ? startAt : low + incrementBy
    if (first >= high) return []
    const steps = (high - 1n - first) / incrementBy
    return [{ from: first, to: first + steps * incrementBy, place: "between" }]
}

/** How many numbers a range has. */
function countOf({ from, to }: Pick<MissingRange, "from" | "to">, step: bigint): bigint {
    return (to - from) / step + 1n
}

/** Entries about a number that a row has or is to have, which say of the numbers before only that they were passed over. */
const PASSING = new Set(["explicit", "import", "set"])

/** @internal Those of a row that was written with that number: the row had it, so it was not passed over. */
export const WRITTEN = new Set(["explicit", "import"])

/**
 * Cuts a range into the parts that the journal explains, each by its earliest entry, and the parts that it doesn't.
 * What has passed a number over explains it where no entry is about the number itself. A part that is explained by a
 * bare entry has the cause `"event"`, and no event.
 * @internal
 */
export function explained(
    range: MissingRange,
    events: readonly RangeEvent[],
    { incrementBy: step, isLossy }: RangeRule,
): AuditRange[] {
    const others = events.filter(({ kind }) => !PASSING.has(kind))
    const written = events.filter(({ kind }) => WRITTEN.has(kind))
    const passing = events
        .filter(({ kind }) => PASSING.has(kind))
        .map((event) => passedBy(event, range, step))
    const parts = cut(range, others, step).flatMap((part) =>
        part.event
            ? [part]
            : cut(part, written, step).flatMap(({ from, to, event }) =>
                  event ? [{ from, to }] : cut({ from, to }, passing, step),
              ),
    )
    return joined(parts).map(({ from, to, event }) => ({
        from: String(from),
        to: String(to),
        count: String(countOf({ from, to }, step)),
        place: range.place,
        cause: event ? "event" : isLossy ? "declared" : "unexplained",
        event:
            !event || event.isBare
                ? null
                : { kind: event.kind, reason: event.reason, by: event.by, at: event.at },
    }))
}

interface Part {
    readonly from: bigint
    readonly to: bigint
    readonly event?: RangeEvent
}

/** The parts that entries are about, each by the first one, and those that none is about. */
function cut(
    range: Pick<MissingRange, "from" | "to">,
    events: readonly RangeEvent[],
    step: bigint,
): Part[] {
    const parts: Part[] = []
    let next = range.from
    const sorted = events
        .filter(({ first, last }) => last >= range.from && first <= range.to)
        .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : a.at < b.at ? -1 : 1))
    for (const event of sorted) {
        if (next > range.to) break
        // The first and the last number of the range that the event is about.
        const from = atOrAfter(event.first, range.from, step)
        const begin = from > next ? from : next
        const last = event.last < range.to ? event.last : range.to
        if (last < begin) continue
        const end = begin + ((last - begin) / step) * step
        if (begin > next) parts.push({ from: next, to: begin - step })
        parts.push({ from: begin, to: end, event })
        next = end + step
    }
    if (next <= range.to) parts.push({ from: next, to: range.to })
    return parts
}

/** Parts that nothing explains are one where they follow each other. */
function joined(parts: readonly Part[]): Part[] {
    const all: Part[] = []
    for (const part of parts) {
        const before = all.at(-1)
        if (before && !before.event && !part.event) all[all.length - 1] = { ...before, to: part.to }
        else all.push(part)
    }
    return all
}

/** @internal The lowest number that an entry can say something of. */
export function lowestOf({ kind, first, before }: RangeEvent): bigint {
    if (!WRITTEN.has(kind) || before === undefined || before >= first) return first
    return before + 1n
}

/**
 * The numbers that an entry says were passed over: of a row that was written with its number, those between where its
 * scope was and it; all before it where it doesn't say that.
 */
function passedBy(event: RangeEvent, { from, to }: MissingRange, step: bigint): RangeEvent {
    const { kind, first, before } = event
    if (WRITTEN.has(kind) && before !== undefined)
        // Who sets a number need not keep to the step.
        return { ...event, first: before + 1n, last: first - 1n }
    if (WRITTEN.has(kind))
        return first <= to + step ? { ...event, first: from, last: first - 1n } : event
    return event
}

function atOrAfter(number: bigint, from: bigint, step: bigint): bigint {
    if (number <= from) return from
    return from + ((number - from + step - 1n) / step) * step
}

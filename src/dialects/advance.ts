import type { Advance } from "./dialect"

/** @internal The number before the first one. */
export function baseOf({ startAt, incrementBy }: Advance): bigint {
    return startAt - incrementBy
}

/** @internal How many numbers there are before a counter starts over. */
export function roundOf(startAt: bigint, incrementBy: bigint, resetAt: bigint): bigint {
    return (resetAt - startAt + incrementBy - 1n) / incrementBy
}

/** @internal Where a new counter goes. */
export function firstMove(advance: Advance): { last: bigint; way: bigint } {
    const { count, startAt, incrementBy, resetAt } = advance
    const at =
        resetAt === undefined ? count : ((count - 1n) % roundOf(startAt, incrementBy, resetAt)) + 1n
    return { last: baseOf(advance) + at * incrementBy, way: at * incrementBy }
}

/**
 * An SQL expression of how far a counter moves. Parameters are pushed as it is written, so each
 * mention of one is a call. Nothing in it leaves 64 bits, whatever the numbers are.
 * @internal
 */
export function wayOf(
    from: () => string,
    { count, startAt, incrementBy, resetAt }: Advance,
    { value, divide }: { value(number: bigint): string; divide(a: string, b: string): string },
): string {
    const by = count * incrementBy
    if (resetAt === undefined) return value(by)
    const round = roundOf(startAt, incrementBy, resetAt)
    // No counter goes on for more than a round before it starts over.
    const isStraight = () => (count > round ? "1 = 0" : `${from()} < ${value(resetAt - by)}`)
    const left = () =>
        `CASE WHEN ${from()} < ${value(resetAt)} ` +
        `THEN ${divide(`(${value(resetAt - 1n)} - ${from()})`, value(incrementBy))} ELSE 0 END`
    return (
        `CASE WHEN ${isStraight()} THEN ${value(count > round ? 0n : by)} ` +
        `ELSE ${value(startAt)} + (${value(count - 1n)} - ${left()}) % ${value(round)} ` +
        `* ${value(incrementBy)} - ${from()} END`
    )
}

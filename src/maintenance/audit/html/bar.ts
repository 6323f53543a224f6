import type { AuditRange, ScopeAudit, SeriesAudit } from "../../../audit/types"

const WIDTH = 1000
/** So that one number of a million is visible. */
const LEAST = 4

/** @internal The numbers of a scope, from the first to the last, as a bar that shows where numbers are missing. */
export function barOf(
    { startAt }: Pick<SeriesAudit, "startAt">,
    { first, last, counter, ranges }: ScopeAudit,
): string {
    const known = [startAt, first, last, counter, ...ranges.flatMap(({ from, to }) => [from, to])]
        .flatMap((number) => (number === null ? [] : BigInt(number)))
        .filter((number) => number >= BigInt(startAt) || first === null || number >= BigInt(first))
    const low = known.reduce((a, b) => (b < a ? b : a))
    const high = known.reduce((a, b) => (b > a ? b : a))
    const length = high - low + 1n
    const place = (number: bigint) => Number(((number - low) * BigInt(WIDTH * 100)) / length) / 100
    const gaps = ranges.map((range) => {
        const x = place(BigInt(range.from))
        const width = Math.max(place(BigInt(range.to) + 1n) - x, LEAST)
        return `<rect class="${range.cause}" x="${Math.min(x, WIDTH - width)}" width="${width}" height="12"/>`
    })
    return (
        `<svg class="bar" viewBox="0 0 ${WIDTH} 12" preserveAspectRatio="none" role="img" ` +
        `aria-label="${describe(ranges)}"><rect class="rows" width="${WIDTH}" height="12"/>${gaps.join("")}</svg>`
    )
}

function describe(ranges: readonly AuditRange[]): string {
    if (ranges.length === 0) return "no number is missing"
    return `${ranges.length} ${ranges.length === 1 ? "range is" : "ranges are"} missing`
}

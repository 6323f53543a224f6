/** @internal Whether a version is in a range, as package.json has it: `^0.3.24 || >=1.0.0`. */
export function isInRange(version: string, range: string): boolean {
    const own = partsOf(version)
    return range.split("||").some((one) => {
        const [, sign, text = ""] = /^\s*(\^|>=)([\d.]+)\s*$/.exec(one) ?? []
        const least = partsOf(text)
        if (sign === undefined || compare(own, least) < 0) return false
        // The first part that is not 0 stays as it is.
        const kept = least.findIndex((part) => part > 0)
        return sign === ">=" || own.slice(0, kept + 1).join() === least.slice(0, kept + 1).join()
    })
}

/** @internal Whether a version is this one or a later one. */
export function isAtLeast(version: string, least: string): boolean {
    return compare(partsOf(version), partsOf(least)) >= 0
}

/** Its three numbers; what stands behind them, as of a release that is tried, is left out. */
function partsOf(version: string): number[] {
    return [...version.matchAll(/\d+/g)].slice(0, 3).map(([part]) => Number(part))
}

function compare(a: readonly number[], b: readonly number[]): number {
    for (const at of [0, 1, 2]) {
        const difference = (a[at] ?? 0) - (b[at] ?? 0)
        if (difference !== 0) return difference
    }
    return 0
}

import { InvalidOptionError } from "../errors"

/** @internal The command line is wrong; the message says where. */
export class UsageError extends Error {}

/** @internal Reports an option that the library refuses as a wrong command line. */
export async function asUsage<T>(work: () => Promise<T>): Promise<T> {
    try {
        return await work()
    } catch (error) {
        if (error instanceof InvalidOptionError) throw new UsageError(error.message)
        throw error
    }
}

/** @internal `Did you mean …?` with the most similar name; empty if none is similar. */
export function didYouMean(given: string, names: readonly string[]): string {
    const [nearest] = names
        .map((name) => ({ name, distance: distanceOf(given.toLowerCase(), name.toLowerCase()) }))
        .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
        .sort((a, b) => a.distance - b.distance)
    return nearest ? ` Did you mean ${nearest.name}?` : ""
}

/** How many letters have to be inserted, deleted, changed, or swapped with the next one. */
function distanceOf(a: string, b: string): number {
    let [beforeLast, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, at) => at)]
    for (let i = 1; i <= a.length; i++) {
        const row = [i]
        for (let j = 1; j <= b.length; j++) {
            const change = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
            const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
            const swap = isSwap ? (beforeLast[j - 2] ?? 0) + 1 : Infinity
            row.push(Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, change, swap))
        }
        ;[beforeLast, last] = [last, row]
    }
    return last[b.length] ?? 0
}

/** @internal The parts of a list, of at most so many members. */
export function* batches<T>(all: readonly T[], size: number): Generator<readonly T[]> {
    for (let start = 0; start < all.length; start += size) yield all.slice(start, start + size)
}

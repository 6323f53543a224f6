interface Range {
    next: bigint
    readonly last: bigint
}

/**
 * Numbers that were taken from one counter and not given to rows yet.
 * @internal
 */
export class Block {
    private ranges: Range[] = []

    constructor(private readonly step: bigint) {}

    get isEmpty(): boolean {
        return this.ranges.length === 0
    }

    get size(): bigint {
        return this.ranges.reduce((sum, { next, last }) => sum + (last - next) / this.step + 1n, 0n)
    }

    /** Adds the numbers that the counter went over on its way to `last`. */
    add(last: bigint, by: bigint): void {
        this.ranges.push({ next: last - by + this.step, last })
    }

    /** Takes out the lowest; undefined where there are too few. */
    draw(count: number): bigint[] | undefined {
        if (this.size < BigInt(count)) return undefined
        const numbers: bigint[] = []
        for (const range of this.ranges)
            for (; range.next <= range.last && numbers.length < count; range.next += this.step)
                numbers.push(range.next)
        this.dropEmpty()
        return numbers
    }

    /** Drops the numbers up to this one; returns how many. */
    skipTo(number: bigint): bigint {
        if (this.ranges.every(({ next }) => next > number)) return 0n
        const before = this.size
        for (const range of this.ranges)
            if (range.next <= number)
                range.next += ((number - range.next) / this.step + 1n) * this.step
        this.dropEmpty()
        return before - this.size
    }

    private dropEmpty(): void {
        this.ranges = this.ranges.filter(({ next, last }) => next <= last)
    }
}

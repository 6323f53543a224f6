/** Random numbers that a seed repeats (mulberry32). */
export class Random {
    constructor(private state: number) {}

    /** From 0 up to, and not including, 1. */
    next(): number {
        this.state = (this.state + 0x6d2b79f5) | 0
        let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    }

    /** An integer from `from` to `to`. */
    between(from: number, to: number): number {
        return from + Math.floor(this.next() * (to - from + 1))
    }

    chance(probability: number): boolean {
        return this.next() < probability
    }

    pick<T>(values: readonly T[]): T {
        const value = values[this.between(0, values.length - 1)]
        if (value === undefined) throw new Error("There is nothing to pick from.")
        return value
    }
}

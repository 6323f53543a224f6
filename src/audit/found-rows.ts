/** How many scopes the findings of one kind are kept of. */
const MOST_SCOPES = 100_000

/** How many numbers of one finding are kept. */
const MOST_NUMBERS = 20

/** @internal What was found of one kind in one scope. */
export interface FoundRows {
    count: number
    /** The lowest ones, in ascending order. */
    readonly numbers: string[]
}

/** @internal What was found of one kind, by the keys of scopes. Of many it keeps how many they are. */
export class FoundByScope {
    private readonly all = new Map<string, FoundRows>()

    add(key: string, number: string, count = 1): void {
        let found = this.all.get(key)
        if (!found) {
            if (this.all.size >= MOST_SCOPES) return
            this.all.set(key, (found = { count: 0, numbers: [] }))
        }
        found.count += count
        insert(found.numbers, number)
    }

    get(key: string): FoundRows | undefined {
        return this.all.get(key)
    }
}

/** Rows come in the order in which the database has them, and those of several tables one table after the other. */
function insert(numbers: string[], number: string): void {
    const value = BigInt(number)
    let at = numbers.length
    while (at > 0 && BigInt(numbers[at - 1] ?? 0) > value) at -= 1
    if (at === MOST_NUMBERS) return
    numbers.splice(at, 0, number)
    if (numbers.length > MOST_NUMBERS) numbers.pop()
}

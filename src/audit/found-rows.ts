/** How many scopes the findings of one kind are kept of. */
const MOST_SCOPES = 100_000

/** How many numbers of one finding are kept. */
const MOST_NUMBERS = 20

/** @internal What was found of one kind in one scope. */
export interface FoundRows {
    count: number
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
        if (found.numbers.length < MOST_NUMBERS) found.numbers.push(number)
    }

    get(key: string): FoundRows | undefined {
        return this.all.get(key)
    }
}

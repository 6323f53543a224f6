import type { QueryRunner } from "typeorm"
import { KeyTakenError } from "../../errors"
import { groupBy } from "../../group-by"
import type { StoredKey } from "../pseudo-key"
import { findTaken } from "../rows/taken-keys"
import type { KeyLocks } from "./key-locks"
import type { Wish } from "./wish"

/**
 * Gives each wish that is open a key that is free, and that nobody else takes before the row is inserted: keys are
 * locked first, without waiting, and looked for in the table afterwards. So no INSERT fails, which
 * would end a transaction on PostgreSQL, and writers who want the same key don't wait for each other.
 * @internal
 */
export async function giveFreeKeys(
    runner: QueryRunner,
    locks: KeyLocks,
    wishes: readonly Wish[],
    isAwaited: (wish: Wish, key: string) => boolean = () => false,
): Promise<void> {
    const search = new Search(runner, locks, isAwaited)
    const open = wishes.filter(({ got }) => got === undefined)
    for (const [, ofPlace] of groupBy(open, placeOf)) {
        const groups = [...groupBy(ofPlace, (wish) => wish.text ?? wish).values()]
        // Nearly all get one of the first.
        await search.giveFirst(groups)
        for (const group of groups) await search.give(group.filter(({ got }) => got === undefined))
    }
}

/** @internal Where keys are unique: the same for values that the columns of the scope take for equal. */
export function placeOf({ key, scope }: Pick<Wish, "key" | "scope">): string {
    const values = scope.values.map((value, at) => {
        const column = key.scopeColumns[at]
        return typeof value === "string" && column
            ? (key.dialect.canonicalText(column, value) ?? value)
            : value
    })
    // The name of the history is the same in all schemas.
    const { metadata, column } = key
    return `${metadata.tablePath}.${column.databaseName} ${JSON.stringify(values)}`
}

interface Found {
    readonly locked: readonly string[]
    readonly free: Set<string>
    readonly taken: ReadonlySet<string>
}

class Search {
    constructor(
        private readonly runner: QueryRunner,
        private readonly locks: KeyLocks,
        /** Whether the caller has set a key on a row that is still to come. */
        private readonly isAwaited: (wish: Wish, key: string) => boolean,
    ) {}

    /** Looks for the first candidates of all groups together. */
    async giveFirst(groups: readonly (readonly Wish[])[]): Promise<void> {
        const wish = groups[0]?.[0]
        if (!wish) return
        const firsts = groups.map((group) => group[0]?.candidates.first(group.length) ?? [])
        const { free } = await this.find(wish, firsts.flat())
        const open = groups.map((group) => group.values())
        const take = (at: number, keys: readonly string[]) => {
            for (const key of keys) {
                if (!free.delete(key)) continue
                const next = open[at]?.next()
                if (next && !next.done) this.grant(next.value, key)
            }
        }
        // Who wants a key as it is comes before those for whom it would be one with a suffix.
        for (const [at, keys] of firsts.entries()) take(at, keys.slice(0, 1))
        for (const [at, keys] of firsts.entries()) take(at, keys.slice(1))
    }

    /** Tries one candidate after the other for rows that want the same. */
    async give(wishes: readonly Wish[]): Promise<void> {
        const open = [...wishes]
        const [first] = wishes
        while (first && open.length > 0) {
            const block = first.candidates.next()
            if (!block) throw noneLeft(first.key)
            let left = block
            while (left.length > 0 && open.length > 0) {
                const isFirst = open.length === 1
                const tried = isFirst ? left : left.slice(0, open.length)
                const { locked, free, taken } = await this.find(first, tried, { isFirst })
                for (const key of free) {
                    const wish = open.shift()
                    if (wish) this.grant(wish, key)
                }
                // Those before the one that was locked are about to be others'.
                const [last] = isFirst ? locked : tried.slice(-1)
                left = last === undefined ? [] : left.slice(left.indexOf(last) + 1)
                left = left.filter((key) => !taken.has(key))
            }
        }
    }

    private grant(wish: Wish, key: string): void {
        wish.got = key
        this.locks.give(placeOf(wish), key)
    }

    /** Of some keys those that are locked now, of these the free ones, and those that rows have. */
    private async find(
        wish: Wish,
        keys: readonly string[],
        { isFirst = false } = {},
    ): Promise<Found> {
        const { key, scope } = wish
        const place = placeOf({ key, scope })
        const open = [...new Set(keys)].filter(
            (one) => !this.locks.isGiven(place, one) && !this.isAwaited(wish, one),
        )
        const locked = await this.locks.tryLock(place, open, { isFirst })
        // What was committed before the lock was had is seen by a statement that begins after it.
        const looked = isFirst && locked.length > 0 ? open : locked
        const taken = await findTaken(this.runner, key, scope, looked)
        return { locked, free: new Set(locked.filter((one) => !taken.has(one))), taken }
    }
}

function noneLeft({ label, derive, generateFor }: StoredKey): KeyTakenError {
    return new KeyTakenError(
        `${label}: no free key was found. ` +
            (derive
                ? "Too many rows have the same key but for its suffix: derive it of more fields."
                : generateFor
                  ? "generate has made only keys that other rows have."
                  : "Too many of the possible keys are in use: raise length, or use more characters."),
    )
}

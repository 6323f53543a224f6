import { KeyTakenError } from "../../errors"
import { groupBy } from "../../group-by"
import type { StoredKey } from "../pseudo-key"
import { findTaken } from "../rows/taken-keys"
import type { KeyLocks } from "./key-locks"
import { goOnBehindHighest } from "./highest-suffix"
import { Numbered } from "./suffixes"
import type { Wish } from "./wish"
import type { Sender } from "../../typeorm/statement"

/**
 * Gives each wish that is open a key that is free, and that nobody else takes before the row is inserted: keys are
 * locked first, without waiting, and looked for in the table afterwards. So no INSERT fails, which
 * would end a transaction on PostgreSQL, and writers who want the same key don't wait for each other.
 * @internal
 */
export async function giveFreeKeys(
    runner: Sender,
    locks: KeyLocks,
    wishes: readonly Wish[],
    isAwaited: (wish: Wish, key: string) => boolean = () => false,
): Promise<void> {
    const search = new Search(runner, locks, isAwaited)
    const open = wishes.filter(({ got }) => got === undefined)
    for (const [, ofPlace] of groupBy(open, placeOf)) {
        const groups = [...groupBy(ofPlace, (wish) => wish.text ?? wish).values()]
        await search.give(groups.flatMap((open) => (open[0] ? { first: open[0], open } : [])))
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
    // The name leaves out a schema that others of the database may not share.
    const { schema, database } = key.dataSource.driver.parseTableName(key.metadata)
    return `${schema ?? database ?? ""} ${key.name} ${JSON.stringify(values)}`
}

/** How many candidates are tried at first where one text is left. */
const BLOCK = 32

/** Rows that want the same. */
interface Group {
    /** It is the one whose candidates are tried. */
    readonly first: Wish
    readonly open: readonly Wish[]
}

interface Found {
    readonly locked: readonly string[]
    readonly free: Set<string>
    readonly taken: ReadonlySet<string>
}

class Search {
    constructor(
        private readonly runner: Sender,
        private readonly locks: KeyLocks,
        /** Whether the caller has set a key on a row that is still to come. */
        private readonly isAwaited: (wish: Wish, key: string) => boolean,
    ) {}

    /** Looks for candidates of all groups together: nearly all get one of the first. */
    async give(groups: readonly Group[]): Promise<void> {
        let open = groups
        let blocks: (readonly string[])[] = groups.map((group) =>
            group.first.candidates.first(group.open.length),
        )
        for (let size = 1; ; size *= 2) {
            await this.giveOf(open, blocks)
            open = open.flatMap((group) => stillOpen(group) ?? [])
            await this.goOnBehindOthers(open)
            const [last, ...others] = open
            if (!last) return
            if (others.length === 0) return this.giveOne(last)
            blocks = open.map((group) => nextOf(group.first, Math.max(size, group.open.length)))
        }
    }

    /** Nobody tries one number after the other where many rows have the same text. */
    private async goOnBehindOthers([group, ...others]: readonly Group[]): Promise<void> {
        if (!group) return
        const texts = [group, ...others].flatMap(({ first: { candidates } }) =>
            candidates instanceof Numbered && candidates.isOpen ? candidates : [],
        )
        const { key, scope } = group.first
        if (texts.length > 0) await goOnBehindHighest(this.runner, key, scope, texts)
    }

    private async giveOf(
        groups: readonly Group[],
        blocks: readonly (readonly string[])[],
    ): Promise<void> {
        const [group] = groups
        if (!group) return
        const { free } = await this.find(group.first, blocks.flat())
        const open = groups.map((one) => one.open.values())
        const take = (at: number, keys: readonly string[]) => {
            for (const key of keys) {
                if (!free.has(key)) continue
                const next = open[at]?.next()
                if (!next || next.done) return
                free.delete(key)
                this.grant(next.value, key)
            }
        }
        // Who wants a key as it is comes before those for whom it would be one with a suffix.
        for (const [at, keys] of blocks.entries()) take(at, keys.slice(0, 1))
        for (const [at, keys] of blocks.entries()) take(at, keys.slice(1))
    }

    /** Tries one candidate after the other for rows that want the same. */
    private async giveOne({ first, open: all }: Group): Promise<void> {
        const open = [...all]
        for (let size = Math.max(BLOCK, all.length); open.length > 0; size *= 2) {
            let left: readonly string[] = nextOf(first, size)
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
            (one) =>
                !key.isReserved(one) &&
                !this.locks.isGiven(place, one) &&
                !this.isAwaited(wish, one),
        )
        const locked = await this.locks.tryLock(place, open, { isFirst })
        // What was committed before the lock was had is seen by a statement that begins after it.
        const looked = isFirst && locked.length > 0 ? open : locked
        const taken = await findTaken(this.runner, key, scope, looked)
        for (const own of wish.own ?? []) taken.delete(own)
        return { locked, free: new Set(locked.filter((one) => !taken.has(one))), taken }
    }
}

function stillOpen({ first, open }: Group): Group | undefined {
    const left = open.filter(({ got }) => got === undefined)
    return left.length > 0 ? { first, open: left } : undefined
}

function nextOf({ key, candidates }: Wish, size: number): readonly string[] {
    const block = candidates.next(size)
    if (!block) throw noneLeft(key)
    return block
}

function noneLeft({ label, derive, generateFor }: StoredKey): KeyTakenError {
    return new KeyTakenError(
        `${label}: no free key was found. ` +
            (derive
                ? "Other rows have all those that derive gives: derive it of more fields, or allow suffixes."
                : generateFor
                  ? "generate has made only keys that other rows have."
                  : "Too many of the possible keys are in use: raise length, or use more characters."),
    )
}

import type { QueryRunner } from "typeorm"
import { select } from "../../typeorm/statement"
import { dialectOf } from "../../dialects"
import type { Locks } from "../../dialects/key-statements"
import { dataSourceOf } from "../../typeorm/compat"

/** More locks than this are not taken one by one where all of them can be had at once. */
const MANY = 500

/**
 * The keys that the writers of one query runner are about to take: locked against the writers of
 * others, and kept apart among themselves.
 * @internal
 */
export class KeyLocks {
    private static readonly all = new WeakMap<QueryRunner, KeyLocks>()
    /** By place: keys that rows were given which may not be in the table yet. */
    private readonly given = new Map<string, Set<string>>()
    /** Those of the session; without keys, of the place as a whole. */
    private held: { place: string; keys?: readonly string[] }[] = []
    private readonly places = new Set<string>()
    /** Places of which a part is locked: two who have one and want the whole would wait for each other. */
    private readonly parts = new Set<string>()

    private constructor(private readonly runner: QueryRunner) {}

    static of(runner: QueryRunner): KeyLocks {
        let locks = KeyLocks.all.get(runner)
        if (!locks) KeyLocks.all.set(runner, (locks = new KeyLocks(runner)))
        return locks
    }

    static find(runner: QueryRunner): KeyLocks | undefined {
        return KeyLocks.all.get(runner)
    }

    isGiven(place: string, key: string): boolean {
        return this.given.get(place)?.has(key) ?? false
    }

    give(place: string, key: string): void {
        const keys = this.given.get(place)
        if (keys) keys.add(key)
        else this.given.set(place, new Set([key]))
    }

    /** Locks those that nobody else is about to take, in their order; with `isFirst` one of them. */
    async tryLock(
        place: string,
        keys: readonly string[],
        { isFirst = false } = {},
    ): Promise<string[]> {
        const statements = dialectOf(dataSourceOf(this.runner))?.keys.locks
        if (!statements || keys.length === 0 || this.places.has(place))
            return isFirst ? keys.slice(0, 1) : [...keys]
        if (!isFirst && keys.length > MANY && statements.ofPlace && !this.parts.has(place)) {
            await select(this.runner, statements.ofPlace.lock(this.locks(place, [])))
            this.places.add(place)
            this.note({ place })
            return [...keys]
        }
        const locked: string[] = []
        for (let start = 0; start < keys.length; start += MANY) {
            const batch = keys.slice(start, start + MANY)
            this.parts.add(place)
            const locks = this.locks(place, batch)
            const found = await select<{ at: string | number | null }>(
                this.runner,
                isFirst ? statements.tryFirst(locks) : statements.tryAll(locks),
            )
            const got = found.flatMap(({ at }) => (at === null ? [] : (batch[Number(at)] ?? [])))
            // Each statement of PostgreSQL has locked the place as well.
            this.note({ place, keys: got })
            locked.push(...got)
            if (isFirst && locked.length > 0) break
        }
        return locked
    }

    /** Called when the rows are in the table, or never will be. */
    forget(): void {
        this.given.clear()
        this.places.clear()
        this.parts.clear()
    }

    /** Gives up locks that no end of a transaction gives up. */
    async release(): Promise<void> {
        const { held } = this
        this.held = []
        const dataSource = dataSourceOf(this.runner)
        const statements = dialectOf(dataSource)?.keys.locks
        for (const { place, keys } of held)
            if (statements && !this.runner.isReleased)
                await select(
                    this.runner,
                    keys
                        ? statements.unlock({ dataSource, place, keys })
                        : (statements.ofPlace ?? statements).unlock({
                              dataSource,
                              place,
                              keys: [],
                          }),
                )
    }

    private locks(place: string, keys: readonly string[]): Locks {
        return {
            dataSource: dataSourceOf(this.runner),
            place,
            keys,
            isOfTransaction: this.runner.isTransactionActive,
        }
    }

    private note(held: { place: string; keys?: readonly string[] }): void {
        const { endWithTransaction } = dialectOf(dataSourceOf(this.runner))?.keys.locks ?? {}
        if (endWithTransaction && this.runner.isTransactionActive) return
        this.held.push(held)
    }
}

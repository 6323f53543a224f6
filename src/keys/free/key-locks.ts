import type { DataSource, QueryRunner } from "typeorm"
import { batches } from "../../batches"
import { dialectOf } from "../../dialects"
import type { KeyLocks as LockStatements, Locks } from "../../dialects/statements/key-statements"
import { dataSourceOf } from "../../typeorm/compat"
import { select, type Sender } from "../../typeorm/statement"

/** More locks of one place are not taken one by one where all of them can be had at once. */
const MANY = 500

/**
 * The keys that the writers of one query runner are about to take: locked against the writers of
 * others, and kept apart among themselves.
 * @internal
 */
export class KeyLocks {
    /** By place: keys that rows were given which may not be in the table yet. */
    private readonly given = new Map<string, Set<string>>()
    /** Those of the session; without keys, of the place as a whole. */
    private held: { place: string; keys?: string[] }[] = []
    private readonly places = new Set<string>()
    /** Places of which a part is locked, and how many keys. */
    private readonly parts = new Map<string, number>()

    private readonly dataSource: DataSource
    private readonly statements: LockStatements | undefined

    constructor(
        private readonly runner: QueryRunner,
        private readonly sender: Sender = runner,
    ) {
        this.dataSource = dataSourceOf(runner)
        this.statements = dialectOf(this.dataSource)?.keys.locks
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
        const { statements } = this
        if (!statements || keys.length === 0 || this.places.has(place))
            return isFirst ? keys.slice(0, 1) : [...keys]
        if (!isFirst && (await this.lockPlace(place, keys.length))) return [...keys]
        const locked: string[] = []
        for (const batch of batches(keys, MANY)) {
            this.parts.set(place, (this.parts.get(place) ?? 0) + (isFirst ? 1 : batch.length))
            const locks = this.locks(place, batch)
            const found = await select<{ at: string | number | null }>(
                this.sender,
                isFirst ? statements.tryFirst(locks) : statements.tryAll(locks),
            )
            const got = found.flatMap(({ at }) => (at === null ? [] : (batch[Number(at)] ?? [])))
            this.note(place, got)
            locked.push(...got)
            if (isFirst && locked.length > 0) break
        }
        return locked
    }

    /** Locks a place as a whole where its keys would be too many: the server's table of locks has an end. */
    private async lockPlace(place: string, more: number): Promise<boolean> {
        const ofPlace = this.statements?.ofPlace
        const part = this.parts.get(place) ?? 0
        if (!ofPlace || part + more <= MANY) return false
        const locks = this.locks(place, [])
        // Two who have a part and want the whole would wait for each other.
        const locked = await select(
            this.sender,
            part > 0 ? ofPlace.tryLock(locks) : ofPlace.lock(locks),
        )
        if (locked.length === 0) return false
        this.places.add(place)
        this.note(place)
        return true
    }

    /** Called when the rows are in the table. */
    forgetGiven(): void {
        if (this.given.size > 0) this.given.clear()
    }

    /** Called when they never will be, and what was locked for them may not be any more. */
    forget(): void {
        this.forgetGiven()
        if (this.places.size > 0) this.places.clear()
        if (this.parts.size > 0) this.parts.clear()
    }

    get isHolding(): boolean {
        return this.held.length > 0
    }

    /** Gives up locks that no end of a transaction gives up. */
    async release(): Promise<void> {
        const { held, statements, dataSource } = this
        this.held = []
        if (!statements || this.runner.isReleased) return
        for (const { place, keys } of held) {
            const unlock = keys ? statements : (statements.ofPlace ?? statements)
            await select(this.sender, unlock.unlock({ dataSource, place, keys: keys ?? [] }))
        }
    }

    private locks(place: string, keys: readonly string[]): Locks {
        return {
            dataSource: this.dataSource,
            place,
            keys,
            isOfTransaction: this.runner.isTransactionActive,
        }
    }

    private note(place: string, keys?: string[]): void {
        const { held, statements } = this
        if (statements?.endWithTransaction && this.runner.isTransactionActive) return
        // Each statement of PostgreSQL has locked the place as well, which another has to undo.
        const others = statements?.ofPlace ? undefined : held.find((one) => one.place === place)
        if (others?.keys && keys) others.keys.push(...keys)
        else held.push({ place, keys })
    }
}

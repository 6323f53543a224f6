/** @internal How TypeORM begins, commits and rolls back a nested transaction. */
export const NESTED = /^(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) (typeorm_\d+)$/

/** @internal */
export const NESTED_ROLLBACK = /^ROLLBACK TO SAVEPOINT typeorm_\d+$/

/**
 * The savepoints that the database has, and how much had been done when each was set. Nested transactions that
 * overlap roll back those of each other, or the same one twice.
 * @internal
 */
export class Savepoints {
    private all: { readonly name: string; readonly done: number }[] = []

    /** Called behind each statement; returns how much is left of what was done, undefined for all of it. */
    sent(sql: string, done: number): number | undefined {
        const [, does, name] = NESTED.exec(sql) ?? []
        if (name === undefined) return undefined
        if (does === "SAVEPOINT") {
            this.all.push({ name, done })
            return undefined
        }
        const at = this.all.map((savepoint) => savepoint.name).lastIndexOf(name)
        const isRolledBack = does === "ROLLBACK TO SAVEPOINT"
        const left = isRolledBack ? (this.all[at]?.done ?? 0) : undefined
        // One that was rolled back to is still there.
        this.all = this.all.slice(0, isRolledBack ? at + 1 : Math.max(at, 0))
        return left
    }
}

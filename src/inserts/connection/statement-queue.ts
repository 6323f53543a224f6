import { AsyncLocalStorage } from "node:async_hooks"
import { TransactionRequiredError } from "../../errors"

/** The turn that the calling code runs inside of. */
const surrounding = new AsyncLocalStorage<object>()

/**
 * Sends the statements of one query runner one after the other.
 *
 * A connection takes one statement at a time, but TypeORM sends those of parallel saves as they
 * come, and goes on with the other saves when one of them has failed and the transaction was
 * rolled back. What comes behind the COMMIT or ROLLBACK is refused here: it would commit alone.
 * @internal
 */
export class StatementQueue {
    /** Whether a turn is taken. */
    private isTaken = false
    /** Those who wait for theirs, in their order. */
    private readonly waiting: (() => void)[] = []
    private current: object | undefined
    private ending = false

    constructor(
        private readonly options: {
            /** Whether others look at statements, and may send some from there. */
            readonly isWatched: boolean
            /** Whether all callers have this runner, so that a statement may be of no transaction. */
            readonly isShared: boolean
        },
    ) {}

    /** Whether the calling code runs inside a turn, as a subscriber's `beforeQuery` does. */
    get isInside(): boolean {
        return this.current !== undefined && surrounding.getStore() === this.current
    }

    /** Runs work that sends statements, with none of others between them. */
    async turn<T>(sql: string, work: () => Promise<T>): Promise<T> {
        if (this.isInside) return work()
        const endsTransaction = !this.options.isShared && (sql === "ROLLBACK" || sql === "COMMIT")
        if (this.ending && !endsTransaction)
            throw new TransactionRequiredError(
                "A statement came after its transaction had ended: one of several parallel " +
                    "saves failed, and the others continued. Wait for every save() before the " +
                    "transaction ends, and rethrow the error, or save one after the other.",
            )
        if (endsTransaction) this.ending = true
        if (this.isTaken) await new Promise<void>((resolve) => this.waiting.push(resolve))
        this.isTaken = true
        try {
            // To follow the calls through the context of each promise slows all of them down.
            if (!this.options.isWatched) return await work()
            return await surrounding.run((this.current = {}), work)
        } finally {
            this.current = undefined
            const next = this.waiting.shift()
            if (next) next()
            else this.isTaken = this.ending = false
        }
    }
}

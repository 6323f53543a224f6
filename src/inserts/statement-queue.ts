import { AsyncLocalStorage } from "node:async_hooks"
import type { QueryRunner } from "typeorm"
import { TransactionRequiredError } from "../errors"
import { isAutoSequenceSubscriber } from "../declared/registry"
import { dataSourceOf } from "../typeorm/compat"
import { abortedError } from "./aborted"

/** The statement that the calling code runs inside of. */
const surrounding = new AsyncLocalStorage<object>()

/**
 * Sends the statements of one query runner one after the other until its transaction ends.
 *
 * A connection takes one statement at a time, but TypeORM sends those of parallel saves as they
 * come, and goes on with the other saves when one of them has failed and the transaction was
 * rolled back. What comes behind the COMMIT or ROLLBACK is refused here: it would commit alone.
 * @internal
 */
export class StatementQueue {
    private tail: Promise<void> = Promise.resolve()
    private unfinished = 0
    private current: object | undefined
    private ending = false
    private isOver = false
    /** Whether the database has rolled the transaction back: what comes now would be stored alone. */
    isAborted = false
    private readonly isWatched: boolean

    constructor(private readonly runner: QueryRunner) {
        // To follow the calls through the context of each promise slows all of them down.
        this.isWatched = dataSourceOf(runner).subscribers.some(
            (subscriber) =>
                !isAutoSequenceSubscriber(subscriber) &&
                (subscriber.beforeQuery ?? subscriber.afterQuery),
        )
    }

    /** Not for a runner that all callers share: what others send there is not of the transaction. */
    takeOver(): void {
        const { runner } = this
        const send = runner.query
        const queued = (...args: Parameters<typeof send>): Promise<unknown> => {
            if (this.isOver || this.isInside) return send.apply(runner, args)
            return this.enqueue(
                args[0],
                () => send.apply(runner, args),
                () => {
                    // Somebody else may have put a function of theirs around this one.
                    if (runner.query === queued) runner.query = send
                },
            )
        }
        runner.query = queued as typeof send
    }

    /** Runs work that sends several statements, with none of others between them. */
    together<T>(work: () => Promise<T>): Promise<T> {
        if (this.isInside) return work()
        const follow = () => surrounding.run((this.current = {}), work)
        return this.enqueue("", follow, () => {})
    }

    /** Whether the calling code runs inside a statement, as a subscriber's `beforeQuery` does. */
    get isInside(): boolean {
        return this.current !== undefined && surrounding.getStore() === this.current
    }

    /** Whether COMMIT or ROLLBACK has been sent. */
    get isEnding(): boolean {
        return this.ending
    }

    /** Resolves when no statement has run or waited for a whole turn of the event loop. */
    async quiet(): Promise<void> {
        do {
            await this.tail
            await new Promise((resolve) => setImmediate(resolve))
        } while (this.unfinished > 0)
    }

    private async enqueue<T>(
        sql: string,
        send: () => Promise<T>,
        giveBack: () => void,
    ): Promise<T> {
        const endsTransaction = sql === "ROLLBACK" || sql === "COMMIT"
        if (this.ending && !endsTransaction)
            throw new TransactionRequiredError(
                "A statement was to be sent after the transaction had ended: one of several parallel " +
                    "saves failed, and the others went on. Wait for every save() before the " +
                    "transaction ends, and throw the error on, or save one after the other.",
            )
        if (endsTransaction) this.ending = true
        const before = this.unfinished > 0 ? this.tail : undefined
        let finish!: () => void
        this.tail = new Promise<void>((resolve) => (finish = resolve))
        this.unfinished += 1
        try {
            if (before) await before
            if (this.isAborted && !/^ROLLBACK\b/.test(sql)) throw abortedError()
            if (!this.isWatched) return await send()
            return await surrounding.run((this.current = {}), send)
        } catch (error) {
            // A COMMIT that failed is followed by ROLLBACK.
            if (sql === "COMMIT") this.ending = false
            throw error
        } finally {
            this.unfinished -= 1
            this.current = undefined
            finish()
            this.isOver = this.ending && this.unfinished === 0
            if (this.isOver) giveBack()
        }
    }
}

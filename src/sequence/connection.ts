import type { DataSource, EntityManager, QueryRunner } from "typeorm"
import { Session } from "../inserts/session"
import { repeat } from "../inserts/retry/repeat"
import { repeatsStatements } from "../inserts/retry/repeats-statements"
import { InvalidOptionError, TransactionRequiredError } from "../errors"
import { dataSourceOf } from "../typeorm/compat"
import { onMaster } from "../typeorm/on-master"
import { inOwnTransaction } from "../typeorm/own-transaction"
import type { Sender } from "../typeorm/statement"

type Work<T> = (sender: Sender) => Promise<T>

const turns = new WeakMap<QueryRunner, Promise<unknown>>()

/** @internal What a sequence works on, and the connection if the caller holds one. */
export interface Target {
    readonly dataSource: DataSource
    readonly runner?: QueryRunner
}

/** @internal Two installed copies of TypeORM have classes of their own. */
export function isTarget(value: unknown): value is DataSource | EntityManager {
    return typeof value === "object" && value !== null && "transaction" in value
}

/** @internal */
export function resolveTarget(target: DataSource | EntityManager | undefined): Target {
    if (!isTarget(target))
        throw new InvalidOptionError(
            "A sequence was given no data source. Give a DataSource or an EntityManager, or create the " +
                "sequence with the option dataSource.",
        )
    if ("manager" in target) {
        // Libraries that keep the transaction of a request or a method let the data source show its manager.
        const { queryRunner } = target.manager
        return queryRunner?.isTransactionActive
            ? { dataSource: target, runner: queryRunner }
            : { dataSource: target }
    }
    return { dataSource: dataSourceOf(target), runner: target.queryRunner }
}

/**
 * Runs work on a connection that the caller holds, after what was asked of it before: a connection
 * takes one statement at a time. In a transaction the work is part of that, and `name` is the series of
 * which it holds a counter then.
 * @internal
 */
export function onHeldConnection<T>(
    runner: QueryRunner,
    work: Work<T>,
    { name, needsTransaction = false }: { name?: string; needsTransaction?: boolean } = {},
): Promise<T> {
    if (!runner.isTransactionActive)
        return inTurn(runner, () =>
            needsTransaction ? inOwnTransaction(runner, () => work(runner)) : work(runner),
        )
    // There is none where the data source has no subscriber.
    const session = Session.find(runner)
    const run = async (sender: Sender): Promise<T> => {
        // TypeORM takes note of the end of a transaction right behind its last statement.
        await Promise.resolve()
        if (!runner.isTransactionActive)
            throw new TransactionRequiredError(
                "A number was requested from a sequence, but the transaction ended before it was taken. Await every " +
                    "next() before the transaction ends.",
            )
        const result = await work(sender)
        if (session && name !== undefined) {
            const transaction = session.joinTransaction()
            transaction.hasNumbers = true
            transaction.holdsSeries(name)
        }
        return result
    }
    return session ? session.together(run) : inTurn(runner, () => run(runner))
}

/** @internal Runs work on the connection that the caller holds, or else on one that is free. */
export function onTarget<T>(
    { dataSource, runner }: Target,
    work: Work<T>,
    options: { name?: string; needsTransaction?: boolean } = {},
): Promise<T> {
    return runner
        ? onHeldConnection(runner, work, options)
        : onFreeConnection(dataSource, work, options)
}

/** @internal Runs work on a connection that is free. */
export function onFreeConnection<T>(
    dataSource: DataSource,
    work: Work<T>,
    { needsTransaction = false } = {},
): Promise<T> {
    return onMaster(dataSource, async (runner) => {
        await runner.connect()
        const isWhole = needsTransaction || (await repeatsStatements(dataSource, runner))
        const attempt = () =>
            isWhole ? inOwnTransaction(runner, () => work(runner)) : work(runner)
        return inTurn(runner, () => repeat(dataSource, attempt))
    })
}

async function inTurn<T>(runner: QueryRunner, work: () => Promise<T>): Promise<T> {
    const turn = (turns.get(runner) ?? Promise.resolve()).then(work)
    turns.set(
        runner,
        turn.catch(() => {}),
    )
    return turn
}
